"""One call of one endpoint until there is an answer: paced, paid for, tried again where that helps.

What is asked and what becomes of the answer it does not know; faults are told apart by `faults`.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, cast

from autogen_core.models import CreateResult, LLMMessage, RequestUsage
from autogen_core.tools import ToolSchema
from pydantic import ValidationError

from ...errors import KeyRefusedError, PtoolError, RefusedRequestError, UnreachableModelError
from ...records.model_calls import Failure
from ..endpoint import Endpoint, Price
from ..faults import AttemptError, fault_of
from ..request import Request
from .budget import Cost, Purse
from .circuit_breaker import KEPT
from .parse import explain
from .rate_limit import Pace, Turn

_FIRST_WAIT = 0.5
_SECRET = re.compile(r"(^|_)(key|token|secret|password|credential|authorization)s?(_|$)", re.IGNORECASE)
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Retries:
    """How long a failing endpoint is borne with."""

    attempts: int = 6
    """of one call, before the item is given up until the next start"""
    longest_wait: float = 60.0
    """seconds between two attempts, at most"""
    patience: float = 60.0
    """seconds without any answer before the run ends"""


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, and what it may take at most."""

    request: Request
    messages: Sequence[LLMMessage]
    seed: int
    most: Cost


@dataclass(frozen=True, slots=True)
class Got:
    """What came back."""

    result: CreateResult
    cost: Cost
    seconds: float


