"""Which roles a run needs, what each of them must answer, and which views there are where it sits.

Asked before anything is made: a role that could never do its part is the configuration's fault. It knows no
prompt and no model.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..agents import Observation, PromptLoader, Role
from ..agents.autogen import RoleAgent, ask_agent, make_agents
from ..environments.views import BEHAVIOUR_VIEWS, DIALOGUE_VIEWS, HIDDEN_FROM_ASSISTANT, check_sees
from ..errors import ConfigError, names
from ..models.endpoint import Endpoint
from ..models.factory import endpoints, fingerprint
from ..models.gateway import Budget, Gateway, Retries
from ..models.scripted import Library, Player, ScriptedModel
from ..models.scripted.kit import KitSource, shipped_kits
from ..models.seeds import derive
from ..records import Actions, Bundles, Clusters, Expansion, Preferences, Query, Record, Solution, Verdict
from ..settings import ScenarioSettings, Settings
from ..settings.instantiate import build, locate
from ..store import versions


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


def check_roles(settings: Settings, roles: Mapping[str, Role]) -> None:
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


class Participants:
    """The roles of a run with their agents, and the gateway they ask through.

    Args:
        settings: the run's.
        folders: the user's own, where kits are looked for.
        prompt_folders: where prompts are looked for before ptool's own.

    Raises:
        ConfigError, PromptError: a role, its views, its prompt or its model is wrong.
        UnknownPartError: the scripted model has no library for a scenario of the run, or it is too small.
    """

    def __init__(
        self, settings: Settings, folders: Iterable[Path] = (), prompt_folders: Iterable[Path] = ()
    ) -> None:
        self.settings = settings
        prompts = PromptLoader(tuple(prompt_folders))
        self.roles: dict[str, Role] = {
            name: _role(spec.target, build(spec, f"agent.{name}", prompts=prompts), name)
            for name, spec in settings.agent.items()
        }
        check_roles(settings, self.roles)
        sources = {one.name: _source(one, tuple(folders)) for one in settings.all_scenarios()}
        self.library = Library(sources, others=shipped_kits())
        self.players = {name: _player(role) for name, role in self.roles.items() if role.player}
        self.endpoints = self._endpoints(self.players)
        retries, budget = settings.retries, settings.budget
        self.gateway = Gateway(
            self.endpoints,
            concurrency=settings.concurrency,
            retries=Retries(retries.attempts, retries.longest_wait, retries.patience),
            budget=Budget(budget.usd, budget.tokens, budget.calls),
        )
        self.agents: dict[str, RoleAgent] = make_agents(self.roles, self.gateway.ask)
        self._rehearse()

    def _endpoints(self, players: Mapping[str, Player]) -> dict[str, Endpoint]:
        """Role -> endpoint, "default" for those without a model of their own; alike models share one."""
        models = {"default": self.settings.model}
        models |= {name: one.model for name, one in self.settings.agent.items() if one.model is not None}
        return endpoints(models, {"library": self.library, "players": players}, self.settings.prices)

    def _rehearse(self) -> None:
        """Let the scripted model say what it lacks before anything is made."""
        settings = self.settings
        seated = {*PLACES, *settings.judges, *settings.query_gate, *solvers(settings)}
        made = self.endpoints
        played = {name: made.get(name, made["default"]).client for name in sorted(seated)}
        for name, client in played.items():
            if isinstance(client, ScriptedModel) and type(self.roles[name]).respond is Role.respond:
                client.player(name)
        if any(isinstance(client, ScriptedModel) for client in played.values()):
            given = settings.scenarios() if settings.tree.file else ()
            for scenario in settings.all_scenarios():
                self.library.kit(scenario.name)
                if scenario not in given:
                    self.library.check_size(
                        scenario.name,
                        settings.platforms,
                        settings.apis,
                        settings.tree.depth,
                        settings.tree.branching,
                    )

    def sees(self, *roles: str) -> dict[str, tuple[str, ...]]:
        """The views of some roles: role -> names."""
        return {name: tuple(self.roles[name].sees) for name in roles}

    async def ask(self, role: str, stage: str, item: str, views: Mapping[str, Any], seed: int) -> Any:
        """One role's record for one item, outside of any conversation.

        Args:
            role: who is asked.
            stage, item: decide the seed.
            views: everything there is to see; the role is shown what it lists.
            seed: of those it is asked for.
        """
        shown = {view: views[view] for view in self.roles[role].sees}
        observation = Observation(
            role=role, turn=f"{stage}/{item}/{role}", seed=derive(seed, stage, item, role, 0), views=shown
        )
        return (await ask_agent(self.agents[role], observation)).record

    def identity(self, extensions: Iterable[type] = ()) -> dict[str, str]:
        """What makes another run of the same settings the same run: prompts, libraries and code too.

        Args: extensions: classes of checks and gates, whose code has a say as well.
        """
        return {
            "settings": self.settings.digest(),
            "prompts": fingerprint(self.prompts()),
            "libraries": fingerprint(self.library.fingerprints()),
            "models": fingerprint({name: one.identity for name, one in self.endpoints.items()}),
            "code": fingerprint([versions()["ptool"], *self._foreign_code(extensions)]),
        }

    def _foreign_code(self, extensions: Iterable[type]) -> list[str]:
        """Fingerprints of the modules outside of ptool that roles, players, models and others come from."""
        things = (
            *map(type, self.roles.values()),
            *self.players.values(),
            *(type(one.client) for one in self.endpoints.values()),
            *extensions,
        )
        modules = {thing.__module__ for thing in things if not thing.__module__.startswith("ptool.")}
        files = (getattr(sys.modules.get(name), "__file__", None) for name in sorted(modules))
        return [fingerprint(Path(file).read_bytes()) for file in files if file]

    def prompts(self) -> dict[str, str]:
        """Role -> SHA-256 of its prompt; roles of code alone are left out."""
        return {name: role.prompt_hash for name, role in self.roles.items() if role.prompt_hash}

    @property
    def scripted(self) -> bool:
        """Whether no language model takes part."""
        return all(isinstance(one.client, ScriptedModel) for one in self.endpoints.values())

    def describe_model(self) -> str:
        """What answers, in the model's own words where it has any."""
        return self.endpoints["default"].name


