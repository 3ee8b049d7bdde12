"""The executor that settings name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..models.gateway import Gateway
from ..models.gateway.limiter import LocalLimiter
from ..settings import ExecutorName
from .executor import Executor
from .forking import HAS_FORK, ForkServer
from .local import LocalExecutor, items_under_way
from .process import ProcessExecutor
from .ray_cluster import RayExecutor


async def choose_executor(
    name: ExecutorName,
    workers: int | None,
    width: int,
    gateway: Gateway,
    address: str | None = None,
    server: ForkServer | None = None,
) -> Executor:
    """Make an executor, in the event loop that it works for.

    Args:
        name: which.
        workers: how many, where it is one of several; None: one for every core there is to use.
        width: calls in flight, of all workers together.
        gateway: of this process, whose limits hold for all of them.
        address: of the cluster, where there is to be one.
        server: what `fork_server` gave.

    Raises:
        ConfigError: the cluster cannot be used.
    """
    if name == "local":
        return LocalExecutor(width)
    assert isinstance(gateway.limiter, LocalLimiter)
    width = items_under_way(width)
    if name == "process":
        return ProcessExecutor(workers or usable_cores(), width, gateway.limiter, server)
    executor = RayExecutor(address, workers, usable_cores(), width, gateway.limiter)
    return await executor.connected()


@contextmanager
def fork_server(name: ExecutorName, module: str) -> Iterator[ForkServer | None]:
    """What forks workers while the block runs; None where the executor has none that can be forked.

    Args: name: of the executor; module: what its workers need, loaded from now on.
    """
    server = ForkServer(module) if name == "process" and HAS_FORK else None
    try:
        yield server
    finally:
        if server is not None:
            server.end()


def usable_cores() -> int:
    """The cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not every system has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1
