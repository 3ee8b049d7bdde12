"""The ledger: the only truth of a run, in one SQLite file that survives kill -9 and a full disk.

Finished items by stage and id. One thread writes and commits in groups (WAL, synchronous=FULL), so waiting
for durability costs one fsync for everything under way. It knows nothing of what the bytes mean.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import StoreError

VERSION = 1
"""`user_version` of the schema; a later one adds tables and migrates."""

GROUP = 512
"""Most items of one commit."""

_PAGE = 256
_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
  stage TEXT NOT NULL,
  id    TEXT NOT NULL,
  body  BLOB NOT NULL,
  PRIMARY KEY (stage, id)
) WITHOUT ROWID
"""
_PUT = "INSERT INTO items VALUES (?, ?, ?) ON CONFLICT (stage, id) DO UPDATE SET body = excluded.body"

_Write = tuple[str, str, bytes, "Future[None]"]


class Ledger:
    """An open ledger; close it, or use it in a `with` block: closing writes what is still queued.

    Args: path: the SQLite file, made if it does not exist. Raises StoreError: unusable or of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._reading = threading.Lock()
        self._closed = False
        try:
            self._reader = _connect(path)
            self._writer = _connect(path)
            _migrate(self._writer, path)
        except sqlite3.Error as error:
            raise StoreError(f"{path}: not usable as a ledger: {error}") from error
        self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._thread.start()

    async def put(self, stage: str, id: str, body: bytes) -> None:
        """Keep a finished item, replacing an older one; returns once it is on disk. Raises StoreError."""
        await asyncio.wrap_future(self.submit(stage, id, body))

    def submit(self, stage: str, id: str, body: bytes) -> Future[None]:
        """Queue a finished item; the future is done once it is on disk, or holds the StoreError."""
        if self._closed:
            raise StoreError(f"{self.path}: the ledger is closed")
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()  # a waiter that is cancelled does not undo a finished item
        self._queue.put((stage, id, body, done))
        return done

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
        self._queue.put(None)
        self._thread.join()
        with self._reading:
            self._reader.close()
        self._writer.close()

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

    def _rows(self, sql: str, values: tuple[str, ...]) -> list[tuple]:
        if self._closed:
            raise StoreError(f"{self.path}: the ledger is closed")
        try:
            with self._reading:
                return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot be read: {error}") from error

    def _write(self) -> None:
        """The writer thread: whatever has queued up while the last group was committed is the next group."""
        while (first := self._queue.get()) is not None:
            group, last = [first], False
            with suppress(queue.Empty):
                while len(group) < GROUP:
                    following = self._queue.get_nowait()
                    if following is None:
                        last = True
                        break
                    group.append(following)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[_Write]) -> None:
        try:
            with self._writer:
                self._writer.executemany(_PUT, ((stage, id, body) for stage, id, body, _ in group))
        except Exception as error:
            fault = StoreError(f"{self.path}: cannot be written: {error}")
            for *_, done in group:
                done.set_exception(fault)
        else:
            for *_, done in group:
                done.set_result(None)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise StoreError(
            f"{path}: a ledger of version {found}, expected at most {VERSION}; use a newer ptool"
        )
    with connection:
        connection.execute(_SCHEMA)
        connection.execute(f"PRAGMA user_version = {VERSION}")
