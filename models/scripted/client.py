"""The scripted model: a deterministic `ChatCompletionClient` without any LLM.

It receives exactly the messages a model would, takes the role from the system message's first line and the
data from the prompt's blocks, and lets that role's player answer. A role it has no player for is an error
that names those it can play; it never invents an answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal

import orjson
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

from ...errors import UnknownPartError, names
from ..blocks import read
from .library import Library
from .part import Part, Player
from .players import PLAYERS

NOTE = "scripted: no language model took part; every text comes from kits and a known preference model"
"""What manifest and report say of data made with it."""


class ScriptedModel(ChatCompletionClient):
    """Plays every role from kits.

    Args:
        library: what it knows.
        players: further roles it can play, by name.
        slips: probability of a human slip in a query or a solution, 0 to 1; the checks must catch it.
    """

    component_type = "model"
    note = NOTE

    def __init__(
        self, library: Library, *, players: Mapping[str, Player] | None = None, slips: float = 0.0
    ) -> None:
        self._library = library
        self._players = {**PLAYERS, **(players or {})}
        self._slips = slips
        self._usage = RequestUsage(prompt_tokens=0, completion_tokens=0)

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
        """Answer as the role that the system message names; the seed comes from `extra_create_args`."""
        del tools, tool_choice, json_output, cancellation_token
        texts = [message.content for message in messages if isinstance(message.content, str)]
        seed = int((extra_create_args or {}).get("seed") or 0)
        content = self.answer(texts, seed)
        # Tokens are estimated at four characters each: there is no tokenizer because there is no model.
        usage = RequestUsage(prompt_tokens=sum(map(len, texts)) // 4, completion_tokens=len(content) // 4)
        self._usage = RequestUsage(
            prompt_tokens=self._usage.prompt_tokens + usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens + usage.completion_tokens,
        )
        return CreateResult(finish_reason="stop", content=content, usage=usage, cached=False)

    def answer(self, texts: Sequence[str], seed: int) -> str:
        """The JSON text of one answer.

        Raises:
            UnknownPartError: it cannot play the role, or does not know the scenario.
        """
        role = _role(texts)
        player = self._players.get(role)
        if player is None:
            raise UnknownPartError(
                f"role {role!r}: the scripted model cannot play it; it plays {names(self._players, role)}. "
                "Give the role a player (agent.<role>.player) or a model of its own"
            )
        blocks: dict[str, str] = {}
        for text in texts:
            blocks = {**read(text), **blocks}
        record = player(Part(role, blocks, seed, self._library, self._slips))
        return record.model_dump_json() if isinstance(record, BaseModel) else orjson.dumps(record).decode()

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
        """Estimated tokens: four characters each."""
        del tools
        return sum(len(str(message.content)) for message in messages) // 4

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """There is no context window to fill."""
        del messages, tools
        return 1_000_000

    @property
    def capabilities(self) -> ModelCapabilities:  # pyright: ignore[reportDeprecated]
        return self.model_info

    @property
    def model_info(self) -> ModelInfo:
        return ModelInfo(
            vision=False,
            function_calling=False,
            json_output=True,
            family=ModelFamily.UNKNOWN,
            structured_output=True,
        )


def _role(texts: Sequence[str]) -> str:
    first, _, _ = (texts[0] if texts else "").partition("\n")
    if not first.startswith("Role: "):
        raise UnknownPartError(
            "the scripted model needs 'Role: <name>' as the first line of the system message, "
            f"got {first[:80]!r}"
        )
    return first.removeprefix("Role: ").strip()
