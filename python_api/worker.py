"""A job in a thread of its own, with an event loop of its own: it works whether or not the caller has one.

Whatever stops the caller while it waits (Ctrl-C, a notebook's interrupt, a cancelled task) interrupts the job
as Ctrl-C interrupts a command: what is finished is safe. No signal handler is touched, and no thread is left.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from ..models.event_loop import Interrupt

Result = TypeVar("Result")

_LOOK_SECONDS = 0.2
"""Between two looks whether the caller was interrupted, on systems where waiting itself is not."""
_LATEST_SECONDS = 5.0
"""In which a thread has begun whose start was interrupted, if it begins at all."""


class Worker(Generic[Result]):
    """A job under way. Args: job: what is done."""

    def __init__(self, job: Callable[[], Result]) -> None:
        self._interrupt = Interrupt()
        self._future: Future[Result] = Future()
        self._future.set_running_or_notify_cancel()
        context = copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._work, job), name="ptool", daemon=True)
        self._begun, self._entered = False, threading.Event()

    def begin(self) -> None:
        """Start the job; whoever waits for it does so, too. It begins once."""
        if not self._begun:
            self._begun = True
            self._thread.start()

    def _work(self, job: Callable[[], Result]) -> None:
        self._entered.set()
        try:
            with self._interrupt.entered():
                result = job()
        except BaseException as error:
            self._future.set_exception(error)
        else:
            self._future.set_result(result)

    def wait(self) -> Result:
        """The job's result, or what it raised. Raises KeyboardInterrupt, once the job has ended by it."""
        stopped: BaseException | None = None
        while True:
            try:  # it begins in here, so that nothing can come between the job and who interrupts it
                while not self._future.done():  # a thread whose join is interrupted is taken for an ended one
                    if stopped is None:
                        self.begin()
                    elif not self._entered.wait(_LATEST_SECONDS):
                        raise stopped
                    wait([self._future], _LOOK_SECONDS)
                break
            except BaseException as error:  # Ctrl-C, or what a signal handler of the caller's raises
                if error is stopped:
                    raise
                stopped = error
                self._interrupt.set()
        self._thread.join()
        if stopped is not None:
            raise stopped
        return self._future.result()

    async def wait_async(self) -> Result:
        """As `wait`, in the caller's event loop. Raises CancelledError, once the job has ended by it."""
        try:
            self.begin()
        except BaseException:
            self._interrupt.set()
            raise
        waiting: asyncio.Future[Any] = asyncio.wrap_future(self._future)
        cancelled: asyncio.CancelledError | None = None
        while not waiting.done():
            try:
                await asyncio.wait([waiting])
            except asyncio.CancelledError as error:
                cancelled = error
                self._interrupt.set()
        self._thread.join()
        if cancelled is not None:
            waiting.exception()  # it was interrupted, which needs no saying
            raise cancelled
        return waiting.result()
