"""Which tools a prompt shows where not all of them are: the gold ones, their counterparts, and distractors.

The tools of one capability stand or fall together, so the gold calls are there on every platform that has
their like (Definition 3.1), and distractors come from all platforms alike. Every draw derives from the seed,
the sample's id and the capabilities that are asked for, never from the platform: what is shown does not tell
it. A smaller selection is a part of every larger one. It knows neither prompts nor records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import Any, Generic, Literal, TypeVar

from .seeds import derive

Key = TypeVar("Key", bound=Hashable)

DISTRACTORS = 3
"""Capabilities beside the gold ones that `platforms` shows."""

Bound = Literal["platforms"] | int
"""platforms: the gold capabilities on all platforms and `DISTRACTORS` others; a number: so many tools."""


AS_ASKED = "as asked for"


@dataclass(frozen=True, slots=True)
class ToolBound:
    """How many tools are shown, of how many and why."""

    bound: Bound | None
    """None: all"""
    total: int
    """tools there are, where most are"""
    reason: str = AS_ASKED
    """why not all are shown"""
    needed: int = 0
    """the most that are indispensable anywhere: they are shown whatever the bound is"""
    place: str = ""
    """the scenario, where there is one for each"""

    @property
    def all_shown(self) -> bool:
        """Whether nothing is left out anywhere."""
        return self.bound is None or (isinstance(self.bound, int) and self.bound >= self.total)

    @property
    def count(self) -> str:
        """How many are shown, for people: '24 of 72 tools shown in shopping'."""
        place = f" in {self.place}" if self.place else ""
        if self.all_shown:
            return f"{self.total:,} tools shown{place}"
        if not isinstance(self.bound, int):
            some = f"tools of the capabilities asked for and {DISTRACTORS} others"
            return f"{some}, of {self.total:,}, shown{place}"
        more = f" to {self.needed:,}" if self.needed > self.bound else ""
        return f"{self.bound:,}{more} of {self.total:,} tools shown{place}"

    def describe(self) -> str:
        """The same and why: '24 of 72 tools shown: what fits 8,192 tokens of context'."""
        return self.count if self.all_shown else f"{self.count}: {self.reason}"

    def as_json(self) -> dict[str, Any]:
        """As scores.json has it: the same in an evaluation that was ended and went on."""
        return {"bound": None if self.all_shown else self.bound, "of": self.total, "shown": self.count}


@dataclass(frozen=True, slots=True)
class OfferedTool(Generic[Key]):
    """A tool as far as its selection depends on it."""

    key: Key
    capability: str
    """equal on tools that are interchangeable"""
    platforms: tuple[str, ...]
    """who offers it; none: there are no platforms"""


@dataclass(frozen=True, slots=True)
class RankedTools(Generic[Key]):
    """The tools of one sample in the order in which they are shown, the indispensable ones first."""

    order: tuple[Key, ...]
    needed: int
    """the gold tools and their counterparts"""
    with_distractors: int
    """those and the ones of `DISTRACTORS` further capabilities"""

    def shown(self, bound: Bound) -> frozenset[Key]:
        """What a bound shows; the indispensable tools whatever it is."""
        count = self.with_distractors if bound == "platforms" else max(bound, self.needed)
        return frozenset(self.order[:count])


def rank_tools(
    offered: Sequence[OfferedTool[Key]], wanted: Iterable[Key], seed: int, id: str
) -> RankedTools[Key]:
    """Rank the tools of a scenario for one sample.

    Args:
        offered: all of them, in the scenario's order.
        wanted: the gold calls' tools; what is not offered is passed over.
        seed: of the run or the evaluation.
        id: the sample's.
    """
    groups: dict[str, list[OfferedTool[Key]]] = {}
    for tool in offered:
        groups.setdefault(tool.capability, []).append(tool)
    of_key = {tool.key: tool.capability for tool in offered}
    gold = {of_key[key] for key in wanted if key in of_key}
    needed = [tool for name, tools in groups.items() if name in gold for tool in tools]
    rng = Random(derive(seed, "tools", id))
    distractors = _balanced([tools for name, tools in groups.items() if name not in gold], needed, rng)
    order = (*needed, *chain.from_iterable(distractors))
    further = sum(map(len, distractors[:DISTRACTORS]))
    return RankedTools(tuple(tool.key for tool in order), len(needed), len(needed) + further)


def _balanced(
    groups: list[list[OfferedTool[Key]]], before: Iterable[OfferedTool[Key]], rng: Random
) -> list[list[OfferedTool[Key]]]:
    """Groups in a random order in which no platform ever has many more tools than another."""
    for group in groups:
        rng.shuffle(group)
    rng.shuffle(groups)
    platforms = sorted({name for tool in chain(before, *groups) for name in tool.platforms})
    counts = Counter(name for tool in before for name in tool.platforms)
    ordered: list[list[OfferedTool[Key]]] = []
    while groups:
        now = _spread(counts, (), platforms)
        spreads = (_spread(counts, group, platforms) for group in groups)
        place = next((at for at, spread in enumerate(spreads) if spread <= now), None)
        if place is None:
            place = min(range(len(groups)), key=lambda at: _spread(counts, groups[at], platforms))
        group = groups.pop(place)
        counts.update(name for tool in group for name in tool.platforms)
        ordered.append(group)
    return ordered


def _spread(counts: Mapping[str, int], group: Iterable[OfferedTool[Key]], platforms: Iterable[str]) -> int:
    """How many tools more than another a platform would have with a further group."""
    added = Counter(name for tool in group for name in tool.platforms)
    totals = [counts.get(name, 0) + added[name] for name in platforms]
    return max(totals, default=0) - min(totals, default=0)
