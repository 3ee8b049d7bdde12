# ruff: noqa: ARG002 (the signatures are AutoGen's)
"""The double of every model: a client that answers by content, so that concurrency cannot confuse it.

It knows no role. What it is asked is handed to one function as the role's name, the blocks and the seed, the
same three things the scripted model reads.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

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
from pydantic import BaseModel

from . import blocks

Answer = Callable[[str, Mapping[str, str], int], BaseModel | str]
"""(role, block name -> JSON text, seed) -> a record, or the raw text of an answer."""


class FakeModel(ChatCompletionClient):
    """Answers with `answer(role, blocks, seed)`; what the function raises, the client raises.

    `prompts` keeps the messages of every call when `keep` is set.
    """

    component_type = "model"

    def __init__(self, answer: Answer, *, keep: bool = False) -> None:
        self._answer = answer
        self._keep = keep
        self.calls = 0
        self.prompts: list[list[str]] = []

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Any] = (),
        tool_choice: Any = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Answer at once; two tokens are counted for every message."""
        texts = [str(message.content) for message in messages]
        self.calls += 1
        if self._keep:
            self.prompts.append(texts)
        role = texts[0].partition("\n")[0].removeprefix("Role: ")
        seed = (extra_create_args or {}).get("seed", 0)
        answer = self._answer(role, blocks.read("\n".join(texts[:2])), seed)
        content = answer.model_dump_json() if isinstance(answer, BaseModel) else answer
        usage = RequestUsage(prompt_tokens=2 * len(texts), completion_tokens=2)
        return CreateResult(finish_reason="stop", content=content, usage=usage, cached=False)

    async def create_stream(
        self, messages: Sequence[LLMMessage], **options: Any
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Answer in one piece."""
        yield await self.create(messages, **options)

    async def close(self) -> None:
        """Nothing is open."""

    def actual_usage(self) -> RequestUsage:
        """Two completion tokens for every call."""
        return RequestUsage(prompt_tokens=0, completion_tokens=2 * self.calls)

    total_usage = actual_usage

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Any] = ()) -> int:
        """Two tokens for every message."""
        return 2 * len(messages)

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Any] = ()) -> int:
        """A million, whatever was said."""
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
        return ModelCapabilities(vision=False, function_calling=False, json_output=True)
