"""The executor of several processes on this machine.

Each worker has a few more items than it can do at a time, gets more as it gives back results, and is replaced
where it dies: its items go to others, and what they left is in the ledger already. Limits are held here, for
all of them together (`limits`).
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader, BufferedWriter
from itertools import count
from typing import Any, Generic

from ..errors import WorkerLostError
from ..log import logger
from ..models.gateway.activity import GatewayFigures
from ..models.gateway.limiter import LocalLimiter
from .channel import Channel
from .job import LATER, Item, Job, Result, Setup
from .limits import LimiterDesk
from .messages import Assigned, Begun, Ended, Failed, Figures, Finished, Logged, Opened

SPARE = 16
"""Items a worker has beyond those under way, so that it never waits for more."""
_LEAST = 8
"""Items that are sent together."""
MOST_LOST = 3
"""Workers that may die in one job: whatever kills more kills all of them."""
_LONGEST_END = 15.0
"""Seconds that workers may take to end."""


class ProcessExecutor:
    """Does all jobs in other processes.

    Args:
        workers: how many.
        width: items under way at a time, of all of them together.
        limiter: gives leave to every attempt of theirs.
    """

    def __init__(self, workers: int, width: int, limiter: LocalLimiter) -> None:
        self._width = max(1, -(-width // workers))
        self._limiter = limiter
        self._setup: bytes | None = None
        self._job: _SharedJob[Any, Any] | None = None
        self._jobs = self._lost = 0
        self._failure: BaseException | None = None
        self._gone: list[GatewayFigures] = []
        self._closing = False
        self._workers = [self._start() for _ in range(workers)]

    def begin(self, state: Any, setup: Callable[[], Setup]) -> None:
        """As `Executor.begin`."""
        del state
        self._setup = pickle.dumps(setup(), pickle.HIGHEST_PROTOCOL)
        for worker in self._workers:
            worker.send(Opened(self._setup))

    async def run(
        self, job: Job[Item, Result], items: Iterable[Item], done: Callable[[Item, Result], None]
    ) -> None:
        """As `Executor.run`. Raises WorkerLostError where workers die again and again."""
        if self._failure is not None:
            raise self._failure
        self._jobs += 1
        under_way = self._job = _SharedJob(self._jobs, job, items, done, self._width + SPARE)
        for worker in self._workers:
            worker.send(Begun(under_way.number, job))
        under_way.feed(self._workers)
        try:
            await under_way.over
        finally:
            self._job = None
            for worker in self._workers:
                worker.items.clear()
                worker.send(Ended(under_way.number))

    def figures(self) -> list[GatewayFigures]:
        """As `Executor.figures`; those of workers that are gone are among them."""
        return [*self._gone, *(worker.figures for worker in self._workers if worker.figures is not None)]

    async def close(self) -> None:
        """As `Executor.close`."""
        self._closing = True
        for worker in self._workers:
            worker.channel.close()
        await asyncio.gather(*(asyncio.to_thread(worker.end) for worker in self._workers))

    def _start(self) -> _WorkerProcess:
        worker = _WorkerProcess(self._width, self._limiter, self._receive, self._ended)
        if self._setup is not None:
            worker.send(Opened(self._setup))
        return worker

    def _receive(self, worker: _WorkerProcess, message: Any) -> None:
        match message:
            case Finished(number, results):
                if self._job is not None and self._job.number == number:
                    self._job.finish(worker, results)
                    if len(worker.items) <= self._width + SPARE - _LEAST:
                        self._job.feed(self._workers)
            case Failed(error):
                self._fail(error)
            case Logged(level, name, text):
                logger.patch(lambda entry: entry.update(name=name)).log(level, "{}", text)
            case Figures(figures):
                worker.figures = figures
            case _:
                worker.desk.receive(message)

    def _ended(self, worker: _WorkerProcess) -> None:
        """A worker is gone; unless that was wanted, another one takes its place and its items."""
        worker.desk.close()
        if self._closing:
            return
        why = worker.how_it_ended()
        self._workers.remove(worker)
        if worker.figures is not None:
            self._gone.append(replace(worker.figures, pending={}))
        self._lost += 1
        if self._lost > MOST_LOST:
            self._fail(
                WorkerLostError(
                    f"a worker {why}, as {MOST_LOST} did before it; what is finished is kept, and the same "
                    "command goes on from there (fewer workers need less memory; executor=local needs none)"
                )
            )
            return
        logger.warning("a worker {}: another takes its place, and does again what was under way", why)
        another = self._start()
        self._workers.append(another)
        if self._job is not None:
            another.send(Begun(self._job.number, self._job.job))
            self._job.take_back(worker)
            self._job.feed(self._workers)

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        if self._job is not None:
            self._job.fail(error)


class _SharedJob(Generic[Item, Result]):
    """A job, and what of it nobody does yet.

    Args: as of `Executor.run`; number: of the job; depth: items a worker has at most.
    """

    def __init__(
        self,
        number: int,
        job: Job[Item, Result],
        items: Iterable[Item],
        done: Callable[[Item, Result], None],
        depth: int,
    ) -> None:
        self.number, self.job = number, job
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._done, self._depth = done, depth
        self._items = iter(items)
        self._places = count()
        self._taken_back: deque[tuple[int, Item]] = deque()

    def feed(self, workers: Iterable[_WorkerProcess]) -> None:
        """Give every worker as many items as it may have, evenly; without any left the job is over."""
        if self.over.done():
            return
        batches: dict[_WorkerProcess, list[tuple[int, Item]]] = {}
        try:
            while len((worker := min(workers, key=lambda one: len(one.items))).items) < self._depth:
                if (item := self._next()) is None:
                    break
                worker.items[item[0]] = item[1]
                batches.setdefault(worker, []).append(item)
        except Exception as error:  # where items come from, anything may happen
            self.fail(error)
            return
        for worker, batch in batches.items():
            worker.send(Assigned(self.number, batch))
        if not any(worker.items for worker in workers):
            self.over.set_result(None)

    def finish(self, worker: _WorkerProcess, results: Iterable[tuple[int, Result]]) -> None:
        """Take results from a worker."""
        try:
            for place, result in results:
                if not self.over.done():
                    self._done(worker.items.pop(place), result)
        except Exception as error:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End with an error."""
        if not self.over.done():
            self.over.set_exception(error)

    def take_back(self, worker: _WorkerProcess) -> None:
        """Let others do what a worker can no longer do."""
        self._taken_back.extend(worker.items.items())
        worker.items.clear()

    def _next(self) -> tuple[int, Item] | None:
        """An item and its place; None: there is none now."""
        if self._taken_back:
            return self._taken_back.popleft()
        item = next(self._items, LATER)
        return None if item is LATER else (next(self._places), item)


