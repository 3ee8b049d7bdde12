"""What executors with other processes share: items go to workers, results come back, who dies is replaced.

Each worker has a few more items than it can do at a time, gets more as it gives back results, and is replaced
where it dies: its items go to others, and what they left is in the ledger already. It knows nothing of where
workers are, nor of how they are spoken to.
"""

from __future__ import annotations

import asyncio
import pickle
from abc import ABC, abstractmethod
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from typing import Any, Generic

from ..errors import WorkerLostError
from ..log import logger
from ..models.gateway.activity import GatewayFigures
from ..store import Ledger
from .executor import Addition, Setup
from .job import LATER, Item, Job, Result
from .messages import Assigned, Begun, Ended, Extended, Failed, Figures, Finished, Logged, Opened

SPARE = 16
"""Items a worker has beyond those under way and as many to follow them, so that it never waits for more:
where items wait for nothing, it hears from the run when all that are under way are done."""
_LEAST = 8
"""Items that are sent together."""
MOST_LOST = 3
"""Workers of this machine that may die one after the other."""


class WorkerHandle(ABC):
    """One worker, seen from the process that it works for."""

    is_ready = True
    """whether it may be given items"""

    def __init__(self) -> None:
        self.figures: GatewayFigures | None = None
        self.died_before = 0
        """workers that died in its place, one after the other, since one of them finished an item"""

    @abstractmethod
    def send(self, message: Any) -> None:
        """Send it a message; to one that has ended it goes nowhere."""

    @abstractmethod
    def receive(self, message: Any) -> None:
        """Do what it asks for: leave to send an attempt, and the like."""

    @abstractmethod
    def give_up(self) -> Any:
        """Hold nothing for it any longer, and do nothing any more that it asks for.

        Gives a message for the workers that go on in its place; None: there is nothing to say.
        """

    @abstractmethod
    def close(self) -> None:
        """Tell it to end, once it has been sent what is on its way."""

    @abstractmethod
    def end(self) -> None:
        """Wait until it has ended, which it is told already; for a thread."""

    @abstractmethod
    def how_it_ended(self) -> str:
        """What became of it, for people."""