def scripted_model(
    settings: Settings, folders: Iterable[Path] = (), prompt_folders: Iterable[Path] = ()
) -> tuple[ScriptedModel, Library]:
    """The scripted model of a run outside of it, and what it knows: every kit of ptool's own as well.

    Args: as of `Participants`.
    Raises: as `Participants`; ConfigError also where the run's model is another one.
    """
    sources: dict[str, KitSource] = {**shipped_kits()}
    found = {one.name: _source(one, tuple(folders)) for one in settings.all_scenarios()}
    sources |= {name: source for name, source in found.items() if source is not None}
    library = Library(sources)
    prompts = PromptLoader(tuple(prompt_folders))
    roles = (
        _role(spec.target, build(spec, f"agent.{name}", prompts=prompts), name)
        for name, spec in settings.agent.items()
    )
    players = {role.name: _player(role) for role in roles if role.player}
    kind = locate(settings.model.target, "model._target_")
    if not (isinstance(kind, type) and issubclass(kind, ScriptedModel)):
        raise ConfigError(f"model: got {settings.model.target!r}, expected the scripted one (model=scripted)")
    for name in sources:
        library.kit(name)
    return build(settings.model, "model", library=library, players=players), library


def _role(target: str, made: Any, name: str) -> Role:
    if not isinstance(made, Role):
        raise ConfigError(
            f"agent.{name}._target_: {target} is no ptool.agents.Role, got {type(made).__name__}"
        )
    return made


def _player(role: Role) -> Player:
    where = f"agent.{role.name}.player"
    found = locate(str(role.player), where)
    made = found() if isinstance(found, type) else found
    if not callable(made):
        raise ConfigError(
            f"{where}: got {role.player!r}, expected a function or a class whose objects are called"
        )
    return made


def _source(scenario: ScenarioSettings, folders: tuple[Path, ...]) -> KitSource | None:
    """Where a scenario's kit is: in its own YAML, ptool's by name, or a folder (also beside that YAML)."""
    kit, shipped = scenario.kit, shipped_kits()
    if isinstance(kit, dict):
        return kit
    if kit is None:
        return shipped.get(scenario.name)
    if kit in shipped:
        return shipped[kit]
    for place in (Path(kit), *(folder / part / kit for folder in folders for part in ("", "scenario"))):
        if place.is_dir():
            return str(place)
    known = names(shipped, kit)
    raise ConfigError(f"scenario.kit: got {kit!r}, which is neither a folder nor one of ptool's kits {known}")
