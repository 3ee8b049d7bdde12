"""Worker processes, forked from one that has loaded what they need, so that it is loaded once.

That one, the fork server, is begun before the run itself has loaded anything. It works at nothing and has one
thread, whatever threads the run has, so no fork finds a lock held. It ends as workers do: when its standard
input does.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib import import_module

from . import worker

HAS_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds")
"""Whether this system has what a fork server takes."""
_NUMBER = struct.Struct("!q")
_LOST = 1
"""Status of a worker of which nobody knows how it ended: its fork server went first."""


class ForkServer:
    """The fork server, seen from the run. Args: module: what its workers need, by name."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._begin()

    def fork(self, width: int) -> ForkedWorker:
        """One more worker; where it cannot be begun it is one that has ended.

        Args: width: items it does at a time.
        """
        if self._process.poll() is not None:
            self._begin()
        (items, write), (read, results), (status, told) = os.pipe(), os.pipe(), os.pipe()
        with suppress(OSError):
            socket.send_fds(self._run, [_NUMBER.pack(width)], [items, results, told])
        for sent in (items, results, told):
            os.close(sent)
        return ForkedWorker(read, write, status)

    def end(self) -> None:
        """End it; its workers have ended."""
        self._run.close()
        self._process.kill()  # it may still be loading
        self._process.wait()

    def _begin(self) -> None:
        self._run, server = socket.socketpair()
        with server:
            self._process = _started(f"from {__name__} import main; main({self._module!r})", server.fileno())


class ForkedWorker:
    """A forked worker; what it has of `subprocess.Popen` is as it is there."""

    def __init__(self, read: int, write: int, status: int) -> None:
        self.stdout, self.stdin = os.fdopen(read, "rb"), os.fdopen(write, "wb")
        self._status = os.fdopen(status, "rb", 0)
        self.returncode: int | None = None

    @cached_property
    def _pid(self) -> int | None:
        return self._told()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status. Raises TimeoutExpired where it has not ended after so many seconds."""
        if self.returncode is None and self._pid is not None:
            poll = select.poll()
            poll.register(self._status, select.POLLIN)
            if not poll.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired("worker", timeout or 0)
            self.returncode = self._told()
        if self.returncode is None:
            self.returncode = _LOST
        return self.returncode

    def kill(self) -> None:
        """End it at once."""
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def _told(self) -> int | None:
        said = self._status.read(_NUMBER.size)
        return _NUMBER.unpack(said)[0] if said else None


def started_worker(width: int) -> subprocess.Popen[bytes]:
    """A worker that is no fork. Args: width: items under way at a time."""
    return _started(f"from {worker.__name__} import main; main({width})", subprocess.PIPE, subprocess.PIPE)


def _started(program: str, stdin: int, stdout: int | None = None) -> subprocess.Popen[bytes]:
    """A process with a program of ptool's own; until it knows what to do about Ctrl-C, that is blocked."""
    with _blocked(signal.SIGINT):
        return subprocess.Popen(  # noqa: S603 (ptool itself)
            [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"],
            stdin=stdin,
            stdout=stdout,
        )


def main(module: str) -> None:
    """Be the fork server, and in each fork a worker. Args: module: as of `ForkServer`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)  # what is printed while something is loaded is no message
    with suppress(Exception):  # the run loads it, too, and says why
        import_module(module)
    gc.collect()
    gc.freeze()  # a collector that looks at all of it would have it copied for every worker
    statuses: dict[int, int] = {}
    signal.signal(signal.SIGCHLD, lambda *_: _tell_ends(statuses))
    with socket.socket(fileno=os.dup(0)) as run:
        while (request := socket.recv_fds(run, _NUMBER.size, 3))[0]:
            width, sent, *_ = request
            items, results, status = sent
            with _blocked(signal.SIGCHLD):
                if pid := os.fork():
                    statuses[pid] = status
                    _tell(status, pid)
            if not pid:
                break
            os.close(items)
            os.close(results)
        else:
            os._exit(0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(items, 0)
    os.dup2(results, 1)
    for fd in (*sent, *statuses.values()):
        os.close(fd)
    worker.main(*_NUMBER.unpack(width))


def _tell_ends(statuses: dict[int, int]) -> None:
    """Tell the run of every worker that has ended how. Args: statuses: process -> where that is told."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = ended
            if (fd := statuses.pop(pid, None)) is not None:
                _tell(fd, os.waitstatus_to_exitcode(status))
                os.close(fd)


def _tell(fd: int, number: int) -> None:
    with suppress(OSError):  # the run is gone
        os.write(fd, _NUMBER.pack(number))


@contextmanager
def _blocked(number: signal.Signals) -> Iterator[None]:
    """Let a signal wait until the block is over; what is started in it begins with the signal blocked."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
