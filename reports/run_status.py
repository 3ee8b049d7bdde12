"""The status of a run: how far every stage is, in the order of the run, and its model calls.

It counts items and calls of the ledger and looks which files are there; it asks no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from ..errors import ConfigError, StoreError
from ..settings import Settings, validated
from ..settings.texts import read_yaml
from ..store.read_only import CallTotals, LedgerReader, lock_holder, read_ledger
from ..store.run_folder import advice_on, identity_of, maker_of
from .run_files import UNSEEN

WITHOUT_MODEL = "{} without a model"
"""Stage of the items that the next start asks for again, as `ptool.synthesis` names it."""
UNREACHABLE = WITHOUT_MODEL.format("episodes")
"""Stage of the episodes that the next start plays again, as `ptool.synthesis.stages` has it."""
FINAL_FILES = ("dataset/index.jsonl", "statistics.json", "manifest.json")
"""What the end of a run leaves, once nothing is asked any more."""
OUTCOMES: tuple[str, ...] = ("accepted", "rejected", "without_model")

_LAST_FILES = {"api_tree": "api_tree.svg", "feature_tree": "feature_tree.svg", "profiles": "profiles.jsonl"}
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
    damaged: tuple[str, ...]
    """items and answers of the ledger that differ from what was written"""
    estimated: int
    """answers whose tokens are estimated, because the endpoint did not count them"""
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
    settings = _settings(folder)
    pid = lock_holder(folder)
    if not (folder / "ledger.sqlite").is_file():
        return _status(folder, digest, settings, pid, None)
    try:
        with read_ledger(folder / "ledger.sqlite") as ledger:
            return _status(folder, digest, settings, pid, ledger)
    except StoreError:
        if pid is None and lock_holder(folder) is not None:
            return status_of(folder)  # a process has begun to write while this one read
        raise


def _settings(folder: Path) -> Settings:
    file = folder / "config.yaml"
    try:
        return validated(read_yaml(file))
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}") from error
    except (ConfigError, AttributeError) as error:
        reason, advice = " ".join(str(error).split())[:200], advice_on(maker_of(folder))
        raise StoreError(f"{file}: damaged, or of another version of ptool: {reason}; {advice}") from error


def _status(
    folder: Path, digest: str, settings: Settings, pid: str | None, ledger: LedgerReader | None
) -> Status:
    damaged = ledger.damaged() if ledger and pid is None else []
    counts = Counter(ledger.counts() if ledger else {})
    counts.subtract(row.stage for row in damaged if row.table == "items")
    populations = [_Population("", folder, settings, ledger, counts)]
    if settings.splits.unseen:
        populations.append(_Population(f"{UNSEEN}/", folder, settings, ledger, counts))
    stages = [stage for population in populations for stage in population.population_stages()]
    stages += [stage for population in populations for stage in population.episode_stages()]
    if settings.audit.samples:
        stages.append(_audit(folder / "audit.json"))
    episodes = sum((population.episodes for population in populations), EpisodeOutcomes())
    twins = sum((population.twins for population in populations), EpisodeOutcomes())
    calls = tuple(_calls(ledger)) if ledger else ()
    failures = Counter[str]()
    for *_, kind, count in ledger.failures() if ledger else ():
        failures[kind] += count
    left = [stage for stage in stages if stage.left != 0]
    finished = not left and all((folder / name).is_file() for name in FINAL_FILES)
    reasons = episodes.reasons + twins.reasons
    priced = [call.usd for call in calls if call.usd is not None]
    return Status(
        run=str(folder),
        settings=digest,
        seed=settings.seed,
        scenario=settings.scenario.name,
        model=settings.model.target,
        in_use_by=pid,
        stages=tuple(stages),
        episodes=dict(episodes.counts),
        twins=dict(twins.counts),
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        failures=dict(sorted(failures.items())),
        calls=calls,
        usd=round(sum(priced), 9) if priced or not calls else None,
        unpriced=sum(call.unpriced for call in calls),
        damaged=tuple(map(str, damaged)),
        estimated=ledger.estimates() if ledger else 0,
        finished=finished,
        next=_next_step(pid, left, finished, episodes.counts["without_model"]),
    )


def _calls(ledger: LedgerReader) -> Iterator[CallStatus]:
    failed, statuses = Counter[tuple[str, str, str]](), ledger.statuses()
    for stage, role, endpoint, _, count in ledger.failures():
        failed[stage, role, endpoint] += count
    answered = {(totals.stage, totals.role, totals.endpoint): totals for totals in ledger.calls()}
    for key in sorted(answered.keys() | failed.keys()):
        totals = answered.get(key) or CallTotals(*key, 0, 0, 0, 0, 0, 0.0, 0, 0.0)
        yield CallStatus(
            stage=totals.stage,
            role=totals.role,
            endpoint=totals.endpoint,
            answered=totals.answers,
            failed=failed[key],
            statuses=statuses.get(key[:2], {}),
            prompt_tokens=totals.prompt_tokens,
            completion_tokens=totals.completion_tokens,
            cached_share=totals.cached_tokens / totals.cached_of if totals.cached_of else None,
            usd=None if totals.answers and totals.unpriced == totals.answers else round(totals.usd, 9),
            unpriced=totals.unpriced,
        )


def _next_step(pid: str | None, left: list[StageStatus], finished: bool, without_model: int) -> str:
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


@dataclass
class EpisodeOutcomes:
    """How many episodes were accepted, rejected, or found no model."""

    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(OUTCOMES, 0)))
    reasons: Counter[str] = field(default_factory=Counter)
    """code -> rejected episodes"""

    def __add__(self, other: EpisodeOutcomes) -> EpisodeOutcomes:
        both = EpisodeOutcomes(Counter(self.counts), self.reasons + other.reasons)
        both.counts.update(other.counts)
        return both

    @property
    def finished(self) -> int:
        """Those that are not played again."""
        return self.counts["accepted"] + self.counts["rejected"]


class _Population:
    """The stages of one population.

    Args: prefix: what its stages begin with, '' or 'unseen/'; folder, settings, ledger: the run's; counts:
    stage -> finished items.
    """

    def __init__(
        self,
        prefix: str,
        folder: Path,
        settings: Settings,
        ledger: LedgerReader | None,
        counts: Mapping[str, int],
    ) -> None:
        self._prefix, self._folder, self._settings = prefix, folder / prefix, settings
        self._counts = counts
        self._task_count = _line_count(self._folder / "tasks.jsonl")
        self.episodes = _episode_outcomes(ledger, f"{prefix}episodes", folder)
        self.twins = (
            _episode_outcomes(ledger, f"{prefix}twins", folder) if settings.twins else EpisodeOutcomes()
        )

    def population_stages(self) -> Iterator[StageStatus]:
        """Trees, profiles and histories; those of all populations come before anybody asks."""
        for stage, file in _LAST_FILES.items():
            done = self._count(stage)
            yield self._stage(stage, done, done if (self._folder / file).is_file() else None)
        done, expected = self._count("histories"), self._expected_histories()
        # A user without an acceptable history asks nothing: once tasks are drawn, nobody else is waited for.
        left = 0 if self._task_count is not None else expected - done
        yield StageStatus(f"{self._prefix}histories", done, expected, left)

    def episode_stages(self) -> Iterator[StageStatus]:
        """Episodes, and what is made of the accepted ones."""
        expected = self._task_count
        if expected is None and not self._prefix:
            expected = self._settings.users * self._settings.queries_per_user
        yield self._stage("episodes", self.episodes.finished, expected)
        all_finished = self._task_count is not None and self.episodes.finished == self._task_count
        for role, times in (
            ("stranger", self._settings.strangers),
            ("solver", self._settings.consistency),
        ):
            if times:
                accepted = self.episodes.counts["accepted"] if all_finished else None
                yield self._stage(role, self._count(role), accepted)
        if self._settings.twins:
            # Which episode has a twin is known when all of them were planned.
            yield self._stage("twins", self.twins.finished, _line_count(self._folder / "twins.jsonl"))

    def _expected_histories(self) -> int:
        """One of every user in every scenario."""
        unseen = self._settings.splits.unseen
        if self._prefix and unseen:
            return unseen.users * len(unseen.scenario.scenarios())
        return self._settings.users * len(self._settings.scenarios())

    def _count(self, stage: str) -> int:
        return self._counts.get(self._prefix + stage, 0)

    def _stage(self, stage: str, done: int, expected: int | None) -> StageStatus:
        left = None if expected is None else max(0, expected - done)
        return StageStatus(self._prefix + stage, done, expected, left)


def _audit(file: Path) -> StageStatus:
    """The verifier audit: nothing of it is kept but calls, before it ends."""
    try:
        samples = orjson.loads(file.read_bytes())["samples"]
        return StageStatus("audit", int(samples), int(samples), 0)
    except FileNotFoundError:
        return StageStatus("audit", 0, None, None)
    except (OSError, ValueError, KeyError, TypeError):
        raise StoreError(f"{file}: damaged; remove it, the same command makes it again") from None


def _episode_outcomes(ledger: LedgerReader | None, stage: str, folder: Path) -> EpisodeOutcomes:
    """What became of the episodes of a stage, and the reasons of the rejected ones."""
    outcomes = EpisodeOutcomes()
    for name, body in ledger.items(stage) if ledger else ():
        try:
            episode = orjson.loads(body)
            outcomes.counts[episode["status"]] += 1
            if episode["status"] == "rejected":
                outcomes.reasons.update({reason["code"] for reason in episode["reasons"]})
        except (ValueError, KeyError, TypeError):
            where = f"{folder / 'ledger.sqlite'}: item {stage}/{name}"
            raise StoreError(f"{where} is damaged; the run's command plays it again") from None
    unanswered = ledger.ids(WITHOUT_MODEL.format(stage)) if ledger else ()
    outcomes.counts["without_model"] = (
        sum(not ledger.has(stage, name) for name in unanswered) if ledger else 0
    )
    return outcomes


def _line_count(file: Path) -> int | None:
    """How many lines a file has; None where there is no file."""
    try:
        with file.open("rb") as lines:
            return sum(1 for _ in lines)
    except FileNotFoundError:
        return None
