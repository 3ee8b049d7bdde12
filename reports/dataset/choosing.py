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
from ..run_files import INDEX, inside, slice_of

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

    def kinds(self) -> tuple[str, ...]:
        """What it shows an example of."""
        origins = {one.origin for one in self.sample.origins}
        calls = len(self.sample.answer[1]) if len(self.sample.answer) > 1 else 0
        shown = ["one call" if calls == 1 else f"{calls} calls"]
        shown += ["a default"] if "default" in origins else []
        shown += ["query and profile"] if origins >= {"query", "profile"} else []
        shown += ["a twin"] if self.sample.twin_of else []
        return tuple(shown)


def examples(folder: Path, many: int = EXAMPLES) -> list[Entry]:
    """Samples over scenarios, splits and kinds; none where the run has no index.

    Raises:
        StoreError: the index or a sample it names is damaged.
    """
    if not (folder / INDEX).is_file():
        return []
    entries = [_entry(folder, one) for one in _candidates(folder / INDEX)]
    return list(_varied(entries, many))


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


def _entry(folder: Path, found: dict[str, Any]) -> Entry:
    file = inside(folder / "dataset", found["file"])
    line = slice_of(file, found["offset"], found["bytes"])
    try:
        sample = Sample.model_validate_json(line)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))[:120]
        at = f"{file}: sample at byte {found['offset']}"
        raise StoreError(
            f"{at}: damaged at {where or 'the whole'}; the run's command writes it again"
        ) from None
    return Entry(sample, str(found["split"]), str(found.get("group") or ""))


def _varied(entries: Iterable[Entry], many: int) -> Iterator[Entry]:
    """The entries that show most of what was not shown yet, one by one."""
    left, shown = list(entries), Counter[tuple[str, str]]()
    while left and many:
        best = max(left, key=lambda one: sum(1 / (1 + shown[each]) ** 2 for each in _shows(one)))
        shown.update(_shows(best))
        left.remove(best)
        many -= 1
        yield best


def _shows(entry: Entry) -> list[tuple[str, str]]:
    sample = entry.sample
    kinds = [("kind", kind) for kind in entry.kinds()]
    return [("scenario", sample.scenario), ("split", entry.split), ("group", entry.group), *kinds]
