"""Runs a process that waits for hundreds of calls at a time: its event loop, garbage collector and threads.

uvloop where it is installed (extra `speed`), asyncio's own loop elsewhere: what is computed is the same. It
knows nothing of what is awaited.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeVar

Result = TypeVar("Result")
Factory = Callable[[], asyncio.AbstractEventLoop]

_GC_THRESHOLD = 50_000
"""New objects between two looks of the garbage collector. With Python's 700 it looks while the objects of the
calls in flight are still in use, finds nothing, and takes a sixth of the time for it."""

_SWITCH_SECONDS = 0.001
"""Seconds a thread may keep the interpreter from another. With Python's 0.005 a commit of the ledger, which
needs it half a dozen times, waits longer for the busy loop than for the disk."""


def run(main: Coroutine[Any, Any, Result], factory: Factory | None = None) -> Result:
    """Run a coroutine to its end, as `asyncio.run` does.

    Args: main: what is run; factory: makes the loop; None: the fastest one there is.
    """
    with _tuned(), asyncio.Runner(loop_factory=factory or _fastest()) as runner:
        return runner.run(main)


def _fastest() -> Factory:
    try:
        return import_module("uvloop").new_event_loop
    except ImportError:
        return asyncio.new_event_loop


@contextmanager
def _tuned() -> Iterator[None]:
    """The garbage collector and the threads' turns as they suit such a process; afterwards as before."""
    interval, (young, *older) = sys.getswitchinterval(), gc.get_threshold()
    gc.set_threshold(max(young, _GC_THRESHOLD) if young else 0, *older)
    sys.setswitchinterval(min(interval, _SWITCH_SECONDS))
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
        sys.setswitchinterval(interval)
