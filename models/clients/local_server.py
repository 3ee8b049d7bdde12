"""llama.cpp in a child process, serving one GGUF file for as long as somebody in this process holds it.

The child listens on loopback alone, on a port the system chooses, and downloads nothing. It ends when its
standard input does, so neither a crash nor `kill -9` of this process leaves it behind. This module knows
neither prompts nor answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from ...errors import ConfigError
from ..faults import AttemptError

CHILD = Path(__file__).with_name("local_child.py")
_ENDS_WITHIN = 10.0
"""Seconds a child has to end by itself."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What a child is told to serve; equal ones are one child.

    Args: file: absolute; alias: the model's name; context: tokens a slot; slots: answers under way at once;
        threads: None: llama.cpp's choice.
    """

    file: str
    alias: str
    context: int
    slots: int
    threads: int | None


class Server:
    """One child process: started when it is first needed, ended when nobody holds it any more.

    It belongs to the event loop it was started in; another loop, later, starts another child.
    """

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self._holders = 0
        self._child: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[str] | None = None

    def hold(self) -> None:
        """Say that the server will be wanted until `release`."""
        self._holders += 1

    async def release(self) -> None:
        """Want it no more; the last one to say so ends it."""
        self._holders -= 1
        if self._holders <= 0:
            await self._end()

    async def address(self) -> str:
        """Where the server answers, such as 'http://127.0.0.1:40123', as soon as it does.

        Raises:
            AttemptError: the child has died since it was asked last; asking again starts another.
            ConfigError: the file cannot be loaded.
        """
        if self._starting and self._starting.get_loop() is not asyncio.get_running_loop():
            self._starting = self._child = None
        if self._child and self._child.returncode is not None:
            died, self._starting, self._child = self._child.returncode, None, None
            raise AttemptError("connection", f"the local server ended with status {died}")
        self._starting = starting = self._starting or asyncio.create_task(self._start())
        try:
            # Whoever asked first may be cancelled; the others still want the server.
            return await asyncio.shield(starting)
        finally:
            if starting.done() and (starting.cancelled() or starting.exception()):
                self._starting = self._child = None

    async def _start(self) -> str:
        with tempfile.TemporaryFile() as said:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", str(CHILD)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
            )
            try:
                word, rest = await self._told(child)
            except BaseException:
                await _ended(child)
                raise
            if word == "READY":
                self._child = child
                return rest
            status = await _ended(child)
            reason = _bounded(f"{rest or f'its process ended with status {status}'}; {_tail(said)}")
        raise ConfigError(f"model.file: llama.cpp cannot load {self.serving.file!r}: {reason}")

    async def _told(self, child: asyncio.subprocess.Process) -> tuple[str, str]:
        """Tell the child what to serve; returns the word it answers with, and what follows."""
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(asdict(self.serving)).encode() + b"\n")
        line = (await child.stdout.readline()).decode(errors="replace")
        word, _, rest = line.strip().partition(" ")
        return word, rest

    async def _end(self) -> None:
        child, starting = self._child, self._starting
        self._child = self._starting = None
        if starting is not None and not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        if child is not None:
            await _ended(child)


async def _ended(child: asyncio.subprocess.Process) -> int:
    """Let a child end, at the latest now; its status."""
    if child.stdin is not None:
        child.stdin.close()
    try:
        return await asyncio.wait_for(child.wait(), _ENDS_WITHIN)
    except TimeoutError:
        child.kill()
        return await child.wait()


@lru_cache(maxsize=16)
def shared(serving: Serving) -> Server:
    """The one server of a file and its options in this process."""
    return Server(serving)


def _tail(said: BinaryIO) -> str:
    said.seek(0, 2)
    said.seek(max(0, said.tell() - 2000))
    return said.read().decode(errors="replace")


def _bounded(text: str) -> str:
    return " ".join(text.split()).strip("; ")[:400]
