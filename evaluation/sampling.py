"""Which samples of a dataset are evaluated: all are counted and checked, no id may stand twice, n are drawn.

Memory grows with `n`, never with the samples: ids are compared by a database that may spill to disk.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b

from ..benchmark import Item
from ..errors import ConfigError, StoreError


@dataclass(frozen=True, slots=True)
class SampleDraw:
    """The samples to evaluate, and how many a dataset holds."""

    total: int
    """samples of the dataset"""
    sources: dict[str, int]
    """kind of dataset -> samples"""
    drawn: frozenset[str] | None
    """ids of those to evaluate; None: all"""

    @property
    def count(self) -> int:
        """Samples to evaluate."""
        return self.total if self.drawn is None else len(self.drawn)

    def chosen(self, item: Item) -> bool:
        """Whether a sample is to be evaluated."""
        return self.drawn is None or item.id in self.drawn


def draw_samples(
    items: Iterable[Item], where: str, n: int | None, seed: int, check: Callable[[Item], object]
) -> SampleDraw:
    """Read a dataset once, check every sample and draw.

    Args: where: its name, for messages; n: how many to draw, None: all; seed: of the draw, which depends on
    ids and not on their order; check: raises for a sample that cannot be evaluated.

    Raises StoreError for an id that stands twice, ConfigError for a dataset without samples.
    """
    sources = Counter[str]()
    lowest: list[tuple[int, str]] = []
    for item in check_ids(items, where):
        check(item)
        sources[item.source] += 1
        if n is not None:
            rank = (-_rank(seed, item.id), item.id)
            (heapq.heappush if len(lowest) < n else heapq.heappushpop)(lowest, rank)
    if not sources:
        raise ConfigError(f"data: {where} holds no samples, expected at least one")
    drawn = None if n is None or n >= sources.total() else frozenset(id for _, id in lowest)
    return SampleDraw(sources.total(), dict(sorted(sources.items())), drawn)


def check_ids(items: Iterable[Item], where: str) -> Iterator[Item]:
    """The items as they come. Raises StoreError for an id that stands twice; `where` names the dataset."""
    with closing(sqlite3.connect("")) as seen:  # a temporary database: on disk where it grows
        seen.execute("CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID")
        for item in items:
            key = blake2b(item.id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            try:
                seen.execute("INSERT INTO seen VALUES (?)", (key,))
            except sqlite3.IntegrityError:
                raise StoreError(f"{where}: two samples have the id {item.id!r:.80}, expected one") from None
            yield item


def _rank(seed: int, id: str) -> int:
    text = f"{seed}/{id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8, person=b"ptool draw").digest())
