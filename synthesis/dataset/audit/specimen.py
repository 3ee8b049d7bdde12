"""Which samples a trial is made from: evenly over scenarios and users, half of them of several calls.

It looks at ids and counts alone, so the samples themselves need not be in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from ....environments.checks import trace
from ....environments.checks.case import Case
from ....environments.values import same
from ....environments.world import Tool, World
from ....models.seeds import derive
from ....records import ArgumentOrigin, Call, Episode, Solution
from ..kept_sample import Kept


class Entry(NamedTuple):
    """What the choice needs to know of a sample."""

    id: str
    scenario: str
    user: str
    calls: int
    """how many"""

    @classmethod
    def of(cls, one: Kept | Episode) -> Entry:
        """The entry of a kept sample or of an episode."""
        if isinstance(one, Episode):
            calls = len(one.solution.calls) if one.solution else 0
            return cls(one.id, one.task.scenario, one.task.user_id, calls)
        return cls(one.id, one.scenario, one.user, len(one.calls))


def choose(there: Iterable[Kept | Episode | Entry], samples: int, seed: int) -> tuple[str, ...]:
    """Choose samples evenly over (scenario, one or several calls), and within them over users.

    Where a stratum has too few, the others make up for it.

    Args:
        there: every sample there is, in any order.
        samples: how many to choose, >= 0; all there are, if there are fewer.
        seed: the run's; the same seed chooses the same.

    Returns:
        Their ids, sorted.
    """
    entries = [one if isinstance(one, Entry) else Entry.of(one) for one in there]
    entries.sort(key=lambda one: (derive(seed, "audit", one.id), one.id))
    of_users = _in_turns(entries, lambda one: (one.scenario, one.calls > 1, one.user))
    of_strata = _in_turns(of_users, lambda one: (one.scenario, one.calls > 1))
    return tuple(sorted(one.id for one in of_strata[:samples]))


def _in_turns(entries: Iterable[Entry], group: Callable[[Entry], Hashable]) -> list[Entry]:
    """The first of every group, then the second of every group, and so on."""
    taken: Counter[Hashable] = Counter()
    turns: list[tuple[int, Entry]] = []
    for one in entries:
        turns.append((taken[group(one)], one))
        taken[group(one)] += 1
    return [one for _, one in sorted(turns, key=lambda pair: pair[0])]


PROFILE = "basic_features."
"""What the path of an evidence in the profile begins with."""

MOST_HEARD = 24
"""Values remembered of one kind of parameter."""

Heard = Mapping[tuple[str, bytes], Sequence[Any]]
"""(capability, schema of a parameter) -> values that some sample has there."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """One accepted episode on its way to the trial."""

    case: Case
    """with query and solution"""
    origins: tuple[ArgumentOrigin, ...]
    """where every argument comes from"""
    heard: Heard = field(default_factory=dict)

    @property
    def solution(self) -> Solution:
        """The accepted one."""
        assert self.case.solution is not None
        return self.case.solution

    @property
    def world(self) -> World:
        """Where it takes place."""
        return self.case.world

    @property
    def features(self) -> frozenset[str]:
        """Basic features that fill arguments."""
        paths = (one.evidence.path for one in self.origins)
        return frozenset(path.removeprefix(PROFILE) for path in paths if path)

    def tool(self, call: Call) -> Tool:
        """What a call of the solution calls."""
        return self.world.tools[self.solution.platform, call.api]

    def heard_of(self, tool: Tool, parameter: str) -> Sequence[Any]:
        """What samples have for this parameter, here or on another platform that offers the same."""
        return self.heard.get(_kind(tool, parameter), ())


def specimens(worlds: Mapping[str, World], episodes: Iterable[Episode]) -> list[Specimen]:
    """Make accepted episodes ready; those without a query or calls are left out.

    Args:
        worlds: scenario -> its world, with profiles and histories.
        episodes: accepted ones, in the order of the trial.
    """
    cases = [case for one in episodes if (case := _case(worlds[one.task.scenario], one)) is not None]
    heard: dict[tuple[str, bytes], list[Any]] = {}
    for case in cases:
        _listen(case, heard)
    return [Specimen(case, trace(case).origins, heard) for case in cases]


def _case(world: World, one: Episode) -> Case | None:
    if one.query is None or one.solution is None or not one.solution.calls:
        return None
    user = one.task.user_id
    return Case(world, world.profile(user), world.histories(user), one.task, one.query, one.solution)


def _listen(case: Case, heard: dict[tuple[str, bytes], list[Any]]) -> None:
    assert case.solution is not None
    for call in case.calls:
        tool = case.world.tools.get((case.solution.platform, call.api))
        for name, value in call.arguments.items() if tool else ():
            if tool is not None and name in tool.properties:
                values = heard.setdefault(_kind(tool, name), [])
                if len(values) < MOST_HEARD and not any(same(value, known) for known in values):
                    values.append(value)


def _kind(tool: Tool, parameter: str) -> tuple[str, bytes]:
    schema = tool.properties.get(parameter)
    return tool.api.capability, orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)
