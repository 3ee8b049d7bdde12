"""The process that is connected to Ray for a run; passes on what the run and its workers say to each other.

A process of its own, as Ray ends whatever is connected to a cluster whose head is gone, prints what it likes,
and has its own way with signals. It understands none of what passes through.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray  # pyright: ignore[reportMissingImports]

from ..models.event_loop import run
from ..version import VERSION
from .channel import Channel
from .ray_actor import MOST_SILENT, THREADS, WorkerActor
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

_PATIENCE = 30.0
"""Seconds a worker waits for a place before that is told."""
_PAUSE = 5.0
"""Seconds before another worker is launched where one could not begin."""
_OWN_STORE = 80_000_000
"""Bytes of shared memory of a Ray of the run's own: nothing of a run is kept there."""


def main() -> None:
    """Pass on messages until standard input ends."""
    write = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what Ray prints is no message
    with suppress(asyncio.CancelledError):
        run(_Relay().work(write))
    ray.shutdown()


class _Relay:
    """The relay of this process."""

    def __init__(self) -> None:
        self._attempts: dict[int, _RelayedWorker] = {}
        self._paths: Sequence[str] = ()

    async def work(self, write: Any) -> None:
        """Work until there is nobody to work for."""
        task = asyncio.current_task()
        assert task is not None

        def end() -> None:
            task.cancel()

        self._channel = Channel(sys.stdin.buffer, write, self._receive, end)
        await asyncio.get_running_loop().create_future()

    def _receive(self, message: Any) -> None:
        match message:
            case Connect(address, workers, paths):
                self._paths = paths
                self._channel.send(_connected(address, workers))
            case Launch(number, width):
                self._attempts[number] = _RelayedWorker(number, width, self._paths, self._channel)
            case Sent(number, text) if number in self._attempts:
                self._attempts[number].queue.put_nowait(text)
            case LookedUp(number, question, found) if number in self._attempts:
                self._attempts[number].reply(question, found)
            case GivenUp(number) if number in self._attempts:
                self._attempts.pop(number).end()


def _connected(address: str | None, workers: int) -> Connected | NoCluster:
    """Be part of a cluster; this keeps everything else waiting."""
    own: dict[str, Any] = {
        "num_cpus": workers,
        "object_store_memory": _OWN_STORE,
        "include_dashboard": False,
    }
    try:
        ray.init(
            address or "local",
            log_to_driver=False,
            logging_level="ERROR",
            **({} if address else own),
        )
        return Connected(int(ray.cluster_resources().get("CPU", 0)))
    except Exception as error:  # Ray raises nearly anything
        return NoCluster(in_one_line(error))


class _RelayedWorker:
    """One worker, from its launch until it is lost or given up.

    Args: number: of the attempt; width: items it does at a time; paths: of modules; channel: to the run.
    """

    def __init__(self, number: int, width: int, paths: Sequence[str], channel: Channel) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._number, self._paths, self._channel = number, paths, channel
        options = {"num_cpus": 1, "max_concurrency": THREADS, "scheduling_strategy": "SPREAD"}
        self._actor: Any = ray.remote(**options)(WorkerActor).remote(width)
        self._task = asyncio.ensure_future(self._work())
        self._replies: set[asyncio.Future[Any]] = set()

    def reply(self, question: int, found: bytes) -> None:
        """Hand over what was looked up."""
        replied = asyncio.wrap_future(self._actor.reply.remote(question, found).future())
        self._replies.add(replied)
        replied.add_done_callback(self._replied)

    def end(self) -> None:
        """End the worker, if it can still be reached."""
        self._task.cancel()
        with suppress(Exception):
            ray.kill(self._actor)

    async def _work(self) -> None:
        begun = False
        try:
            version = await self._begun()
            if version != VERSION:
                self._channel.send(
                    NoCluster(f"ptool {version} is on one of its machines, expected {VERSION} as here")
                )
                return
            begun = True
            self._channel.send(Ready(self._number))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._push_all())
                group.create_task(self._pull_all())
        except Exception as error:
            if isinstance(error, ExceptionGroup):
                error = error.exceptions[0]
            if "No module named 'ptool'" in str(error) or "failed to be imported" in str(error):
                self._channel.send(
                    NoCluster(
                        "ptool cannot be imported on one of its machines; install ptool[ray] there as well"
                    )
                )
            else:
                if not begun:  # Ray may not know yet that the machine is gone on which it put the worker
                    await asyncio.sleep(_PAUSE)
                self._channel.send(Lost(self._number, _how_lost(error)))

    async def _begun(self) -> str:
        begun = asyncio.wrap_future(self._actor.begin.remote(self._paths, str(Path.cwd())).future())
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(begun), _PATIENCE)
        self._channel.send(Waiting("a worker waits for a free CPU of the Ray cluster"))
        return await begun

    async def _push_all(self) -> None:
        while True:
            messages = [await self.queue.get()]
            while not self.queue.empty():
                messages.append(self.queue.get_nowait())
            await _answered(self._actor.push.remote(messages))

    async def _pull_all(self) -> None:
        while True:
            if messages := await _answered(self._actor.pull.remote()):
                self._channel.send(Received(self._number, messages))

    def _replied(self, replied: asyncio.Future[Any]) -> None:
        self._replies.discard(replied)
        if not replied.cancelled():
            replied.exception()  # whoever could not be told is lost, which `pull` tells


async def _answered(call: Any) -> Any:
    """What an actor's method gives; raises what Ray does, and TimeoutError where it says nothing."""
    return await asyncio.wait_for(asyncio.wrap_future(call.future()), MOST_SILENT)


def _how_lost(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"said nothing for {MOST_SILENT:.0f} seconds and was given up"
    return f"was lost by Ray ({type(error).__name__})"


def in_one_line(error: BaseException) -> str:
    """The gist of one of Ray's long messages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:1])[:300] or type(error).__name__
