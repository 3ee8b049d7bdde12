"""The ledger of a run for workers that share no files with it: kept and looked up over a channel.

What a worker keeps counts once the run has it on disk and says so. Every attempt to be a worker has a desk of
its own; once that is closed, whatever a worker that is not as dead as it seemed still says is refused.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import StoreError
from ..records.model_calls import Answer, Failure, Spent
from ..store import Ledger
from ..store.bloom_filter import BloomFilter
from ..store.message_texts import Message
from .messages import (
    Acknowledged,
    AnswersKept,
    FailureKept,
    ItemPut,
    Looked,
    SaveAnswer,
    SentAlong,
    StatusSet,
)

Send = Callable[[Any], None]
Look = Callable[[str, tuple[Any, ...]], Any]
"""Asks the run's ledger something, by the method's name, and waits for what it says."""

_REMEMBERED = 1 << 16
"""Latest answers of an attempt that others are told of when it is lost: more than are of items under way."""


class RemoteLedger:
    """The run's ledger, seen from a worker; the methods are those of `Ledger`.

    Args:
        path: of the run's, for messages.
        send: to the run.
        look: what is looked up keeps the event loop waiting, as a file would.
    """

    def __init__(self, path: Path, send: Send, look: Look) -> None:
        self.path = path
        self._send, self._look = send, look
        self._writes = 0
        self._waiting: dict[int, Future[None]] = {}
        self._sent_along: dict[tuple[str, str], bytes | None] = {}
        self._known_keys = BloomFilter.unpacked(look("known_keys", ()))

    async def put(self, stage: str, id: str, body: bytes) -> None:
        """As `Ledger.put`."""
        await asyncio.wrap_future(self.submit(stage, id, body))

    def submit(self, stage: str, id: str, body: bytes) -> Future[None]:
        """As `Ledger.submit`."""
        number, written = self._expect()
        self._send(ItemPut(number, stage, id, body))
        return written

    async def save_answer(self, answer: Answer, messages: Sequence[Message] = ()) -> None:
        """As `Ledger.save_answer`."""
        self._known_keys.add(answer.key)
        number, written = self._expect()
        self._send(SaveAnswer(number, answer, tuple(messages)))
        await asyncio.wrap_future(written)

    def set_answer_status(self, key: bytes, status: str) -> None:
        """As `Ledger.set_answer_status`."""
        self._send(StatusSet(key, status))

    def save_failure(self, failure: Failure, messages: Sequence[Message] = ()) -> None:
        """As `Ledger.save_failure`."""
        self._send(FailureKept(failure, tuple(messages)))

    def find_answer(self, key: bytes) -> Answer | None:
        """As `Ledger.find_answer`."""
        return self._look("find_answer", (key,)) if key in self._known_keys else None

    def spent(self) -> Spent:
        """As `Ledger.spent`."""
        return self._look("spent", ())

    def get(self, stage: str, id: str) -> bytes | None:
        """As `Ledger.get`."""
        row = stage, id
        return self._sent_along[row] if row in self._sent_along else self._look("get", row)

    def has(self, stage: str, id: str) -> bool:
        """As `Ledger.has`."""
        return self._look("has", (stage, id))

    def ids(self, stage: str) -> list[str]:
        """As `Ledger.ids`."""
        return self._look("ids", (stage,))

    def items(self, stage: str) -> Iterator[tuple[str, bytes]]:
        """As `Ledger.items`."""
        return ((id, self.get(stage, id) or b"") for id in self.ids(stage))

    def begin_job(self) -> None:
        """Forget what was sent along with the items of jobs before."""
        self._sent_along.clear()

    def receive(self, message: Acknowledged | AnswersKept | SentAlong) -> None:
        """Take what the run says of its own accord."""
        match message:
            case Acknowledged(number, error):
                written = self._waiting.pop(number)
                if error is None:
                    written.set_result(None)
                else:
                    written.set_exception(error)
            case SentAlong(rows):
                self._sent_along.update(rows)
            case AnswersKept(keys):
                for key in keys:
                    self._known_keys.add(key)

    def _expect(self) -> tuple[int, Future[None]]:
        self._writes += 1
        written: Future[None] = Future()
        written.set_running_or_notify_cancel()  # a waiter that is cancelled does not undo what is written
        self._waiting[self._writes] = written
        return self._writes, written

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held here."""


Entry = ItemPut | SaveAnswer | StatusSet | FailureKept


class LedgerDesk:
    """Writes into a ledger, and looks up there, in the place of one worker; made in an event loop.

    Args:
        ledger: gives the run's, once it is open.
        send: to the worker.
        reply: to what it looked up, by the number of its question.
        stages: what all workers of the run look items up in; it grows here.
    """

    def __init__(
        self, ledger: Callable[[], Ledger], send: Send, reply: Callable[[int, Any], None], stages: set[str]
    ) -> None:
        self._ledger, self._send, self._reply, self._stages = ledger, send, reply, stages
        self._loop = asyncio.get_running_loop()
        self._saving: set[asyncio.Task[None]] = set()
        self._latest: deque[bytes] = deque(maxlen=_REMEMBERED)
        self._is_closed = False

    def receive(self, message: Entry | Looked) -> None:
        """Do what the worker asks for; once it is closed, refuse it."""
        if self._is_closed:
            return
        match message:
            case ItemPut(number, stage, id, body):
                self._ledger().submit(stage, id, body).add_done_callback(
                    lambda written: self._call(self._acknowledge, number, written.exception())
                )
            case SaveAnswer(number, answer, messages):
                self._latest.append(answer.key)
                saving = asyncio.ensure_future(self._save(number, answer, messages))
                self._saving.add(saving)
                saving.add_done_callback(self._saving.discard)
            case StatusSet(key, status):
                self._ledger().set_answer_status(key, status)
            case FailureKept(failure, messages):
                self._ledger().save_failure(failure, messages)
            case Looked(number, method, arguments):
                if method == "get":
                    self._stages.add(arguments[0])
                try:
                    found = getattr(self._ledger(), method)(*arguments)
                except StoreError as error:
                    found = error
                self._reply(number, found)

    def send_along(self, ids: Iterable[str]) -> None:
        """Send what a worker will look up for some items, so that it need not ask for each."""
        rows = [(stage, id) for id in ids for stage in sorted(self._stages)]
        if rows:
            self._send(SentAlong({row: self._ledger().get(*row) for row in rows}))

    def close(self) -> AnswersKept:
        """The worker is given up: nothing more is taken of it. What it kept last, for those who go on."""
        self._is_closed = True
        return AnswersKept(tuple(self._latest))

    async def _save(self, number: int, answer: Answer, messages: Sequence[Message]) -> None:
        error = None
        try:
            await self._ledger().save_answer(answer, messages)
        except StoreError as raised:
            error = raised
        self._acknowledge(number, error)

    def _acknowledge(self, number: int, error: BaseException | None) -> None:
        if not self._is_closed:
            self._send(Acknowledged(number, error))

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(function, *arguments)
