"""What every client of ptool's has in common: AutoGen's `ChatCompletionClient`, all of it but the answer.

A client says how one question is answered (`complete`); usage, streams, token counts and cancellation are
here. `OfflineModel` is the base of those that answer in this process, by a function of the texts.
"""

from __future__ import annotations

import asyncio
import functools
import weakref
from abc import abstractmethod
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

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

from ..context_window import NO_LIMIT, UNKNOWN
from ..request import CHARACTERS_A_TOKEN

ToolChoice: TypeAlias = Tool | Literal["auto", "required", "none"]
Output: TypeAlias = bool | type[BaseModel] | None
"""A record; True: some JSON object; None or False: text."""
_LARGEST_CONTEXT = 1_000_000


class CreateArguments(NamedTuple):
    """What `create` was called with, but for the cancellation token."""

    messages: Sequence[LLMMessage]
    tools: Sequence[Tool | ToolSchema]
    tool_choice: ToolChoice
    output: Output
    extra: Mapping[str, Any]
    """further arguments of the model, such as seed, temperature, max_tokens"""


class WholeAnswerClient(ChatCompletionClient):
    """What clients have in common that hand out every answer whole: usage, streams and token counts."""

    component_type = "model"

    def __init__(self) -> None:
        self._usage = RequestUsage(prompt_tokens=0, completion_tokens=0)

    def _spent(self, usage: RequestUsage) -> None:
        self._usage = RequestUsage(
            self._usage.prompt_tokens + usage.prompt_tokens,
            self._usage.completion_tokens + usage.completion_tokens,
        )

    async def create_stream(
        self, messages: Sequence[LLMMessage], **options: Any
    ) -> AsyncGenerator[str | CreateResult, None]:
        """The whole answer as one chunk, then the result; calls of functions have no chunk."""
        result = await self.create(messages, **options)
        if isinstance(result.content, str):
            yield result.content
        yield result

    async def close(self) -> None:
        """Nothing is open."""

    def actual_usage(self) -> RequestUsage:
        """Tokens so far."""
        return self._usage

    def total_usage(self) -> RequestUsage:
        """Tokens so far."""
        return self._usage

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Estimated tokens; nobody is asked."""
        schemas = [tool.schema if isinstance(tool, Tool) else tool for tool in tools]
        size = sum(len(str(message.content)) for message in messages) + sum(len(str(one)) for one in schemas)
        return size // CHARACTERS_A_TOKEN

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """Tokens left of a context of a million: an endpoint refuses what is too long for it."""
        return _LARGEST_CONTEXT - self.count_tokens(messages, tools=tools)

    @property
    def capabilities(self) -> ModelCapabilities:  # pyright: ignore[reportDeprecated]
        """`model_info`, as AutoGen asked for it before."""
        return self.model_info


class ModelClient(WholeAnswerClient):
    """A chat completion client whose subclass says how one question is answered: `complete`."""

    free = False
    """Whether what it answers costs nothing."""
    repeatable = False
    """Whether the same run asks and answers all of it again at no cost, so that no message need be kept."""
    note = ""
    """Who answers, for people: 'gpt-4o-mini at https://api.openai.com/v1'."""

    def __init__(self) -> None:
        super().__init__()
        self._cancellable: weakref.WeakKeyDictionary[CancellationToken, set[asyncio.Task[Any]]] = (
            weakref.WeakKeyDictionary()
        )

    @abstractmethod
    async def complete(self, asked: CreateArguments) -> CreateResult:
        """Answer once. Raises AttemptError where there is no answer."""

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: Output = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Ask once.

        Args:
            messages: texts only.
            tools: functions the model may call; its calls are the content then.
            tool_choice: auto, required or none.
            json_output: a record the answer must be; True: some JSON object; None: text.
            extra_create_args: further arguments of the model, such as seed, temperature, max_tokens.
            cancellation_token: cancels the call.

        Raises:
            AttemptError: there is no answer.
            ConfigError: the record's schema or an argument cannot be sent.
            asyncio.CancelledError: the token was cancelled, now or before.
        """
        answer = self.complete(
            CreateArguments(messages, tools, tool_choice, json_output, extra_create_args or {})
        )
        if cancellation_token is not None:
            answer = self._with_cancellation(answer, cancellation_token)
        result = await answer
        self._spent(result.usage)
        return result

    async def _with_cancellation(
        self, answer: Coroutine[Any, Any, CreateResult], token: CancellationToken
    ) -> CreateResult:
        """Await an answer unless the token cancels it.

        AutoGen's token keeps every callback for ever, so each token gets one, for all its calls.
        """
        task = asyncio.ensure_future(answer)
        tasks = self._cancellable.get(token)
        if tasks is None:
            tasks = self._cancellable[token] = set()
            token.add_callback(functools.partial(_cancel_all, tasks))
        tasks.add(task)
        if token.is_cancelled():
            task.cancel()
        try:
            return await task
        finally:
            tasks.discard(task)

    async def stated_context(self) -> tuple[int | None, str]:
        """Tokens of a conversation, and who says so. It asks for some seconds at most, and never fails."""
        return None, UNKNOWN

    async def counted_tokens(self, text: str) -> int:
        """Tokens of a text as the endpoint counts them; 0 where it cannot. As short, and never failing."""
        del text
        return 0

    @property
    def model_info(self) -> ModelInfo:
        """It writes JSON and structured output."""
        return ModelInfo(
            vision=False,
            function_calling=False,
            json_output=True,
            structured_output=True,
            family=ModelFamily.UNKNOWN,
            multiple_system_messages=True,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.note})"


def _cancel_all(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()


class OfflineModel(ModelClient):
    """A client whose answer is a function of the messages' texts and the seed; tokens are estimated."""

    free = True

    async def stated_context(self) -> tuple[int | None, str]:
        """It has no limit."""
        return None, NO_LIMIT

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

    async def complete(self, asked: CreateArguments) -> CreateResult:
        """Answer at once; the output schema is not looked at."""
        texts = [str(message.content) for message in asked.messages]
        seed = int(asked.extra.get("seed") or 0)
        content = self.answer_with(asked.tools, texts, seed) if asked.tools else self.answer(texts, seed)
        usage = RequestUsage(
            prompt_tokens=sum(map(len, texts)) // CHARACTERS_A_TOKEN,
            completion_tokens=len(content) // CHARACTERS_A_TOKEN,
        )
        return CreateResult(finish_reason="stop", content=content, usage=usage, cached=False)


def role_of(texts: Sequence[str]) -> str | None:
    """The role a prompt names on its first line, `Role: <name>`; None where it names none."""
    first, _, _ = (texts[0] if texts else "").partition("\n")
    return first.removeprefix("Role: ").strip() if first.startswith("Role: ") else None


def from_prompt(texts: Sequence[str]) -> Sequence[str]:
    """The texts from a role's prompt on: an agent may have said something of its own before it."""
    if role_of(texts) is not None:
        return texts
    places = [place for place, text in enumerate(texts) if text.startswith("Role: ")]
    return texts[places[-1] :] if places else texts
