"""How far every stage of a run is, in the order in which the run goes through them.

It counts items of the ledger and looks which files are there; it knows no model and what nothing costs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from ..errors import StoreError
from ..settings import Settings
from ..store.reading import Reading

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


def stages_of(folder: Path, settings: Settings, ledger: Reading | None) -> Stages:
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

    def __init__(self, whose: str, folder: Path, settings: Settings, ledger: Reading | None) -> None:
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


def _ended(ledger: Reading | None, stage: str, folder: Path) -> Ended:
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
