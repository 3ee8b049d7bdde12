"""The writing thread: groups, their order, and the rows of one statement."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore
from types import SimpleNamespace

import pytest
from ptool.errors import StoreError
from ptool.store.writer import (
    _ROWS_A_STATEMENT,
    GATHER_SECONDS,
    MAX_GROUP,
    InsertStatement,
    UpdateStatement,
    Writer,
    _split_rows,
)

ROW = InsertStatement(0, "INSERT INTO rows VALUES", 2)
LATER = UpdateStatement(1, "UPDATE rows SET value = value || ? WHERE id = ?")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(tmp_path / "l", isolation_level=None, check_same_thread=False)
    database.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, value TEXT)")
    yield database
    database.close()


def rows(folder: Path) -> list[tuple[int, str]]:
    with sqlite3.connect(folder / "l") as database:
        return database.execute("SELECT id, value FROM rows ORDER BY id").fetchall()


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 63, 64, 65, 64 + 8 + 1, 200, 1_100])
def test_every_row_is_written_once(connection: sqlite3.Connection, tmp_path: Path, count: int) -> None:
    writer = Writer(connection, tmp_path / "l")
    for number in range(count):
        writer.write(ROW, (number, str(number)))
    writer.close()
    assert rows(tmp_path) == [(number, str(number)) for number in range(count)]


def test_who_commits_all_the_time_lets_others_commit(connection: sqlite3.Connection, tmp_path: Path) -> None:
    """The file is free for 20 ms of every 370; each row is queued when it is not."""
    writer, over, begun = Writer(connection, tmp_path / "l"), threading.Event(), Semaphore(0)

    def commit() -> None:
        with closing(sqlite3.connect(tmp_path / "l", isolation_level=None, timeout=60)) as other:
            while not over.wait(0.02):
                other.execute("BEGIN IMMEDIATE")
                begun.release()
                time.sleep(0.35)
                other.execute("COMMIT")

    busy = threading.Thread(target=commit)
    busy.start()
    began = time.monotonic()
    for number in range(3):
        begun.acquire()
        written: Future[None] = Future()
        writer.write(ROW, (number, ""), written)
        written.result(60)
    took = time.monotonic() - began
    over.set()
    busy.join()
    writer.close()
    assert took < 2


def test_statements_of_a_group_run_in_their_order(connection: sqlite3.Connection, tmp_path: Path) -> None:
    groups = Writer._commit
    writer = Writer(connection, tmp_path / "l")
    fault = groups(writer, [(LATER, ("b", 1), None), (ROW, (1, "a"), None), (LATER, ("c", 1), None)])
    writer.close()
    assert fault is None
    assert rows(tmp_path) == [(1, "abc")]


def test_a_group_with_a_fault_is_not_written_and_all_who_wait_are_told(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    writer = Writer(connection, tmp_path / "l")
    first: Future[None] = Future()
    writer.write(ROW, (1, "kept"), first)
    first.result(10)
    second: Future[None] = Future()
    writer.write(ROW, (1, "again"), second)
    assert isinstance(second.exception(10), StoreError)
    third: Future[None] = Future()
    writer.write(ROW, (2, "after"), third)
    third.result(10)
    writer.close()
    assert rows(tmp_path) == [(1, "kept"), (2, "after")]


def test_a_waiter_that_was_cancelled_is_let_be(connection: sqlite3.Connection, tmp_path: Path) -> None:
    writer, waiter = Writer(connection, tmp_path / "l"), Future()
    waiter.cancel()
    writer.write(ROW, (1, "a"), waiter)
    writer.flush()
    writer.close()
    assert rows(tmp_path) == [(1, "a")]


def test_rows_go_into_as_few_statements_as_possible() -> None:
    """Of few sizes, so that statements stay prepared: sixty-four, eight and one."""
    rows = [(number, "") for number in range(2 * 64 + 8 + 2)]
    assert [len(values) // 2 for _, values in _split_rows(ROW, rows)] == [64, 64, 8, 1, 1]


class HeldUp(Writer):
    """Commits a group when it is told to, and says how many rows it has."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.groups: SimpleQueue[int] = SimpleQueue()
        self.go_on = Semaphore(0)
        super().__init__(connection, path)

    def _commit(self, group: Sequence) -> StoreError | None:
        self.groups.put(len(group))
        self.go_on.acquire()
        return super()._commit(group)


def test_what_queues_up_during_a_commit_is_the_next_group_and_only_who_had_company_waits_for_more(
    connection: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    monkeypatch.setattr("ptool.store.writer.time", SimpleNamespace(sleep=naps.append))
    writer = HeldUp(connection, tmp_path / "l")
    writer.write(ROW, (1, "alone"))
    assert writer.groups.get(timeout=10) == 1
    writer.write(ROW, (2, "queued up meanwhile"))
    writer.write(ROW, (3, "and its company"))
    writer.go_on.release()
    assert writer.groups.get(timeout=10) == 2
    writer.write(ROW, (4, "alone"))
    writer.go_on.release()
    assert writer.groups.get(timeout=10) == 1
    writer.go_on.release()
    writer.close()
    assert naps == [GATHER_SECONDS]


def test_a_group_has_so_many_rows_at_most(connection: sqlite3.Connection, tmp_path: Path) -> None:
    writer = HeldUp(connection, tmp_path / "l")
    writer.write(ROW, (0, ""))
    assert writer.groups.get(timeout=10) == 1
    for number in range(MAX_GROUP + 88):
        writer.write(ROW, (number + 1, ""))
    writer.go_on.release(3)
    assert [writer.groups.get(timeout=10) for _ in range(2)] == [MAX_GROUP, 88]
    writer.close()


def test_what_is_written_to_a_file_that_was_removed_is_an_error(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    writer, waiter = Writer(connection, tmp_path / "l"), Future()
    (tmp_path / "l").unlink()
    writer.write(ROW, (1, ""), waiter)
    assert isinstance(waiter.exception(10), StoreError)
    writer.close()


def test_a_ledger_that_nobody_closes_keeps_no_process_alive(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    writer = Writer(connection, tmp_path / "l")
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "ledger"] == [True]
    writer.close()


def test_a_folder_that_cannot_be_looked_at_for_once_is_no_fault(
    connection: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> None:
        raise PermissionError

    writer, waiter = Writer(connection, tmp_path / "l"), Future()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", refused)
        writer.write(ROW, (1, "a"), waiter)
        assert waiter.exception(10) is None
    writer.close()


@pytest.mark.parametrize("size", _ROWS_A_STATEMENT)
def test_a_statement_has_a_place_for_every_value(size: int) -> None:
    assert ROW.sql(size).count("(?, ?)") == size
