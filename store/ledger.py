"""The ledger: the only truth of a run, in one SQLite file that survives kill -9 and a full disk.

Finished items by stage and id, and every call of a model by the key of what it depends on. One thread writes
and commits in groups (WAL, synchronous=FULL). It knows nothing of what the bytes mean.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import StoreError
from ..records.model_calls import Answer, Failure, Spent
from .bloom_filter import KnownKeys
from .calls import FAIL, FIND, JUDGE, KEEP, answer_of, cost_of, failure_row, row_of, spent_by_role
from .schema import migrate, opened, unusable
from .writer import Change, Insert, Writer

_PAGE = 256
_PUT = Insert(3, "INSERT INTO items VALUES", 3, "ON CONFLICT (stage, id) DO UPDATE SET body = excluded.body")


class Ledger:
    """An open ledger; close it, or use it in a `with` block: closing writes what is still queued.

    Args: path: the SQLite file, made if it does not exist. Raises StoreError: unusable or of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reading = threading.Lock()
        self._closed = False
        self._known = KnownKeys()
        try:
            self._reader = opened(path)
            writer = opened(path)
            migrate(writer, path)
            self._spent = sum(spent_by_role(self._reader).values(), Spent())
            for (key,) in self._reader.execute("SELECT key FROM calls"):
                self._known.add(key)
        except sqlite3.Error as error:
            raise unusable(path, error) from error
        self._writer = Writer(writer, path)

    async def put(self, stage: str, id: str, body: bytes) -> None:
        """Keep a finished item, replacing an older one; returns once it is on disk. Raises StoreError."""
        await self._written(_PUT, (stage, id, body))

    def submit(self, stage: str, id: str, body: bytes) -> Future[None]:
        """Queue a finished item; the future is done once it is on disk, or holds the StoreError."""
        self._refuse_closed()
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()  # a waiter that is cancelled does not undo a finished item
        self._writer.write(_PUT, (stage, id, body), done)
        return done

    async def save_answer(self, answer: Answer) -> None:
        """Keep an answer, unless there is one of its key; returns once it is on disk. Raises StoreError."""
        self._known.add(answer.key)
        self._spent += cost_of(answer)
        await self._written(KEEP, row_of(answer))

    def set_answer_status(self, key: bytes, status: str) -> None:
        """Write down what a kept answer was good for; it is on disk a little later, or lost by a kill."""
        self._refuse_closed()
        self._writer.write(JUDGE, (status, key))

    def save_failure(self, failure: Failure) -> None:
        """Write down an attempt without an answer; it is on disk a little later, or lost by a kill."""
        self._refuse_closed()
        self._spent += Spent(calls=1)
        self._writer.write(FAIL, failure_row(failure))

    def find_answer(self, key: bytes) -> Answer | None:
        """The answer kept under a key; None where there is none on disk (yet)."""
        rows = self._rows(FIND, (key,)) if key in self._known else ()
        return answer_of(key, rows[0]) if rows else None

    def spent(self) -> Spent:
        """What all calls of the run have cost so far, those of earlier processes included."""
        return self._spent

    def usage(self) -> dict[tuple[str, str], Spent]:
        """What all calls of the run have cost: (stage, role) -> sum, sorted; waits for what is queued."""
        self._refuse_closed()
        self._writer.flush()
        try:
            with self._reading:
                return spent_by_role(self._reader)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot be read: {error}") from error

    def get(self, stage: str, id: str) -> bytes | None:
        """An item's bytes; None where there is no such item (yet)."""
        rows = self._rows("SELECT body FROM items WHERE stage = ? AND id = ?", (stage, id))
        return rows[0][0] if rows else None

    def has(self, stage: str, id: str) -> bool:
        """Whether an item is finished and on disk."""
        return bool(self._rows("SELECT 1 FROM items WHERE stage = ? AND id = ?", (stage, id)))

    def ids(self, stage: str) -> list[str]:
        """The ids of a stage's finished items, sorted."""
        return [row[0] for row in self._rows("SELECT id FROM items WHERE stage = ? ORDER BY id", (stage,))]

    def items(self, stage: str) -> Iterator[tuple[str, bytes]]:
        """A stage's finished items in the order of their ids; only a page of them is ever in memory."""
        last, page = "", self._page(stage, "", ">=")
        while page:
            yield from page
            last = page[-1][0]
            page = self._page(stage, last, ">")

    def check(self) -> None:
        """Prove that the file is sound. Raises StoreError with SQLite's own finding."""
        found = self._rows("PRAGMA integrity_check", ())
        if found != [("ok",)]:
            raise StoreError(f"{self.path}: damaged: {found[0][0]}")

    def close(self) -> None:
        """Write what is queued and close; closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        with self._reading, suppress(sqlite3.Error):
            self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _page(self, stage: str, start: str, sign: str) -> list[tuple[str, bytes]]:
        sql = f"SELECT id, body FROM items WHERE stage = ? AND id {sign} ? ORDER BY id LIMIT {_PAGE}"  # noqa: S608
        return self._rows(sql, (stage, start))

    def _rows(self, sql: str, values: tuple[Any, ...]) -> list[tuple]:
        self._refuse_closed()
        try:
            with self._reading:
                return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot be read: {error}") from error

    async def _written(self, statement: Insert | Change, row: tuple[Any, ...]) -> None:
        self._refuse_closed()
        done = asyncio.get_running_loop().create_future()
        self._writer.write(statement, row, done)
        await done

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreError(f"{self.path}: the ledger is closed")
