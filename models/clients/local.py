"""`model=local`: a GGUF file of the user's as a model, computed on this machine.

How the file is served is `local_server`'s affair, how the server is talked to `chat_completions`'.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from autogen_core.models import (
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelCapabilities,  # pyright: ignore[reportDeprecated]
    ModelFamily,
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema

from ...errors import ConfigError
from .chat_completions import ChatCompletions
from .local_server import Serving, shared
from .response import CHARACTERS_A_TOKEN, Completed

MAGIC = b"GGUF"
"""The first bytes of every GGUF file."""
_END = 1 << 20
NOTHING = RequestUsage(prompt_tokens=0, completion_tokens=0)


class LocalModel(ChatCompletionClient):
    """A model in a file on this machine.

    Args:
        file: a GGUF file.
        context: tokens that fit into one conversation, prompt and answer together.
        slots: answers under way at once.
        threads: threads that compute; None: as many as llama.cpp thinks right.
        extra: further fields of every request, such as {top_k: 20}.

    Raises ConfigError for a missing package, a missing file or another format, or a number out of range.
    """

    component_type = "model"
    free = True
    """Its calls cost nothing."""

    def __init__(
        self,
        file: str,
        context: int = 8192,
        slots: int = 2,
        threads: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        if importlib.util.find_spec("xllamacpp") is None:
            raise ConfigError("model=local: needs the package xllamacpp; install ptool[local]")
        for key, got, least in (("context", context, 256), ("slots", slots, 1), ("threads", threads, 1)):
            if got is not None and (not isinstance(got, int) or isinstance(got, bool) or got < least):
                raise ConfigError(f"model.{key}: got {got!r}, expected an integer of at least {least}")
        path = _gguf(file)
        self._extra = dict(extra or {})
        self._server = shared(Serving(str(path), path.stem, context, slots, threads))
        self._holds = False
        self._client: ChatCompletions | None = None
        self._address = ""
        self.note = f"{path.stem} on this machine (llama.cpp)"
        self.fingerprint = _fingerprint(path)

    async def create(self, messages: Sequence[LLMMessage], **options: Any) -> Completed:
        """Ask once; the first call starts the server.

        Args: messages, options: as `ChatCompletions.create` takes them.

        Raises:
            AttemptError: there is no answer, for instance because the server was killed; the next call starts
                another one.
            ConfigError: the file cannot be loaded.
        """
        return await (await self._ready()).create(messages, **options)

    async def create_stream(
        self, messages: Sequence[LLMMessage], **options: Any
    ) -> AsyncGenerator[str | CreateResult, None]:
        """The whole answer as one chunk, then the result."""
        result = await self.create(messages, **options)
        yield str(result.content)
        yield result

    async def _ready(self) -> ChatCompletions:
        if not self._holds:
            self._holds = True
            self._server.hold()
        address = await self._server.address()
        if self._client is None or address != self._address:
            if self._client is not None:
                await self._client.close()
            alias = self._server.serving.alias
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
        if self._holds:
            self._holds = False
            await self._server.release()

    def actual_usage(self) -> RequestUsage:
        """Tokens so far."""
        return self._client.actual_usage() if self._client else NOTHING

    def total_usage(self) -> RequestUsage:
        """Tokens so far."""
        return self._client.total_usage() if self._client else NOTHING

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Estimated tokens of the messages."""
        del tools
        return sum(len(str(message.content)) for message in messages) // CHARACTERS_A_TOKEN

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """Estimated tokens that are left of the context."""
        return max(0, self._server.serving.context - self.count_tokens(messages, tools=tools))

    @property
    def model_info(self) -> ModelInfo:
        """It writes JSON and structured output, and nothing else."""
        return ModelInfo(
            vision=False,
            function_calling=False,
            json_output=True,
            structured_output=True,
            family=ModelFamily.UNKNOWN,
        )

    @property
    def capabilities(self) -> ModelCapabilities:  # pyright: ignore[reportDeprecated]
        """The same, as AutoGen asked for it before."""
        return self.model_info


def _fingerprint(path: Path) -> str:
    """Stands for what is in the file, its beginning, end and size: another model may take the same name."""
    with path.open("rb") as content:
        size = content.seek(0, os.SEEK_END)
        ends = b""
        for start in (0, max(0, size - _END)):
            content.seek(start)
            ends += content.read(_END)
    return blake2b(ends + str(size).encode(), digest_size=8).hexdigest()


def _gguf(file: str) -> Path:
    path = Path(file).expanduser().absolute()
    try:
        with path.open("rb") as content:
            start = content.read(len(MAGIC))
    except OSError as error:
        raise ConfigError(f"model.file: cannot read {file!r}: {error.strerror}; give a GGUF file") from None
    if start != MAGIC:
        raise ConfigError(f"model.file: {file!r} is no GGUF file, it begins with {start!r}")
    return path
