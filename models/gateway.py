"""Every question of every role goes through here: asked, bounded, validated, corrected, counted.

The gateway knows no role, prompt or stage. It hands a request to an AutoGen `ChatCompletionClient`, turns
the answer into a record, and shows the model its own error where that fails, a bounded number of times.
What a later gateway adds (a ledger, rate limits, a budget) belongs around `_create`, the one place where a
client is called.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from autogen_core import CancellationToken
from autogen_core.models import (
    AssistantMessage,
    CreateResult,
    LLMMessage,
    RequestUsage,
    SystemMessage,
    UserMessage,
)
from pydantic import BaseModel, ValidationError

from ..errors import ConfigError, PtoolError, UnreachableModelError, UnusableAnswerError, names
from ..records import Usage
from .endpoint import CallLog, Endpoint
from .request import NO_USAGE, Reply, Request
from .seeds import derive

__all__ = [
    "MAX_ANSWER",
    "Accept",
    "Gateway",
    "Reply",
    "Request",
]

MAX_ANSWER = 200_000
"""Characters of an answer that are looked at; a longer one is refused."""

_DECODER = json.JSONDecoder()
_SHOWN_ANSWER = 4_000
_SHOWN_PROBLEM = 1_500

Accept = Callable[[Any], Any]
"""A role's own test of a record: returns it, mended or not, or raises ValueError to have it corrected."""


class Gateway:
    """Asks the client of a role, or the default one, at most `concurrency` questions at a time.

    Args:
        endpoints: role -> endpoint; "default" serves every role that has none of its own.
        concurrency: questions in flight, >= 1.
        corrections: times a model is shown its own error before the answer is given up.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        *,
        concurrency: int,
        corrections: int = 2,
        log: CallLog | None = None,
    ) -> None:
        if concurrency < 1:
            raise ConfigError(f"concurrency: got {concurrency!r}, expected an integer >= 1")
        self._endpoints = dict(endpoints)
        self.log = log
        self._slots = asyncio.Semaphore(concurrency)
        self._corrections = corrections
        self.usage: dict[str, Usage] = {}
        """What was spent, by role; answers that were refused are counted too."""

    async def ask(
        self,
        request: Request,
        *,
        accept: Accept | None = None,
        token: CancellationToken | None = None,
    ) -> Reply:
        """Ask until the answer is the record asked for.

        Args:
            request: the question.
            accept: the role's own test of the record.
            token: cancels the pending call.

        Raises:
            UnusableAnswerError: the answer stayed unusable after all corrections.
            UnreachableModelError: the client failed.
        """
        messages: list[LLMMessage] = [
            SystemMessage(content=request.system),
            UserMessage(content=request.user, source="ptool"),
        ]
        spent, problem = NO_USAGE, ""
        for attempt in range(self._corrections + 1):
            result = await self._create(request, messages, attempt, token)
            cost = _usage(result)
            spent = spent + cost if attempt else cost
            self.usage[request.role] = self.usage.get(request.role, NO_USAGE) + cost
            try:
                return Reply(_record(result.content, request.output, accept), spent)
            except ValueError as error:
                problem = _explain(error)
            messages += _correction(result.content, problem, request.role)
        raise UnusableAnswerError(
            f"{request.turn}: {request.role!r} gave no usable {request.output.__name__} in "
            f"{self._corrections + 1} attempts; the last objection: {problem}"
        )

    async def _create(
        self, request: Request, messages: list[LLMMessage], attempt: int, token: CancellationToken | None
    ) -> CreateResult:
        client = self._endpoint(request.role).client
        seed = derive(request.seed, attempt) if attempt else request.seed
        async with self._slots:
            try:
                return await client.create(
                    messages,
                    json_output=request.output,
                    extra_create_args={"seed": seed, **request.sampling},
                    cancellation_token=token,
                )
            except PtoolError:
                raise
            except ValidationError as error:
                return _unread(error)
            except Exception as error:
                kind, text = type(error).__name__, _one_line(str(error))
                raise UnreachableModelError(
                    f"{request.turn}: the model of {request.role!r} failed: {kind}: {text}"
                ) from error

    def _endpoint(self, role: str) -> Endpoint:
        endpoint = self._endpoints.get(role) or self._endpoints.get("default")
        if endpoint is None:
            raise ConfigError(
                f"model: no endpoint for role {role!r}; there are {names(self._endpoints, role)}"
            )
        return endpoint

    async def close(self) -> None:
        """Close every client once."""
        for endpoint in set(self._endpoints.values()):
            await endpoint.client.close()


def _unread(error: ValidationError) -> CreateResult:
    """Stand in for an answer the client itself refused: some validate, and keep the text to themselves."""
    nothing = RequestUsage(prompt_tokens=0, completion_tokens=0)
    said = f"(an answer that is not of the required form: {_explain(error)})"
    return CreateResult(finish_reason="unknown", content=said, usage=nothing, cached=False)


def _usage(result: CreateResult) -> Usage:
    # model_construct: these are counts the client made, and validating them costs as much as the rest.
    return Usage.model_construct(
        calls=1,
        prompt_tokens=result.usage.prompt_tokens,
        completion_tokens=result.usage.completion_tokens,
    )


def _record(content: Any, output: type[BaseModel], accept: Accept | None) -> Any:
    """Turn an answer's text into the record.

    Raises:
        ValueError: it is no text, too long, not the record, or the role refuses it.
    """
    if not isinstance(content, str):
        raise ValueError("expected one JSON object as text, got a tool call")
    if len(content) > MAX_ANSWER:
        raise ValueError(f"the answer has {len(content)} characters, at most {MAX_ANSWER} are read")
    # Not model_validate_json: it lets NaN, lone surrogates and integers of any length through.
    record = output.model_validate(_object(content))
    return accept(record) if accept else record


def _object(content: str) -> Any:
    """The JSON object in an answer, without what some models put around it: a fence, a sentence."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        start = content.find("{")
        if start < 0:
            raise
        try:
            _, end = _DECODER.raw_decode(content, start)
        except RecursionError:
            raise ValueError("the answer is nested too deeply") from None
        return orjson.loads(content[start:end])


def _explain(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return _one_line(str(error))
    said = (
        f"{'.'.join(map(str, one['loc'])) or 'the answer'}: {one['msg']}"
        for one in error.errors(include_url=False, include_context=False, include_input=False)[:8]
    )
    return _one_line("; ".join(said))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_SHOWN_PROBLEM]


def _correction(content: Any, problem: str, role: str) -> list[LLMMessage]:
    shown = content if isinstance(content, str) else str(content)
    return [
        AssistantMessage(content=shown[:_SHOWN_ANSWER], source=role),
        UserMessage(
            content=f"This answer cannot be used: {problem}\n"
            "Answer the same request again. Write one JSON object of the required form and nothing else.",
            source="ptool",
        ),
    ]
