"""The executor that settings name."""

from __future__ import annotations

import os

from ..models.gateway import Gateway
from ..models.gateway.limiter import LocalLimiter
from ..settings import ExecutorName
from .job import Executor
from .local import LocalExecutor
from .process import ProcessExecutor


def choose_executor(name: ExecutorName, workers: int | None, width: int, gateway: Gateway) -> Executor:
    """Make an executor, in the event loop that it works for.

    Args:
        name: which.
        workers: how many processes, where it is one of several; None: one for every core this one may use.
        width: items under way at a time, in all processes together.
        gateway: of this process, whose limits hold for all of them.
    """
    if name == "local":
        return LocalExecutor(width)
    assert isinstance(gateway.limiter, LocalLimiter)
    return ProcessExecutor(workers or usable_cores(), width, gateway.limiter)


def usable_cores() -> int:
    """The cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not every system has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1
