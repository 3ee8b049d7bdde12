"""Samples with their proof: every argument numbered, and its evidence marked in query and profile.

Numbers tell what belongs together; colours repeat it for those who see them.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...errors import StoreError
from ...records import ArgumentOrigin, Sample
from ...rendering.charts import short
from ...rendering.document import Cell, Facts, Fold, Part, Passage, Piece, Row, Section, Table, foreign
from ...rendering.text import inert
from ...store import read_jsonl
from ..run_files import INDEX, inside, line_with, needle, slice_of, value_of
from .material import Material
from .text import json_text, number

EXAMPLES = 12
LOOKED_AT = 24
"""Samples of a scenario in a split that are looked at to choose among."""
GROUPS = 60
"""Scenarios and splits that are looked at."""

_Ranked = tuple[bytes, int, dict[str, Any]]
"""Hash, line and entry."""


@dataclass(frozen=True)
class Entry:
    """A sample and where it belongs."""

    sample: Sample
    split: str
    group: str
    kinds: tuple[str, ...]
    """what it shows an example of, in words"""


def examples(folder: Path, many: int = EXAMPLES) -> list[Entry]:
    """Samples over scenarios, splits and kinds; none where the run has no index.

    Raises:
        StoreError: the index or a sample it names is damaged.
    """
    if not (folder / INDEX).is_file():
        return []
    candidates = [(one, _kinds(folder, one)) for one in _candidates(folder / INDEX)]
    return [_entry(folder, one, kinds) for one, kinds in _varied(candidates, many)]


def _candidates(index: Path) -> Iterator[dict[str, Any]]:
    """Some of every scenario and split, spread by a hash of their ids, and twins beside them."""
    best: dict[tuple[str, str, bool], list[_Ranked]] = {}
    for line, one in enumerate(read_jsonl(index), 1):
        if not _whole(one):
            raise StoreError(f"{index}:{line}: damaged; the run's command writes it again")
        key = (one["scenario"], one["split"], bool(one.get("twin_of")))
        if key in best or len(best) < GROUPS:
            rank = blake2b(one["id"].encode("utf-8", "replace"), digest_size=8).digest()
            _keep_least(best.setdefault(key, []), (rank, line, one))
    for key in sorted(best):
        yield from (one for *_, one in sorted(best[key], key=_rank, reverse=True))


def _whole(found: Any) -> bool:
    """Whether a line of the index says what is needed."""
    texts, numbers = ("id", "scenario", "split", "file"), ("offset", "bytes")
    return isinstance(found, dict) and (
        all(isinstance(found.get(key), str) for key in texts)
        and all(isinstance(found.get(key), int) and found[key] >= 0 for key in numbers)
    )


def _keep_least(heap: list[_Ranked], item: _Ranked) -> None:
    """Keep the items of the least ranks, the greatest of them on top."""
    rank, number, one = item
    turned = (bytes(255 - byte for byte in rank), -number, one)
    if len(heap) < LOOKED_AT:
        heapq.heappush(heap, turned)
    elif turned[:2] > heap[0][:2]:
        heapq.heapreplace(heap, turned)


def _rank(kept: _Ranked) -> tuple[bytes, int]:
    return kept[:2]


def _kinds(folder: Path, place: dict[str, Any]) -> tuple[str, ...]:
    """What a sample shows an example of; it is read as plain data, for hundreds are looked at."""
    file, line = _line(folder, place)
    found = value_of(line, file)
    try:
        calls, origins = len(found["answer"][1]), {one["origin"] for one in found["origins"]}
    except (KeyError, TypeError, IndexError):
        raise _damaged(file, place, "answer or origins") from None
    shown = ["one call" if calls == 1 else f"{calls} calls"]
    shown += ["a default"] if "default" in origins else []
    shown += ["query and profile"] if origins >= {"query", "profile"} else []
    shown += ["a twin"] if found.get("twin_of") else []
    return tuple(shown)


def _entry(folder: Path, place: dict[str, Any], kinds: tuple[str, ...]) -> Entry:
    file, line = _line(folder, place)
    try:
        sample = Sample.model_validate_json(line)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))[:120]
        raise _damaged(file, place, where or "the whole") from None
    return Entry(sample, place["split"], str(place.get("group") or ""), kinds)


def _line(folder: Path, place: dict[str, Any]) -> tuple[Path, bytes]:
    file = inside(folder / "dataset", place["file"])
    return file, slice_of(file, place["offset"], place["bytes"])


def _damaged(file: Path, place: dict[str, Any], where: str) -> StoreError:
    at = f"{file}: sample at byte {place['offset']}"
    return StoreError(f"{at}: damaged at {where}; the run's command writes it again")


_Candidate = tuple[dict[str, Any], tuple[str, ...]]


def _varied(candidates: Iterable[_Candidate], many: int) -> Iterator[_Candidate]:
    """The candidates that show most of what was not shown yet, one by one."""
    left, shown = list(candidates), Counter[tuple[str, str]]()
    while left and many:
        best = max(left, key=lambda one: sum(1 / (1 + shown[each]) ** 2 for each in _shows(one)))
        shown.update(_shows(best))
        left.remove(best)
        many -= 1
        yield best


def _shows(candidate: _Candidate) -> list[tuple[str, str]]:
    place, kinds = candidate
    belongs = [(key, str(place.get(key) or "")) for key in ("scenario", "split", "group")]
    return [*belongs, *(("kind", kind) for kind in kinds)]


QUERY = 2_000
"""Characters of a query that are shown."""
FEATURES = 120
ARGUMENTS = 60
VALUE = 160
_PREFIX = "basic_features."


def example_section(material: Material) -> Section:
    """The section with examples. Raises StoreError where they are damaged."""
    entries = examples(material.folder)
    text = (
        "Chosen over scenarios, splits and kinds, the same ones every time. Every argument of the answer "
        "has a number; the words of the query and the values of the profile that prove it carry the same "
        "one. Below the answer is what a model is shown of the user.",
    )
    if not entries:
        return Section("Examples", ("There is no sample to show.",))
    folds = tuple(_example(one, _context(material, one), place == 0) for place, one in enumerate(entries))
    return Section("Examples", text, folds)


def _example(entry: Entry, context: str, opened: bool) -> Fold:
    sample = entry.sample
    origins = sample.origins[:ARGUMENTS]
    tag = " · ".join(inert(one, 40) for one in (sample.scenario, entry.split, *entry.kinds) if one)
    parts: list[Part] = [
        Passage("Query", highlighted(sample.query, origins)),
        Table(("", "Call", "Parameter", "Value", "From", "Evidence"), _answer(sample, origins),
              "Answer", words=6),
        Passage("Platform of the answer", (Piece(inert(_platform(sample), 60), True),)),
        _history(sample),
        _profile(sample, origins),
        Passage("Sample", (Piece(_about(entry, context), True),)),
    ]  # fmt: skip
    return Fold(Cell(short(sample.query, 110), foreign=True), tuple(parts), tag, opened)


def highlighted(text: str, origins: Sequence[ArgumentOrigin]) -> tuple[Piece, ...]:
    """A query in pieces: what proves argument n carries the number n, also where evidence overlaps."""
    shown = text[:QUERY]
    spans = [
        (place, one.evidence.span)
        for place, one in enumerate(origins, 1)
        if one.origin == "query" and one.evidence.span is not None
    ]
    spans = [(place, span) for place, span in spans if 0 <= span[0] < span[1] <= len(shown)]
    cuts = sorted({0, len(shown), *(end for _, span in spans for end in span)})
    pieces = []
    for start, end in pairwise(cuts):
        inside = tuple(place for place, span in spans if span[0] <= start and end <= span[1])
        ends = tuple(place for place, span in spans if span[1] == end)
        pieces.append(Piece(inert(shown[start:end], QUERY), True, inside, ends))
    if len(text) > QUERY:
        pieces.append(Piece(f" … ({len(text):,} characters)"))
    return tuple(pieces)


def _platform(sample: Sample) -> str:
    return str(sample.answer[0]) if sample.answer else "?"


def _answer(sample: Sample, origins: Sequence[ArgumentOrigin]) -> tuple[Row, ...]:
    calls = [next(iter(one), "?") if isinstance(one, dict) else "?" for one in _calls(sample)]
    rows = []
    for place, one in enumerate(origins, 1):
        name = calls[one.call] if 0 <= one.call < len(calls) else "?"
        rows.append(
            Row(
                (
                    Cell("", numbers=(place,)),
                    foreign(f"{one.call + 1}. {name}", 80),
                    foreign(one.parameter, 60),
                    foreign(json_text(one.value), VALUE),
                    Cell(one.origin),
                    _evidence(one),
                )
            )
        )
    silent = [place for place in range(len(calls)) if all(one.call != place for one in origins)]
    rows += [
        Row((Cell(""), foreign(f"{place + 1}. {calls[place]}", 80), *[Cell("")] * 3, Cell("no arguments")))
        for place in silent[:ARGUMENTS]
    ]
    left = len(sample.origins) - len(origins)
    if left > 0:
        rows.append(Row((Cell(""), Cell(f"… {left:,} more arguments"), *[Cell("")] * 4)))
    return tuple(rows)


def _calls(sample: Sample) -> list[object]:
    found = sample.answer[1] if len(sample.answer) > 1 else []
    return list(found) if isinstance(found, list | tuple) else []


def _evidence(one: ArgumentOrigin) -> Cell:
    if one.origin == "query":
        span = one.evidence.span
        where = f"characters {span[0]:,} to {span[1]:,}" if span else ""
        return foreign(one.evidence.words or "", VALUE, note=where)
    if one.origin == "profile":
        return foreign((one.evidence.path or "").removeprefix(_PREFIX), 120, note="basic feature")
    return Cell("the schema's default")


def _profile(sample: Sample, origins: Sequence[ArgumentOrigin]) -> Facts:
    """The basic features, those that fill an argument marked with its number."""
    basic = sample.user_profile.basic_features
    used: dict[str, tuple[int, ...]] = {}
    for place, one in enumerate(origins, 1):
        if one.origin == "profile" and one.evidence.path:
            feature = _feature(one.evidence.path, basic)
            used[feature] = (*used.get(feature, ()), place)
    names = list(basic)
    shown = [name for place, name in enumerate(names) if place < FEATURES or name in used]
    items = tuple(
        (foreign(name, 60), foreign(json_text(basic[name]), VALUE, numbers=used.get(name, ())))
        for name in shown
    )
    left = len(names) - len(shown)
    more = f" and {left:,} more" if left else ""
    return Facts(f"Profile: {len(shown):,} basic features{more}", items)


def _feature(path: str, basic: Mapping[str, object]) -> str:
    """The feature a path leads into: 'basic_features.emergency_contact.phone' -> 'emergency_contact'."""
    rest = path.removeprefix(_PREFIX)
    while rest not in basic and "." in rest:
        rest = rest.rpartition(".")[0]
    return rest


def _history(sample: Sample) -> Table:
    """What the visible history says of the platforms there are to choose from."""
    visits: dict[str, list[str]] = {one.name: [] for one in sample.platforms}
    for one in sample.user_profile.user_history.get(sample.scenario, []):
        visits.setdefault(str(one.get("platform", "?")), []).append(str(one.get("action", "")))
    rows = tuple(
        Row(
            (foreign(platform, 60), foreign(actions[-1] if actions else "", 120), number(len(actions))),
            "own" if platform == _platform(sample) else "",
        )
        for platform, actions in list(visits.items())[:FEATURES]
    )
    columns = ("Platform", "Latest visit", "Visits")
    return Table(columns, rows, "Visible history in this scenario", words=2)


def _about(entry: Entry, context: str) -> str:
    sample = entry.sample
    told = [f"id {sample.id}", f"user {sample.user_id}"]
    told += [f"a user of the group {entry.group}"] if entry.group else []
    told += [f"the counterfactual twin of {sample.twin_of}"] if sample.twin_of else []
    told += [f"kind of need {context} (latent)"] if context else []
    told.append(f"{len(sample.tools):,} tools to choose from")
    return inert("; ".join(told), 400)


def _context(material: Material, entry: Entry) -> str:
    """The latent kind of need that was drawn; empty where nobody says so."""
    for people in material.people:
        file = people.folder / "tasks.jsonl"
        found = line_with(file, needle("id", entry.sample.twin_of or entry.sample.id))
        if found is not None:
            return str(value_of(found, file).get("context", ""))
    return ""
