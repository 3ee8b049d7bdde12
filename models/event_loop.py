"""The event loop for hundreds of calls at a time, with the garbage collector and threads tuned to it.

uvloop where it is installed (extra `speed`), asyncio's own loop elsewhere: what is computed is the same. What
runs in a thread of its own can be interrupted from another one, as Ctrl-C interrupts the main thread. It
knows nothing of what is awaited.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any, TypeVar

from .process_state import ProcessState

Result = TypeVar("Result")
Factory = Callable[[], asyncio.AbstractEventLoop]

_GC_THRESHOLD = 50_000
"""New objects between two looks of the garbage collector. With Python's 700 it looks while the objects of the
calls in flight are still in use, finds nothing, and takes a sixth of the time for it."""

_SWITCH_SECONDS = 0.001
"""Seconds a thread may keep the interpreter from another. With Python's 0.005 a commit of the ledger, which
needs it half a dozen times, waits longer for the busy loop than for the disk."""


class Interrupt:
    """Ends what `run` runs in the contexts it was `entered` in; from any thread, and for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self.set_off = False

    def set(self) -> None:
        """Interrupt what runs now, and whatever would be run later."""
        with self._lock:
            self.set_off = True
            if self._under_way is not None:
                loop, task = self._under_way
                loop.call_soon_threadsafe(task.cancel)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let it interrupt what is run in this context while the block runs."""
        before = _interrupt.set(self)
        try:
            yield
        finally:
            _interrupt.reset(before)

    async def guard(self, main: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine, to be cancelled by `set`."""
        task = asyncio.current_task()
        assert task is not None
        with self._lock:
            self._under_way = asyncio.get_running_loop(), task
            if self.set_off:
                task.cancel()
        try:
            return await main
        finally:
            with self._lock:
                self._under_way = None


_interrupt: ContextVar[Interrupt | None] = ContextVar("ptool_interrupt", default=None)


def run(main: Coroutine[Any, Any, Result], factory: Factory | None = None) -> Result:
    """Run a coroutine to its end, as `asyncio.run` does.

    Args: main: what is run; factory: makes the loop; None: the fastest one there is.

    Raises KeyboardInterrupt where Ctrl-C, or an `Interrupt` of this context, ended it.
    """
    interrupt = _interrupt.get()
    with _tuning.changed(), asyncio.Runner(loop_factory=factory or _fastest()) as runner:
        if interrupt is None:
            return runner.run(main)
        try:
            return runner.run(interrupt.guard(main))
        except asyncio.CancelledError:
            if not interrupt.set_off:
                raise
            raise KeyboardInterrupt from None


def _fastest() -> Factory:
    try:
        return import_module("uvloop").new_event_loop
    except ImportError:
        return asyncio.new_event_loop


def _tune() -> Callable[[], None]:
    """Set garbage collector and threads' turns as they suit such a process; returns what sets them back."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    young, *older = threshold
    gc.set_threshold(max(young, _GC_THRESHOLD) if young else 0, *older)
    sys.setswitchinterval(min(interval, _SWITCH_SECONDS))

    def undo() -> None:
        gc.set_threshold(*threshold)
        sys.setswitchinterval(interval)

    return undo


_tuning = ProcessState(_tune)


@asynccontextmanager
async def tasks_side_by_side() -> AsyncIterator[asyncio.TaskGroup]:
    """A group of tasks; the first failure ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
