"""Calls that a cancellation token may cancel, with one callback a token.

AutoGen's token keeps every callback for ever: one for each call would pile up where a token serves many. It
knows no client.
"""

from __future__ import annotations

import asyncio
import functools
import weakref
from abc import abstractmethod
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from typing import Any, Literal, TypeVar

from autogen_core import CancellationToken
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
from pydantic import BaseModel

Result = TypeVar("Result")


class Cancelling:
    """The calls under way, by token."""

    def __init__(self) -> None:
        self._calls: weakref.WeakKeyDictionary[CancellationToken, set[asyncio.Task[Any]]] = (
            weakref.WeakKeyDictionary()
        )

    async def run(self, call: Coroutine[Any, Any, Result], token: CancellationToken | None) -> Result:
        """Await a call unless its token cancels it; without a token, just await it.

        Raises asyncio.CancelledError once the token is cancelled, also where it was before.
        """
        if token is None:
            return await call
        task = asyncio.ensure_future(call)
        calls = self._calls_of(token)
        calls.add(task)
        if token.is_cancelled():
            task.cancel()
        try:
            return await task
        finally:
            calls.discard(task)

    def _calls_of(self, token: CancellationToken) -> set[asyncio.Task[Any]]:
        calls = self._calls.get(token)
        if calls is None:
            calls = self._calls[token] = set()
            token.add_callback(functools.partial(_cancel, calls))
        return calls


def _cancel(calls: set[asyncio.Task[Any]]) -> None:
    for one in calls:
        one.cancel()


CHARACTERS_A_TOKEN = 4


class OfflineModel(ChatCompletionClient):
    """A client whose answer is a function of the messages' texts and the seed."""

    component_type = "model"
    free = True
    """What it answers costs nothing."""

    def __init__(self) -> None:
        self._usage = RequestUsage(prompt_tokens=0, completion_tokens=0)

    @abstractmethod
    def answer(self, texts: Sequence[str], seed: int) -> str:
        """The text of one answer.

        Args:
            texts: the messages' contents, the system message first.
            seed: from `extra_create_args`, 0 where there is none.
        """

    def answer_with(self, tools: Sequence[Tool | ToolSchema], texts: Sequence[str], seed: int) -> str:
        """The text of an answer where tools are offered; as if they were not, unless a model knows them."""
        del tools
        return self.answer(texts, seed)

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Answer at once; the output schema is not looked at."""
        del tool_choice, json_output, cancellation_token
        texts = [str(message.content) for message in messages]
        seed = int((extra_create_args or {}).get("seed") or 0)
        content = self.answer_with(tools, texts, seed) if tools else self.answer(texts, seed)
        usage = RequestUsage(
            prompt_tokens=sum(map(len, texts)) // CHARACTERS_A_TOKEN,
            completion_tokens=len(content) // CHARACTERS_A_TOKEN,
        )
        self._usage = RequestUsage(
            prompt_tokens=self._usage.prompt_tokens + usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens + usage.completion_tokens,
        )
        return CreateResult(finish_reason="stop", content=content, usage=usage, cached=False)

    async def create_stream(
        self, messages: Sequence[LLMMessage], **options: Any
    ) -> AsyncGenerator[str | CreateResult, None]:
        """The whole answer as one chunk, then the result."""
        result = await self.create(messages, **options)
        yield str(result.content)
        yield result

    async def close(self) -> None:
        """Nothing is open."""

    def actual_usage(self) -> RequestUsage:
        """Estimated tokens so far."""
        return self._usage

    def total_usage(self) -> RequestUsage:
        """Estimated tokens so far."""
        return self._usage

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Estimated tokens of the messages."""
        del tools
        return sum(len(str(message.content)) for message in messages) // CHARACTERS_A_TOKEN

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """A million, whatever was said: there is no context window to fill."""
        del messages, tools
        return 1_000_000

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


def role_of(texts: Sequence[str]) -> str | None:
    """The role a prompt names on its first line, `Role: <name>`; None where it names none."""
    first, _, _ = (texts[0] if texts else "").partition("\n")
    return first.removeprefix("Role: ").strip() if first.startswith("Role: ") else None
