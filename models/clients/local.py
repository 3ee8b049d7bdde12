"""`model=local`: a GGUF file of the user's as a model, computed on this machine.

llama.cpp serves the file from a child process (`local_child.py`) for as long as a client in this process
holds it; it is asked as any other endpoint (`chat_completions`). The child listens on loopback alone, on a
port the system chooses, downloads nothing, and ends when its standard input does, so neither a crash nor
`kill -9` of this process leaves it behind.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from autogen_core.models import LLMMessage
from autogen_core.tools import Tool, ToolSchema

from ...errors import ConfigError
from ..faults import AttemptError
from .base import CreateArguments, ModelClient
from .chat_completions import ChatCompletions
from .response import CompletionResult

MAGIC = b"GGUF"
"""The first bytes of every GGUF file."""
_HASHED_BYTES = 1 << 20
_CHILD = Path(__file__).with_name("local_child.py")
_SECONDS_TO_END = 10.0
"""that a child has to end by itself"""


class LocalModel(ModelClient):
    """A model in a file on this machine.

    Args:
        file: a GGUF file.
        context: tokens that fit into one conversation, prompt and answer together.
        slots: answers under way at once.
        threads: threads that compute; None: as many as llama.cpp thinks right.
        extra: further fields of every request, such as {top_k: 20}.

    Raises ConfigError for a missing package, a missing file or another format, or a number out of range.
    """

    free = True

    def __init__(
        self,
        file: str,
        context: int = 8192,
        slots: int = 2,
        threads: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if importlib.util.find_spec("xllamacpp") is None:
            raise ConfigError("model=local: needs the package xllamacpp; install ptool[local]")
        for key, got, least in (("context", context, 256), ("slots", slots, 1), ("threads", threads, 1)):
            if got is not None and (not isinstance(got, int) or isinstance(got, bool) or got < least):
                raise ConfigError(f"model.{key}: got {got!r}, expected an integer of at least {least}")
        path = _checked_file(file)
        self._extra = dict(extra or {})
        self._server = _shared_server(ServerOptions(str(path), path.stem, context, slots, threads))
        self._holds_server = False
        self._client: ChatCompletions | None = None
        self._address = ""
        self.note = f"{path.stem} on this machine (llama.cpp)"
        self.fingerprint = _fingerprint(path)

    async def complete(self, asked: CreateArguments) -> CompletionResult:
        """Ask once; the first call starts the server.

        Raises:
            AttemptError: there is no answer, for instance because the server was killed; the next call starts
                another one.
            ConfigError: the file cannot be loaded.
        """
        return await (await self._connected_client()).complete(asked)

    async def _connected_client(self) -> ChatCompletions:
        if not self._holds_server:
            self._holds_server = True
            self._server.hold()
        address = await self._server.address()
        if self._client is None or address != self._address:
            if self._client is not None:
                await self._client.close()
            alias = self._server.options.alias
            self._client = ChatCompletions(
                alias, f"{address}/v1", structured="json_schema", extra=self._extra
            )
            self._address = address
        return self._client

    async def close(self) -> None:
        """Close the connection; the server ends when nobody holds it any more."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
        if self._holds_server:
            self._holds_server = False
            await self._server.release()

    async def stated_context(self) -> tuple[int | None, str]:
        """The context it was started with."""
        return self._server.options.context, "model.context"

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """Estimated tokens that are left of the context."""
        return max(0, self._server.options.context - self.count_tokens(messages, tools=tools))


def _fingerprint(path: Path) -> str:
    """Stands for what is in the file, its beginning, end and size: another model may take the same name."""
    with path.open("rb") as content:
        size = content.seek(0, os.SEEK_END)
        ends = b""
        for start in (0, max(0, size - _HASHED_BYTES)):
            content.seek(start)
            ends += content.read(_HASHED_BYTES)
    return blake2b(ends + str(size).encode(), digest_size=8).hexdigest()


def _checked_file(file: str) -> Path:
    path = Path(file).expanduser().absolute()
    try:
        with path.open("rb") as content:
            start = content.read(len(MAGIC))
    except OSError as error:
        raise ConfigError(f"model.file: cannot read {file!r}: {error.strerror}; give a GGUF file") from None
    if start != MAGIC:
        raise ConfigError(f"model.file: {file!r} is no GGUF file, it begins with {start!r}")
    return path


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What a child process serves; equal options are one child.

    Args: file: absolute; alias: the model's name; context: tokens a slot; slots: answers under way at once;
        threads: None: llama.cpp's choice.
    """

    file: str
    alias: str
    context: int
    slots: int
    threads: int | None


class LocalServer:
    """One child process: started when it is first needed, ended when nobody holds it any more.

    It belongs to the event loop it was started in; another loop, later, starts another child.
    """

    def __init__(self, options: ServerOptions) -> None:
        self.options = options
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
        with tempfile.TemporaryFile() as log:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", str(_CHILD)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
            try:
                word, rest = await self._send_options(child)
            except BaseException:
                await _end_child(child)
                raise
            if word == "READY":
                self._child = child
                return rest
            status = await _end_child(child)
            reason = f"{rest or f'its process ended with status {status}'}; {_tail(log)}"
            reason = " ".join(reason.split()).strip("; ")[:400]
        raise ConfigError(f"model.file: llama.cpp cannot load {self.options.file!r}: {reason}")

    async def _send_options(self, child: asyncio.subprocess.Process) -> tuple[str, str]:
        """Tell the child what to serve; returns the word it answers with, and what follows."""
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(asdict(self.options)).encode() + b"\n")
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
            await _end_child(child)


async def _end_child(child: asyncio.subprocess.Process) -> int:
    """Let a child end, at the latest now; its status."""
    if child.stdin is not None:
        child.stdin.close()
    try:
        return await asyncio.wait_for(child.wait(), _SECONDS_TO_END)
    except TimeoutError:
        child.kill()
        return await child.wait()


@lru_cache(maxsize=16)
def _shared_server(options: ServerOptions) -> LocalServer:
    """The one server of a file and its options in this process."""
    return LocalServer(options)


def _tail(log: BinaryIO) -> str:
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - 2000))
    return log.read().decode(errors="replace")
