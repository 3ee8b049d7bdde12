"""The gateway as an AutoGen `ChatCompletionClient`: what agents ask is kept, limited, budgeted and resumed.

In a component's file it is a placeholder: whoever loads the component says whose calls its clients make
(`bound`). A program of one's own gets a client from `ptool.models.factory.gateway_client`. It knows no agent,
role or prompt.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from autogen_core import CancellationToken, Component
from autogen_core.models import (
    CreateResult,
    LLMMessage,
    ModelFamily,
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel, ConfigDict

from ...errors import ConfigError, PtoolError, UnusableAnswerError
from ...records import Usage
from ..clients.base import Output, ToolChoice, WholeAnswerClient
from ..request import NO_USAGE, Request
from ..seeds import derive
from .cache_key import cache_key
from .conversation import as_messages
from .gateway import Gateway


@dataclass(slots=True, eq=False)
class CallScope:
    """Whose calls some clients make, and what they have come to."""

    gateway: Gateway
    role: str = "agent"
    turn: str = "agent"
    """what the calls are for; where it is asked the same twice, the second call has another seed"""
    seed: int = 0
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """of the calls at the role's endpoint; endpoints of their own have theirs"""
    most_calls: float = float("inf")
    most_tokens: float = float("inf")
    usage: Usage = NO_USAGE
    in_flight: int = 0
    last_answer: float = 0.0
    """when the last call ended, in the event loop's time"""
    failure: PtoolError | None = None
    """the first reason for which a call brought no answer; agents and teams may not hand it on as it is"""
    over: str = ""
    """why no further call is made; empty: they are"""
    _asked: Counter[bytes] = field(default_factory=Counter)

    def begin(self, turn: str, seed: int, sampling: Mapping[str, Any]) -> None:
        """From now on calls are for another turn."""
        self.turn, self.seed, self.sampling = turn, seed, sampling
        self.usage, self.failure, self.over = NO_USAGE, None, ""
        self._asked.clear()

    def next_seed(self, request: Request) -> int:
        """The seed of a question: another one each time the same is asked in a turn."""
        key = cache_key(
            request.endpoint, request.messages, request.output, request.sampling, 0, 0, request.tools
        )
        times = self._asked[key]
        self._asked[key] = times + 1
        return derive(self.seed, "again", times) if times else self.seed

    def refuse_more(self) -> None:
        """Raise UnusableAnswerError where the calls of a turn have come to more than is allowed."""
        calls, tokens = self.usage.calls, self.usage.prompt_tokens + self.usage.completion_tokens
        if calls >= self.most_calls:
            self.over = f"more than {self.most_calls:,} calls of models"
        elif tokens >= self.most_tokens:
            self.over = f"more than {self.most_tokens:,} tokens"
        if self.over:
            raise UnusableAnswerError(f"{self.turn}: {self.role!r} took {self.over}", "agent_limits")


_SCOPE: ContextVar[CallScope | None] = ContextVar("scope of the clients of a component", default=None)


@contextmanager
def bound(scope: CallScope) -> Iterator[None]:
    """Every `GatewayClient` in a component that is loaded in the block asks through a scope."""
    token = _SCOPE.set(scope)
    try:
        yield
    finally:
        _SCOPE.reset(token)


class GatewayClientConfig(BaseModel):
    """A `GatewayClient` in a component's file."""

    model_config = ConfigDict(extra="forbid")

    endpoint: str = ""
    """for whoever loads it; empty: the role's"""


class GatewayClient(WholeAnswerClient, Component[GatewayClientConfig]):
    """A client whose calls go through a gateway.

    Args:
        scope: whose calls it makes; None: those of whoever loads the component it stands in.
        endpoint: whose endpoint answers, where it is not the role's.
    """

    component_config_schema = GatewayClientConfig
    component_provider_override = "ptool.models.gateway.GatewayClient"

    def __init__(self, scope: CallScope | None = None, endpoint: str = "") -> None:
        super().__init__()
        self._scope = scope
        self._endpoint = endpoint

    @property
    def scope(self) -> CallScope:
        """Whose calls it makes. Raises ConfigError for a placeholder that nobody has bound."""
        if self._scope is None:
            raise ConfigError(
                "GatewayClient: a placeholder in a component, expected to be loaded by ptool "
                "(agent.ROLE.component=FILE); a program of your own makes one with "
                "ptool.models.factory.gateway_client"
            )
        return self._scope

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
        """The next message; kept before it is handed out, and given again where the same is asked again.

        Args:
            messages: texts, calls of functions and their results.
            tools: functions the model may call.
            tool_choice: auto, required, none, or the one it has to call.
            json_output: a record the answer must be, corrected until it is; True: some JSON; None: text.
            extra_create_args: further arguments of the model, such as temperature or max_tokens.
            cancellation_token: ends the waiting.

        Raises:
            UnusableAnswerError: no answer was the record, or too many calls were made for one turn.
            UnreachableModelError, RefusedRequestError: there was no answer to this question.
            RunStoppedError: there will be none to any: budget spent, key refused, endpoint down.
            ConfigError: an image, or a client that nobody has bound.
        """
        scope = self.scope
        scope.refuse_more()
        options = dict(extra_create_args or {})
        request = Request(
            scope.role,
            scope.turn,
            "",
            "",
            json_output or None,
            options.pop("seed", 0),
            {**({} if self._endpoint else scope.sampling), **options},
            tuple(tool.schema if isinstance(tool, Tool) else tool for tool in tools),
            tool_choice if tools else "auto",
            as_messages(messages, scope.role),
            self._endpoint,
        )
        return await self._ask(scope, request, cancellation_token)

    async def _ask(self, scope: CallScope, request: Request, token: CancellationToken | None) -> CreateResult:
        seed = request.seed or scope.next_seed(request)
        scope.in_flight += 1
        try:
            content, finish, usage = await scope.gateway.converse(replace(request, seed=seed), token=token)
        except PtoolError as error:
            if not isinstance(error, UnusableAnswerError):
                scope.failure = scope.failure or error
            raise
        finally:
            scope.in_flight -= 1
            scope.last_answer = asyncio.get_running_loop().time()
        scope.usage += usage
        spent = RequestUsage(usage.prompt_tokens, usage.completion_tokens)
        self._spent(spent)
        known: Any = finish if finish in ("stop", "length", "function_calls", "content_filter") else "unknown"
        return CreateResult(finish_reason=known, content=content, usage=spent, cached=False)

    @property
    def model_info(self) -> ModelInfo:
        """What the endpoint's client says, but for images; a placeholder may be anything.

        The gateway sees to records, whatever the endpoint can.
        """
        info = ModelInfo(
            vision=False,
            function_calling=True,
            json_output=True,
            structured_output=True,
            family=ModelFamily.UNKNOWN,
            multiple_system_messages=True,
        )
        if self._scope is None:
            return info
        client = self._scope.gateway.client(self._endpoint or self._scope.role)
        return {**client.model_info, "vision": False, "json_output": True, "structured_output": True}

    def _to_config(self) -> GatewayClientConfig:
        return GatewayClientConfig(endpoint=self._endpoint)

    @classmethod
    def _from_config(cls, config: GatewayClientConfig) -> GatewayClient:
        return cls(_SCOPE.get(), config.endpoint)
