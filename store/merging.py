"""Ledgers joined row by row: what one has and the other has not is copied, what both have has to be the same.

It knows items and answers by their keys, and nothing of what they mean.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ..errors import StoreError
from .row_digest import row_digest
from .schema import DATABASE_ERRORS, migrate, open_connection, opening_error, write_error

MERGED = "merged"
"""Stage of the items that say how far a ledger was joined: its name -> the last of its failures."""

_DIFFERENT = {
    "item": "SELECT stage, id FROM added.items JOIN main.items AS here USING (stage, id) "
    "WHERE here.digest IS NOT added.items.digest",
    "answer": "SELECT added.calls.turn, added.calls.endpoint FROM added.calls "
    "JOIN main.calls AS here USING (key) WHERE here.digest IS NOT added.calls.digest",
}
"""What both ledgers have and is not the same -> how it is found."""
_COPY_TEXTS = "INSERT INTO main.texts SELECT * FROM added.texts WHERE true ON CONFLICT (digest) DO NOTHING"
_COPY_ROWS = (
    "INSERT INTO main.items SELECT * FROM added.items WHERE true ON CONFLICT (stage, id) DO NOTHING",
    "INSERT INTO main.calls SELECT * FROM added.calls WHERE true ON CONFLICT (key) DO NOTHING",
)


def last_failure(path: Path) -> int:
    """The number of the last failure in a ledger; 0: it has none. Raises StoreError."""
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            return connection.execute("SELECT ifnull(max(rowid), 0) FROM failures").fetchone()[0]
    except DATABASE_ERRORS as error:
        raise opening_error(path, error) from error


def copy_ledger(source: Path, target: Path) -> None:
    """Copy a ledger that may be open.

    Args: target: appears whole, or not at all. Raises StoreError.
    """
    temporary = target.with_name(f".{target.name}.copy.tmp")
    temporary.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(source, timeout=60)) as connection,
            closing(sqlite3.connect(temporary)) as copied,
        ):
            connection.backup(copied)
            copied.execute("PRAGMA journal_mode = DELETE")  # all of it is in the one file that is renamed
        temporary.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise write_error(target, error) from error


def join_ledger(
    target: Path, source: Path, name: str, first_failure: int, is_provisional: Callable[[str], bool]
) -> int:
    """Copy what a ledger has into another one, all of it or nothing; doing it twice changes nothing.

    Args:
        target: takes the rows; nobody has it open.
        source: gives them; its damaged rows were discarded (`Ledger` does that).
        name: of the source, under which it is remembered how far it was joined.
        first_failure: number of the last failure that both had from the beginning.
        is_provisional: whether items of a stage may differ: then the first one stays.

    Returns how many items and answers are new.

    Raises StoreError: a ledger cannot be used, or both have different rows under one key.
    """
    try:
        with closing(open_connection(target)) as connection:
            migrate(connection, target)
            connection.execute("ATTACH DATABASE ? AS added", (str(source),))
            connection.execute("BEGIN IMMEDIATE")
            for kind, sql in _DIFFERENT.items():
                for row in connection.execute(sql):
                    if kind == "answer" or not (row[0] == MERGED or is_provisional(row[0])):
                        raise StoreError(
                            f"{source}: {kind} {'/'.join(row)} differs from that of {target}: the same was "
                            "done twice, apart; leave one of the two out"
                        )
            connection.execute(_COPY_TEXTS)
            new = sum(connection.execute(sql).rowcount for sql in _COPY_ROWS)
            _join_failures(connection, name, first_failure)
            connection.execute("COMMIT")
            return new
    except DATABASE_ERRORS as error:
        raise opening_error(target, error) from error


def _join_failures(connection: sqlite3.Connection, name: str, first: int) -> None:
    """Failures have no key: those are copied that were not there the last time."""
    merged = connection.execute(
        "SELECT body FROM main.items WHERE stage = ? AND id = ?", (MERGED, name)
    ).fetchone()
    done = max(first, int(merged[0]) if merged else 0)
    connection.execute("INSERT INTO main.failures SELECT * FROM added.failures WHERE rowid > ?", (done,))
    (last,) = connection.execute("SELECT ifnull(max(rowid), 0) FROM added.failures").fetchone()
    body = str(max(done, last)).encode()
    connection.execute(
        "INSERT OR REPLACE INTO main.items VALUES (?, ?, ?, ?)",
        (MERGED, name, body, row_digest(MERGED, name, body)),
    )
