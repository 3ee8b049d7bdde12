"""The executor of several processes on this machine.

Limits are held here, for all of them together (`limits`); all write into the one ledger, which is a file.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from io import BufferedReader, BufferedWriter
from typing import Any

from ..models.gateway.limiter import LocalLimiter
from .channel import Channel
from .forking import ForkedWorker, ForkServer, started_worker
from .limits import LimiterDesk
from .pool import WorkerHandle, WorkerPool

_WAITING = 2
"""Times the items that calls need: where several write to one file, as many wait for their turn. How many
calls are in flight is limited where there is an endpoint to spare (`limits`)."""
_LONGEST_END = 15.0
"""Seconds that workers may take to end."""


class ProcessExecutor(WorkerPool):
    """Does all jobs in other processes of this machine.

    Args:
        workers: how many.
        width: items under way at a time, of all of them together.
        limiter: gives leave to every attempt of theirs.
        server: forks them; None: each begins by itself.
    """

    def __init__(
        self, workers: int, width: int, limiter: LocalLimiter, server: ForkServer | None = None
    ) -> None:
        super().__init__(max(1, -(-width * _WAITING // workers)))
        self._limiter = limiter
        self._server = server
        for _ in range(workers):
            self._start()

    def _new_worker(self) -> _WorkerProcess:
        process = self._server.fork(self._width) if self._server else started_worker(self._width)
        return _WorkerProcess(process, self._limiter, self._receive, self._ended)


class _WorkerProcess(WorkerHandle):
    """A worker that is a process of this machine.

    Args:
        process: it.
        limiter: gives leave to its attempts.
        receive: is given its messages; ended: is told that it is gone.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes] | ForkedWorker,
        limiter: LocalLimiter,
        receive: Callable[[WorkerHandle, Any], None],
        ended: Callable[[WorkerHandle], None],
    ) -> None:
        super().__init__()
        self._process = process
        read, write = process.stdout, process.stdin
        assert isinstance(read, BufferedReader)
        assert isinstance(write, BufferedWriter)
        self._channel = Channel(read, write, lambda message: receive(self, message), lambda: ended(self))
        self._desk = LimiterDesk(limiter, self.send)

    def send(self, message: Any) -> None:
        """As `WorkerHandle.send`."""
        self._channel.send(message)

    def receive(self, message: Any) -> None:
        """As `WorkerHandle.receive`."""
        self._desk.receive(message)

    def give_up(self) -> None:
        """As `WorkerHandle.give_up`."""
        self._desk.close()

    def close(self) -> None:
        """As `WorkerHandle.close`."""
        self._channel.close()

    def how_it_ended(self) -> str:
        """As `WorkerHandle.how_it_ended`."""
        self.end()
        status = self._process.wait()
        return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"

    def end(self) -> None:
        """As `WorkerHandle.end`; one that does not end is killed."""
        try:
            self._process.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
