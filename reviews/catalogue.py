"""The samples that are reviewed: where each lies, what objected to it on the way, who solves it alike.

Only the index is in memory. What a run knows beside its samples (objections, further solvers) is read when
somebody filters by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from ..errors import ConfigError, StoreError, names
from ..records import Sample
from ..store.dataset_index import DATASET_PARTS, INDEX, SampleLocation, location_of
from ..store.files import read_jsonl
from ..store.read_only import read_ledger
from ..store.run_folder import identity_of
from .assignment import Stratum

_EPISODE_FILES = ("episodes.jsonl", "twins.jsonl", "unseen/episodes.jsonl", "unseen/twins.jsonl")
_TEST_PARTS = ("test", "unseen")
_CACHED = 32


class CatalogueEntry(NamedTuple):
    """One sample of the dataset, as the index knows it."""

    id: str
    scenario: str
    group: str
    """trained, untrained, unseen; '' where nothing is split"""
    part: str
    """of the dataset: samples, train, test, unseen, twins, reserve"""
    user: str
    location: SampleLocation

    @property
    def digest(self) -> str:
        """Of the sample as it is now."""
        return self.location.digest

    @property
    def stratum(self) -> Stratum:
        """What assignments are balanced over."""
        return Stratum(self.scenario, self.group)


class Objection(NamedTuple):
    """What a check, gate or judge said of a sample before it was mended."""

    source: str
    """the check, gate or judge"""
    code: str
    blames: str
    """query or solution"""


class Catalogue:
    """The samples of a run that are to be reviewed.

    Args:
        run: its folder.
        parts: of the dataset; None: what is held out, where it is split, and else all of it.
    Raises StoreError: no finished run, or another format; ConfigError: a part that is not there.
    """

    def __init__(self, run: Path, parts: Sequence[str] | None = None) -> None:
        identity_of(run, "run")
        self.run, self.dataset = run, run / "dataset"
        if not (self.dataset / INDEX).is_file():
            raise StoreError(f"{run}: has no dataset yet, expected dataset/{INDEX}; finish the run first")
        there = [part for part in DATASET_PARTS if (self.dataset / f"{part}.jsonl").is_file()]
        for part in parts or ():
            if part not in there:
                raise ConfigError(f"parts: got {part!r}, {self.dataset} has {names(there, part)}")
        held_out = [part for part in there if part in _TEST_PARTS]
        chosen = set(parts or held_out or there[:1])
        self.parts = tuple(part for part in there if part in chosen)
        """of the dataset, those that are reviewed"""
        self.entries = {entry.id: entry for entry in _read_entries(self.dataset) if entry.part in chosen}
        """id -> entry, in the order of the index"""
        if not self.entries:
            raise StoreError(
                f"{self.dataset}: {', '.join(self.parts)} hold no samples, so there is no review"
            )
        self._read = lru_cache(maxsize=_CACHED)(self._read_sample)

    def entry(self, id: str) -> CatalogueEntry:
        """A sample's entry. Raises ConfigError where there is none."""
        if id not in self.entries:
            raise ConfigError(
                f"sample: got {id[:80]!r}, which is none of the {len(self.entries):,} that are reviewed"
            )
        return self.entries[id]

    def sample(self, id: str) -> Sample:
        """A sample, joined with what it shares. Raises ConfigError: not there; StoreError: changed since."""
        return self._read(self.entry(id))

    def _read_sample(self, entry: CatalogueEntry) -> Sample:
        try:
            return Sample.model_validate_json(entry.location.read_line())
        except ValidationError as error:
            raise StoreError(f"{entry.location.file}: sample {entry.id!r:.80} is none: {error}") from None

    @cached_property
    def objections(self) -> dict[str, tuple[Objection, ...]]:
        """id -> what objected to it on the way; samples that nobody objected to have no entry."""
        found: dict[str, tuple[Objection, ...]] = {}
        for name in _EPISODE_FILES:
            for line in _lines_with_objections(self.run / name):
                id, objections = line.get("id"), line.get("objections") or ()
                if id in self.entries:
                    found[id] = tuple(
                        Objection(*(str(each.get(key) or "")[:200] for key in ("source", "code", "blames")))
                        for each in objections
                    )
        return found

    @cached_property
    def agreement_of_solvers(self) -> dict[str, float]:
        """id -> share of the second solvers (`consistency`) whose answer is the sample's; of those solved."""
        ledger = self.run / "ledger.sqlite"
        if not ledger.is_file():
            return {}
        found: dict[str, float] = {}
        with read_ledger(ledger) as reader:
            for stage in ("solver", "unseen/solver"):
                for id, body in reader.items(stage):
                    if id in self.entries and (answers := _solutions(body)):
                        gold = _canonical_answer(self.sample(id).answer)
                        found[id] = sum(answer == gold for answer in answers) / len(answers)
        return found


def _read_entries(dataset: Path) -> Iterator[CatalogueEntry]:
    for number, entry in enumerate(read_jsonl(dataset / INDEX), 1):
        location = location_of(entry, dataset, f"{dataset / INDEX}:{number}")
        yield CatalogueEntry(
            id=str(entry.get("id")),
            scenario=str(entry.get("scenario")),
            group=str(entry.get("group") or ""),
            part=location.file.name.removesuffix(".jsonl"),
            user=str(entry.get("user_id")),
            location=location,
        )


def _lines_with_objections(file: Path) -> Iterator[dict[str, Any]]:
    if not file.is_file():
        return
    with file.open("rb") as lines:
        for line in lines:
            if b'"objections":[{' in line:
                try:
                    yield orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise StoreError(f"{file}: not JSON: {error}") from None


def _solutions(body: bytes) -> list[Any]:
    try:
        return [
            answer
            and _canonical(answer["platform"], [(call["api"], call["arguments"]) for call in answer["calls"]])
            for answer in orjson.loads(body)
        ]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []


def _canonical_answer(answer: Sequence[Any]) -> bytes:
    platform, calls = answer
    pairs = [(api, arguments) for call in calls for api, arguments in call.items()]
    return _canonical(platform, [(api, {k: v[0] for k, v in given.items()}) for api, given in pairs])


def _canonical(platform: str, calls: Sequence[tuple[str, Any]]) -> bytes:
    """Equal for equal answers, whatever the order of calls and arguments."""
    return orjson.dumps(
        [platform, sorted(orjson.dumps(call, option=orjson.OPT_SORT_KEYS).decode() for call in calls)]
    )
