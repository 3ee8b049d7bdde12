"""Values by key, in a row or counted, on disk while this process needs them: what grows with the samples.

A temporary SQLite database, without a name: the system removes it with the process, however that ends. It
lies where SQLite keeps such files (`SQLITE_TMPDIR`, `TMPDIR`, /var/tmp), and has less than a MB in
memory whatever it holds. It knows nothing of what the bytes mean; what is to outlive the process stands in
the ledger.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar, overload
from weakref import finalize

from ..errors import StoreError

Key = TypeVar("Key", int, str, bytes)
Value = TypeVar("Value")
_PAGE = 256
_CACHE_KB = 512
"""Of each: four times as much is hardly faster, and a run has a dozen of them."""


class DiskMap(Generic[Key]):
    """An empty map; every key is put once, and values come in the order of the keys."""

    def __init__(self) -> None:
        self._rows = temporary_database("CREATE TABLE rows (key PRIMARY KEY, value BLOB) WITHOUT ROWID")
        finalize(self, self._rows.close)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, key: Key, value: bytes) -> None:
        """Keep a value. Raises StoreError where the disk is full."""
        with temporary_errors():
            self._rows.execute("INSERT INTO rows VALUES (?, ?)", (key, value))
        self._count += 1

    def get(self, key: Key) -> bytes:
        """The value of a key. Raises KeyError, StoreError."""
        with temporary_errors():
            found = self._rows.execute("SELECT value FROM rows WHERE key = ?", (key,)).fetchone()
        if found is None:
            raise KeyError(key)
        return found[0]

    def __contains__(self, key: Key) -> bool:
        with temporary_errors():
            return bool(self._rows.execute("SELECT 1 FROM rows WHERE key = ?", (key,)).fetchone())

    def values(self) -> Iterator[bytes]:
        """All values in the order of their keys; more may be put meanwhile. Raises StoreError."""
        sql = "SELECT key, value FROM rows {} ORDER BY key LIMIT ?"
        with temporary_errors():
            page = self._rows.execute(sql.format(""), (_PAGE,)).fetchall()
        while page:
            yield from (value for _, value in page)
            with temporary_errors():
                page = self._rows.execute(sql.format("WHERE key > ?"), (page[-1][0], _PAGE)).fetchall()


class DiskList(Sequence[Value]):
    """Values in their order, pickled; each is read when it is asked for.

    Args: values: to begin with.

    Raises:
        StoreError: the disk is full.
    """

    def __init__(self, values: Iterable[Value] = ()) -> None:
        self._rows = DiskMap[int]()
        for value in values:
            self.append(value)

    def append(self, value: Value) -> None:
        """Put one behind the others. Raises StoreError where the disk is full."""
        self._rows.put(len(self._rows), pickle.dumps(value, pickle.HIGHEST_PROTOCOL))

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Value]:
        return map(pickle.loads, self._rows.values())

    @overload
    def __getitem__(self, place: int) -> Value: ...

    @overload
    def __getitem__(self, place: slice) -> list[Value]: ...

    def __getitem__(self, place: int | slice) -> Value | list[Value]:
        places = range(len(self))[place]
        if isinstance(places, int):
            return pickle.loads(self._rows.get(places))  # noqa: S301 (of this process)
        return [self[each] for each in places]


class DiskCounter:
    """How often every value of a kind was added."""

    def __init__(self) -> None:
        self._rows = temporary_database(
            "CREATE TABLE rows (kind, value, count INTEGER, PRIMARY KEY (kind, value)) WITHOUT ROWID"
        )
        finalize(self, self._rows.close)

    def add(self, kind: str, value: str) -> int:
        """Count a value once more; how often it was added by now. Raises StoreError."""
        count = self.count(kind, value) + 1
        with temporary_errors():
            self._rows.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", (kind, value, count))
        return count

    def count(self, kind: str, value: str) -> int:
        """How often a value was added. Raises StoreError."""
        sql = "SELECT count FROM rows WHERE kind = ? AND value = ?"
        with temporary_errors():
            found = self._rows.execute(sql, (kind, value)).fetchone()
        return found[0] if found else 0

    def most_common(self, kind: str, most: int) -> list[tuple[str, int]]:
        """The most frequent values of a kind, with their counts; of equal ones the first as text."""
        sql = "SELECT value, count FROM rows WHERE kind = ? ORDER BY count DESC, value LIMIT ?"
        with temporary_errors():
            return self._rows.execute(sql, (kind, most)).fetchall()


def temporary_database(table: str) -> sqlite3.Connection:
    """A database that nobody else sees, with one table; whoever has it closes it.

    A connection is part of a cycle, so that one left to the garbage collector keeps its pages for long.

    Args: table: the statement that makes it.
    """
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    settings = (f"cache_size = -{_CACHE_KB}", "journal_mode = OFF", "synchronous = OFF")
    for statement in (*(f"PRAGMA {setting}" for setting in settings), table, "BEGIN"):
        database.execute(statement)
    return database


@contextmanager
def temporary_errors() -> Iterator[None]:
    """SQLite's faults within the block as a StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(
            f"temporary files: {error}; free some space, or name a larger folder in TMPDIR, and the same "
            "command goes on from there"
        ) from error
