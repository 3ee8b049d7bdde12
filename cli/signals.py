"""The signals that end a command, and the statuses it ends with.

It imports next to nothing, for it is needed before anything else.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

INTERRUPTED, TERMINATED = 130, 143

STATUSES = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}
"""Signals that end a command -> its exit status."""


def end_at_signals(line: str = "", status: int | None = None) -> None:
    """From now on SIGINT and SIGTERM end this process at once; where they are ignored they stay so.

    Args: line: what is said then, empty: nothing; status: what it ends with; None: the signal's own.
    """

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        if line:
            os.write(2, f"{line}\n".encode())
        os._exit(STATUSES[signal.Signals(number)] if status is None else status)

    for number in STATUSES:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)


_HEARD_SECONDS = 0.5
"""After so long an interrupt that nothing has ended is taken for one that was dropped."""


@contextmanager
def never_ignored() -> Iterator[None]:
    """An interrupt that comes where exceptions are dropped comes again, until it has ended the block.

    Python drops them in finalisers and prints that; C code that compares or looks up drops them and says
    nothing. Without it such a Ctrl-C is lost, and the job goes on. While an event loop cancels its task in an
    orderly way, nothing comes again. For the main thread; where there are no POSIX signals it does nothing.
    """
    if os.name != "posix":
        yield
        return
    ended, (numbers, number) = threading.Event(), os.pipe()
    os.set_blocking(number, False)
    watch = threading.Thread(target=_watch, args=(numbers, threading.get_ident(), ended), daemon=True)
    hook, told = sys.unraisablehook, signal.set_wakeup_fd(number, warn_on_full_buffer=False)

    def say_others(dropped: sys.UnraisableHookArgs) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            hook(dropped)

    sys.unraisablehook = say_others
    watch.start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(told)
        sys.unraisablehook = hook
        os.close(number)
        watch.join()
        os.close(numbers)


def _watch(numbers: int, main: int, ended: threading.Event) -> None:
    """Deliver every SIGINT again that raised an exception and did not end the block.

    Args: numbers: where those of signals can be read; main: the thread that handles them.
    """
    while read := os.read(numbers, 1):
        if read[0] != signal.SIGINT or not _raises():
            continue
        if not ended.wait(_HEARD_SECONDS) and _raises():
            signal.pthread_kill(main, signal.SIGINT)


def _raises() -> bool:
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler
