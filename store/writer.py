"""The thread that writes the ledger, in groups: what has queued up during the last commit is the next group.

So waiting for durability costs one fsync for everything under way. It knows rows, not what they mean.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import StoreError
from .schema import BUSY_SECONDS, removed_error, write_error

MAX_GROUP = 512
"""Most rows of one commit."""

GATHER_SECONDS = 0.003
"""Seconds a group waits for company where the last one had some: two thirds fewer commits and wake-ups, for
little beside what a commit takes. Whoever writes alone does not wait."""

_LOOK_SECONDS = 0.01
"""Seconds between two looks whether another process's commit is over. SQLite itself looks ever more rarely,
in the end every 0.1 s, and then finds the next commit of a process that makes one after the other."""

_ROWS_A_STATEMENT = (64, 8, 1)
"""Rows of one statement. sqlite3 gives up the interpreter's lock once a statement, and then queues for it
again, up to 5 ms each time beside a busy event loop; a few sizes, so that statements stay prepared."""

Waiter: TypeAlias = "Future[None] | asyncio.Future[None] | None"


@dataclass(frozen=True)
class InsertStatement:
    """A statement that takes any number of rows."""

    order: int
    """statements of one group run in this order"""
    head: str
    """such as 'INSERT INTO items VALUES'"""
    width: int
    """values of a row"""
    tail: str = ""
    """such as 'ON CONFLICT DO NOTHING'"""

    def sql(self, rows: int) -> str:
        """The statement for so many rows."""
        return _sql(self, rows)


@cache
def _sql(insert: InsertStatement, rows: int) -> str:
    row = f"({', '.join('?' * insert.width)})"
    return f"{insert.head} {', '.join([row] * rows)} {insert.tail}"


@dataclass(frozen=True)
class UpdateStatement:
    """A statement for one row at a time."""

    order: int
    text: str


Statement = InsertStatement | UpdateStatement
_Write = tuple[Statement | None, tuple[Any, ...], Waiter]


class Writer:
    """The writing thread of one ledger.

    Args: connection: its own, in autocommit mode; path: for messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._path = connection, path
        connection.execute("PRAGMA busy_timeout = 0")
        self._file = path.stat()
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def write(self, statement: Statement, row: tuple[Any, ...], waiter: Waiter = None) -> None:
        """Queue a row; the waiter is done once it is on disk, or holds the StoreError."""
        self._queue.put((statement, row, waiter))

    def flush(self) -> None:
        """Return once everything queued so far is on disk, or has failed to get there."""
        done: Future[None] = Future()
        self._queue.put((None, (), done))
        done.exception()

    def close(self) -> None:
        """Write what is queued and end the thread."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        group: list[_Write] = []
        while (first := self._queue.get()) is not None:
            if len(group) > 1:
                time.sleep(GATHER_SECONDS)
            group, last = [first], False
            with suppress(queue.Empty):
                while len(group) < MAX_GROUP:
                    following = self._queue.get_nowait()
                    if following is None:
                        last = True
                        break
                    group.append(following)
            _wake(group, self._commit(group))
            if last:
                return

    def _commit(self, group: Sequence[_Write]) -> StoreError | None:
        try:
            self._begin()
            for sql, values in _statements(group):
                self._connection.execute(sql, values)
            self._connection.execute("COMMIT")
        except Exception as error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            return write_error(self._path, error)
        return None if self._is_in_place() else removed_error(self._path)

    def _begin(self) -> None:
        """Begin a transaction once no other process has one."""
        last = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                    raise
            time.sleep(_LOOK_SECONDS)

    def _is_in_place(self) -> bool:
        """Whether what was written can be found again: a file that was removed takes writes all the same."""
        try:
            return os.path.samestat(self._path.stat(), self._file)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # nobody knows; what matters is told by the next write


def _statements(group: Sequence[_Write]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The group's rows in as few statements as possible; rows of one statement keep their order."""
    rows: dict[Statement, list[tuple[Any, ...]]] = {}
    for statement, row, _ in group:
        if statement is not None:
            rows.setdefault(statement, []).append(row)
    for statement in sorted(rows, key=lambda statement: statement.order):
        if isinstance(statement, UpdateStatement):
            yield from ((statement.text, row) for row in rows[statement])
        else:
            yield from _split_rows(statement, rows[statement])


def _split_rows(
    insert: InsertStatement, rows: list[tuple[Any, ...]]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    start = 0
    for size in _ROWS_A_STATEMENT:
        while len(rows) - start >= size:
            yield insert.sql(size), tuple(value for row in rows[start : start + size] for value in row)
            start += size


def _wake(group: Sequence[_Write], fault: StoreError | None) -> None:
    """Tell all who wait that the group is written, or why not: an event loop once, however many wait."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for *_, waiter in group:
        if isinstance(waiter, asyncio.Future):
            loops.setdefault(waiter.get_loop(), []).append(waiter)
        elif waiter is not None:
            _settle([waiter], fault)
    for loop, waiters in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, waiters, fault)


def _settle(waiters: Sequence[Future[None] | asyncio.Future[None]], fault: StoreError | None) -> None:
    for waiter in waiters:
        if waiter.done():  # cancelled; what it waited for is written all the same
            continue
        if fault is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(fault)
