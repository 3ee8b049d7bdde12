"""One call of an endpoint: sent when its turn comes, paid for, and tried again where that helps.

It knows neither who else asks the same nor what becomes of the answer; faults are told apart by `faults`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, cast

import orjson
from autogen_core.models import CreateResult, LLMMessage, RequestUsage
from autogen_core.tools import ToolSchema
from pydantic import ValidationError

from ...errors import KeyRefusedError, PtoolError, RefusedRequestError, UnreachableModelError
from ...log import logger
from ...records.model_calls import Answer, Failure
from ...settings import Price, Retries
from ...settings.secrets import without_secrets
from ..context_window import text_size
from ..endpoint import Endpoint
from ..faults import LASTING, AttemptError, fault_of
from ..output_schema import schema_size, schema_text
from ..request import LIMITS, Message, Request
from .activity import EndpointActivity, PendingCall
from .budget import Cost
from .circuit_breaker import RESUMES
from .conversation import CALLS, as_llm_messages, calls_text
from .limiter import Grant, Limiter, Standing
from .parse import MAX_ANSWER, describe_error

MAX_TOKENS = 4_096
"""Tokens of an answer that are reserved where the request names no `max_tokens`."""

_CHARACTERS_A_TOKEN = 3
_TOKENS_A_MESSAGE = 16
_FIRST_WAIT = 0.5
_MOST_REFUSALS_SAID = 20


@dataclass(slots=True, eq=False, kw_only=True)
class _Call(PendingCall):
    """One call with all that its attempts need."""

    key: bytes
    request: Request
    messages: tuple[Message, ...]
    sent: list[LLMMessage]
    """the messages, as AutoGen's"""
    seed: int
    reserved: Cost
    """what an attempt may cost at most"""