class _WorkerProcess:
    """One worker, seen from the process that it works for.

    Args:
        width: items it does at a time.
        limiter: gives leave to its attempts.
        receive: is given its messages; ended: is told that it is gone.
    """

    def __init__(
        self,
        width: int,
        limiter: LocalLimiter,
        receive: Callable[[_WorkerProcess, Any], None],
        ended: Callable[[_WorkerProcess], None],
    ) -> None:
        self.items: dict[int, Any] = {}
        """place -> item, of those it has"""
        self.figures: GatewayFigures | None = None
        program = (
            f"import sys; sys.path[:] = {sys.path!r}; from {__package__}.worker import main; main({width})"
        )
        with _interrupts_blocked():
            self._process = subprocess.Popen(  # noqa: S603 (ptool itself)
                [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        read, write = self._process.stdout, self._process.stdin
        assert isinstance(read, BufferedReader)
        assert isinstance(write, BufferedWriter)
        self.channel = Channel(read, write, lambda message: receive(self, message), lambda: ended(self))
        self.send = self.channel.send
        self.desk = LimiterDesk(limiter, self.send)

    def how_it_ended(self) -> str:
        """What became of it, for people."""
        self.end()
        status = self._process.returncode
        return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"

    def end(self) -> None:
        """Wait until it has ended, which it is told already; one that does not is killed."""
        try:
            self._process.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Have what is started in the block begin with Ctrl-C blocked, until it knows what to do about it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
