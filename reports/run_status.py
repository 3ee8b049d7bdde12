"""How far every stage of a run is, in the order in which the run goes through them.

It counts items of the ledger and looks which files are there; it knows no model and what nothing costs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson
import yaml

from ..errors import ConfigError, StoreError
from ..settings import Settings, validated
from ..store.read_only import CallTotals, LedgerReader, lock_holder, read_ledger
from ..store.run_folder import identity_of

WITHOUT_MODEL = "{} without a model"
"""Stage of the items that the next start asks for again, as `ptool.synthesis` names it."""
UNSEEN = "unseen/"
"""What begins the stages, and is the folder, of the people held out."""
FATES: tuple[str, ...] = ("accepted", "rejected", "without_model")

_GROWN = {"api_tree": "api_tree.svg", "feature_tree": "feature_tree.svg", "profiles": "profiles.jsonl"}
"""Stages that nobody knows the size of before they end -> the file that their end leaves."""


@dataclass(frozen=True)
class StageStatus:
    """How far one stage is."""

    stage: str
    done: int
    """finished items"""
    expected: int | None
    """items there will be; None: not known before the stage ends"""
    left: int | None


@dataclass
class Ended:
    """What became of episodes."""

    fates: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(FATES, 0)))
    reasons: Counter[str] = field(default_factory=Counter)
    """code -> rejected episodes"""

    def __add__(self, other: Ended) -> Ended:
        both = Ended(Counter(self.fates), self.reasons + other.reasons)
        both.fates.update(other.fates)
        return both

    @property
    def finished(self) -> int:
        """Those that are not played again."""
        return self.fates["accepted"] + self.fates["rejected"]


@dataclass(frozen=True)
class Stages:
    """All stages of a run, and what became of what was played."""

    stages: tuple[StageStatus, ...]
    episodes: Ended
    """of the run's own people and of those held out"""
    twins: Ended


def stages_of(folder: Path, settings: Settings, ledger: LedgerReader | None) -> Stages:
    """How far a run is.

    Args:
        folder: the run's.
        settings: what it was begun with.
        ledger: its; None where there is none yet.

    Raises:
        StoreError: an episode in the ledger is damaged.
    """
    populations = [_Population("", folder, settings, ledger)]
    if settings.splits.unseen:
        populations.append(_Population(UNSEEN, folder, settings, ledger))
    found = [stage for one in populations for stage in one.peopling()]
    found += [stage for one in populations for stage in one.playing()]
    if settings.audit.samples:
        found.append(_audit(folder / "audit.json"))
    return Stages(
        tuple(found),
        sum((one.episodes for one in populations), Ended()),
        sum((one.twins for one in populations), Ended()),
    )


class _Population:
    """The stages of one population.

    Args: whose: what its stages begin with, '' or `UNSEEN`; folder, settings, ledger: the run's.
    """

    def __init__(self, whose: str, folder: Path, settings: Settings, ledger: LedgerReader | None) -> None:
        self._whose, self._folder, self._settings = whose, folder / whose, settings
        self._counts = ledger.counts() if ledger else {}
        self._drawn = _lines(self._folder / "tasks.jsonl")
        self.episodes = _ended(ledger, f"{whose}episodes", folder)
        self.twins = _ended(ledger, f"{whose}twins", folder) if settings.twins else Ended()

    def peopling(self) -> Iterator[StageStatus]:
        """Trees, profiles and histories; those of all populations come before anybody asks."""
        for stage, file in _GROWN.items():
            done = self._count(stage)
            yield self._stage(stage, done, done if (self._folder / file).is_file() else None)
        lived, pairs = self._count("histories"), self._pairs()
        # A user without an acceptable history asks nothing: once tasks are drawn, nobody else is waited for.
        left = 0 if self._drawn is not None else pairs - lived
        yield StageStatus(f"{self._whose}histories", lived, pairs, left)

    def playing(self) -> Iterator[StageStatus]:
        """Episodes, and what is made of the accepted ones."""
        expected = self._drawn
        if expected is None and not self._whose:
            expected = self._settings.users * self._settings.queries_per_user
        yield self._stage("episodes", self.episodes.finished, expected)
        every = self._drawn is not None and self.episodes.finished == self._drawn
        for role, times in (
            ("stranger", self._settings.strangers),
            ("solver", self._settings.consistency),
        ):
            if times:
                yield self._stage(role, self._count(role), self.episodes.fates["accepted"] if every else None)
        if self._settings.twins:
            # Which episode has a twin is known when all of them were planned.
            yield self._stage("twins", self.twins.finished, _lines(self._folder / "twins.jsonl"))

    def _pairs(self) -> int:
        unseen = self._settings.splits.unseen
        if self._whose and unseen:
            return unseen.users * len(unseen.scenario.scenarios())
        return self._settings.users * len(self._settings.scenarios())

    def _count(self, stage: str) -> int:
        return self._counts.get(self._whose + stage, 0)

    def _stage(self, stage: str, done: int, expected: int | None) -> StageStatus:
        left = None if expected is None else max(0, expected - done)
        return StageStatus(self._whose + stage, done, expected, left)


