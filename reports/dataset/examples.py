"""Example samples with their evidence: every argument numbered, and marked in query and profile.

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

import orjson
from pydantic import ValidationError

from ...errors import StoreError
from ...records import ArgumentOrigin, Sample
from ...rendering.charts import shortened
from ...rendering.document import (
    Cell,
    Facts,
    Fold,
    Part,
    Passage,
    Piece,
    Row,
    Section,
    Table,
    count_cell,
    foreign,
)
from ...rendering.text import inert, json_text
from ...store import read_jsonl
from ...store.dataset_index import location_of
from ..run_files import INDEX, find_line_with, json_pair, parse_object, read_sample
from .report_data import ReportData

EXAMPLES = 12
LOOKED_AT = 24
"""Samples of a scenario in a split that are looked at to choose among."""
GROUPS = 60
"""Scenarios and splits that are looked at."""

_Ranked = tuple[bytes, int, dict[str, Any]]
"""Hash, line and entry."""


@dataclass(frozen=True)
class ExampleSample:
    """A sample and where it belongs."""

    sample: Sample
    split: str
    group: str
    kinds: tuple[str, ...]
    """what it shows an example of, in words"""


def choose_examples(folder: Path, most: int = EXAMPLES) -> list[ExampleSample]:
    """Samples over scenarios, splits and kinds; none where the run has no index.

    Raises:
        StoreError: the index or a sample it names is damaged.
    """
    if not (folder / INDEX).is_file():
        return []
    candidates = [(entry, _kinds(folder, entry)) for entry in _candidates(folder / INDEX)]
    return [_example(folder, entry, kinds) for entry, kinds in _most_varied(candidates, most)]


def _candidates(index: Path) -> Iterator[dict[str, Any]]:
    """Some of every scenario and split, spread by a hash of their ids, and twins beside them."""
    best: dict[tuple[str, str, bool], list[_Ranked]] = {}
    for number, entry in enumerate(read_jsonl(index), 1):
        if not _is_complete(entry):
            raise StoreError(f"{index}:{number}: damaged; the run's command writes it again")
        key = (entry["scenario"], entry["split"], bool(entry.get("twin_of")))
        if key in best or len(best) < GROUPS:
            rank = blake2b(entry["id"].encode("utf-8", "replace"), digest_size=8).digest()
            _keep_least(best.setdefault(key, []), (rank, number, entry))
    for key in sorted(best):
        yield from (entry for *_, entry in sorted(best[key], key=_rank, reverse=True))


def _is_complete(entry: Any) -> bool:
    """Whether a line of the index says what is needed."""
    texts, numbers = ("id", "scenario", "split", "file", "digest"), ("offset", "bytes")
    return isinstance(entry, dict) and (
        all(isinstance(entry.get(key), str) for key in texts)
        and all(isinstance(entry.get(key), int) and entry[key] >= 0 for key in numbers)
    )


def _keep_least(heap: list[_Ranked], item: _Ranked) -> None:
    """Keep the items of the least ranks, the greatest of them on top."""
    rank, number, entry = item
    inverted = (bytes(255 - byte for byte in rank), -number, entry)
    if len(heap) < LOOKED_AT:
        heapq.heappush(heap, inverted)
    elif inverted[:2] > heap[0][:2]:
        heapq.heapreplace(heap, inverted)


def _rank(item: _Ranked) -> tuple[bytes, int]:
    return item[:2]


def _kinds(folder: Path, entry: dict[str, Any]) -> tuple[str, ...]:
    """What a sample shows an example of; it is read as plain data, for hundreds are looked at."""
    file, line = _sample_line(folder, entry)
    sample = parse_object(line, file)  # what it shares is of no interest here
    try:
        calls, origins = len(sample["answer"][1]), {origin["origin"] for origin in sample["origins"]}
    except (KeyError, TypeError, IndexError):
        raise _damaged(file, entry, "answer or origins") from None
    shown = ["one call" if calls == 1 else f"{calls} calls"]
    shown += ["a default"] if "default" in origins else []
    shown += ["query and profile"] if origins >= {"query", "profile"} else []
    shown += ["a twin"] if sample.get("twin_of") else []
    return tuple(shown)


def _example(folder: Path, entry: dict[str, Any], kinds: tuple[str, ...]) -> ExampleSample:
    file, line = _sample_line(folder, entry)
    try:
        sample = Sample.model_validate_json(orjson.dumps(read_sample(line, file)))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))[:120]
        raise _damaged(file, entry, where or "the whole") from None
    return ExampleSample(sample, entry["split"], str(entry.get("group") or ""), kinds)


def _sample_line(folder: Path, entry: dict[str, Any]) -> tuple[Path, bytes]:
    location = location_of(entry, folder / "dataset", f"{folder / INDEX}: sample {entry['id']!r}")
    return location.file, location.read_line()


def _damaged(file: Path, entry: dict[str, Any], where: str) -> StoreError:
    where_in_file = f"{file}: sample at byte {entry['offset']}"
    return StoreError(f"{where_in_file}: damaged at {where}; the run's command writes it again")


_Candidate = tuple[dict[str, Any], tuple[str, ...]]


def _most_varied(candidates: Iterable[_Candidate], most: int) -> Iterator[_Candidate]:
    """The candidates that show most of what was not shown yet, one by one."""
    left, shown = list(candidates), Counter[tuple[str, str]]()
    while left and most:
        best = max(
            left, key=lambda candidate: sum(1 / (1 + shown[trait]) ** 2 for trait in _traits(candidate))
        )
        shown.update(_traits(best))
        left.remove(best)
        most -= 1
        yield best


def _traits(candidate: _Candidate) -> list[tuple[str, str]]:
    entry, kinds = candidate
    belongs = [(key, str(entry.get(key) or "")) for key in ("scenario", "split", "group")]
    return [*belongs, *(("kind", kind) for kind in kinds)]


QUERY = 2_000
"""Characters of a query that are shown."""
FEATURES = 120
ARGUMENTS = 60
VALUE = 160
_PREFIX = "basic_features."


def examples_section(data: ReportData) -> Section:
    """The section with examples. Raises StoreError where they are damaged."""
    examples = choose_examples(data.folder)
    text = (
        "Chosen over scenarios, splits and kinds, the same ones every time. Every argument of the answer "
        "has a number; the words of the query and the values of the profile that prove it carry the same "
        "one. Below the answer is what a model is shown of the user.",
    )
    if not examples:
        return Section("Examples", ("There is no sample to show.",))
    folds = tuple(
        _example_fold(example, _context(data, example), opened=number == 0)
        for number, example in enumerate(examples)
    )
    return Section("Examples", text, folds)


def _example_fold(example: ExampleSample, context: str, opened: bool) -> Fold:
    sample = example.sample
    origins = sample.origins[:ARGUMENTS]
    tag = " · ".join(inert(label, 40) for label in (sample.scenario, example.split, *example.kinds) if label)
    parts: list[Part] = [
        Passage("Query", query_pieces(sample.query, origins)),
        Table(("", "Call", "Parameter", "Value", "From", "Evidence"), _answer_rows(sample, origins),
              "Answer", words=6),
        Passage("Platform of the answer", (Piece(inert(_platform(sample), 60), True), *_why(sample))),
        _history(sample),
        _profile(sample, origins),
        Passage("Sample", (Piece(_sample_facts(example, context), True),)),
    ]  # fmt: skip
    return Fold(Cell(shortened(sample.query, 110), foreign=True), tuple(parts), tag, opened)


def query_pieces(text: str, origins: Sequence[ArgumentOrigin]) -> tuple[Piece, ...]:
    """A query in pieces: what proves argument n carries the number n, also where evidence overlaps."""
    shown = text[:QUERY]
    spans = [
        (number, origin.evidence.span)
        for number, origin in enumerate(origins, 1)
        if origin.origin == "query" and origin.evidence.span is not None
    ]
    spans = [(number, span) for number, span in spans if 0 <= span[0] < span[1] <= len(shown)]
    cuts = sorted({0, len(shown), *(end for _, span in spans for end in span)})
    pieces = []
    for start, end in pairwise(cuts):
        numbers = tuple(number for number, span in spans if span[0] <= start and end <= span[1])
        ends = tuple(number for number, span in spans if span[1] == end)
        pieces.append(Piece(inert(shown[start:end], QUERY), True, numbers, ends))
    if len(text) > QUERY:
        pieces.append(Piece(f" … ({len(text):,} characters)"))
    return tuple(pieces)


def _platform(sample: Sample) -> str:
    return str(sample.answer[0]) if sample.answer else "?"


def _why(sample: Sample) -> tuple[Piece, ...]:
    """The words that tell the kind of need, and the visits of the platform for such needs."""
    evidence = sample.platform_evidence
    actions = sample.user_profile.user_history.get(sample.scenario, [])
    visits = [str(actions[place].get("action", "")) for place in evidence.visits if place < len(actions)]
    pieces = (
        [Piece("; the kind of need: "), Piece(inert(evidence.words, VALUE), True)] if evidence.words else []
    )
    if visits:
        pieces += [Piece("; visits for such needs: "), Piece(inert("; ".join(visits), 3 * VALUE), True)]
    return tuple(pieces)


def _answer_rows(sample: Sample, origins: Sequence[ArgumentOrigin]) -> tuple[Row, ...]:
    calls = [next(iter(call), "?") if isinstance(call, dict) else "?" for call in _calls(sample)]
    rows = []
    for number, origin in enumerate(origins, 1):
        name = calls[origin.call] if 0 <= origin.call < len(calls) else "?"
        rows.append(
            Row(
                (
                    Cell("", numbers=(number,)),
                    foreign(f"{origin.call + 1}. {name}", 80),
                    foreign(origin.parameter, 60),
                    foreign(json_text(origin.value), VALUE),
                    Cell(origin.origin),
                    _evidence(origin),
                )
            )
        )
    without_arguments = [
        place for place in range(len(calls)) if all(origin.call != place for origin in origins)
    ]
    rows += [
        Row((Cell(""), foreign(f"{place + 1}. {calls[place]}", 80), *[Cell("")] * 3, Cell("no arguments")))
        for place in without_arguments[:ARGUMENTS]
    ]
    left = len(sample.origins) - len(origins)
    if left > 0:
        rows.append(Row((Cell(""), Cell(f"… {left:,} more arguments"), *[Cell("")] * 4)))
    return tuple(rows)


def _calls(sample: Sample) -> list[object]:
    calls = sample.answer[1] if len(sample.answer) > 1 else []
    return list(calls) if isinstance(calls, list | tuple) else []


def _evidence(origin: ArgumentOrigin) -> Cell:
    if origin.origin == "query":
        span = origin.evidence.span
        where = f"characters {span[0]:,} to {span[1]:,}" if span else ""
        return foreign(origin.evidence.words or "", VALUE, note=where)
    if origin.origin == "profile":
        return foreign((origin.evidence.path or "").removeprefix(_PREFIX), 120, note="basic feature")
    return Cell("the schema's default")


def _profile(sample: Sample, origins: Sequence[ArgumentOrigin]) -> Facts:
    """The basic features, those that fill an argument marked with its number."""
    basic = sample.user_profile.basic_features
    used: dict[str, tuple[int, ...]] = {}
    for number, origin in enumerate(origins, 1):
        if origin.origin == "profile" and origin.evidence.path:
            feature = _feature(origin.evidence.path, basic)
            used[feature] = (*used.get(feature, ()), number)
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
    visits: dict[str, list[str]] = {platform.name: [] for platform in sample.platforms}
    for action in sample.user_profile.user_history.get(sample.scenario, []):
        visits.setdefault(str(action.get("platform", "?")), []).append(str(action.get("action", "")))
    rows = tuple(
        Row(
            (foreign(platform, 60), foreign(actions[-1] if actions else "", 120), count_cell(len(actions))),
            "own" if platform == _platform(sample) else "",
        )
        for platform, actions in list(visits.items())[:FEATURES]
    )
    columns = ("Platform", "Latest visit", "Visits")
    return Table(columns, rows, "Visible history in this scenario", words=2)


def _sample_facts(example: ExampleSample, context: str) -> str:
    sample = example.sample
    facts = [f"id {sample.id}", f"user {sample.user_id}"]
    facts += [f"a user of the group {example.group}"] if example.group else []
    facts += [f"the counterfactual twin of {sample.twin_of}"] if sample.twin_of else []
    facts += [f"kind of need {context} (latent)"] if context else []
    facts.append(f"{len(sample.tools):,} tools to choose from")
    return inert("; ".join(facts), 400)


def _context(data: ReportData, example: ExampleSample) -> str:
    """The latent kind of need that was drawn; empty where nobody says so."""
    for population in data.populations:
        file = population.folder / "tasks.jsonl"
        line = find_line_with(file, json_pair("id", example.sample.twin_of or example.sample.id))
        if line is not None:
            return str(parse_object(line, file).get("context", ""))
    return ""
