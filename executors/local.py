"""The executor of this process: so many items at a time, in its event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from typing import Any

from ..models.event_loop import tasks_side_by_side
from ..models.gateway.activity import GatewayFigures
from ..store import Ledger
from .executor import Addition, Setup
from .job import LATER, Item, Job, Result, Written


class LocalExecutor:
    """Does all jobs here.

    Args: width: calls in flight.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._state: Any = None

    def begin(self, state: Any, setup: Callable[[], Setup], ledger: Ledger | None = None) -> None:
        """As `Executor.begin`."""
        del setup, ledger
        self._state = state

    def extend(self, addition: Callable[[], Addition]) -> None:
        """As `Executor.extend`."""

    async def run(
        self, job: Job[Item, Result], items: Iterable[Item], done: Callable[[Item, Result], None]
    ) -> None:
        """As `Executor.run`."""
        work = job.work(self._state)
        came = asyncio.Event()
        pending: deque[Future[None]] = deque()

        async def do(item: Item) -> None:
            if item is LATER:
                came.clear()
                await came.wait()
                return
            result = await work(item)
            if not isinstance(result, Written):
                done(item, result)
            else:
                # The next one begins meanwhile: were this one lost, it would be done again from kept answers.
                pending.append(result.on_disk)
                while pending and pending[0].done():
                    pending.popleft().result()
                done(item, result.result)
            came.set()

        await run_concurrently(items, do, self._width)
        for write in pending:
            await asyncio.wrap_future(write)

    def figures(self) -> list[GatewayFigures]:
        """As `Executor.figures`."""
        return []

    async def close(self) -> None:
        """As `Executor.close`."""


def items_under_way(calls: int) -> int:
    """Items for so many calls in flight: an eighth more, since some wait until an answer is on disk."""
    return calls + calls // 8


async def run_concurrently(
    items: Iterable[Item], work: Callable[[Item], Awaitable[None]], width: int
) -> None:
    """Work on items side by side, the next as soon as one is done; the first failure ends the others.

    Args: width: calls in flight; there are a few more items (`items_under_way`).
    """
    queue = iter(items)

    async def worker() -> None:
        for item in queue:
            await work(item)

    async with tasks_side_by_side() as group:
        for _ in range(items_under_way(width)):
            group.create_task(worker())
