"""The signals that end a command, and the statuses it ends with.

It imports next to nothing, for it is needed before anything else.
"""

from __future__ import annotations

import os
import signal
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
