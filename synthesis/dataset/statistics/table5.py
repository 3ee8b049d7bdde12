"""Table 5 of a dataset: its parts in scenarios, platforms, APIs, users and queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ....records.dataset_statistics import SplitRow
from ...population import UNSEEN, Population
from ..kept_sample import Group, Kept, Split
from .people import worlds_by_place


def table5(
    kept: Sequence[Kept],
    split_of: Mapping[str, Split],
    groups: Mapping[str, Group],
    populations: Sequence[Population],
) -> tuple[SplitRow, ...]:
    """The rows in the paper's order: train, test and the three parts of test, then what is in no part.

    As in the paper, `test` counts unseen scenarios in; with them it is a sum of two files and names none.
    Where nothing is split there is one row, `all`.

    Args:
        kept: the samples.
        split_of: id -> the part it is in; where it is missing, 'all'.
        groups: user -> trained or untrained; looked at in test alone.
        populations: the people, with their worlds.
    """
    parts: dict[str, list[Kept]] = {}
    for one in kept:
        parts.setdefault(split_of.get(one.id, "all"), []).append(one)
    if parts.keys() <= {"all"}:
        return (_row("all", kept, populations, "samples.jsonl"),)
    test, unseen = parts.get("test", []), parts.get("unseen", [])
    held_out = bool(unseen) or any(one.name == UNSEEN for one in populations)
    rows = [
        _row("train", parts.get("train", []), populations, "train.jsonl"),
        _row("test", [*test, *unseen], populations, None if held_out else "test.jsonl"),
        *(
            _row(name, [one for one in test if groups.get(one.user) == name], populations, "test.jsonl")
            for name in (("trained", "untrained") if test or not held_out else ())
        ),
    ]
    if held_out:
        rows.append(_row("unseen", unseen, populations, "unseen.jsonl"))
    rows += [
        _row(name, parts[name], populations, file)
        for name, file in (("twins", "twins.jsonl"), ("reserve", "reserve.jsonl"), ("all", "samples.jsonl"))
        if name in parts
    ]
    return tuple(rows)


def _row(
    name: str, samples: Collection[Kept], populations: Sequence[Population], file: str | None
) -> SplitRow:
    places = {(one.population, one.scenario) for one in samples}
    worlds = [world for place, world in worlds_by_place(populations).items() if place in places]
    return SplitRow(
        name=name,
        scenarios=len(places),
        platforms=sum(len(world.platforms) for world in worlds),
        apis=sum(len(world.tools) for world in worlds),
        users=len({(one.population, one.user) for one in samples}),
        queries=len(samples),
        file=file,
    )
