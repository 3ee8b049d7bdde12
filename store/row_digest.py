"""The digest that each row of the ledger carries, and the search for rows that are not what was written.

It knows the columns that a digest covers, and nothing of what they mean.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

_DIGEST_BYTES = 16


def _covered(texts: str, others: str) -> str:
    """Columns as they go into a digest: text as its bytes, which may be damaged and no UTF-8 any more."""
    return ", ".join([*(f"CAST({text} AS BLOB)" for text in texts.split()), *others.split()])


COVERED = {
    "items": _covered("stage id", "body"),
    "calls": _covered(
        "stage role turn endpoint finish",
        "key content prompt_tokens completion_tokens cached_tokens usd seconds estimated thought",
    ),
}
"""Table -> the columns that its digest is of; what an answer was good for may change, and is none of them."""

_NAMES = {"items": "id", "calls": "turn"}
"""Table -> the column that tells its rows of one stage apart, for people."""


class DamagedRow(NamedTuple):
    """A row that differs from what was written."""

    table: str
    """'items' or 'calls'"""
    stage: str
    name: str
    """id of an item, turn of an answer"""

    def __str__(self) -> str:
        return f"item {self.stage}/{self.name}" if self.table == "items" else f"the answer to {self.name}"


def row_digest(*values: Any) -> bytes:
    """Of a row's values in the order of `COVERED`: text (as its bytes in UTF-8), bytes, numbers or None."""
    plain = [value.encode() if isinstance(value, str) else value for value in values]
    kinds = ascii([(len(value),) if isinstance(value, bytes) else value for value in plain])
    digest = blake2b(kinds.encode(), digest_size=_DIGEST_BYTES)
    for value in plain:
        if isinstance(value, bytes):
            digest.update(value)
    return digest.digest()


def teach_digests(connection: sqlite3.Connection) -> None:
    """Let the statements of a connection call `row_digest`."""
    connection.create_function("row_digest", -1, row_digest, deterministic=True)


def damaged_rows(connection: sqlite3.Connection) -> list[DamagedRow]:
    """The rows that differ from what was written; all of the ledger is read."""
    return [row for table in COVERED for row in _damaged_in(connection, table)]


def discard_damaged_rows(connection: sqlite3.Connection) -> list[DamagedRow]:
    """Remove the rows that differ from what was written, all or none of them; returns which they were."""
    rows = damaged_rows(connection)
    if rows:
        connection.execute("BEGIN IMMEDIATE")
        for table, columns in COVERED.items():
            connection.execute(f"DELETE FROM {table} WHERE digest IS NOT row_digest({columns})")  # noqa: S608
        connection.execute("COMMIT")
    return rows


def _damaged_in(connection: sqlite3.Connection, table: str) -> Iterator[DamagedRow]:
    sql = (
        f"SELECT CAST(stage AS BLOB), CAST({_NAMES[table]} AS BLOB) FROM {table} "  # noqa: S608
        f"WHERE digest IS NOT row_digest({COVERED[table]})"
    )
    for stage, name in connection.execute(sql):
        yield DamagedRow(table, *(str(text or b"", "utf-8", "replace") for text in (stage, name)))
