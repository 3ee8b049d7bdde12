"""A worker: a process that does the items it is sent, and ends when there is nobody any more who sends some.

On the machine of the process that it works for, that is when its standard input ends; so it outlives nobody,
however that process has died. Ctrl-C is none of its business: that process says when to end.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ..errors import PtoolError
from ..log import sink
from ..models.event_loop import run
from ..models.gateway.activity import GatewayFigures
from ..models.gateway.limiter import Limiter
from ..store import Ledger
from .channel import Channel
from .job import Job, Written
from .limits import RemoteLimiter
from .messages import (
    Acknowledged,
    AnswersKept,
    Assigned,
    Begun,
    Ended,
    Extended,
    Failed,
    Figures,
    Finished,
    Logged,
    Opened,
    Replied,
    SentAlong,
)
from .remote_ledger import Look, RemoteLedger

_TELL_SECONDS = 1.0
_GATHER_SECONDS = 0.01
"""Seconds that results wait for company."""
_LONGEST_END = 10.0
"""Seconds that an orderly end may take."""


def main(width: int) -> None:
    """Work until standard input ends. Args: width: items under way at a time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    write = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no message
    with suppress(asyncio.CancelledError):
        run(ItemWorker(width).work(partial(Channel, sys.stdin.buffer, write)))
    sys.stderr.flush()
    os._exit(0)  # taking apart all that was loaded takes a second, which the run would wait for


class WorkerChannel(Protocol):
    """Messages to the process that a worker works for."""

    def send(self, message: Any) -> None:
        """Send a message."""
        ...


Connect = Callable[[Callable[[Any], None], Callable[[], None]], WorkerChannel]
"""Makes a worker's channel, in its event loop, from what receives messages and what is told of their end."""