def _audit(file: Path) -> StageStatus:
    """The trial of the judges: nothing of it is kept but calls, before it ends."""
    try:
        samples = orjson.loads(file.read_bytes())["samples"]
        return StageStatus("audit", int(samples), int(samples), 0)
    except FileNotFoundError:
        return StageStatus("audit", 0, None, None)
    except (OSError, ValueError, KeyError, TypeError):
        raise StoreError(f"{file}: damaged; remove it, the same command makes it again") from None


def _ended(ledger: LedgerReader | None, stage: str, folder: Path) -> Ended:
    """What became of the episodes of a stage, and the reasons of the rejected ones."""
    found = Ended()
    for name, body in ledger.items(stage) if ledger else ():
        try:
            episode = orjson.loads(body)
            found.fates[episode["status"]] += 1
            if episode["status"] == "rejected":
                found.reasons.update({reason["code"] for reason in episode["reasons"]})
        except (ValueError, KeyError, TypeError):
            where = f"{folder / 'ledger.sqlite'}: item {stage}/{name}"
            raise StoreError(f"{where} is damaged; remove the run folder") from None
    lost = ledger.ids(WITHOUT_MODEL.format(stage)) if ledger else ()
    found.fates["without_model"] = sum(not ledger.has(stage, name) for name in lost) if ledger else 0
    return found


def _lines(file: Path) -> int | None:
    """How many lines a file has; None where there is no file."""
    try:
        with file.open("rb") as lines:
            return sum(1 for _ in lines)
    except FileNotFoundError:
        return None


UNREACHABLE = WITHOUT_MODEL.format("episodes")
"""Stage of the episodes that the next start plays again, as `ptool.synthesis.stages` has it."""
LAST = ("dataset/index.jsonl", "statistics.json", "manifest.json")
"""What the end of a run leaves, once nothing is asked any more."""


@dataclass(frozen=True)
class CallStatus:
    """What one role asked in one stage, at one endpoint."""

    stage: str
    role: str
    endpoint: str
    answered: int
    failed: int
    """attempts without an answer"""
    statuses: dict[str, int]
    """what was wrong with answers -> how many; of the role in the stage, whatever the endpoint"""
    prompt_tokens: int
    completion_tokens: int
    cached_share: float | None
    """of the prompt tokens, 0 to 1; None: the endpoint does not say"""
    usd: float | None
    """None: no price is known"""
    unpriced: int
    """answers without a known price, not in `usd`"""


@dataclass(frozen=True)
class Status:
    """A run as it stands; `format=json` prints these fields."""

    run: str
    settings: str
    """digest of what the run was begun with"""
    seed: int
    scenario: str
    model: str
    in_use_by: str | None
    """number of the process that works on it now; None: nobody does"""
    stages: tuple[StageStatus, ...]
    episodes: dict[str, int]
    """accepted, rejected, without_model -> how many, of those held out as well"""
    twins: dict[str, int]
    """accepted, rejected, without_model -> counterfactual twins"""
    reasons: dict[str, int]
    """code -> rejected episodes and twins, the most frequent first"""
    failures: dict[str, int]
    """kind of fault -> attempts without an answer"""
    calls: tuple[CallStatus, ...]
    usd: float | None
    """what everything cost; None: no price is known"""
    unpriced: int
    finished: bool
    """the dataset is written, and nothing is left"""
    next: str
    """what continuing the run would do"""


