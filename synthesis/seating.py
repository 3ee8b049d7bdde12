"""Which roles a run needs, what each of them must answer, and which views there are where it sits.

Asked before anything is made: a role that could never do its part is the configuration's fault. It knows no
prompt and no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..agents import Role
from ..environments.views import BEHAVIOUR_VIEWS, DIALOGUE_VIEWS, HIDDEN_FROM_ASSISTANT, check_sees
from ..errors import ConfigError, names
from ..records import (
    Actions,
    Bundles,
    Clusters,
    Expansion,
    Preferences,
    Query,
    Record,
    Solution,
    Verdict,
)
from ..settings import Settings


@dataclass(frozen=True)
class Place:
    """What is expected of the role in one place."""

    output: type[Record]
    views: frozenset[str]
    hidden: frozenset[str] = frozenset()


_DIALOGUE = frozenset(DIALOGUE_VIEWS)
_BEHAVIOUR = frozenset(BEHAVIOUR_VIEWS)
_OF_SOLUTION = frozenset(view for view in _DIALOGUE if view.startswith("solution"))
PLACES: dict[str, Place] = {
    "designer": Place(Expansion, frozenset({"scenario", "expansion"})),
    "clusterer": Place(Clusters, frozenset({"clustering"})),
    "profile_writer": Place(Bundles, frozenset({"layer"})),
    "chooser": Place(Preferences, _BEHAVIOUR),
    "actor": Place(Actions, _BEHAVIOUR),
    "user": Place(Query, _DIALOGUE),
    "assistant": Place(Solution, _DIALOGUE, HIDDEN_FROM_ASSISTANT),
}
"""Role -> what every run expects of it."""
STRANGER, SOLVER = "stranger", "solver"
"""Roles that solve accepted queries once more: knowing nothing of the user, or as much as the assistant."""
SOLVERS: dict[str, Place] = {
    STRANGER: Place(
        Solution, frozenset({"scenario", "contexts", "platforms", "apis", "query"}), HIDDEN_FROM_ASSISTANT
    ),
    SOLVER: Place(Solution, _DIALOGUE - {"feedback"}, HIDDEN_FROM_ASSISTANT | _OF_SOLUTION),
}
"""Role -> what is expected of it where `strangers` or `consistency` ask for it."""
JUDGE = Place(Verdict, _DIALOGUE)
"""What is expected of a judge."""
GATE = Place(Verdict, _DIALOGUE - _OF_SOLUTION)
"""What is expected of a query gate: it votes before there is a solution."""


def check_seats(settings: Settings, roles: Mapping[str, Role]) -> None:
    """Make sure that every place is taken by a role that can do what the place asks.

    Raises:
        ConfigError: a role is missing, answers another record, has neither prompt nor code, or lists a view
            that is not shown where it sits.
    """
    for name, place in PLACES.items():
        _check(name, place, roles)
    for name in solvers(settings):
        _check(name, SOLVERS[name], roles)
    for name in settings.judges:
        _check(name, JUDGE, roles)
    for name in settings.query_gate:
        _check(name, GATE, roles)


def solvers(settings: Settings) -> dict[str, int]:
    """The roles that solve every accepted query once more -> how often; none unless asked for."""
    wanted = {STRANGER: settings.strangers, SOLVER: settings.consistency}
    return {name: times for name, times in wanted.items() if times}


def _check(name: str, place: Place, roles: Mapping[str, Role]) -> None:
    role = roles.get(name)
    if role is None:
        raise ConfigError(f"agent.{name}: missing, every run needs this role; there are {names(roles, name)}")
    if not issubclass(role.output, place.output):
        raise ConfigError(
            f"agent.{name}.output: got {role.output.__name__}, expected {place.output.__name__} in this place"
        )
    if role.prompt is None and type(role).respond is Role.respond:
        raise ConfigError(f"agent.{name}.prompt: missing; only a role with its own respond() needs none")
    check_sees(name, role.sees, place.views, place.hidden)
