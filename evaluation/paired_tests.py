"""Several evaluations sample by sample: the samples all of them scored, and the tests of their differences.

Samples are paired by id, in a temporary database that may spill to disk, so memory does not grow with them.
An id that means another sample in another evaluation is refused, because then the data were not the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from hashlib import blake2b
from itertools import combinations
from operator import attrgetter
from types import TracebackType
from typing import Any, Self

import orjson

from ..benchmark import SampleScore
from ..benchmark.statistics import FRACTIONS, ColumnComparison, Comparison, holm
from ..errors import ConfigError, StoreError
from .results import FinishedEvaluation, SampleLine

_TABLE = """
CREATE TABLE scores (id TEXT, side INTEGER, what BLOB, score BLOB, PRIMARY KEY (id, side)) WITHOUT ROWID
"""

_COUNT_SHARED = """
SELECT count(*) FROM (SELECT 1 FROM scores WHERE score IS NOT NULL GROUP BY id HAVING count(*) = ?)
"""


@dataclass(frozen=True, slots=True)
class SampleOverlap:
    """How much several evaluations have in common."""

    samples: int
    """scored by all of them"""
    union: int
    """in any of them, scored or not"""
    scored: tuple[int, ...]
    """by each"""

    @property
    def same(self) -> bool:
        """Whether each of them scored exactly the shared samples."""
        return all(count == self.samples for count in self.scored)


class AlignedSamples:
    """The samples of several evaluations, paired; close it, or use it in a `with` block.

    Raises:
        ConfigError: they share no sample, or one id is two different samples.
        StoreError: an id stands twice in one of them, or a file is damaged.
    """

    def __init__(self, evaluations: Sequence[FinishedEvaluation]) -> None:
        self._evaluations = evaluations
        self._database = sqlite3.connect("", isolation_level=None)
        try:
            self._database.execute(_TABLE)
            for side, evaluation in enumerate(evaluations):
                self._read(side, evaluation)
            self._check_same_data()
            self.overlap = self._count_overlap()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def __iter__(self) -> Iterator[tuple[SampleScore, ...]]:
        """For every shared sample, by id, its score in each evaluation."""
        scores: list[SampleScore] = []
        last = None
        with closing(self._database.execute("SELECT id, score FROM scores ORDER BY id, side")) as rows:
            for id, score in rows:
                if id != last:
                    last, scores = id, []
                if score is not None:
                    scores.append(_score(orjson.loads(score)))
                if len(scores) == len(self._evaluations):
                    yield tuple(scores)

    def _read(self, side: int, evaluation: FinishedEvaluation) -> None:
        self._database.execute("BEGIN")
        for line in evaluation.lines():
            try:
                self._database.execute("INSERT INTO scores VALUES (?, ?, ?, ?)", _row(side, line))
            except sqlite3.IntegrityError:
                raise StoreError(
                    f"{evaluation.folder}: two samples have the id {line.id!r:.80}, expected one"
                ) from None
        self._database.execute("COMMIT")

    def _check_same_data(self) -> None:
        """Refuse one id for several samples."""
        query = (
            "SELECT id, min(side), max(side) FROM scores GROUP BY id HAVING count(DISTINCT what) > 1 LIMIT 1"
        )
        conflict = self._database.execute(query).fetchone()
        if conflict is not None:
            first, second = (self._evaluations[side].folder for side in conflict[1:])
            raise ConfigError(
                f"evaluations: {conflict[0]!r:.80} is another sample in {first} than in {second}; "
                "expected evaluations of the same data"
            )

    def _count_overlap(self) -> SampleOverlap:
        sides = len(self._evaluations)
        (union,) = self._database.execute("SELECT count(DISTINCT id) FROM scores").fetchone()
        (shared,) = self._database.execute(_COUNT_SHARED, (sides,)).fetchone()
        scored = dict(self._database.execute("SELECT side, count(score) FROM scores GROUP BY side"))
        counts = tuple(scored.get(side, 0) for side in range(sides))
        if not shared:
            folders = ", ".join(
                f"{evaluation.folder} ({n:,} scored)"
                for evaluation, n in zip(self._evaluations, counts, strict=True)
            )
            raise ConfigError(
                f"evaluations: no sample was scored in all of {folders}; "
                "expected evaluations of the same data"
            )
        return SampleOverlap(shared, union, counts)


def _row(side: int, line: SampleLine) -> tuple[Any, ...]:
    score = None if line.score is None else orjson.dumps(_values(line.score))
    return line.id, side, _identity(line), score


def _identity(line: SampleLine) -> bytes:
    """A digest of which sample it is, answered or not."""
    return blake2b(orjson.dumps([line.about, line.query]), digest_size=16).digest()


_COMPARED_FIELDS = tuple(
    field.name for field in fields(SampleScore) if field.name not in ("errors", "reason")
)
_values = attrgetter(*_COMPARED_FIELDS)


def _score(values: list[Any]) -> SampleScore:
    """A score again, without its mistakes: nobody compares those."""
    facts = dict(zip(_COMPARED_FIELDS, values, strict=True))
    facts["capabilities"] = tuple(facts["capabilities"])
    return SampleScore(**facts)


@dataclass(frozen=True, slots=True)
class PairwiseTest:
    """The tests of one column of a pair of evaluations."""

    first: int
    """place of the first evaluation"""
    second: int
    column: str
    compared: ColumnComparison
    users_holm: float | None
    mcnemar_holm: float | None


def choose_pairs(ranked: Sequence[int], against: int | None) -> list[tuple[int, int]]:
    """The pairs to test: all of them, the better one first, or one against everybody.

    Args: ranked: places of the entries, the best first; against: the place of the one.
    """
    if against is None:
        return list(combinations(ranked, 2))
    return [(against, place) for place in ranked if place != against]


def run_tests(
    samples: Iterable[Sequence[SampleScore]], pairs: Sequence[tuple[int, int]], seed: int
) -> list[PairwiseTest]:
    """Every column of every pair, column by column.

    Args: samples: for every sample, each evaluation's score; seed: of the exchanges drawn.
    """
    comparisons = {pair: Comparison() for pair in pairs}
    for scores in samples:
        for (first, second), comparison in comparisons.items():
            comparison.add(scores[first], scores[second])
    results = {pair: comparison.results(seed) for pair, comparison in comparisons.items()}
    return [
        test
        for column in FRACTIONS
        for test in _corrected(column, {p: r[column] for p, r in results.items()})
    ]


def _corrected(column: str, results: dict[tuple[int, int], ColumnComparison]) -> list[PairwiseTest]:
    users = _holm([result.difference and result.difference.p_value for result in results.values()])
    mcnemar = _holm([result.mcnemar and result.mcnemar.p_value for result in results.values()])
    return [
        PairwiseTest(*pair, column, result, by_users, by_samples)
        for (pair, result), by_users, by_samples in zip(results.items(), users, mcnemar, strict=True)
    ]


def _holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment of those that there are."""
    adjusted = iter(holm([p_value for p_value in p_values if p_value is not None]))
    return [None if p_value is None else next(adjusted) for p_value in p_values]