class Caller:
    """Makes the calls of one endpoint.

    Args:
        endpoint: who is called.
        price: what it costs; None: not known.
        concurrency: calls in flight, at most.
        retries: how long it is borne with.
        failed: is told every attempt without an answer.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        price: Price | None,
        concurrency: int,
        retries: Retries,
        failed: Callable[[Failure], None],
    ) -> None:
        self.endpoint = endpoint
        self.price = price
        self._retries = retries
        self._failed = failed
        self._pace = Pace(endpoint.name, endpoint.limits, concurrency, retries.patience)
        self._random = Random()  # waiting alike, processes would come back all at once; it changes no result

    async def call(self, call: Call, purse: Purse) -> Got:
        """The answer, and what it took.

        Args: call: what is sent; purse: pays for every attempt.

        Raises:
            UnreachableModelError: no attempt brought an answer, or the client has a bug.
            RefusedRequestError, KeyRefusedError: it refuses this request, or everybody's.
            EndpointDownError: it has not answered anybody for too long.
            BudgetSpentError: the budget does not allow another attempt.
        """
        counted = tries = 0
        answers = self._pace.breaker.answers
        while True:
            outcome = await self._attempt(call, purse)
            if isinstance(outcome, Got):
                return outcome
            tries += 1
            counted += not self._excused(outcome, answers)
            answers = self._pace.breaker.answers
            if counted >= self._retries.attempts:
                raise self._unreachable(call, f"{outcome.kind}: {outcome}", f" {tries} times") from outcome
            if outcome.retry_after is None and not self._pace.breaker.in_doubt:
                # Otherwise the line in front of the endpoint says when to come back.
                longest = min(self._retries.longest_wait, _FIRST_WAIT * 2 ** min(tries - 1, 30))
                await asyncio.sleep(self._random.uniform(0, longest))

    def _excused(self, fault: AttemptError, answers: int) -> bool:
        """Whether a failure says nothing about the call: others were served, or nobody is there yet."""
        breaker = self._pace.breaker
        return breaker.stranger or (fault.kind == "rate_limited" and breaker.answers > answers)

    async def _attempt(self, call: Call, purse: Purse) -> Got | AttemptError:
        await purse.reserve(call.most)
        try:
            turn = await self._pace.enter(call.most.tokens)
        except BaseException:
            purse.release(call.most)
            raise
        try:
            result = await self._create(call, turn)
        except AttemptError as fault:
            purse.settle(call.most, Cost())
            self._pace.failed(turn, fault)
            self._note(call, fault, self._since(turn))
            if fault.kind in ("unauthorised", "refused"):
                raise self._lasting(call, fault) from fault
            return fault
        except BaseException:
            purse.settle(call.most, Cost())
            self._pace.left(turn)
            raise
        got = Got(result, self._cost(result), self._since(turn))
        purse.settle(call.most, got.cost)
        self._pace.answered(turn, call.request.role, got.cost.tokens, got.seconds)
        return got

    async def _create(self, call: Call, turn: Turn) -> CreateResult:
        """One answer, or an AttemptError, or a PtoolError of the client's own."""
        limit = self._pace.seconds(turn)
        clock = asyncio.timeout(limit)
        try:
            async with clock:
                return await self.endpoint.client.create(
                    call.messages,
                    tools=_tools(call.request),
                    json_output=call.request.output,
                    extra_create_args={"seed": call.seed, **call.request.sampling},
                )
        except PtoolError:
            raise
        except ValidationError as error:
            return _unread(error)
        except asyncio.CancelledError:
            if _cancelled_from_outside():
                raise
            raise AttemptError("connection", "the client gave the call up by itself") from None
        except Exception as error:
            if isinstance(error, TimeoutError) and clock.expired():
                raise AttemptError("timeout", f"no whole answer within {limit:g} s") from None
            fault = fault_of(error)
            if fault is None:
                said = without_secrets(f"{type(error).__name__}: {error}")
                self._note(call, AttemptError("malformed", said), self._since(turn))
                raise self._unreachable(call, said) from error
            raise AttemptError(fault.kind, without_secrets(str(fault)), fault.retry_after) from error

    def _cost(self, result: CreateResult) -> Cost:
        sent, received = result.usage.prompt_tokens, result.usage.completion_tokens
        cached = extra(result, "cached_tokens")
        return Cost(sent + received, self.price.usd(sent, received, cached) if self.price else 0.0)

    def _note(self, call: Call, fault: AttemptError, seconds: float) -> None:
        asked, name = call.request, self.endpoint.name
        self._failed(Failure(asked.stage, asked.role, asked.turn, name, fault.kind, str(fault), seconds))

    def _lasting(self, call: Call, fault: AttemptError) -> PtoolError:
        if fault.kind == "refused":
            who = call.request.role
            said = f"{self.endpoint.name} refuses the request of {who!r}: {fault}"
            return RefusedRequestError(f"{call.request.turn}: {said}")
        variable: Any = getattr(self.endpoint.client, "api_key_env", "the environment")
        key = f"the key that {variable} holds" if variable else "to answer without a key, and none is sent"
        return KeyRefusedError(
            f"{self.endpoint.name}: refuses {key} (model.api_key_env), or what it may do: {fault}; "
            f"{KEPT} with a key it takes"
        )

    def _unreachable(self, call: Call, said: str, times: str = "") -> UnreachableModelError:
        who = call.request.role
        said = " ".join(said.split())[:1_500]
        return UnreachableModelError(f"{call.request.turn}: the model of {who!r} failed{times}: {said}")

    @staticmethod
    def _since(turn: Turn) -> float:
        return asyncio.get_running_loop().time() - turn.began


def _tools(request: Request) -> list[ToolSchema]:
    return [cast(ToolSchema, dict(one)) for one in request.tools]


def extra(result: CreateResult, name: str) -> Any:
    """What a client says beside AutoGen's own fields (`clients.chat_completions`); None: nothing."""
    return None if type(result) is CreateResult else getattr(result, name, None)


def without_secrets(text: str) -> str:
    """The text without the keys this process was given: endpoints and SDKs repeat what they refuse."""
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_SECRET and _SECRET.search(name):
            text = text.replace(value, f"[{name}]")
            for cut in range(len(value) - 1, _SHORTEST_SECRET - 1, -1):  # by the bound on messages
                text = text.removesuffix(value[:cut])
    return text


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _unread(error: ValidationError) -> CreateResult:
    """Stand in for an answer the client itself refused: some validate, and keep the text to themselves."""
    nothing = RequestUsage(prompt_tokens=0, completion_tokens=0)
    said = f"(an answer that is not of the required form: {explain(error)})"
    return CreateResult(finish_reason="unknown", content=said, usage=nothing, cached=False)
