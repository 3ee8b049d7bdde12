"""What a dataset covers: Table 5, how evenly everything is used, and where arguments come from (Table 1)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ....records.dataset_statistics import SplitRow, Spread
from ....records.sample import Group
from ...population import UNSEEN, Population
from ..samples import CompactSample, Split, WorldKey
from .people import worlds_by_key

LONGEST = 400
"""Names a spread lists."""


def table5(
    samples: Sequence[CompactSample],
    split_of: Mapping[str, Split],
    groups: Mapping[str, Group],
    populations: Sequence[Population],
) -> tuple[SplitRow, ...]:
    """The rows in the paper's order: train, test and the three parts of test, then what is in no part.

    As in the paper, `test` counts unseen scenarios in; with them it is a sum of two files and names none.
    Where nothing is split there is one row, `all`.

    Args:
        samples: of the dataset.
        split_of: id -> the part it is in; where it is missing, 'all'.
        groups: user -> trained or untrained; looked at in test alone.
        populations: the people, with their worlds.
    """
    parts: dict[str, _Part] = defaultdict(_Part)
    for sample in samples:
        part = split_of.get(sample.id, "all")
        rows = [part, "test and unseen"] if part in ("test", "unseen") else [part]
        group = groups.get(sample.user)
        if part == "test" and group in ("trained", "untrained"):
            rows.append(group)
        for row in rows:
            parts[row].add(sample)
    if parts.keys() <= {"all"}:
        return (parts["all"].row("all", populations, "samples.jsonl"),)
    held_out = "unseen" in parts or any(population.name == UNSEEN for population in populations)
    table = [
        parts["train"].row("train", populations, "train.jsonl"),
        parts["test and unseen"].row("test", populations, None if held_out else "test.jsonl"),
    ]
    table += [
        parts[group].row(group, populations, "test.jsonl")
        for group in ("trained", "untrained")
        if "test" in parts or not held_out
    ]
    if held_out:
        table.append(parts["unseen"].row("unseen", populations, "unseen.jsonl"))
    table += [
        parts[name].row(name, populations, file)
        for name, file in (("twins", "twins.jsonl"), ("reserve", "reserve.jsonl"), ("all", "samples.jsonl"))
        if name in parts
    ]
    return tuple(table)


@dataclass
class _Part:
    """What the samples of one row are of."""

    keys: set[WorldKey] = field(default_factory=set)
    users: set[tuple[str, str]] = field(default_factory=set)
    queries: int = 0

    def add(self, sample: CompactSample) -> None:
        self.keys.add(sample.world_key)
        self.users.add((sample.population, sample.user))
        self.queries += 1

    def row(self, name: str, populations: Sequence[Population], file: str | None) -> SplitRow:
        worlds = [world for key, world in worlds_by_key(populations).items() if key in self.keys]
        return SplitRow(
            name=name,
            scenarios=len(self.keys),
            platforms=sum(len(world.platforms) for world in worlds),
            apis=sum(len(world.tools) for world in worlds),
            users=len(self.users),
            queries=self.queries,
            file=file,
        )


def mean_parameters(samples: Sequence[CompactSample]) -> float:
    """Arguments of a sample from query or profile, on average."""
    counts = origin_counts(samples)
    return (counts["query"] + counts["profile"]) / max(len(samples), 1)


def origin_counts(samples: Sequence[CompactSample]) -> dict[str, int]:
    """Origin -> arguments of all samples."""
    counts = Counter(argument.origin for sample in samples for argument in sample.arguments)
    return {"query": counts["query"], "profile": counts["profile"], "default": counts["default"]}


def platform_counts(
    samples: Sequence[CompactSample], populations: Sequence[Population]
) -> dict[str, dict[str, int]]:
    """Scenario -> platform, in the tree's order -> samples whose gold it is, 0 included."""
    counts: dict[str, dict[str, int]] = {}
    for (_, scenario), world in worlds_by_key(populations).items():
        counts.setdefault(scenario, {}).update(dict.fromkeys(world.platforms, 0))
    for sample in samples:
        of_scenario = counts.setdefault(sample.scenario, {})
        of_scenario[sample.platform] = of_scenario.get(sample.platform, 0) + 1
    return counts


def api_spread(samples: Sequence[CompactSample], populations: Sequence[Population]) -> Spread:
    """APIs by the samples that call them, however often."""
    offered = {
        f"{scenario}/{platform}/{api}"
        for (_, scenario), world in worlds_by_key(populations).items()
        for platform, api in world.tools
    }
    used = (
        f"{sample.scenario}/{sample.platform}/{api}"
        for sample in samples
        for api in {name for name, _ in sample.calls}
    )
    return _spread(used, offered)


def feature_spread(samples: Sequence[CompactSample], populations: Sequence[Population]) -> Spread:
    """Basic features by the samples they fill an argument of."""
    offered = {
        feature
        for world in worlds_by_key(populations).values()
        for user in world.users
        for feature in world.profile(user).basic
    }
    used = (
        feature
        for sample in samples
        for feature in {argument.feature for argument in sample.arguments if argument.origin == "profile"}
    )
    return _spread(used, offered)


def context_spread(samples: Sequence[CompactSample], populations: Sequence[Population]) -> Spread:
    """Kinds of need by the samples they stand behind."""
    offered = {
        f"{scenario}/{context.name}"
        for (_, scenario), world in worlds_by_key(populations).items()
        for context in world.scenario.contexts
    }
    return _spread((f"{sample.scenario}/{sample.context}" for sample in samples), offered)


def _spread(used: Iterable[str], offered: set[str]) -> Spread:
    counts = Counter(used)
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LONGEST]
    return Spread(used=len(counts), offered=len(offered | counts.keys()), counts=dict(listed))
