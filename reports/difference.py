"""What changed between two datasets, as plain data. It reads nothing: `difference_reading` fills it.

A value that one side lacks is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_DEEP = 24


@dataclass(frozen=True)
class Change:
    """One thing that differs."""

    name: str
    """such as 'seed', or 'splits.test.queries'"""
    a: Any
    b: Any
    difference: float | None = None
    """b - a, of numbers"""


@dataclass(frozen=True)
class SampleChange:
    """One sample that both have and that differs, field by field."""

    id: str
    fields: tuple[Change, ...]


@dataclass(frozen=True)
class SampleChanges:
    """The samples of both, by their ids."""

    a: int
    """samples of A"""
    b: int
    same: int
    """with the same id, byte for byte, in the same split"""
    only_a: int
    only_b: int
    changed: int
    by_field: dict[str, int]
    """what differs (query, platform, calls, arguments, evidence, split, …) -> samples"""
    first_only_a: tuple[str, ...]
    first_only_b: tuple[str, ...]
    first_changed: tuple[SampleChange, ...]
    identical: bool
    """the same samples, in the same order, byte for byte, in the same splits"""


@dataclass(frozen=True)
class Difference:
    """What changed; `format=json` prints these fields."""

    a: str
    b: str
    settings: tuple[Change, ...]
    made_with: tuple[Change, ...]
    """model, versions, prompts and libraries"""
    files: dict[str, str]
    """what stages left -> same | different | only in A | only in B"""
    counts: tuple[Change, ...]
    funnel: tuple[Change, ...]
    splits: tuple[Change, ...]
    """samples of each split"""
    statistics: tuple[Change, ...]
    samples: SampleChanges | None
    """None: one of them has no dataset yet"""
    notes: tuple[str, ...] = field(default=())
    """what could not be compared, a sentence each"""

    @property
    def same(self) -> bool:
        """Whether nothing at all differs."""
        parts = (self.settings, self.made_with, self.counts, self.funnel, self.splits, self.statistics)
        alike = all(one == "same" for one in self.files.values())
        return not any(parts) and alike and bool(self.samples and self.samples.identical)


def as_json(difference: Difference) -> str:
    """A difference for programs; ASCII, so that nothing in it moves a terminal."""
    return json.dumps(asdict(difference) | {"same": difference.same}, indent=2, default=str)


def changes(a: Any, b: Any) -> tuple[Change, ...]:
    """Where two trees of settings or figures differ, leaf by leaf, in the order of A.

    A row of a table that has a name is told by it: `splits.test.queries`, not `splits.1.queries`.
    """
    left, right = dict(leaves(a)), dict(leaves(b))
    return tuple(
        change(name, left.get(name), right.get(name))
        for name in dict.fromkeys([*left, *right])
        if _text(left.get(name)) != _text(right.get(name))
        and not _only_grew(name, left, right)
        and not _only_grew(name, right, left)
    )


def _text(leaf: Any) -> str:
    """A leaf with its type: true is not 1, and 1 is not 1.0."""
    return json.dumps(leaf, default=str)


def _only_grew(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a branch is empty on one side and told leaf by leaf on the other."""
    inside = f"{name}." if name else ""
    return one.get(name) == {} and name not in other and any(leaf.startswith(inside) for leaf in other)


def change(name: str, a: Any, b: Any) -> Change:
    """One difference, with the distance of two numbers."""
    numbers = [one for one in (a, b) if isinstance(one, int | float) and not isinstance(one, bool)]
    # A distance has as many digits as what it is the distance of: 0.3 - 0.1 is 0.2.
    distance = round(numbers[1] - numbers[0], 12) if len(numbers) == 2 else None
    return Change(name, a, b, distance)


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a tree of JSON with its dotted name; an empty branch is a leaf."""
    if isinstance(value, Mapping) and value and name.count(".") < _DEEP:
        for key, inner in value.items():
            yield from leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, Sequence) and _is_table(value):
        for row in value:
            own = next(iter(row.values()))
            rest = dict(list(row.items())[1:])
            yield from leaves(rest, f"{name}.{own}")
    else:
        yield name, value


def _is_table(value: Sequence[Any]) -> bool:
    """Rows whose first field names each of them."""
    rows = [row for row in value if isinstance(row, Mapping) and len(row) > 1]
    named = {next(iter(row.values())) for row in rows if isinstance(next(iter(row.values())), str)}
    return bool(rows) and len(named) == len(rows) == len(value)
