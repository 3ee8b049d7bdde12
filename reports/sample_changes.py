"""Changes between two JSON values, and between the samples of two runs.

Samples are told apart by the digests of their bytes, and only those that differ are parsed, one pair at a
time, so memory grows with the number of ids alone. A run without dataset/index.jsonl has its samples read
line by line. A value that one side lacks is None.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ..errors import StoreError
from ..store.dataset_index import (
    DATASET_PARTS,
    SampleLocation,
    check_dataset,
    line_digest,
    read_index,
    whole_line,
)
from .run_files import INDEX, parse_object

SHOWN = 5
"""Samples that are shown of each kind of difference."""
_VALUE = 300
"""Characters of a changed value."""
_DEPTH = 24
"""Levels of a JSON value that are compared leaf by leaf."""


@dataclass(frozen=True)
class ValueChange:
    """One value that differs."""

    name: str
    """such as 'seed', or 'splits.test.queries'"""
    a: Any
    b: Any
    difference: float | None = None
    """b - a, of numbers"""


def value_changes(a: Any, b: Any) -> tuple[ValueChange, ...]:
    """Where two trees of settings or figures differ, leaf by leaf, in the order of A.

    A row of a table that has a name is told by it: `splits.test.queries`, not `splits.1.queries`.
    """
    left, right = dict(_leaves(a)), dict(_leaves(b))
    return tuple(
        value_change(name, left.get(name), right.get(name))
        for name in dict.fromkeys([*left, *right])
        if _typed(left.get(name)) != _typed(right.get(name))
        and not _only_grew(name, left, right)
        and not _only_grew(name, right, left)
    )


def value_change(name: str, a: Any, b: Any) -> ValueChange:
    """One change, with the distance of two numbers."""
    numbers = [value for value in (a, b) if isinstance(value, int | float) and not isinstance(value, bool)]
    # A distance has as many digits as what it is the distance of: 0.3 - 0.1 is 0.2.
    distance = round(numbers[1] - numbers[0], 12) if len(numbers) == 2 else None
    return ValueChange(name, a, b, distance)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a tree of JSON with its dotted name; an empty branch is a leaf."""
    if isinstance(value, Mapping) and value and name.count(".") < _DEPTH:
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, Sequence) and _is_table(value):
        for row in value:
            (_, row_name), *cells = row.items()
            yield from _leaves(dict(cells), f"{name}.{row_name}")
    else:
        yield name, value


def _is_table(value: Sequence[Any]) -> bool:
    """Rows whose first field names each of them."""
    rows = [row for row in value if isinstance(row, Mapping) and len(row) > 1]
    names = {next(iter(row.values())) for row in rows if isinstance(next(iter(row.values())), str)}
    return bool(rows) and len(names) == len(rows) == len(value)


def _typed(leaf: Any) -> str:
    """A leaf with its type: true is not 1, and 1 is not 1.0."""
    return json.dumps(leaf, default=str)


