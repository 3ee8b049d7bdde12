"""Which samples an audit is made from, and what it needs to know of each.

Samples are chosen evenly over scenarios and users, half of them with several calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ....environments.checks import Case, trace
from ....environments.world import Tool, World
from ....models.seeds import derive
from ....records import ArgumentOrigin, Call, Episode, Solution
from ....texts.values import same
from ..samples import CompactSample


def choose_samples(samples: Iterable[CompactSample], count: int, seed: int) -> tuple[str, ...]:
    """Choose samples evenly over (scenario, one or several calls), and within them over users.

    Where a stratum has too few, the others make up for it.

    Args:
        samples: every sample there is, in any order.
        count: how many to choose, >= 0; all there are, if there are fewer.
        seed: the run's; the same seed chooses the same.

    Returns:
        Their ids, sorted.
    """
    drawn = sorted(samples, key=lambda sample: (derive(seed, "audit", sample.id), sample.id))
    of_users = _in_turns(drawn, lambda sample: (sample.scenario, len(sample.calls) > 1, sample.user))
    of_strata = _in_turns(of_users, lambda sample: (sample.scenario, len(sample.calls) > 1))
    return tuple(sorted(sample.id for sample in of_strata[:count]))


def _in_turns(
    samples: Iterable[CompactSample], group: Callable[[CompactSample], Hashable]
) -> list[CompactSample]:
    """The first of every group, then the second of every group, and so on."""
    taken: Counter[Hashable] = Counter()
    turns: list[tuple[int, CompactSample]] = []
    for sample in samples:
        turns.append((taken[group(sample)], sample))
        taken[group(sample)] += 1
    return [sample for _, sample in sorted(turns, key=lambda turn: turn[0])]


PROFILE = "basic_features."
"""What the path of an evidence in the profile begins with."""

MOST_VALUES = 24
"""Values remembered of one kind of parameter."""

ValuesSeen = Mapping[tuple[str, bytes], Sequence[Any]]
"""(capability, schema of a parameter) -> values that some sample has there."""


@dataclass(frozen=True, slots=True)
class AuditSample:
    """One accepted episode as an audit uses it."""

    case: Case
    """with query and solution"""
    origins: tuple[ArgumentOrigin, ...]
    """where every argument comes from"""
    values_seen: ValuesSeen = field(default_factory=dict)
    """of all samples of the audit"""

    @property
    def id(self) -> str:
        """The episode's."""
        return self.case.task.id

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
        paths = (origin.evidence.path for origin in self.origins)
        return frozenset(path.removeprefix(PROFILE) for path in paths if path)

    def tool(self, call: Call) -> Tool:
        """What a call of the solution calls."""
        return self.world.tools[self.solution.platform, call.api]

    def values_of(self, tool: Tool, parameter: str) -> Sequence[Any]:
        """What samples have for this parameter, here or on another platform that offers the same."""
        return self.values_seen.get(_kind(tool, parameter), ())


def audit_samples(worlds: Mapping[str, World], episodes: Iterable[Episode]) -> list[AuditSample]:
    """Make accepted episodes ready; those without a query or calls are left out.

    Args:
        worlds: scenario -> its world, with profiles and histories.
        episodes: accepted ones, in the order of the audit.
    """
    cases = [_case(worlds[episode.task.scenario], episode) for episode in episodes if is_usable(episode)]
    values_seen: dict[tuple[str, bytes], list[Any]] = {}
    for case in cases:
        _add_values(case, values_seen)
    return [AuditSample(case, trace(case).origins, values_seen) for case in cases]


def is_usable(episode: Episode) -> bool:
    """Whether there is anything to corrupt: a query and calls."""
    return episode.query is not None and episode.solution is not None and bool(episode.solution.calls)


def _case(world: World, episode: Episode) -> Case:
    assert episode.query is not None
    user = episode.task.user_id
    return Case(
        world, world.profile(user), world.histories(user), episode.task, episode.query, episode.solution
    )


def _add_values(case: Case, values_seen: dict[tuple[str, bytes], list[Any]]) -> None:
    assert case.solution is not None
    for call in case.calls:
        tool = case.world.tools.get((case.solution.platform, call.api))
        for name, value in call.arguments.items() if tool else ():
            if tool is not None and name in tool.properties:
                values = values_seen.setdefault(_kind(tool, name), [])
                if len(values) < MOST_VALUES and not any(same(value, known) for known in values):
                    values.append(value)


def _kind(tool: Tool, parameter: str) -> tuple[str, bytes]:
    schema = tool.properties.get(parameter)
    return tool.api.capability, orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)
