"""Which samples a report shows: few, the same for the same dataset, and of as many kinds as there are.

It reads the dataset's index line by line, and of the samples only a few hundred, each where the index says.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...errors import StoreError
from ...records import Sample
from ...store import read_jsonl
from ..run_files import INDEX, inside, slice_of, value_of

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
    for number, one in enumerate(read_jsonl(index), 1):
        if not _whole(one):
            raise StoreError(f"{index}:{number}: damaged; the run's command writes it again")
        key = (one["scenario"], one["split"], bool(one.get("twin_of")))
        if key in best or len(best) < GROUPS:
            rank = blake2b(one["id"].encode("utf-8", "replace"), digest_size=8).digest()
            _keep_least(best.setdefault(key, []), (rank, number, one))
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
