"""The ledger: the only truth of a run, in one SQLite file that survives kill -9 and a full disk.

Finished items by stage and id, and every call of a model by the key of what it depends on, with what was
asked (`message_texts`). Items and answers carry a digest (`row_digest`); one that differs from what was
written is discarded when the ledger is opened, so that it is asked or played again. One thread writes and
commits in groups (WAL, synchronous=FULL). It knows nothing of what the bytes mean; whatever a model or an
endpoint says fits into a row: a text no encoding knows, a number no machine counts.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import StoreError
from ..log import logger
from ..records.model_calls import Answer, Failure, Spent
from .bloom_filter import BloomFilter
from .generations import PREFIX_BYTES, prefix, spellings
from .message_texts import Message, PackedMessages
from .row_digest import DamagedRow, discard_damaged_rows, row_digest
from .schema import DATABASE_ERRORS, migrate, open_connection, opening_error
from .writer import InsertStatement, Statement, UpdateStatement, Writer

_PAGE = 256
_INSERT_TEXT = InsertStatement(0, "INSERT INTO texts VALUES", 2, "ON CONFLICT (digest) DO NOTHING")
INSERT_ANSWER = InsertStatement(1, "INSERT INTO calls VALUES", 17, "ON CONFLICT (key) DO NOTHING")
_SET_STATUS = "UPDATE calls SET status = ? WHERE key IN ({})"
_INSERT_FAILURE = InsertStatement(3, "INSERT INTO failures VALUES", 8)
_PUT_ITEM = InsertStatement(
    4,
    "INSERT INTO items VALUES",
    4,
    "ON CONFLICT (stage, id) DO UPDATE SET body = excluded.body, digest = excluded.digest",
)

_FIND_ANSWER = """
SELECT stage, role, turn, endpoint, content, finish,
       prompt_tokens, completion_tokens, cached_tokens, usd, seconds, estimated, thought
FROM calls WHERE key IN ({}) ORDER BY rowid LIMIT 1
"""
_SUM_ANSWERS = """
SELECT stage, role, sum(answers), sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens), sum(usd),
       sum(unpriced)
FROM totals GROUP BY stage, role
"""
_COUNT_FAILURES = "SELECT stage, role, count(*) FROM failures GROUP BY stage, role"

_BARE_BYTES = 16
"""Of a key as versions before 5 have it, without its generation."""

_MOST_TOKENS = 10**12
"""Of one call; a million such calls still add up within SQLite's integers."""


