"""Single flight: whoever asks the same thing at the same time shares one call.

The call is a task of its own, so that cancelling one of those who wait for it takes nothing from the others;
when nobody waits any more, the call is cancelled. It knows nothing of what is called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from autogen_core import CancellationToken

Value = TypeVar("Value")


class _Flight(Generic[Value]):
    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[Value]) -> None:
        self.task = task
        self.waiting = 0


class Flights(Generic[Value]):
    """The calls under way, by key."""

    def __init__(self) -> None:
        self._flying: dict[bytes, _Flight[Value]] = {}
        self._tasks: set[asyncio.Task[Value]] = set()

    async def join(
        self,
        key: bytes,
        start: Callable[[], Coroutine[Any, Any, Value]],
        token: CancellationToken | None = None,
    ) -> Value:
        """The result of the call under way for a key, or of one that is started now; raises what that raises.

        Args: key: what is asked; start: makes the call; token: ends this waiting, not that of others.
        """
        flight = self._flying.get(key) or self._take_off(key, start)
        flight.waiting += 1
        seat = asyncio.shield(flight.task)
        if token is not None:
            token.link_future(seat)
        try:
            return await seat
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()

    def _take_off(self, key: bytes, start: Callable[[], Coroutine[Any, Any, Value]]) -> _Flight[Value]:
        task = asyncio.ensure_future(start())
        flight = self._flying[key] = _Flight(task)
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._land(key, flight))
        return flight

    def _land(self, key: bytes, flight: _Flight[Value]) -> None:
        self._forget(key, flight)
        self._tasks.discard(flight.task)
        if not flight.task.cancelled():
            flight.task.exception()  # somebody has to look at it, even if all who waited are gone

    def _forget(self, key: bytes, flight: _Flight[Value]) -> None:
        """Let the next one who asks start anew, unless somebody has already."""
        if self._flying.get(key) is flight:
            del self._flying[key]

    async def close(self) -> None:
        """Cancel what is still under way, and wait until it has ended."""
        under_way = list(self._tasks)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