def as_json(status: Status) -> str:
    """A status for programs."""
    return orjson.dumps(asdict(status), option=orjson.OPT_INDENT_2).decode()


def status_of(folder: Path) -> Status:
    """How a run stands.

    Raises:
        StoreError: no run folder, damaged, or of another version.
    """
    digest = identity_of(folder).get("settings", "unknown")
    settings = _settings(folder / "config.yaml")
    pid = lock_holder(folder)
    if not (folder / "ledger.sqlite").is_file():
        return _status(folder, digest, settings, pid, None)
    try:
        with read_ledger(folder / "ledger.sqlite") as ledger:
            return _status(folder, digest, settings, pid, ledger)
    except StoreError:
        if (
            pid is None and lock_holder(folder) is not None
        ):  # a process has begun to write while this one read
            return status_of(folder)
        raise


def _settings(file: Path) -> Settings:
    try:
        return validated(yaml.safe_load(file.read_text("utf-8")))
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}") from error
    except (ConfigError, yaml.YAMLError, UnicodeDecodeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise StoreError(f"{file}: damaged, or of another version of ptool: {reason}") from error


def _status(
    folder: Path, digest: str, settings: Settings, pid: str | None, ledger: LedgerReader | None
) -> Status:
    found = stages_of(folder, settings, ledger)
    calls = tuple(_calls(ledger)) if ledger else ()
    failures = Counter[str]()
    for *_, kind, count in ledger.failures() if ledger else ():
        failures[kind] += count
    left = [one for one in found.stages if one.left != 0]
    finished = not left and all((folder / name).is_file() for name in LAST)
    reasons = found.episodes.reasons + found.twins.reasons
    priced = [one.usd for one in calls if one.usd is not None]
    return Status(
        run=str(folder),
        settings=digest,
        seed=settings.seed,
        scenario=settings.scenario.name,
        model=settings.model.target,
        in_use_by=pid,
        stages=found.stages,
        episodes=dict(found.episodes.fates),
        twins=dict(found.twins.fates),
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        failures=dict(sorted(failures.items())),
        calls=calls,
        usd=round(sum(priced), 9) if priced or not calls else None,
        unpriced=sum(one.unpriced for one in calls),
        finished=finished,
        next=_next(pid, left, finished, found.episodes.fates["without_model"]),
    )


def _calls(ledger: LedgerReader) -> Iterator[CallStatus]:
    failed, statuses = Counter[tuple[str, str, str]](), ledger.statuses()
    for stage, role, endpoint, _, count in ledger.failures():
        failed[stage, role, endpoint] += count
    answered = {(one.stage, one.role, one.endpoint): one for one in ledger.calls()}
    for key in sorted(answered.keys() | failed.keys()):
        totals = answered.get(key) or CallTotals(*key, 0, 0, 0, 0, 0, 0.0, 0, 0.0)
        yield _call(totals, failed[key], statuses.get(key[:2], {}))


def _call(totals: CallTotals, failed: int, statuses: dict[str, int]) -> CallStatus:
    return CallStatus(
        stage=totals.stage,
        role=totals.role,
        endpoint=totals.endpoint,
        answered=totals.answers,
        failed=failed,
        statuses=statuses,
        prompt_tokens=totals.prompt_tokens,
        completion_tokens=totals.completion_tokens,
        cached_share=totals.cached_tokens / totals.cached_of if totals.cached_of else None,
        usd=None if totals.answers and totals.unpriced == totals.answers else round(totals.usd, 9),
        unpriced=totals.unpriced,
    )


def _next(pid: str | None, left: list[StageStatus], finished: bool, without_model: int) -> str:
    if pid is not None:
        return f"process {pid} is at work on it; nothing to do but wait"
    if finished:
        return "nothing is left; the same command asks no model and writes the same files"
    if not left:
        return "every answer is there; the same command asks no model and writes the dataset"
    first = left[0]
    count = "" if first.left is None else f", {first.left:,} left"
    again = f"; {without_model:,} of the episodes found no model before" if without_model else ""
    return f"the same command goes on with {first.stage}{count}{again}"