def _only_grew(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a branch is empty on one side and told leaf by leaf on the other."""
    prefix = f"{name}." if name else ""
    return before.get(name) == {} and name not in after and any(leaf.startswith(prefix) for leaf in after)


def locate_samples(run: Path) -> Iterator[tuple[str, SampleLocation]]:
    """Every sample of a run by its id, in the order of its index or of its files.

    Raises:
        StoreError: a file cannot be read, is damaged, or is not the one its index was made of.
    """
    if (run / INDEX).is_file():
        check_dataset(run)
        yield from read_index(run / "dataset")
        return
    for part in DATASET_PARTS:
        file = run / "dataset" / f"{part}.jsonl"
        yield from _locate_samples_in(file, "all" if part == "samples" else part)


def _locate_samples_in(file: Path, split: str) -> Iterator[tuple[str, SampleLocation]]:
    offset = 0
    try:
        with file.open("rb") as lines:
            for line in lines:
                body = line.removesuffix(b"\n")
                if body:
                    digest = line_digest(whole_line(body, file))
                    yield _id_in(body, file), SampleLocation(digest, split, file, offset, len(body))
                offset += len(line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error


def _id_in(line: bytes, file: Path) -> str:
    """A sample's id, from its first bytes where it stands there, as every run writes it."""
    head = line[:200].partition(b'","')[0]
    if line.startswith(b'{"id":"') and b"\\" not in head:
        return head[7:].decode("utf-8", "replace")
    id = parse_object(line, file).get("id")
    if not isinstance(id, str):
        raise StoreError(f"{file}: got a sample with the id {id!r}, expected text")
    return id


@dataclass(frozen=True)
class SampleChange:
    """One sample that both have and that differs, field by field."""

    id: str
    fields: tuple[ValueChange, ...]


@dataclass(frozen=True)
class SampleChanges:
    """The samples of both runs, compared by their ids."""

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


def sample_changes(a: Mapping[str, SampleLocation], b: Mapping[str, SampleLocation]) -> SampleChanges:
    """What differs between two sets of samples, by their ids and digests, and then field by field.

    Raises:
        StoreError: a sample cannot be read at its place.
    """
    only_a, only_b = [id for id in a if id not in b], [id for id in b if id not in a]
    both = [id for id in a if id in b]
    changed = [id for id in both if (a[id].digest, a[id].split) != (b[id].digest, b[id].split)]
    by_field = Counter[str]()
    first: list[SampleChange] = []
    for id in changed:
        fields = _field_changes(a[id], b[id])
        by_field.update({field.name.partition(".")[0] for field in fields})
        if len(first) < SHOWN:
            first.append(SampleChange(id, fields))
    same = len(both) - len(changed)
    return SampleChanges(
        a=len(a),
        b=len(b),
        same=same,
        only_a=len(only_a),
        only_b=len(only_b),
        changed=len(changed),
        by_field=dict(sorted(by_field.items(), key=lambda item: (-item[1], item[0]))),
        first_only_a=tuple(only_a[:SHOWN]),
        first_only_b=tuple(only_b[:SHOWN]),
        first_changed=tuple(first),
        identical=same == len(a) == len(b) and list(a) == list(b),
    )


def _field_changes(a: SampleLocation, b: SampleLocation) -> tuple[ValueChange, ...]:
    """What differs between two samples of one id, in the terms of the paper."""
    split = [value_change("split", a.split, b.split)] if a.split != b.split else []
    if a.digest == b.digest:
        return tuple(split)
    fields = [_shortened(change) for change in value_changes(_fields(_read(a)), _fields(_read(b)))]
    return (*split, *fields) if split or fields else (value_change("order of keys", None, None),)


def _read(location: SampleLocation) -> dict[str, Any]:
    return parse_object(location.read_line(), location.file)


def _fields(sample: Mapping[str, Any]) -> dict[str, Any]:
    """A sample as what can change in it; what is equal to its parts is left out."""
    answer = sample.get("answer")
    platform, calls = answer if isinstance(answer, list) and len(answer) == 2 else (answer, [])
    profile = sample.get("user_profile") or {}
    origins = [origin for origin in sample.get("origins") or () if isinstance(origin, dict)]
    return {
        "query": sample.get("query"),
        "platform": platform,
        "calls": [next(iter(call), None) for call in calls if isinstance(call, dict)],
        "arguments": {f"{number}.{name}": value for number, name, value in _arguments(calls)},
        "evidence": {
            f"{origin.get('call')}.{origin.get('parameter')}": _evidence(origin) for origin in origins
        },
        "profile": profile.get("basic_features"),
        "history": orjson.dumps(profile.get("user_history")).decode(),
        "platforms": orjson.dumps(sample.get("platforms")).decode(),
        "tools": orjson.dumps(sample.get("tools")).decode(),
        "group": sample.get("group"),
        "twin_of": sample.get("twin_of"),
        "user_id": sample.get("user_id"),
        "scenario": sample.get("scenario"),
    }


def _arguments(calls: Any) -> Iterator[tuple[int, str, Any]]:
    for number, call in enumerate(calls if isinstance(calls, list) else ()):
        for arguments in (call if isinstance(call, dict) else {}).values():
            for name, value in (arguments if isinstance(arguments, dict) else {}).items():
                yield number, name, orjson.dumps(value).decode()


def _evidence(origin: Mapping[str, Any]) -> str:
    return orjson.dumps([origin.get("origin"), origin.get("evidence")]).decode()


def _shortened(change: ValueChange) -> ValueChange:
    """A change with values short enough to be shown; of long texts, from where they part."""
    a, b = change.a, change.b
    if not (isinstance(a, str) and isinstance(b, str)):
        return change
    parting = next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), 0)
    start = max(0, parting - 40) if max(len(a), len(b)) > _VALUE else 0
    dots, end = "…" if start else "", start + _VALUE
    return ValueChange(change.name, dots + a[start:end], dots + b[start:end])
