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
    __slots__ = ("seats", "task")

    def __init__(self, task: asyncio.Task[Value]) -> None:
        self.task = task
        self.seats: set[asyncio.Future[Value]] = set()

    def land(self) -> None:
        """Give everybody who waits what the call brought."""
        # Somebody has to look at its exception, even if all who waited are gone.
        error = None if self.task.cancelled() else self.task.exception()
        for seat in self.seats:
            if seat.done():
                continue
            if self.task.cancelled():
                seat.cancel()
            elif error is not None:
                seat.set_exception(error)
            else:
                seat.set_result(self.task.result())


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
        seat: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        flight.seats.add(seat)
        if token is not None:
            token.link_future(seat)
        try:
            return await seat
        finally:
            flight.seats.discard(seat)
            if not flight.seats and not flight.task.done():
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
        flight.land()

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
