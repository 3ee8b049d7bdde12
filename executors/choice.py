"""The executor that settings name."""

from __future__ import annotations

import os

from ..models.gateway import Gateway
from ..models.gateway.limiter import LocalLimiter
from ..settings import ExecutorName
from .executor import Executor
from .local import LocalExecutor, items_under_way
from .process import ProcessExecutor
from .ray_cluster import RayExecutor


async def choose_executor(
    name: ExecutorName, workers: int | None, width: int, gateway: Gateway, address: str | None = None
) -> Executor:
    """Make an executor, in the event loop that it works for.

    Args:
        name: which.
        workers: how many, where it is one of several; None: one for every core there is to use.
        width: calls in flight, of all workers together.
        gateway: of this process, whose limits hold for all of them.
        address: of the cluster, where there is to be one.

    Raises:
        ConfigError: the cluster cannot be used.
    """
    if name == "local":
        return LocalExecutor(width)
    assert isinstance(gateway.limiter, LocalLimiter)
    width = items_under_way(width)
    if name == "process":
        return ProcessExecutor(workers or usable_cores(), width, gateway.limiter)
    executor = RayExecutor(address, workers, usable_cores(), width, gateway.limiter)
    return await executor.connected()


def usable_cores() -> int:
    """The cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not every system has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1
