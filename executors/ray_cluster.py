"""The executor of a Ray cluster: workers on any of its machines, which share no files with this one.

Ray finds places for workers and carries messages; everything else is as for several processes. The ledger and
the limits are here: workers ask for leave to call, and keep what they finish, over the same channel
(`limits`, `remote_ledger`). Each attempt to have a worker has a number. Once one is given up, its number is
known no longer, and whatever still comes under it is refused.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from io import BufferedReader, BufferedWriter
from itertools import count
from typing import Any, Self
from urllib.parse import urlsplit

from ..errors import ConfigError, WorkerLostError
from ..log import logger
from ..models.gateway.limiter import LocalLimiter
from ..store import Ledger
from .channel import Channel
from .limits import LimiterDesk
from .messages import Assigned, FailureKept, ItemPut, Looked, SaveAnswer, StatusSet
from .pool import WorkerHandle, WorkerPool
from .ray_messages import (
    Connect,
    Connected,
    GivenUp,
    Launch,
    LookedUp,
    Lost,
    NoCluster,
    Ready,
    Received,
    Sent,
    Waiting,
)
from .remote_ledger import LedgerDesk

_LONGEST_CONNECT = 10.0
"""Seconds that the head of a cluster may take to answer."""
_LONGEST_END = 20.0
"""Seconds that Ray may take to be left."""


def check_ray(address: str | None) -> None:
    """Look whether Ray is installed and somebody is at an address, before anything is made.

    Args: address: as of `RayExecutor`. Raises ConfigError.
    """
    if find_spec("ray") is None:
        raise ConfigError("executor: got 'ray', which needs the package ray: pip install 'ptool[ray]'")
    if address in (None, "auto", "local"):
        return
    try:
        place = urlsplit(address if "//" in address else f"//{address}")
        host, port = place.hostname, place.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise ConfigError(
            f"ray.address: got {address[:80]!r}, expected HOST:PORT of a cluster's head, or auto"
        )
    try:
        socket.create_connection((host, port), _LONGEST_CONNECT).close()
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"ray.address: nobody answers at {address[:80]!r} ({error}); is the cluster's head running there?"
        ) from None


class RayExecutor(WorkerPool):
    """Does all jobs in workers of a Ray cluster.

    Args:
        address: of the cluster, as `ray.init` takes it; None: a Ray of its own, on this machine.
        workers: how many; None: one for every core of the cluster.
        cores: of this machine.
        width: items under way at a time, of all of them together.
        limiter: gives leave to every attempt of theirs.
    """

    most_lost = 10  # machines of a cluster come and go

    def __init__(
        self,
        address: str | None,
        workers: int | None,
        cores: int,
        width: int,
        limiter: LocalLimiter,
    ) -> None:
        super().__init__(width)
        self._limiter = limiter
        self._address, self._wanted = address, workers
        self._attempts: dict[int, _RayWorker] = {}
        self._numbers = count(1)
        self._stages: set[str] = set()
        self._connecting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._where = f"the Ray cluster at {address}" if address else "Ray on this machine"
        self._relay = _relay_process()
        read, write = self._relay.stdout, self._relay.stdin
        assert isinstance(read, BufferedReader)
        assert isinstance(write, BufferedWriter)
        self._channel = Channel(read, write, self._told, self._relay_ended)
        self._channel.send(Connect(address, workers or cores, tuple(sys.path)))

    async def connected(self) -> Self:
        """It, once it is part of the cluster. Raises ConfigError where it cannot be."""
        try:
            await asyncio.shield(self._connecting)
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """As `Executor.close`."""
        self._closing = True
        for worker in list(self._attempts.values()):
            worker.give_up()
        self._channel.close()
        await asyncio.to_thread(self._end)

    def _new_worker(self) -> _RayWorker:
        number = next(self._numbers)
        worker = _RayWorker(
            number, self._limiter, self._opened_ledger, self._stages, self._channel.send, self._attempts.pop
        )
        self._attempts[number] = worker
        self._channel.send(Launch(number, self._width))
        return worker

    def _opened_ledger(self) -> Ledger:
        assert self._ledger is not None
        return self._ledger

    def _told(self, message: Any) -> None:
        try:
            self._take(message)
        except Exception as error:  # nobody else would hear of it
            self._fail(error)

    def _take(self, message: Any) -> None:
        match message:
            case Received(number, messages) if number in self._attempts:
                worker = self._attempts[number]
                for text in messages:
                    self._receive(worker, pickle.loads(text))  # noqa: S301
            case Received(number, messages) if not self._closing:
                logger.info(
                    "{} messages of worker {}, which was given up, are refused", len(messages), number
                )
            case Ready(number) if number in self._attempts:
                self._attempts[number].is_ready = True
                self._feed()
            case Lost(number, text) if number in self._attempts:
                worker = self._attempts[number]
                worker.ended = text
                self._ended(worker)
            case Connected(cores):
                self._begin_workers(cores)
            case NoCluster(text):
                self._refuse(f"cannot be worked with: {text}")
            case Waiting(text):
                logger.warning("{}", text)

    def _begin_workers(self, cores: int) -> None:
        workers = self._wanted or cores
        if not workers:
            self._refuse("has no CPU; workers=N waits for some")
            return
        logger.info("connected to {}: {} workers on {} CPUs", self._where, workers, cores)
        self._width = max(1, -(-self._width // workers))
        for _ in range(workers):
            self._start()
        self._connecting.set_result(None)

    def _refuse(self, why: str) -> None:
        self._fail(ConfigError(f"ray.address: {self._where} {why}"))

    def _fail(self, error: BaseException) -> None:
        super()._fail(error)
        if not self._connecting.done():
            self._connecting.set_exception(error)

    def _relay_ended(self) -> None:
        if self._closing:
            return
        for worker in list(self._attempts.values()):
            worker.give_up()
        if not self._connecting.done():
            self._refuse("cannot be reached")
            return
        self._fail(
            WorkerLostError(
                f"{self._where} is gone; what is finished is kept, and the same command goes on from there "
                "once there is one again (executor=local needs none)"
            )
        )

    def _end(self) -> None:
        try:
            self._relay.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            self._relay.kill()
            self._relay.wait()


class _RayWorker(WorkerHandle):
    """A worker that is an actor of Ray.

    Args:
        number: of the attempt.
        limiter: gives leave to its calls.
        ledger: keeps what it does; stages: what workers look items up in.
        send: to the relay; forget: is told the number once the attempt is given up.
    """

    def __init__(
        self,
        number: int,
        limiter: LocalLimiter,
        ledger: Callable[[], Ledger],
        stages: set[str],
        send: Callable[[Any], None],
        forget: Callable[[int, None], Any],
    ) -> None:
        super().__init__()
        self.is_ready = False
        self.ended = "was given up"
        self._number, self._send, self._forget = number, send, forget
        self._limits = LimiterDesk(limiter, self.send)
        self._ledger = LedgerDesk(ledger, self.send, self._reply, stages)

    def send(self, message: Any) -> None:
        """As `WorkerHandle.send`."""
        if isinstance(message, Assigned):
            self._ledger.send_along(item for _, item in message.items if isinstance(item, str))
        self._send(Sent(self._number, pickle.dumps(message, pickle.HIGHEST_PROTOCOL)))

    def receive(self, message: Any) -> None:
        """As `WorkerHandle.receive`."""
        match message:
            case ItemPut() | SaveAnswer() | StatusSet() | FailureKept() | Looked():
                self._ledger.receive(message)
            case _:
                self._limits.receive(message)

    def give_up(self) -> Any:
        """As `WorkerHandle.give_up`."""
        self._forget(self._number, None)
        self._limits.close()
        self._send(GivenUp(self._number))
        return self._ledger.close()

    def close(self) -> None:
        """As `WorkerHandle.close`."""
        self.give_up()

    def end(self) -> None:
        """As `WorkerHandle.end`; it ends with the relay."""

    def how_it_ended(self) -> str:
        """As `WorkerHandle.how_it_ended`."""
        return self.ended

    def _reply(self, number: int, found: Any) -> None:
        self._send(LookedUp(self._number, number, pickle.dumps(found, pickle.HIGHEST_PROTOCOL)))


def _relay_process() -> subprocess.Popen[bytes]:
    """The process that is connected to Ray, out of reach of Ctrl-C at a terminal."""
    program = f"import sys; sys.path[:] = {sys.path!r}; from {__package__}.ray_relay import main; main()"
    own = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "RAY_USAGE_STATS_ENABLED": "0"}
    return subprocess.Popen(  # noqa: S603 (ptool itself)
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, **own},
    )
