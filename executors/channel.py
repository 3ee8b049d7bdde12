"""Messages between two processes over two pipes: pickled, in order, as many as there are.

Threads of its own read and write, so that an event loop waits for no pipe; a process that is stopped keeps
nobody waiting. Both ends are ptool's own, so what comes is trusted as the program itself is.
"""

from __future__ import annotations

import asyncio
import pickle
import queue
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, BinaryIO

_LENGTH = struct.Struct("!Q")


class Channel:
    """One end; made in an event loop, where messages are received.

    Args:
        read, write: the pipes.
        receive: is given every message that comes.
        ended: is told, once, that there will be no more.
    """

    def __init__(
        self,
        read: BinaryIO,
        write: BinaryIO,
        receive: Callable[[Any], None],
        ended: Callable[[], None],
    ) -> None:
        self._read, self._write = read, write
        self._receive, self._ended = receive, ended
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()  # whoever listens to the log here hears what comes of a message
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        for work in (self._read_all, self._write_all):
            threading.Thread(target=work, name="channel", daemon=True).start()

    def send(self, message: Any) -> None:
        """Send a message, from any thread; to who has ended it goes nowhere."""
        self._queue.put(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    def close(self) -> None:
        """Send what is queued and then no more, which ends the other process."""
        self._queue.put(None)

    def _write_all(self) -> None:
        with suppress(OSError, ValueError):  # the other process has ended, which the reader is told
            while (message := self._queue.get()) is not None:
                self._write.write(_LENGTH.pack(len(message)))
                self._write.write(message)
                if self._queue.empty():
                    self._write.flush()
            self._write.close()

    def _read_all(self) -> None:
        with suppress(OSError, ValueError, struct.error):
            while header := self._read.read(_LENGTH.size):
                (length,) = _LENGTH.unpack(header)
                if len(message := self._read.read(length)) < length:
                    break  # whoever wrote it died meanwhile
                self._call(self._unpack, message)
        self._call(self._ended)

    def _unpack(self, message: bytes) -> None:
        # Here, as it may import modules, and two threads that do so get into each other's way.
        self._receive(pickle.loads(message))  # noqa: S301

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(function, *arguments, context=self._context)
