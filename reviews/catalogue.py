"""The samples that are reviewed: where each lies, what objected to it on the way, who solves it alike.

Only the index is in memory. What a run knows beside its samples (objections, further solvers) is read when
somebody filters by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ..errors import ConfigError, StoreError, names
from ..records import Sample
from ..store.dataset_index import DATASET_PARTS, INDEX, SampleLocation, location_of, shared_parts
from ..store.files import read_jsonl
from ..store.read_only import read_ledger
from ..store.run_folder import identity_of
from .assignment import Stratum

_EPISODE_FILES = ("episodes.jsonl", "twins.jsonl", "unseen/episodes.jsonl", "unseen/twins.jsonl")
_TEST_PARTS = ("test", "unseen")
_CACHED = 32
ELSEWHERE, GUESSED = "history tells another platform", "guessed without the profile"
"""What is in doubt of a sample: both learners find another platform in its history; the best guess without
the user is its answer."""


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


class PastObjection(NamedTuple):
    """What a check, gate or judge said of a sample before it was mended."""

    source: str
    """the check, gate or judge"""
    code: str
    blames: str
    """query or solution"""


class Passed(NamedTuple):
    """Who let a sample pass, and who wrote it."""

    gates: tuple[str, ...]
    judges: tuple[str, ...]
    """roles whose last verdict was yes"""
    writers: tuple[str, ...]
    """roles that wrote its query or its solution"""

    @property
    def everybody(self) -> tuple[str, ...]:
        """Gates and judges."""
        return (*self.gates, *self.judges)


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
        entries = list(_read_entries(self.dataset))
        self.entries = {entry.id: entry for entry in entries if entry.part in chosen}
        """id -> entry, in the order of the index"""
        self.of_other_parts = frozenset(entry.id for entry in entries if entry.part not in chosen)
        """ids of samples that are not reviewed"""
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

    def is_of_now(self, id: str, digest: str) -> bool:
        """Whether a sample is among those that are reviewed, and still the same."""
        return id in self.entries and self.entries[id].digest == digest

    def sample(self, id: str) -> Sample:
        """A sample, joined with what it shares. Raises ConfigError: not there; StoreError: changed since."""
        return self._read(self.entry(id))

    def line(self, entry: CatalogueEntry) -> bytes:
        """A sample's line as its file has it, perhaps without what it shares. Raises StoreError: changed."""
        location = entry.location
        location.read_line()  # compares the whole with its digest
        with location.file.open("rb") as opened:
            opened.seek(location.offset)
            return opened.read(location.size)

    def _read_sample(self, entry: CatalogueEntry) -> Sample:
        try:
            return Sample.model_validate(shared_parts(self.dataset).join(orjson.loads(self.line(entry))))
        except ValueError as error:
            raise StoreError(f"{entry.location.file}: sample {entry.id!r:.80} is none: {error}") from None

    @cached_property
    def objections(self) -> dict[str, tuple[PastObjection, ...]]:
        """id -> what objected to it on the way; samples that nobody objected to have no entry."""
        found: dict[str, tuple[PastObjection, ...]] = {}
        for name in _EPISODE_FILES:
            for line in _lines_with_objections(self.run / name):
                id, objections = line.get("id"), line.get("objections") or ()
                if id in self.entries:
                    found[id] = tuple(map(_past_objection, objections))
        return found

    @cached_property
    def doubts(self) -> dict[str, tuple[str, ...]]:
        """id -> what the run's own measures leave in doubt of a sample that every gate let pass."""
        file = self.dataset / "quality.jsonl"
        if not file.is_file():
            return {}
        platforms = {str(line["id"]): line.get("platform") for line in read_jsonl(self.dataset / INDEX)}
        found: dict[str, tuple[str, ...]] = {}
        for line in read_jsonl(file):
            id = str(line.get("id"))
            learners = [line[name] for name in ("transparent", "bayes") if line.get(name)]
            elsewhere = bool(learners) and platforms.get(id) not in learners
            doubts = (ELSEWHERE,) * elsewhere + (GUESSED,) * (line.get("guessed") is True)
            if id in self.entries and doubts:
                found[id] = doubts
        return found

    def passed(self, ids: Collection[str]) -> dict[str, Passed]:
        """id -> who let it pass; samples without a line in the files of episodes have no entry."""
        gates = tuple(_gates(self.run / "statistics.json"))
        found: dict[str, Passed] = {}
        for name in _EPISODE_FILES:
            for line in _lines_of(self.run / name, ids):
                turns = [turn for turn in line.get("turns") or () if isinstance(turn.get("output"), dict)]
                last = {turn["role"]: turn["output"] for turn in turns}
                judges = tuple(role for role, output in last.items() if output.get("ok") is True)
                writers = tuple(role for role, output in last.items() if "ok" not in output)
                found[str(line["id"])] = Passed(gates, judges, writers)
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
                        gold = self._canonical_answer(self.entries[id])
                        found[id] = sum(answer == gold for answer in answers) / len(answers)
        return found

    def recorded_origins(self, id: str) -> dict[tuple[int, str], str]:
        """(call, parameter) -> origin, as a sample records it; the sample is neither checked nor joined."""
        with self._raw(self.entry(id)) as sample:
            return {(each["call"], each["parameter"]): each["origin"] for each in sample["origins"]}

    def _canonical_answer(self, entry: CatalogueEntry) -> bytes:
        """The answer of a sample, for comparing; the sample is neither checked nor joined."""
        with self._raw(entry) as sample:
            platform, calls = sample["answer"]
            pairs = [(api, given) for call in calls for api, given in call.items()]
            plain = [(api, {name: values[0] for name, values in given.items()}) for api, given in pairs]
            return _canonical(platform, plain)

    @contextmanager
    def _raw(self, entry: CatalogueEntry) -> Iterator[dict[str, Any]]:
        """A sample's line as JSON. Raises StoreError for what is wrong with it, in the block as well."""
        location = entry.location
        try:
            with location.file.open("rb") as opened:
                opened.seek(location.offset)
                yield orjson.loads(opened.read(location.size))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise StoreError(f"{location.file}: sample {entry.id!r:.80} is none: {error}") from None