class EndpointCaller:
    """Makes the calls of one endpoint.

    Args:
        endpoint: who is called; name: what the limiter calls it.
        limiter: gives leave to every attempt.
        retries: how long it is borne with.
        save_failure: is told every attempt without an answer, and what was asked.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        name: str,
        limiter: Limiter,
        retries: Retries,
        save_failure: Callable[[Failure, Sequence[Message]], None],
    ) -> None:
        self.endpoint = endpoint
        free = getattr(endpoint.client, "free", False)
        self._repeatable = getattr(endpoint.client, "repeatable", False)
        self.price = endpoint.price or (Price(input=0.0, output=0.0) if free else None)
        self._retries = retries
        self._save_failure = save_failure
        self.name, self._limiter = name, limiter
        self._pending: set[PendingCall] = set()
        self._refusals: set[str] = set()
        self._random = Random()  # waiting alike, processes would come back all at once; it changes no result

    def asked(self, request: Request, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """What is kept of a question: its messages, the tools offered and the form of the answer.

        Nothing where the model is embedded: the same run asks it all again.
        """
        if self._repeatable:
            return ()
        tools = (("tools", orjson.dumps(request.tools).decode()),) if request.tools else ()
        form = (("form", schema_text(request.record)),) if request.record else ()
        return (*messages, *tools, *form)

    async def call(
        self,
        key: bytes,
        request: Request,
        messages: tuple[Message, ...],
        seed: int,
    ) -> Answer:
        """Call until there is an answer.

        Args:
            key: of the answer (`cache_key`).
            request: who asks, in which turn, and for what.
            messages: everything said so far.
            seed: the one that is sent.

        Raises:
            UnreachableModelError: no attempt brought an answer, or the client has a bug.
            RefusedRequestError, KeyRefusedError: it refuses this request, or everybody's.
            EndpointDownError: it has not answered anybody for too long.
            BudgetSpentError: the budget does not allow another attempt.
        """
        call = _Call(
            turn=request.turn,
            key=key,
            request=request,
            messages=messages,
            sent=as_llm_messages(messages, request.role),
            seed=seed,
            reserved=_largest_cost(request, messages, self.price),
        )
        self._pending.add(call)
        try:
            return await self._try(call)
        finally:
            self._pending.discard(call)

    @property
    def pending(self) -> tuple[PendingCall, ...]:
        """Its calls that have no answer yet."""
        return tuple(self._pending)

    def activity(self, now: float, elsewhere: Sequence[PendingCall] = ()) -> EndpointActivity:
        """What it is doing. Args: now: the event loop's time; elsewhere: its calls of other processes."""
        pressure = self._limiter.pressure(self.name, now)
        return EndpointActivity(
            name=self.endpoint.name,
            calls=(*self._pending, *elsewhere),
            attempts=self._retries.attempts,
            failing_for=pressure.failing_for,
            fault=pressure.fault,
            next_in=pressure.next_in,
        )

    async def _try(self, call: _Call) -> Answer:
        tries, request = 0, call.request
        answers: int | None = None
        while True:
            call.retry_at = None
            grant = await self._limiter.admit(self.name, call.reserved)
            outcome = await self._attempt(call, grant)
            call.sent_at = None
            if isinstance(outcome, Answer):
                return outcome
            fault, standing = outcome
            if fault.kind in LASTING:
                raise self._refusal(request, fault) from fault
            tries += 1
            # That others were served, or that nobody is there yet, says nothing about this call.
            before = grant.answers if answers is None else answers
            served = fault.kind == "rate_limited" and standing.answers > before
            call.attempt += not (served or standing.never_reached)
            answers = standing.answers
            if call.attempt > self._retries.attempts:
                raise _unreachable(request, f"{fault.kind}: {fault}", f" {tries} times") from fault
            pause = standing.pause
            if fault.retry_after is None and not standing.open:
                # Otherwise the queue in front of the endpoint says when to come back.
                longest = min(self._retries.longest_wait, _FIRST_WAIT * 2 ** min(tries - 1, 30))
                pause = self._random.uniform(0, longest)
            if pause:
                call.retry_at = asyncio.get_running_loop().time() + pause
                await asyncio.sleep(pause)

    async def _attempt(self, call: _Call, grant: Grant) -> Answer | tuple[AttemptError, Standing]:
        """Send the call once, with leave; what went wrong, and how the endpoint does."""
        began = call.sent_at = asyncio.get_running_loop().time()
        try:
            result = await self._create(call, grant.seconds)
        except AttemptError as fault:
            self._log(call, fault)
            return fault, await self._limiter.failed(grant, fault)
        except BaseException:
            self._limiter.released(grant)
            raise
        answer = self._answer(call.key, call.request, result, _since(began))
        cost = Cost(answer.prompt_tokens + answer.completion_tokens, answer.usd or 0.0)
        self._limiter.answered(grant, answer.role, cost, answer.seconds)
        return answer

    async def _create(self, call: _Call, limit: float) -> CreateResult:
        """One attempt: a result, or an AttemptError, or a PtoolError of the client's own."""
        request = call.request
        clock = asyncio.timeout(limit)
        try:
            async with clock:
                return await self.endpoint.client.create(
                    call.sent,
                    tools=[cast(ToolSchema, dict(tool)) for tool in request.tools],
                    json_output=request.output,
                    **({} if request.tool_choice == "auto" else {"tool_choice": request.tool_choice}),
                    extra_create_args={"seed": call.seed, **self._fitting(request, call.sent)},
                )
        except PtoolError:
            raise
        except ValidationError as error:
            return _invalid_result(error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # the cancellation comes from outside
            raise AttemptError("connection", "the client gave the call up by itself") from None
        except Exception as error:
            if isinstance(error, TimeoutError) and clock.expired():
                raise AttemptError("timeout", f"no whole answer within {limit:g} s") from None
            fault = fault_of(error)
            if fault is None:
                message = without_secrets(f"{type(error).__name__}: {error}")
                self._log(call, AttemptError("malformed", message))
                raise _unreachable(request, message) from error
            raise fault.reworded(without_secrets(str(fault))) from error

    def _fitting(self, request: Request, messages: Iterable[LLMMessage]) -> Mapping[str, Any]:
        """The request's sampling, with no more room for the answer than the prompt leaves in the context.

        Endpoints refuse what could grow too long together. The room is no part of the answer's key: it
        changes nothing but answers that would not have ended.
        """
        window = self.endpoint.window
        name = next((name for name in LIMITS if isinstance(request.sampling.get(name), int)), None)
        if window.tokens is None or name is None:
            return request.sampling
        wanted = request.sampling[name]
        size = sum(text_size(str(message.content)) for message in messages) + _beside_texts(request)
        return {**request.sampling, name: window.answer_room(size, wanted)}

    def _answer(self, key: bytes, request: Request, result: CreateResult, seconds: float) -> Answer:
        """What is kept of a result, all of it bounded."""
        usage, cached = result.usage, _extra_field(result, "cached_tokens")
        usd = self.price.usd(usage.prompt_tokens, usage.completion_tokens, cached) if self.price else None
        return Answer(
            key=key,
            stage=request.stage,
            role=request.role,
            turn=request.turn,
            endpoint=self.endpoint.name,
            content=_text(result.content, bool(request.tools)),
            finish=_finish(result, bool(request.tools)),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=cached,
            usd=usd,
            seconds=seconds,
            estimated=bool(_extra_field(result, "estimated")),
            thought=0 if result.content else len(result.thought or ""),
        )

    def _log(self, call: _Call, fault: AttemptError) -> None:
        request = call.request
        failure = Failure(
            request.stage,
            request.role,
            request.turn,
            self.endpoint.name,
            fault.kind,
            str(fault),
            _since(call.sent_at or 0.0),
        )
        self._save_failure(failure, self.asked(request, call.messages))

    def _refusal(self, request: Request, fault: AttemptError) -> PtoolError:
        if fault.kind == "refused":
            if fault.words not in self._refusals and len(self._refusals) < _MOST_REFUSALS_SAID:
                self._refusals.add(fault.words)
                logger.warning("{}: refuses a request of {}: {}", self.endpoint.name, request.role, fault)
            return RefusedRequestError(
                f"{request.turn}: {self.endpoint.name} refuses the request of {request.role!r}: {fault}"
            )
        variable: Any = getattr(self.endpoint.client, "api_key_env", "the environment")
        key = f"the key that {variable} holds" if variable else "to answer without a key, and none is sent"
        return KeyRefusedError(
            f"{self.endpoint.name}: refuses {key} (model.api_key_env), or what it may do: {fault}; "
            f"{RESUMES} with a key it takes"
        )


def _unreachable(request: Request, message: str, times: str = "") -> UnreachableModelError:
    message = " ".join(message.split())[:1_500]
    return UnreachableModelError(f"{request.turn}: the model of {request.role!r} failed{times}: {message}")


def _since(began: float) -> float:
    return asyncio.get_running_loop().time() - began


def _largest_cost(request: Request, messages: Iterable[Message], price: Price | None) -> Cost:
    """What a call may cost at most: an estimate of its prompt, and all the tokens the answer may have."""
    size, prompt_tokens = _beside_texts(request), 0
    size += schema_size(request.record) if request.record else 0
    for _, text in messages:
        size += text_size(text)
        prompt_tokens += _TOKENS_A_MESSAGE
    prompt_tokens += -(-size // _CHARACTERS_A_TOKEN)
    max_tokens = request.sampling.get("max_tokens") or request.sampling.get("max_completion_tokens")
    answer_tokens = max_tokens if isinstance(max_tokens, int) else MAX_TOKENS
    usd = price.usd(prompt_tokens, answer_tokens) if price else 0.0
    return Cost(prompt_tokens + answer_tokens, usd)


def _beside_texts(request: Request) -> int:
    """The size of the tools that go beside the texts of a request."""
    return len(orjson.dumps(request.tools)) if request.tools else 0


def _text(content: Any, tools_offered: bool) -> str:
    """An answer's text in a form that can be kept: bounded, and without halves of characters."""
    if not isinstance(content, str):
        content = calls_text(content) if tools_offered else "(a tool call, though no tool was offered)"
    text = content[: MAX_ANSWER + 1]
    # Written out as an escape, a lone surrogate can be kept, and is refused when the answer is parsed.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _finish(result: CreateResult, tools_offered: bool) -> str:
    """Why an answer ended; that it calls functions is said of those answers alone that do."""
    if _extra_field(result, "refusal"):
        return "refusal"
    if isinstance(result.content, str):
        return "unknown" if result.finish_reason == CALLS else result.finish_reason
    return CALLS if tools_offered else "unknown"


def _extra_field(result: CreateResult, name: str) -> Any:
    """What a client says beside AutoGen's own fields (`clients.response.CompletionResult`); None: nothing."""
    return None if type(result) is CreateResult else getattr(result, name, None)


def _invalid_result(error: ValidationError) -> CreateResult:
    """Stand in for an answer the client itself refused: some validate, and keep the text to themselves."""
    content = f"(an answer that is not of the required form: {describe_error(error)})"
    usage = RequestUsage(prompt_tokens=0, completion_tokens=0)
    return CreateResult(finish_reason="unknown", content=content, usage=usage, cached=False)
