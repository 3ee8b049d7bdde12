"""A worker in a Ray actor, on whatever machine Ray has put it.

The relay asks it for messages without end (`pull`), which is what tells it that it is still wanted: one that
nobody has asked for long was given up, and ends.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from typing import Any

from ..models.event_loop import run
from ..version import VERSION
from .messages import Looked
from .worker import ItemWorker

PULL_SECONDS = 1.0
"""Seconds that `pull` waits for something to say."""
MOST_SILENT = 30.0
"""Seconds without a word after which either side takes the other for lost."""
THREADS = 4
"""Methods that are called at a time: `pull`, `push`, `reply`, and one to spare."""


class WorkerActor:
    """The actor. Args: width: items under way at a time."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._queue: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._numbers = count()
        self._looked: dict[int, Future[Any]] = {}
        self._connected: Future[tuple[asyncio.AbstractEventLoop, Callable[[Any], None]]] = Future()
        self._heard = time.monotonic()

    def begin(self, paths: Sequence[str], folder: str) -> str:
        """Begin to work; gives the version of ptool that does.

        Args:
            paths: where the run finds modules; looked at last, where they are here as well.
            folder: where the run works; this process does too, where it is here as well.
        """
        sys.path.extend(path for path in paths if path not in sys.path)
        with suppress(OSError):
            os.chdir(folder)
        self._heard = time.monotonic()
        for work in (self._work, self._watch):
            threading.Thread(target=work, name="worker", daemon=True).start()
        return VERSION

    def push(self, messages: Sequence[bytes]) -> None:
        """Hand over messages, in order."""
        loop, receive = self._connected.result()
        for message in messages:
            loop.call_soon_threadsafe(lambda message=message: receive(pickle.loads(message)))  # noqa: S301

    def pull(self) -> list[bytes]:
        """What the worker has to say; nothing, after a while."""
        self._heard = time.monotonic()
        messages: list[bytes] = []
        with suppress(queue.Empty):
            messages.append(self._queue.get(timeout=PULL_SECONDS))
            while True:
                messages.append(self._queue.get_nowait())
        return messages

    def reply(self, number: int, found: bytes) -> None:
        """Hand over what was looked up, to whoever waits for it meanwhile."""
        self._looked.pop(number).set_result(pickle.loads(found))  # noqa: S301

    def send(self, message: Any) -> None:
        """As `WorkerChannel.send`."""
        self._queue.put(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    def _work(self) -> None:
        def connect(receive: Callable[[Any], None], _ended: Callable[[], None]) -> WorkerActor:
            self._connected.set_result((asyncio.get_running_loop(), receive))
            return self

        run(ItemWorker(self._width, self._look).work(connect))

    def _look(self, method: str, arguments: tuple[Any, ...]) -> Any:
        number = next(self._numbers)
        found = self._looked[number] = Future()
        self.send(Looked(number, method, arguments))
        answer = found.result()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _watch(self) -> None:
        while time.monotonic() - self._heard < MOST_SILENT:
            time.sleep(PULL_SECONDS)
        os._exit(1)
