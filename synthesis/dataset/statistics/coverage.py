"""What a dataset covers: Table 5, how evenly everything is used, and where arguments come from (Table 1)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ....records.dataset_statistics import SplitRow, Spread
from ....records.sample import Group
from ...population import UNSEEN, Population
from ..samples import CompactSample, Split, WorldKey
from .people import worlds_by_key

LONGEST = 400
"""Names a spread lists."""


class Table5:
    """The rows in the paper's order: train, test and the three parts of test, then what is in no part.

    As in the paper, `test` counts unseen scenarios in; with them it is a sum of two files and names none.
    Where nothing is split there is one row, `all`.

    Args:
        groups: user -> trained or untrained; looked at in test alone.
        populations: the people, with their worlds.
    """

    def __init__(self, groups: Mapping[str, Group], populations: Sequence[Population]) -> None:
        self._groups, self._populations = groups, populations
        self._parts: dict[str, _Part] = defaultdict(_Part)

    def add(self, sample: CompactSample, part: Split) -> None:
        """Count a sample. Args: part: it is in."""
        rows = [part, "test and unseen"] if part in ("test", "unseen") else [part]
        group = self._groups.get(sample.user)
        if part == "test" and group in ("trained", "untrained"):
            rows.append(group)
        for row in rows:
            self._parts[row].add(sample)

    def rows(self) -> tuple[SplitRow, ...]:
        """What the samples so far add up to."""
        parts, populations = self._parts, self._populations
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
            for name, file in (
                ("twins", "twins.jsonl"),
                ("reserve", "reserve.jsonl"),
                ("all", "samples.jsonl"),
            )
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


class Coverage:
    """What samples use of what there is, counted sample by sample.

    Args: populations: the people, with their worlds.
    """

    def __init__(self, populations: Sequence[Population]) -> None:
        self._worlds = worlds_by_key(populations)
        self._samples = 0
        self._origins = Counter[str | None]()
        self._platforms: dict[str, Counter[str]] = {}
        self._apis, self._features, self._contexts = Counter[str](), Counter[str](), Counter[str]()
        for (_, scenario), world in self._worlds.items():
            self._platforms.setdefault(scenario, Counter()).update(dict.fromkeys(world.platforms, 0))

    def add(self, sample: CompactSample) -> None:
        """Count a sample."""
        self._samples += 1
        self._origins.update(argument.origin for argument in sample.arguments)
        self._platforms.setdefault(sample.scenario, Counter())[sample.platform] += 1
        self._apis.update({f"{sample.scenario}/{sample.platform}/{api}" for api, _ in sample.calls})
        self._features.update(
            {argument.feature for argument in sample.arguments if argument.origin == "profile"}
        )
        self._contexts[f"{sample.scenario}/{sample.context}"] += 1

    def parameters(self) -> float:
        """Arguments of a sample from query or profile, on average."""
        return (self._origins["query"] + self._origins["profile"]) / max(self._samples, 1)

    def origins(self) -> dict[str, int]:
        """Origin -> arguments of all samples."""
        return {origin: self._origins[origin] for origin in ("query", "profile", "default")}

    def platforms(self) -> dict[str, dict[str, int]]:
        """Scenario -> platform, in the tree's order -> samples whose gold it is, 0 included."""
        return {scenario: dict(counts) for scenario, counts in self._platforms.items()}

    def apis(self) -> Spread:
        """APIs by the samples that call them, however often."""
        offered = {
            f"{scenario}/{platform}/{api}"
            for (_, scenario), world in self._worlds.items()
            for platform, api in world.tools
        }
        return _spread(self._apis, offered)

    def features(self) -> Spread:
        """Basic features by the samples they fill an argument of."""
        offered = {
            feature
            for world in self._worlds.values()
            for user in world.users
            for feature in world.profile(user).basic
        }
        return _spread(self._features, offered)

    def contexts(self) -> Spread:
        """Kinds of need by the samples they stand behind."""
        offered = {
            f"{scenario}/{context.name}"
            for (_, scenario), world in self._worlds.items()
            for context in world.scenario.contexts
        }
        return _spread(self._contexts, offered)


def _spread(counts: Counter[str], offered: set[str]) -> Spread:
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LONGEST]
    return Spread(used=len(counts), offered=len(offered | counts.keys()), counts=dict(listed))