class Ledger:
    """An open ledger; close it, or use it in a `with` block: closing writes what is still queued.

    Several processes may have the same one open, each with a writer of its own.

    Args:
        path: the SQLite file, made if it does not exist.
        checked: whether another process has it open, which has compared its rows with their digests.

    Raises StoreError: unusable or of a newer version.
    """

    def __init__(self, path: Path, *, checked: bool = False) -> None:
        self.path = path
        self._read_lock = threading.Lock()
        self._closed = False
        self._known_keys = BloomFilter()
        try:
            self._reader = open_connection(path)
            writer = open_connection(path)
            if not checked:
                migrate(writer, path)
                _warn_of(path, discard_damaged_rows(writer))
            self._spent = sum(_spent_by_role(self._reader).values(), Spent())
            self._calls, texts = (_last_row(self._reader, table) for table in ("calls", "texts"))
            self._messages = PackedMessages(texts)
            for (stored,) in self._reader.execute("SELECT key FROM calls"):
                self._known_keys.add(stored[PREFIX_BYTES:])
                if len(stored) <= _BARE_BYTES:
                    self._known_keys.add(stored)
        except DATABASE_ERRORS as error:
            raise opening_error(path, error) from error
        self._writer = Writer(writer, path)

    async def put(self, stage: str, id: str, body: bytes) -> None:
        """Keep a finished item, replacing an older one; returns once it is on disk. Raises StoreError."""
        await self._write(_PUT_ITEM, _item_row(stage, id, body))

    def submit(self, stage: str, id: str, body: bytes) -> Future[None]:
        """Queue a finished item; the future is done once it is on disk, or holds the StoreError."""
        self._refuse_closed()
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()  # a waiter that is cancelled does not undo a finished item
        self._writer.write(_PUT_ITEM, _item_row(stage, id, body), done)
        return done

    async def save_answer(self, answer: Answer, messages: Sequence[Message] = ()) -> None:
        """Keep an answer, unless there is one of its key; returns once it is on disk.

        Args: messages: what was asked; none: that is not kept.

        Raises StoreError.
        """
        self._spent += _cost_of(answer)
        if self.find_answer(answer.key) is not None:
            return
        self._known_keys.add(answer.key)
        stored = prefix(self._calls) + answer.key
        self._calls += 1
        await self._write(INSERT_ANSWER, answer_row(answer, stored, self._keep_texts(messages)))

    def set_answer_status(self, key: bytes, status: str) -> None:
        """Write down what a kept answer was good for; it is on disk a little later, or lost by a kill."""
        self._refuse_closed()
        keys = spellings(key, self._calls)
        self._writer.write(UpdateStatement(2, _SET_STATUS.format(_marks(keys))), (status, *keys))

    def save_failure(self, failure: Failure, messages: Sequence[Message] = ()) -> None:
        """Write down an attempt without an answer; it is on disk a little later, or lost by a kill.

        Args: messages: what was asked; none: that is not kept.
        """
        self._refuse_closed()
        self._spent += Spent(calls=1)
        self._writer.write(_INSERT_FAILURE, (*_failure_row(failure), self._keep_texts(messages)))

    def find_answer(self, key: bytes) -> Answer | None:
        """The answer kept under a key; None where there is none on disk (yet)."""
        if key not in self._known_keys:
            return None
        keys = spellings(key, self._calls)
        rows = self._rows(_FIND_ANSWER.format(_marks(keys)), tuple(keys))
        return _answer_from(key, rows[0]) if rows else None

    def known_keys(self) -> bytes:
        """A packed `BloomFilter`: whose answers are there, or on their way to the disk."""
        return self._known_keys.packed()

    def spent(self) -> Spent:
        """What all calls of the run have cost so far, those of earlier processes included."""
        return self._spent

    def usage(self) -> dict[tuple[str, str], Spent]:
        """What all calls of the run have cost: (stage, role) -> sum, sorted; waits for what is queued."""
        self._refuse_closed()
        self._writer.flush()
        try:
            with self._read_lock:
                return _spent_by_role(self._reader)
        except DATABASE_ERRORS as error:
            raise StoreError(f"{self.path}: cannot be read: {error}") from error

    def answers(self) -> dict[str, int]:
        """Who answered so far -> how often, sorted."""
        sql = "SELECT endpoint, sum(answers) FROM totals GROUP BY endpoint ORDER BY endpoint"
        return dict(self._rows(sql, ()))

    def latency(self) -> dict[str, float]:
        """Seconds from a question to its whole answer, 'median' and 'p95'; empty where there is no answer."""
        count = self._rows("SELECT count(*) FROM calls", ())[0][0]
        sql = "SELECT seconds FROM calls ORDER BY seconds LIMIT 1 OFFSET ?"
        places = {"median": (count - 1) // 2, "p95": math.ceil(0.95 * count) - 1} if count else {}
        return {name: round(self._rows(sql, (place,))[0][0], 3) for name, place in places.items()}

    def estimates(self) -> int:
        """Answers whose tokens are estimated, because the endpoint did not count them."""
        return self._rows("SELECT count(*) FROM calls WHERE estimated", ())[0][0]

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
        with self._read_lock, suppress(sqlite3.Error):
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

    def _keep_texts(self, messages: Sequence[Message]) -> bytes | None:
        """Queue the texts of some messages that are not kept yet; what stands for the messages in a row."""
        self._refuse_closed()
        reference, texts = self._messages.pack(messages)
        for text in texts:
            self._writer.write(_INSERT_TEXT, text)
        return reference

    def _page(self, stage: str, start: str, sign: str) -> list[tuple[str, bytes]]:
        sql = f"SELECT id, body FROM items WHERE stage = ? AND id {sign} ? ORDER BY id LIMIT {_PAGE}"  # noqa: S608
        return self._rows(sql, (stage, start))

    def _rows(self, sql: str, values: tuple[Any, ...]) -> list[tuple]:
        self._refuse_closed()
        try:
            with self._read_lock:
                return self._reader.execute(sql, values).fetchall()
        except DATABASE_ERRORS as error:
            raise StoreError(f"{self.path}: cannot be read: {error}") from error

    async def _write(self, statement: Statement, row: tuple[Any, ...]) -> None:
        self._refuse_closed()
        done = asyncio.get_running_loop().create_future()
        self._writer.write(statement, row, done)
        await done

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreError(f"{self.path}: the ledger is closed")


def answer_row(answer: Answer, stored: bytes, messages: bytes | None = None) -> tuple[Any, ...]:
    """The values of `INSERT_ANSWER`.

    Args: stored: its key in its generation; messages: what stands for them; None: they are not kept.
    """
    texts = (answer.stage, answer.role, answer.turn, answer.endpoint)
    content = answer.content.encode("utf-8", "surrogatepass")
    numbers = (
        _bounded(answer.prompt_tokens),
        _bounded(answer.completion_tokens),
        None if answer.cached_tokens is None else _bounded(answer.cached_tokens),
        None if answer.usd is None else _real(answer.usd),
        _real(answer.seconds),
    )
    oddities = (int(answer.estimated), _bounded(answer.thought))
    digest = row_digest(*texts, answer.finish, stored, content, *numbers, *oddities)
    return (stored, *texts, content, answer.finish, *numbers, "ok", messages, *oddities, digest)


def _last_row(connection: sqlite3.Connection, table: str) -> int:
    """How many rows a table has had; without a walk through them."""
    return connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0  # noqa: S608


def _marks(values: Sequence[Any]) -> str:
    """The places of so many values in a statement."""
    return ", ".join("?" * len(values))


def _item_row(stage: str, id: str, body: bytes) -> tuple[Any, ...]:
    """The values of `_PUT_ITEM`."""
    return stage, id, body, row_digest(stage, id, body)


def _real(number: float) -> float:
    """A number as SQLite gives it back: 1 as 1.0, and no negative zero."""
    return float(number) + 0.0


def _warn_of(path: Path, damaged: Sequence[DamagedRow]) -> None:
    if damaged:
        others = f" (and {len(damaged) - 1:,} more)" if len(damaged) > 1 else ""
        logger.warning(
            "{}: {}{} is not what was written: discarded, and asked or played again where it is needed",
            path, damaged[0], others,
        )  # fmt: skip


def _answer_from(key: bytes, row: tuple[Any, ...]) -> Answer:
    """The answer in a row of `_FIND_ANSWER`."""
    stage, role, turn, endpoint, content, *rest = row
    *counts, estimated, thought = rest
    text = content.decode("utf-8", "surrogatepass")
    kept = Answer(key, stage, role, turn, endpoint, text, *counts)
    return replace(kept, estimated=bool(estimated), thought=thought) if estimated or thought else kept


def _failure_row(failure: Failure) -> tuple[Any, ...]:
    """The values of `_INSERT_FAILURE` but the last, which stands for the messages."""
    message = failure.message.encode("utf-8", "replace").decode()
    return (
        failure.stage,
        failure.role,
        failure.turn,
        failure.endpoint,
        failure.kind,
        message,
        failure.seconds,
    )


def _cost_of(answer: Answer) -> Spent:
    """What one answer cost."""
    return Spent(
        1,
        _bounded(answer.prompt_tokens),
        _bounded(answer.completion_tokens),
        _bounded(answer.cached_tokens or 0),
        answer.usd or 0.0,
        answer.usd is None,
    )


def _spent_by_role(connection: sqlite3.Connection) -> dict[tuple[str, str], Spent]:
    """What all calls in a ledger cost: (stage, role) -> sum, in the order of these names."""
    spent = {(stage, role): Spent(*sums) for stage, role, *sums in connection.execute(_SUM_ANSWERS)}
    for stage, role, count in connection.execute(_COUNT_FAILURES):
        spent[stage, role] = spent.get((stage, role), Spent()) + Spent(calls=count)
    return dict(sorted(spent.items()))


def _bounded(tokens: int) -> int:
    return min(max(tokens, 0), _MOST_TOKENS)
