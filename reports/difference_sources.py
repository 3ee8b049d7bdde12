"""The samples of two runs beside each other: told apart by their bytes, and compared field by field.

Only samples that differ are parsed, one pair at a time, so memory grows with the number of ids alone. A run
without dataset/index.jsonl has its samples read line by line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import yaml

from ..errors import StoreError
from ..store.files import read_jsonl
from ..store.run_folder import identity_of
from .difference import Change, Difference, SampleChange, SampleChanges, change, changes
from .run_files import INDEX, PARTS, inside, object_in, slice_of, value_of

SHOWN = 5
"""Samples that are shown of each kind of difference."""
_VALUE = 300


class Mark(NamedTuple):
    """Where a sample stands, and what its bytes are."""

    digest: str
    split: str
    file: Path
    offset: int
    size: int


def marks_of(run: Path) -> Iterator[tuple[str, Mark]]:
    """Every sample of a run by its id, in the order of its index or of its files.

    Raises:
        StoreError: a file cannot be read, or is damaged.
    """
    if not (run / INDEX).is_file():
        for part in PARTS:
            yield from _marks_in(run / "dataset" / f"{part}.jsonl", "all" if part == "samples" else part)
        return
    for number, entry in enumerate(read_jsonl(run / INDEX), 1):
        try:
            file = inside(run / "dataset", entry["file"])
            yield (
                str(entry["id"]),
                Mark(
                    str(entry["digest"]), str(entry["split"]), file, int(entry["offset"]), int(entry["bytes"])
                ),
            )
        except (KeyError, TypeError, ValueError):
            raise StoreError(
                f"{run / INDEX}:{number}: damaged, expected id, split, file, offset, bytes and digest"
            ) from None


def _marks_in(file: Path, split: str) -> Iterator[tuple[str, Mark]]:
    offset = 0
    try:
        with file.open("rb") as lines:
            for line in lines:
                body = line.removesuffix(b"\n")
                if body:
                    digest = blake2b(body, digest_size=8).hexdigest()
                    yield _id_in(body, file), Mark(digest, split, file, offset, len(body))
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
    found = value_of(line, file).get("id")
    if not isinstance(found, str):
        raise StoreError(f"{file}: got a sample with the id {found!r}, expected text")
    return found


def sample_changes(a: Mapping[str, Mark], b: Mapping[str, Mark]) -> SampleChanges:
    """What differs between two sets of samples, by their ids and digests, and then field by field.

    Raises:
        StoreError: a sample cannot be read at its place.
    """
    only_a, only_b = [id for id in a if id not in b], [id for id in b if id not in a]
    changed = [id for id, one in a.items() if id in b and one[:2] != b[id][:2]]
    by_field = Counter[str]()
    first: list[SampleChange] = []
    for id in changed:
        fields = _fields(a[id], b[id])
        by_field.update({one.name.partition(".")[0] for one in fields})
        if len(first) < SHOWN:
            first.append(SampleChange(id, fields))
    same = len(a) - len(only_a) - len(changed)
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


def _fields(a: Mark, b: Mark) -> tuple[Change, ...]:
    """What differs between two samples of one id, in the terms of the paper."""
    split = [change("split", a.split, b.split)] if a.split != b.split else []
    if a.digest == b.digest:
        return tuple(split)
    left, right = (_parts(value_of(slice_of(one.file, one.offset, one.size), one.file)) for one in (a, b))
    found = [_bounded(one) for one in changes(left, right)]
    return (*split, *found) if split or found else (change("order of keys", None, None),)


def _parts(sample: Mapping[str, Any]) -> dict[str, Any]:
    """A sample as what can change in it; what is equal to its parts is left out."""
    answer = sample.get("answer")
    platform, calls = (
        (answer[0], answer[1]) if isinstance(answer, list) and len(answer) == 2 else (answer, [])
    )
    profile = sample.get("user_profile") or {}
    origins = [one for one in sample.get("origins") or () if isinstance(one, dict)]
    return {
        "query": sample.get("query"),
        "platform": platform,
        "calls": [next(iter(call), None) for call in calls if isinstance(call, dict)],
        "arguments": {f"{number}.{name}": value for number, name, value in _arguments(calls)},
        "evidence": {f"{one.get('call')}.{one.get('parameter')}": _evidence(one) for one in origins},
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


def _bounded(one: Change) -> Change:
    """A change with values short enough to be shown; of long texts, from where they part."""
    if not (isinstance(one.a, str) and isinstance(one.b, str)):
        return one
    start = next((at for at, (x, y) in enumerate(zip(one.a, one.b, strict=False)) if x != y), 0)
    begin = max(0, start - 40) if max(len(one.a), len(one.b)) > _VALUE else 0
    dots = "…" if begin else ""
    return Change(one.name, dots + one.a[begin : begin + _VALUE], dots + one.b[begin : begin + _VALUE])


_FILES = (
    "api_tree.json",
    "feature_tree.json",
    "profiles.jsonl",
    "histories.jsonl",
    "tasks.jsonl",
    "episodes.jsonl",
)
_UNSEEN = tuple(f"unseen/{name}" for name in _FILES)


def difference(a: Path, b: Path) -> Difference:
    """What changed from one run to another.

    Raises:
        StoreError: a folder is no run, or damaged.
    """
    for run in (a, b):
        identity_of(run)
    manifests = [object_in(run / "manifest.json") for run in (a, b)]
    found = [object_in(run / "statistics.json") for run in (a, b)]
    marks = [dict(marks_of(run)) if _has_dataset(run) else None for run in (a, b)]
    left, right = marks
    settings = [_settings(run / "config.yaml") for run in (a, b)]
    return Difference(
        a=str(a),
        b=str(b),
        settings=changes(*settings),
        made_with=changes(*(_made_with(one) for one in manifests)) if all(manifests) else (),
        files=dict(_files(a, b)),
        counts=changes(*(one.get("counts", {}) for one in manifests)) if all(manifests) else (),
        funnel=changes(*(_funnel(*pair) for pair in zip(found, manifests, strict=True)))
        if all(manifests)
        else (),
        splits=changes(*(Counter(one.split for one in each.values()) for each in (left or {}, right or {}))),
        statistics=changes(*(_figures(one) for one in found)) if all(found) else (),
        samples=None if left is None or right is None else sample_changes(left, right),
        notes=tuple(_notes(a, b, manifests, found)),
    )


def _has_dataset(run: Path) -> bool:
    return any((run / "dataset" / f"{part}.jsonl").is_file() for part in PARTS)


def _notes(a: Path, b: Path, manifests: list[dict[str, Any]], found: list[dict[str, Any]]) -> Iterator[str]:
    for name, run, manifest, figures in zip("AB", (a, b), manifests, found, strict=True):
        if not _has_dataset(run):
            yield f"{name} has no dataset yet: its run is not finished"
        elif not manifest:
            yield f"{name} has no manifest.json: versions, prompts, counts and funnel are not compared"
        if _has_dataset(run) and not figures:
            yield f"{name} has no statistics.json, as runs of older versions: statistics are not compared"


def _settings(file: Path) -> Any:
    try:
        found = yaml.safe_load(file.read_text("utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise StoreError(f"{file}: cannot be read: {' '.join(str(error).split())[:200]}") from error

    if isinstance(found, dict) and isinstance(found.get("run"), dict):
        found["run"].pop("dir", None)  # where a run is kept says nothing of what it is
    return found


def _made_with(manifest: Mapping[str, Any]) -> dict[str, Any]:
    notes = manifest.get("notes") or {}
    parts = {"model": manifest.get("model"), "libraries": notes.get("libraries")}
    return parts | {name: manifest.get(name) for name in ("versions", "prompts")}


def _funnel(statistics: Mapping[str, Any], manifest: Mapping[str, Any]) -> Any:
    return statistics.get("funnel") or manifest.get("funnel") or {}


def _figures(statistics: Mapping[str, Any]) -> dict[str, Any]:
    """Statistics without what is told elsewhere."""
    return {
        name: one for name, one in statistics.items() if name not in ("splits", "funnel", "model", "format")
    }


def _files(a: Path, b: Path) -> Iterator[tuple[str, str]]:
    for name in (*_FILES, *_UNSEEN):
        left, right = _digest(a / name), _digest(b / name)
        if left or right:
            yield name, "only in B" if not left else "only in A" if not right else _alike(left, right)


def _alike(left: bytes, right: bytes) -> str:
    return "same" if left == right else "different"


def _digest(file: Path) -> bytes | None:
    try:
        with file.open("rb") as content:
            return file_digest(content, "blake2b").digest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error
