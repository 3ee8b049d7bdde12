"""Jobs that other processes find by their names, without a run around them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ptool.errors import StoreError
from ptool.executors import WorkerLink
from ptool.models.gateway.budget import Cost
from ptool.models.gateway.limiter import Limiter


class LimiterSetup:
    """The state of a worker is the limiter it has."""

    @asynccontextmanager
    async def open(self, link: WorkerLink) -> AsyncIterator[Limiter]:
        """As `Setup.open`."""
        yield link.limiter


class Note:
    """Is put into the state of a worker; an empty one cannot be."""

    def __init__(self, text: str) -> None:
        self.text = text

    def add_to(self, state: Any) -> None:
        """As `Addition.add_to`."""
        if not self.text:
            raise StoreError("nothing to note")
        state.notes = [*getattr(state, "notes", ()), self.text]


def note_reader(state: Any) -> Callable[[int], Awaitable[str]]:
    async def read(number: int) -> str:
        return state.notes[number]

    return read


def squarer(_: object) -> Callable[[int], Awaitable[int]]:
    async def square(number: int) -> int:
        await asyncio.sleep(0.001 * (number % 7))
        return number * number

    return square


def failing(_: object) -> Callable[[int], Awaitable[int]]:
    async def fail(number: int) -> int:
        if number == 5:
            raise StoreError("five is too many")
        return number

    return fail


def dying(_: object, mark: Path, *, always: bool) -> Callable[[int], Awaitable[int]]:
    async def die(number: int) -> int:
        if number == 3:
            _die(mark, always=always)
        return number

    return die


def _die(mark: Path, *, always: bool) -> None:
    if always or not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def caller(limiter: Limiter) -> Callable[[int], Awaitable[int]]:
    async def call(number: int) -> int:
        grant = await limiter.admit("default", Cost(tokens=1))
        await asyncio.sleep(0.002)
        limiter.answered(grant, "user", Cost(tokens=1), 0.002)
        return number

    return call
