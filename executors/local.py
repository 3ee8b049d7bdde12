"""The executor of this process: so many items at a time, in its event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from typing import Any

from ..models.gateway.activity import GatewayFigures
from ..store import Ledger
from .executor import Setup
from .job import LATER, Item, Job, Result, Written


class LocalExecutor:
    """Does all jobs here.

    Args: width: items under way at a time.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._state: Any = None

    def begin(self, state: Any, setup: Callable[[], Setup], ledger: Ledger | None = None) -> None:
        """As `Executor.begin`."""
        del setup, ledger
        self._state = state

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


async def run_concurrently(
    items: Iterable[Item], work: Callable[[Item], Awaitable[None]], width: int
) -> None:
    """Work on `width` items at a time, the next as soon as one is done; the first failure ends the others."""
    queue = iter(items)

    async def worker() -> None:
        for item in queue:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(worker())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
