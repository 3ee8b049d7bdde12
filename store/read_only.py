"""A ledger read only: while its run is under way, after it was killed, and not a byte of it changed.

SQLite itself would leave its index file (-shm) behind, and would empty the log (-wal) of a killed run. It
knows nothing of what items mean.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import StoreError
from ..records.model_calls import Failure
from .message_texts import Message, digests_of, messages_of, unpacked
from .row_digest import COVERED, DamagedRow, damaged_rows, teach_digests
from .run_folder import LOCK, name_holder, try_lock
from .schema import DATABASE_ERRORS, version_of

_PAGE = 256
_TOTALS = """
SELECT stage, role, endpoint, answers, prompt_tokens, completion_tokens, cached_tokens, cached_of,
       usd, unpriced, seconds
FROM totals ORDER BY stage, role, endpoint
"""
_STATUSES = "SELECT stage, role, status, count(*) FROM calls WHERE status <> 'ok' GROUP BY 1, 2, 3"
_ESTIMATES = "SELECT count(*) FROM calls WHERE estimated"
_FAILURES = "SELECT stage, role, endpoint, kind, count(*) FROM failures GROUP BY 1, 2, 3, 4"
_STAGES = """
WITH RECURSIVE stages (name) AS (
  SELECT min(stage) FROM items
  UNION ALL SELECT (SELECT min(stage) FROM items WHERE stage > name) FROM stages WHERE name IS NOT NULL
) SELECT name FROM stages WHERE name IS NOT NULL
"""
# Calls have no index by turn: it would cost every run more than a walk through them costs who looks at one.
_ANSWERS_OF_TURNS = """
SELECT stage, role, turn, endpoint, content, finish, iif({damage}, 'damaged', status), prompt_tokens,
       completion_tokens, cached_tokens, usd, seconds, {messages}
FROM calls WHERE {turns} ORDER BY rowid
"""
_FAILURES_OF_TURNS = """
SELECT stage, role, turn, endpoint, kind, message, seconds, {messages}
FROM failures WHERE {turns} ORDER BY rowid
"""
_TEXT = "SELECT body FROM texts WHERE digest = ?"


@dataclass(frozen=True)
class CallTotals:
    """The answers of one endpoint to one role in one stage, taken together."""

    stage: str
    role: str
    endpoint: str
    answers: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cached_of: int
    """prompt tokens of those answers that tell how many were cached"""
    usd: float
    """of the answers whose price is known"""
    unpriced: int
    seconds: float
    """from sending to answer, added up"""


@dataclass(frozen=True)
class SavedAnswer:
    """One answer as it is kept, and what it was good for."""

    stage: str
    role: str
    turn: str
    """such as 'episodes/shopping-u0001-0003/user/0'; answers of one turn follow each other in their order"""
    endpoint: str
    content: str
    """what the model said, unread"""
    finish: str
    status: str
    """what the answer was good for; 'damaged': it differs from what was written"""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int | None
    usd: float | None
    seconds: float
    messages: tuple[Message, ...] = ()
    """what was asked: (kind, text); empty where it was not kept"""


class LedgerReader:
    """What a ledger holds, by way of an open connection. Raises sqlite3.Error where it is damaged."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        version = version_of(connection, path)
        if version == 0:
            raise StoreError(f"{path}: nothing was written to it yet; the run's command begins or goes on")
        self._path = path
        self._has_calls, self._has_messages = version >= 2, version >= 3
        self._has_estimates = self._has_digests = version >= 4
        teach_digests(connection)
        connection.text_factory = lambda text: text.decode(
            "utf-8", "replace"
        )  # a damaged one is told as well

    def counts(self) -> dict[str, int]:
        """Stage -> finished items."""
        return dict(self._connection.execute("SELECT stage, count(*) FROM items GROUP BY stage"))

    def damaged(self) -> list[DamagedRow]:
        """Items and answers that differ from what was written; of an older ledger nobody knows any."""
        return damaged_rows(self._connection) if self._has_digests else []

    def items(self, stage: str) -> Iterator[tuple[str, bytes]]:
        """A stage's items in the order of their ids, a page of them in memory; damaged ones are left out."""
        last, sign = "", ">="
        while page := self._connection.execute(
            f"SELECT id, body FROM items WHERE stage = ? AND id {sign} ? "  # noqa: S608
            f"AND NOT ({self._damage('items')}) ORDER BY id LIMIT {_PAGE}",
            (stage, last),
        ).fetchall():
            yield from page
            last, sign = page[-1][0], ">"

    def has(self, stage: str, id: str) -> bool:
        """Whether an item is finished."""
        sql = "SELECT 1 FROM items WHERE stage = ? AND id = ?"
        return self._connection.execute(sql, (stage, id)).fetchone() is not None

    def get(self, stage: str, id: str) -> bytes | None:
        """An item's bytes; None where it is not finished. Raises StoreError where it is damaged."""
        sql = f"SELECT body, {self._damage('items')} FROM items WHERE stage = ? AND id = ?"  # noqa: S608
        body, damaged = self._connection.execute(sql, (stage, id)).fetchone() or (None, False)
        if damaged:
            raise StoreError(
                f"{self._path}: item {stage}/{id} is damaged, it differs from what was written; the run's "
                "command makes it again"
            )
        return body

    def stages(self) -> list[str]:
        """The stages that have items, sorted; however many items there are, each is looked up once."""
        return [name for (name,) in self._connection.execute(_STAGES)]

    def ids(self, stage: str) -> list[str]:
        """The ids of a stage's items, sorted."""
        sql = "SELECT id FROM items WHERE stage = ? ORDER BY id"
        return [name for (name,) in self._connection.execute(sql, (stage,))]

    def items_below(self, stage: str, id: str) -> list[tuple[str, bytes]]:
        """The items of a stage whose ids begin with an id and a slash: what was kept of its parts."""
        sql = "SELECT id, body FROM items WHERE stage = ? AND id >= ? AND id < ? ORDER BY id"
        return self._connection.execute(sql, (stage, f"{id}/", f"{id}0")).fetchall()

    def calls_of(self, parts: Sequence[str]) -> list[SavedAnswer]:
        """The answers to turns whose names hold one of some texts ('/shopping-u0001-0003/'), as they came."""
        # One that wrote a text no encoding knows is shown with a mark in its place.
        return [
            SavedAnswer(*(_decoded(value) for value in row), messages=messages)
            for row, messages in self._with_messages(_ANSWERS_OF_TURNS, parts)
        ]

    def failures_of(self, parts: Sequence[str]) -> list[tuple[Failure, tuple[Message, ...]]]:
        """The attempts without an answer in such turns, as they came, and what was asked in them."""
        found = self._with_messages(_FAILURES_OF_TURNS, parts)
        return [(Failure(*row), messages) for row, messages in found]

    def _with_messages(
        self, sql: str, parts: Sequence[str]
    ) -> list[tuple[tuple[Any, ...], tuple[Message, ...]]]:
        """The rows about some turns, and the messages behind the last column of each."""
        column = "messages" if self._has_messages else "NULL"
        filled = sql.format(messages=column, turns=_any_of(parts), damage=self._damage("calls"))
        rows = self._rows(filled, *parts)
        texts: dict[bytes, str] = {}
        for digest in digests_of(row[-1] for row in rows):
            if kept := self._rows(_TEXT, digest):
                texts[digest] = unpacked(kept[0][0])
        return [(row[:-1], messages_of(row[-1], texts)) for row in rows]

    def calls(self) -> list[CallTotals]:
        """What was answered, by stage, role and endpoint."""
        return [CallTotals(*row) for row in self._rows(_TOTALS)]

    def estimates(self) -> int:
        """Answers whose tokens are estimated, because the endpoint did not count them."""
        return self._rows(_ESTIMATES)[0][0] if self._has_estimates else 0

    def statuses(self) -> dict[tuple[str, str], dict[str, int]]:
        """(stage, role) -> what answers were that were not 'ok' -> how many."""
        statuses: dict[tuple[str, str], dict[str, int]] = {}
        for stage, role, status, count in self._rows(_STATUSES):
            statuses.setdefault((stage, role), {})[status] = count
        return statuses

    def failures(self) -> list[tuple[str, str, str, str, int]]:
        """Attempts without an answer: stage, role, endpoint, kind, how many."""
        return self._rows(_FAILURES)

    def _damage(self, table: str) -> str:
        """The SQL that tells whether a row differs from what was written."""
        return f"digest IS NOT row_digest({COVERED[table]})" if self._has_digests else "0"

    def _rows(self, sql: str, *values: str | bytes) -> list[tuple]:
        return self._connection.execute(sql, values).fetchall() if self._has_calls else []


