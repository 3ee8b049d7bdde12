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


_AGAIN_SECONDS = 0.05


@contextmanager
def never_ignored() -> Iterator[None]:
    """An interrupt that comes where Python drops exceptions (a finaliser, a callback of C code) comes again.

    Without it such a Ctrl-C is lost: a line is printed, and the job goes on.
    """
    before = sys.unraisablehook

    def deliver_again(ignored: sys.UnraisableHookArgs) -> None:
        if not issubclass(ignored.exc_type, KeyboardInterrupt):
            before(ignored)
            return
        main = threading.main_thread().ident
        assert main is not None
        again = threading.Timer(_AGAIN_SECONDS, signal.pthread_kill, (main, signal.SIGINT))
        again.daemon = True
        again.start()

    sys.unraisablehook = deliver_again
    try:
        yield
    finally:
        sys.unraisablehook = before