class ItemWorker:
    """The worker of this process.

    Args:
        width: items under way at a time.
        look: looks up something in the run's ledger, where this machine does not have its files.
    """

    def __init__(self, width: int, look: Look | None = None) -> None:
        self._width, self._look = width, look
        self._ledger: RemoteLedger | None = None
        self._jobs: dict[int, _WorkerJob] = {}
        """those under way, by their numbers"""
        self._figures: Callable[[], GatewayFigures] | None = None

    async def work(self, connect: Connect) -> None:
        """Work until there is nobody to work for. Args: connect: to whom it works for."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None

        def end() -> None:
            threading.Thread(target=_end_for_good, daemon=True).start()
            task.cancel()

        opened: asyncio.Future[Any] = loop.create_future()
        self._opened = opened
        """the state, with all that has been added to it so far"""
        self._setup: asyncio.Future[bytes] = loop.create_future()
        with sink(self._log, "INFO", "{message}"):
            self._channel = connect(self._receive, end)
            self._remote = RemoteLimiter(self._channel.send)
            try:
                setup = pickle.loads(await self._setup)  # noqa: S301 (of ptool's own)
                async with setup.open(self) as state:
                    opened.set_result(state)
                    while True:
                        await asyncio.sleep(_TELL_SECONDS)
                        if self._figures is not None:
                            self._channel.send(Figures(self._figures()))
            except Exception as error:
                self.fail(error)
                await loop.create_future()  # until it is told to end

    @property
    def limiter(self) -> Limiter:
        """As `WorkerLink.limiter`."""
        return self._remote

    def watch(self, figures: Callable[[], GatewayFigures]) -> None:
        """As `WorkerLink.watch`."""
        self._figures = figures

    def open_ledger(self, path: Path) -> Ledger | RemoteLedger:
        """As `WorkerLink.open_ledger`."""
        if self._look is None:
            return Ledger(path, checked=True)
        self._ledger = RemoteLedger(path, self._channel.send, self._look)
        return self._ledger

    def finish(self, number: int, results: list[tuple[int, Any]]) -> None:
        """Say what came of some items."""
        self._channel.send(Finished(number, results))

    def fail(self, error: BaseException) -> None:
        """Say that the job failed."""
        if not isinstance(error, PtoolError):
            error.add_note("in a worker:\n" + "".join(traceback.format_exception(error)))
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 (made right here)
        except Exception:
            error = RuntimeError("".join(traceback.format_exception(error)))
        self._channel.send(Failed(error))

    def _receive(self, message: Any) -> None:
        match message:
            case Opened(setup):
                self._setup.set_result(setup)
            case Extended(addition):
                self._opened = asyncio.ensure_future(self._extended(self._opened, addition))
            case Begun(number, job):
                if self._ledger is not None:
                    self._ledger.begin_job()
                self._jobs[number] = _WorkerJob(self, number, job, self._opened, self._width)
            case Assigned(number, items):
                self._jobs[number].add(items)
            case Ended(number):
                self._jobs.pop(number).end()
            case Replied():
                self._remote.receive(message)
            case Acknowledged() | AnswersKept() | SentAlong() if self._ledger is not None:
                self._ledger.receive(message)

    async def _extended(self, opened: asyncio.Future[Any], addition: bytes) -> Any:
        state = await opened
        try:
            pickle.loads(addition).add_to(state)  # noqa: S301 (of ptool's own)
        except Exception as error:
            self.fail(error)
            await asyncio.get_running_loop().create_future()  # until it is told to end
        return state

    def _log(self, line: str) -> None:
        record = line.record  # type: ignore[attr-defined]  # loguru's own kind of text
        self._channel.send(Logged(record["level"].name, record["name"], record["message"]))


class _WorkerJob:
    """The part of a job that one worker does."""

    def __init__(
        self, worker: ItemWorker, number: int, job: Job[Any, Any], opened: asyncio.Future[Any], width: int
    ) -> None:
        self.number = number
        self._worker, self._job, self._opened, self._width = worker, job, opened, width
        self._work: Callable[[Any], Awaitable[Any]] | None = None
        self._queue: deque[tuple[int, Any]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy = 0
        """tasks that look into the queue once more; one that does not is in `_tasks` for a while yet"""
        self._results: list[tuple[int, Any]] = []
        self._due = 0.0
        """when they are sent, by the clock of the loop"""
        self._over = False

    def add(self, items: Any) -> None:
        """Take some more items."""
        self._queue.extend(items)
        for _ in range(min(len(items), self._width - self._busy)):
            self._busy += 1
            task = asyncio.ensure_future(self._do())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def end(self) -> None:
        """Give up whatever is under way."""
        self._over = True
        self._queue.clear()
        for task in self._tasks:
            task.cancel()

    async def _do(self) -> None:
        try:
            state = await asyncio.shield(self._opened)
            while self._queue:
                place, item = self._queue.popleft()
                self._work = self._work or self._job.work(state)
                result = await self._work(item)
                if isinstance(result, Written):
                    asyncio.wrap_future(result.on_disk).add_done_callback(
                        lambda written, place=place, result=result.result: self._written(
                            written, place, result
                        )
                    )
                else:
                    self._finish(place, result)
                    await asyncio.sleep(0)  # what waits for nothing leaves nobody else a turn
        except Exception as error:
            self._fail(error)
        finally:
            self._busy -= 1

    def _written(self, written: asyncio.Future[None], place: int, result: Any) -> None:
        error = None if written.cancelled() else written.exception()
        if error is None:
            self._finish(place, result)
        else:
            self._fail(error)

    def _finish(self, place: int, result: Any) -> None:
        loop = asyncio.get_running_loop()
        if not self._results:
            self._due = loop.time() + _GATHER_SECONDS
            loop.call_at(self._due, self._send)
        self._results.append((place, result))
        if loop.time() > self._due:  # items that wait for nothing give the loop no turn
            self._send()

    def _send(self) -> None:
        results, self._results = self._results, []
        if results:
            self._worker.finish(self.number, results)

    def _fail(self, error: BaseException) -> None:
        if not self._over:
            self.end()
            self._worker.fail(error)


def _end_for_good() -> None:
    """End this process whatever it still does; what is on disk stays."""
    time.sleep(_LONGEST_END)
    os._exit(1)
