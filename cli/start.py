"""A command's first moments and its last: Ctrl-C ends it with its status, and a finished job is finished.

It imports next to nothing, and is imported first. Before a job works and after it, a signal ends the process
at once: an exception would be raised somewhere inside an import or Hydra, and be taken for something else.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from .signals import STATUSES, end_at_signals

_BEFORE = "interrupted before anything was made"
"""What is said of an interrupt that meets no job."""


def run_command(load_job: Callable[[], Any], words: list[str] | None = None, **options: Any) -> int:
    """What `ptool.cli.main.run_command` does, with signals that end it at once until a job works."""
    before = {number: signal.getsignal(number) for number in STATUSES}
    end_at_signals(_BEFORE)
    try:
        from .main import run_command as run

        return run(load_job, words, **options)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_with(main: Callable[[], int]) -> NoReturn:
    """Be this process's program: run `main` on streams that never fail, and exit with its status."""
    end_at_signals(_BEFORE)
    from .streams import UNREAD, guard_streams

    guard_streams()
    try:
        status = main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BrokenPipeError:
        status = UNREAD
    end_at_signals(status=status)
    if sys.getprofile() or sys.gettrace():
        sys.exit(status)  # whoever measures this process has something to write yet
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as Python would
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)  # Python would take apart all that was loaded, and may end by a signal that came before