def _past_objection(objection: dict[str, Any]) -> PastObjection:
    return PastObjection(*(str(objection.get(key) or "")[:200] for key in PastObjection._fields))


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


def _gates(file: Path) -> Iterator[str]:
    """Names of the gates of a run; none where its statistics do not say."""
    try:
        for row in orjson.loads(file.read_bytes())["gates"]:
            yield str(row["gate"])
    except (OSError, ValueError, KeyError, TypeError):
        return


def _lines_of(file: Path, ids: Collection[str]) -> Iterator[dict[str, Any]]:
    """The episodes of some ids; the id is a line's first key, and the others are not parsed."""
    if not file.is_file():
        return
    with file.open("rb") as lines:
        for line in lines:
            id = line[7 : line.find(b'"', 7)].decode("utf-8", "replace")
            if id in ids:
                yield _parsed(line, file)


def _parsed(line: bytes, file: Path) -> dict[str, Any]:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise StoreError(f"{file}: not JSON: {error}") from None


def _lines_with_objections(file: Path) -> Iterator[dict[str, Any]]:
    if not file.is_file():
        return
    with file.open("rb") as lines:
        for line in lines:
            if b'"objections":[{' in line:
                yield _parsed(line, file)


def _solutions(body: bytes) -> list[Any]:
    try:
        return [
            answer
            and _canonical(answer["platform"], [(call["api"], call["arguments"]) for call in answer["calls"]])
            for answer in orjson.loads(body)
        ]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []


def _canonical(platform: str, calls: Sequence[tuple[str, Any]]) -> bytes:
    """Equal for equal answers, whatever the order of calls and arguments."""
    return orjson.dumps(
        [platform, sorted(orjson.dumps(call, option=orjson.OPT_SORT_KEYS).decode() for call in calls)]
    )