def _decoded(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _any_of(parts: Sequence[str]) -> str:
    return " OR ".join(["instr(turn, ?)"] * len(parts)) or "0"


@contextmanager
def read_ledger(path: Path) -> Iterator[LedgerReader]:
    """Read a ledger in a run folder.

    Raises:
        StoreError: it is damaged, newer than this ptool, or no ledger; also from within the block.
    """
    try:
        with closing(_connect(path)) as connection:
            yield LedgerReader(connection, path)
    except DATABASE_ERRORS as error:
        raise StoreError(f"{path}: cannot be read as a ledger: {error}") from error


def lock_holder(folder: Path) -> str | None:
    """The number of the process that uses a run folder, 'unknown' if it does not say; None: nobody does."""
    handle = _open_lock(folder / LOCK)
    if handle is None:
        return None
    try:
        return None if try_lock(handle) else name_holder(handle)
    except OSError:
        return None  # a file system without locks: nobody can have it
    finally:
        os.close(handle)


def _open_lock(file: Path) -> int | None:
    """The open lock of a run folder; None where there is none. NFS locks only what may be written."""
    for flags in (os.O_RDWR, os.O_RDONLY):
        try:
            return os.open(file, flags)
        except FileNotFoundError:
            return None
        except OSError:
            continue
    return None


def _connect(path: Path) -> sqlite3.Connection:
    """Under way: with the locks that its process expects. Killed: its log is read without any lock or index
    file. Ended: the file alone.
    """
    in_use, has_log = lock_holder(path.parent) is not None, Path(f"{path}-wal").exists()
    no_locks = "unix-none" if os.name == "posix" else "win32-none"
    how = "" if in_use else f"&vfs={no_locks}" if has_log else "&immutable=1"
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=ro{how}", uri=True, timeout=10, isolation_level=None
    )
    if not in_use:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # so the log's index is made in memory
    return connection