class WorkerPool(ABC):
    """Does all jobs in other processes, whichever those are.

    Args: width: items under way at a time in each.
    """

    most_lost = MOST_LOST
    """workers that may die in one place, one after the other, with nothing finished between them, or with the
    same item in hand: whatever kills more kills all of them"""

    def __init__(self, width: int) -> None:
        self._width = width
        self._workers: list[WorkerHandle] = []
        self._opening: list[Opened | Extended] = []
        """what every worker is sent before it is sent jobs"""
        self._ledger: Ledger | None = None
        self._under_way: dict[int, _SharedJob[Any, Any]] = {}
        """jobs by their numbers"""
        self._jobs = 0
        self._failure: BaseException | None = None
        self._gone: list[GatewayFigures] = []
        self._closing = False

    @property
    def _depth(self) -> int:
        """Items a worker has at most."""
        return 2 * self._width + SPARE

    @abstractmethod
    def _new_worker(self) -> WorkerHandle:
        """Start a worker; what it says goes to `_receive`, its end to `_ended`."""

    def begin(self, state: Any, setup: Callable[[], Setup], ledger: Ledger | None = None) -> None:
        """As `Executor.begin`."""
        self._ledger = ledger
        del state
        self._open(Opened(pickle.dumps(setup(), pickle.HIGHEST_PROTOCOL)))

    def extend(self, addition: Callable[[], Addition]) -> None:
        """As `Executor.extend`."""
        self._open(Extended(pickle.dumps(addition(), pickle.HIGHEST_PROTOCOL)))

    async def run(
        self, job: Job[Item, Result], items: Iterable[Item], done: Callable[[Item, Result], None]
    ) -> None:
        """As `Executor.run`. Raises WorkerLostError where workers die again and again."""
        if self._failure is not None:
            raise self._failure
        self._jobs += 1
        shared = _SharedJob(self._jobs, job, items, done, self._depth)
        self._under_way[shared.number] = shared
        for worker in self._workers:
            worker.send(Begun(shared.number, job))
        shared.feed(self._workers)
        try:
            await shared.over
        finally:
            del self._under_way[shared.number]
            for worker in self._workers:
                worker.send(Ended(shared.number))

    async def close(self) -> None:
        """As `Executor.close`."""
        self._closing = True
        for worker in self._workers:
            worker.close()
        await asyncio.gather(*(asyncio.to_thread(worker.end) for worker in self._workers))

    def figures(self) -> list[GatewayFigures]:
        """As `Executor.figures`; those of workers that are gone are among them."""
        return [*self._gone, *(worker.figures for worker in self._workers if worker.figures is not None)]

    def _open(self, message: Opened | Extended) -> None:
        self._opening.append(message)
        for worker in self._workers:
            worker.send(message)

    def _start(self, died_before: int = 0) -> None:
        """Have one worker more."""
        worker = self._new_worker()
        worker.died_before = died_before
        for message in self._opening:
            worker.send(message)
        for shared in self._under_way.values():
            worker.send(Begun(shared.number, shared.job))
        self._workers.append(worker)

    def _feed(self) -> None:
        for shared in self._under_way.values():
            shared.feed(self._workers)

    def _receive(self, worker: WorkerHandle, message: Any) -> None:
        match message:
            case Finished(number, results):
                if shared := self._under_way.get(number):
                    worker.died_before = 0
                    shared.finish(worker, results)
                    if shared.count(worker) <= self._depth - _LEAST:
                        shared.feed(self._workers)
            case Failed(error):
                self._fail(error)
            case Logged(level, name, text):
                logger.patch(lambda entry: entry.update(name=name)).log(level, "{}", text)
            case Figures(figures):
                worker.figures = figures
            case _:
                worker.receive(message)

    def _ended(self, worker: WorkerHandle) -> None:
        """A worker is gone; unless that was wanted, another one takes its place and its items."""
        left = worker.give_up()
        if self._closing or worker not in self._workers:
            return
        why = worker.how_it_ended()
        self._workers.remove(worker)
        if left is not None:
            for other in self._workers:
                other.send(left)
        if worker.figures is not None:
            self._gone.append(replace(worker.figures, pending={}))
        died = worker.died_before + 1
        lost = [shared.take_back(worker) for shared in self._under_way.values()]
        if max([died, *lost]) > self.most_lost:
            self._fail(
                WorkerLostError(
                    f"a worker {why}, as {self.most_lost} did before it; what is finished is kept, and the "
                    "same command goes on from there (fewer workers need less memory; executor=local needs "
                    "none)"
                )
            )
            return
        logger.warning("a worker {}: another takes its place, and does again what was under way", why)
        self._start(died)
        self._feed()

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        for shared in self._under_way.values():
            shared.fail(error)


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
        self._given = defaultdict[WorkerHandle, dict[int, Item]](dict)
        """worker -> place -> item, of those it has"""
        self._taken_back: deque[tuple[int, Item]] = deque()
        self._times_lost: Counter[int] = Counter()

    def feed(self, workers: Iterable[WorkerHandle]) -> None:
        """Give every worker as many items as it may have, evenly; without any left the job is over."""
        if self.over.done():
            return
        ready = [worker for worker in workers if worker.is_ready]
        batches: dict[WorkerHandle, list[tuple[int, Item]]] = {}
        try:
            while (item := self._next()) is not None:
                worker = min(ready, key=self.count, default=None)
                if worker is None or self.count(worker) >= self._depth:
                    self._taken_back.appendleft(item)
                    break
                self._given[worker][item[0]] = item[1]
                batches.setdefault(worker, []).append(item)
        except Exception as error:  # where items come from, anything may happen
            self.fail(error)
            return
        for worker, batch in batches.items():
            worker.send(Assigned(self.number, batch))
        if not self._taken_back and not any(map(self.count, ready)):
            self.over.set_result(None)

    def count(self, worker: WorkerHandle) -> int:
        """Items that a worker has."""
        return len(self._given[worker])

    def finish(self, worker: WorkerHandle, results: Iterable[tuple[int, Result]]) -> None:
        """Take results from a worker."""
        try:
            for place, result in results:
                if not self.over.done():
                    self._done(self._given[worker].pop(place), result)
        except Exception as error:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End with an error."""
        if not self.over.done():
            self.over.set_exception(error)

    def take_back(self, worker: WorkerHandle) -> int:
        """Let others do what a worker can no longer do; how often, at most, one of its items was lost."""
        lost = self._given.pop(worker, {})
        self._taken_back.extend(lost.items())
        self._times_lost.update(lost.keys())
        return max((self._times_lost[place] for place in lost), default=0)

    def _next(self) -> tuple[int, Item] | None:
        """An item and its place; None: there is none now."""
        if self._taken_back:
            return self._taken_back.popleft()
        item = next(self._items, LATER)
        return None if item is LATER else (next(self._places), item)
