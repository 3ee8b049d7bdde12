"""Several evaluations sample by sample: what all of them scored, in one order, in memory that does not grow.

Samples are paired by id, in a temporary database that may spill to disk; an id that means another sample in
another evaluation is refused, because then the data were not the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from hashlib import blake2b
from operator import attrgetter
from types import TracebackType
from typing import Any, Self

import orjson

from ..benchmark import SampleScore
from ..errors import ConfigError, StoreError
from .results import Kept, Line

_TABLE = """
CREATE TABLE scores (id TEXT, side INTEGER, what BLOB, score BLOB, PRIMARY KEY (id, side)) WITHOUT ROWID
"""

_ODD = """
SELECT one.id, one.side, other.side FROM scores one JOIN scores other ON other.id = one.id
WHERE one.side < other.side AND one.what <> other.what LIMIT 1
"""
_SHARED = """
SELECT count(*) FROM (SELECT 1 FROM scores WHERE score IS NOT NULL GROUP BY id HAVING count(*) = ?)
"""


@dataclass(frozen=True, slots=True)
class Shared:
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
        return all(one == self.samples for one in self.scored)


class Pairing:
    """The samples of several evaluations, paired; close it, or use it in a `with` block.

    Raises:
        ConfigError: they share no sample, or one id is two different samples.
        StoreError: an id stands twice in one of them, or a file is damaged.
    """

    def __init__(self, evaluations: Sequence[Kept]) -> None:
        self._evaluations = evaluations
        self._database = sqlite3.connect("", isolation_level=None)
        try:
            self._database.execute(_TABLE)
            for side, one in enumerate(evaluations):
                self._read(side, one)
            self._check()
            self.shared = self._counted()
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
        found: list[SampleScore] = []
        last = None
        with closing(self._database.execute("SELECT id, score FROM scores ORDER BY id, side")) as rows:
            for id, score in rows:
                if id != last:
                    last, found = id, []
                if score is not None:
                    found.append(_score(orjson.loads(score)))
                if len(found) == len(self._evaluations):
                    yield tuple(found)

    def _read(self, side: int, evaluation: Kept) -> None:
        self._database.execute("BEGIN")
        for line in evaluation.lines():
            try:
                self._database.execute("INSERT INTO scores VALUES (?, ?, ?, ?)", _row(side, line))
            except sqlite3.IntegrityError:
                raise StoreError(
                    f"{evaluation.folder}: two samples have the id {line.id!r:.80}, expected one"
                ) from None
        self._database.execute("COMMIT")

    def _check(self) -> None:
        """Refuse one id for several samples."""
        query = (
            "SELECT id, min(side), max(side) FROM scores GROUP BY id HAVING count(DISTINCT what) > 1 LIMIT 1"
        )
        odd = self._database.execute(query).fetchone()
        if odd is not None:
            first, second = (self._evaluations[side].folder for side in odd[1:])
            raise ConfigError(
                f"evaluations: {odd[0]!r:.80} is another sample in {first} than in {second}; "
                "expected evaluations of the same data"
            )

    def _counted(self) -> Shared:
        sides = len(self._evaluations)
        (union,) = self._database.execute("SELECT count(DISTINCT id) FROM scores").fetchone()
        (shared,) = self._database.execute(_SHARED, (sides,)).fetchone()
        scored = dict(self._database.execute("SELECT side, count(score) FROM scores GROUP BY side"))
        counts = tuple(scored.get(side, 0) for side in range(sides))
        if not shared:
            folders = ", ".join(
                f"{one.folder} ({n:,} scored)" for one, n in zip(self._evaluations, counts, strict=True)
            )
            raise ConfigError(
                f"evaluations: no sample was scored in all of {folders}; "
                "expected evaluations of the same data"
            )
        return Shared(shared, union, counts)


def _row(side: int, line: Line) -> tuple[Any, ...]:
    score = None if line.score is None else orjson.dumps(_values(line.score))
    return line.id, side, _what(line), score


def _what(line: Line) -> bytes:
    """A digest of which sample it is, answered or not."""
    return blake2b(orjson.dumps([line.about, line.query]), digest_size=16).digest()


_KEPT = tuple(one.name for one in fields(SampleScore) if one.name not in ("errors", "reason"))
_values = attrgetter(*_KEPT)


def _score(values: list[Any]) -> SampleScore:
    """A score again, without its mistakes: nobody compares those."""
    kept = dict(zip(_KEPT, values, strict=True))
    kept["capabilities"] = tuple(kept["capabilities"])
    return SampleScore(**kept)
