"""Every question of every role goes through here: asked once, paid once, kept, read, corrected.

The gateway knows no role, prompt or stage. It looks an answer up in the log before it asks for it, lets those
who ask the same share one call, keeps what came before anybody reads it, turns it into the record, and shows
the model its own error where that fails, a bounded number of times. How a call is made is told in `retrying`.
"""

from __future__ import annotations

import json
from collections.abc import Coroutine, Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson
from autogen_core import CancellationToken, FunctionCall
from autogen_core.models import AssistantMessage, LLMMessage, SystemMessage, UserMessage
from pydantic import BaseModel

from ...errors import ConfigError, UnusableAnswerError, names
from ...records import Usage
from ...records.model_calls import Answer, Failure, Spent
from ..endpoint import CallLog, Endpoint, Price
from ..request import NO_USAGE, Reply, Request
from ..seeds import derive
from .budget import Budget, Cost, Purse
from .cache_key import Message, key_of
from .call import Call, Caller, Got, Retries, extra
from .correction import corrected
from .parse import MAX_ANSWER, Accept, Unusable, read
from .single_flight import Flights

MAX_TOKENS = 4_096
"""Tokens of an answer that are reserved where the request names no `max_tokens`."""

_CHARACTERS_A_TOKEN = 3
_TOKENS_A_MESSAGE = 16
_FREE = Price(0.0, 0.0)


class Gateway:
    """Asks the endpoint of a role, or the default one.

    Args:
        endpoints: role -> endpoint; "default" serves every role that has none of its own.
        concurrency: calls in flight at an endpoint, >= 1.
        corrections: times a model is told what was wrong with its answer before it is asked anew.
        restarts: times it is asked anew, with another seed, before the answer is given up.
        log: keeps answers and failures, and is asked first; may be set later, before the first `ask`.
        retries: how long a failing endpoint is borne with.
        budget: what all calls may cost, those the log already knows included.

    Raises:
        ConfigError: a number is out of range, or `budget.usd` is set and a model's price is not known.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        *,
        concurrency: int,
        corrections: int = 2,
        restarts: int = 1,
        log: CallLog | None = None,
        retries: Retries = Retries(),  # noqa: B008 (frozen)
        budget: Budget = Budget(),  # noqa: B008 (frozen)
    ) -> None:
        if concurrency < 1:
            raise ConfigError(f"concurrency: got {concurrency!r}, expected an integer >= 1")
        self.log = log
        self._attempts = corrections + 1
        self._most = self._attempts * (restarts + 1)
        self._budget = budget
        self._purse: Purse | None = None
        self._counts: dict[str, list[int]] = {}
        self._flights: Flights[Answer] = Flights()
        shared = {
            endpoint: Caller(endpoint, _price(endpoint), concurrency, retries, self._failed)
            for endpoint in endpoints.values()
        }
        self._callers = {role: shared[endpoint] for role, endpoint in endpoints.items()}
        if budget.usd is not None:
            _check_prices(self._callers)

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
            token: ends the waiting for a pending call.

        Raises:
            UnusableAnswerError: no answer was usable; its `code` says what was wrong with the last one.
            UnreachableModelError, RefusedRequestError: there was no answer to this request.
            RunStoppedError: there will be none to any: budget spent, key refused, endpoint down.
        """
        if request.output is None:
            raise ValueError("no record is asked for; an answer as it comes is got with Gateway.answer")
        caller = self._caller(request.role)
        spent, fault = NO_USAGE, Unusable("empty", "nothing was asked")
        messages: tuple[Message, ...] = ()
        for number in range(self._most):
            if number % self._attempts == 0:
                messages = (("system", request.system), ("user", request.user))
            answer = await self._answer(caller, request, messages, number, token)
            spent = spent + _usage(answer) if number else _usage(answer)
            try:
                return Reply(self._read(answer, request.output, accept), spent)
            except Unusable as error:
                fault = error
            messages = corrected(messages, answer.content, fault)
        raise UnusableAnswerError(
            f"{request.turn}: {request.role!r} gave no usable {request.output.__name__} in "
            f"{self._most} attempts; the last objection ({fault.status}): {fault}",
            fault.status,
        )

    async def answer(self, request: Request, *, token: CancellationToken | None = None) -> Answer:
        """The answer as the model gives it: asked once, paid once, kept, neither read nor corrected.

        Args: as of `ask`; the request may ask for text, and may offer tools.

        Raises:
            UnreachableModelError, RefusedRequestError, RunStoppedError: as `ask`.
        """
        messages = (("system", request.system), ("user", request.user))
        return await self._answer(self._caller(request.role), request, messages, 0, token)

    def _read(self, answer: Answer, output: type[BaseModel], accept: Accept | None) -> Any:
        """The record in an answer. Raises Unusable."""
        try:
            record, status = read(answer.content, answer.finish, output, accept)
        except Unusable as error:
            self._judge(answer, error.status)
            raise
        self._judge(answer, status)
        return record

    def _judge(self, answer: Answer, status: str) -> None:
        if status != "ok" and self.log is not None:
            self.log.set_answer_status(answer.key, status)

    async def _answer(
        self,
        caller: Caller,
        request: Request,
        messages: tuple[Message, ...],
        number: int,
        token: CancellationToken | None,
    ) -> Answer:
        """The answer to some messages: known, under way, or paid for now."""
        seed = derive(request.seed, number) if number else request.seed
        identity = caller.endpoint.identity
        key = key_of(identity, messages, request.output, request.sampling, seed, number, request.tools)
        known = self.log.find_answer(key) if self.log is not None else None
        if known is not None:
            return known

        def start() -> Coroutine[Any, Any, Answer]:
            return self._pay(key, caller, request, messages, seed)

        return await self._flights.join(key, start, token)

    async def _pay(
        self, key: bytes, caller: Caller, request: Request, messages: tuple[Message, ...], seed: int
    ) -> Answer:
        """Make a call, and keep its answer before anybody reads it."""
        if self._purse is None:
            self._purse = Purse(self._budget, self.log.spent() if self.log is not None else Spent())
        call = Call(request, _autogen(messages, request.role), seed, _most(request, messages, caller.price))
        answer = _kept(key, caller, request, await caller.call(call, self._purse))
        self._count(answer)
        if self.log is not None:
            await self.log.save_answer(answer)
        return answer

    def _count(self, answer: Answer) -> None:
        counts = self._counts.setdefault(answer.role, [0, 0, 0])
        counts[0] += 1
        counts[1] += answer.prompt_tokens
        counts[2] += answer.completion_tokens

    @property
    def usage(self) -> dict[str, Usage]:
        """What answers cost in this process, by role; those that were refused are counted too."""
        return {
            role: Usage(calls=calls, prompt_tokens=sent, completion_tokens=received)
            for role, (calls, sent, received) in self._counts.items()
        }

    def _failed(self, failure: Failure) -> None:
        if self.log is not None:
            self.log.save_failure(failure)

    def _caller(self, role: str) -> Caller:
        caller = self._callers.get(role) or self._callers.get("default")
        if caller is None:
            raise ConfigError(f"model: no endpoint for role {role!r}; there are {names(self._callers, role)}")
        return caller

    async def close(self) -> None:
        """Give up what is still under way, and close every client once."""
        await self._flights.close()
        for endpoint in {caller.endpoint for caller in self._callers.values()}:
            await endpoint.client.close()


def _price(endpoint: Endpoint) -> Price | None:
    return endpoint.price or (_FREE if getattr(endpoint.client, "free", False) else None)


def _check_prices(callers: Mapping[str, Caller]) -> None:
    for role, caller in callers.items():
        if caller.price is None:
            where = "model" if role == "default" else f"agent.{role}.model"
            raise ConfigError(
                f"budget.usd: the price of {caller.endpoint.name} is not known, so no budget could be kept; "
                f"set {where}.price.input and {where}.price.output, or budget.tokens instead"
            )


def _autogen(messages: Iterable[Message], role: str) -> list[LLMMessage]:
    made: list[LLMMessage] = []
    for speaker, text in messages:
        if speaker == "system":
            made.append(SystemMessage(content=text))
        elif speaker == "user":
            made.append(UserMessage(content=text, source="ptool"))
        else:
            made.append(AssistantMessage(content=text, source=role))
    return made


def _most(request: Request, messages: Iterable[Message], price: Price | None) -> Cost:
    """What a call may take at most: an estimate of its prompt, and all the tokens the answer may have."""
    size = _schema_size(request.output) if request.output else 0
    size += len(orjson.dumps(request.tools)) if request.tools else 0
    sent = 0
    for _, text in messages:
        # A token of other scripts is shorter in characters, but not in bytes.
        size += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        sent += _TOKENS_A_MESSAGE
    sent += -(-size // _CHARACTERS_A_TOKEN)
    wanted = request.sampling.get("max_tokens") or request.sampling.get("max_completion_tokens")
    received = wanted if isinstance(wanted, int) else MAX_TOKENS
    return Cost(sent + received, price.usd(sent, received) if price else 0.0)


@lru_cache(maxsize=512)
def _schema_size(output: type[BaseModel]) -> int:
    return len(orjson.dumps(output.model_json_schema()))


def _kept(key: bytes, caller: Caller, request: Request, got: Got) -> Answer:
    """What is written down of a result, all of it bounded."""
    result, usage = got.result, got.result.usage
    return Answer(
        key=key,
        stage=request.stage,
        role=request.role,
        turn=request.turn,
        endpoint=caller.endpoint.name,
        content=_text(result.content, bool(request.tools)),
        finish="refusal" if extra(result, "refusal") else result.finish_reason,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cached_tokens=extra(result, "cached_tokens"),
        usd=got.cost.usd if caller.price else None,
        seconds=got.seconds,
    )


def _text(content: Any, offered: bool) -> str:
    """An answer's text in a form that can be kept: bounded, and without halves of characters."""
    if not isinstance(content, str):
        content = _tool_calls(content) if offered else "(a tool call, though no tool was offered)"
    short = content[: MAX_ANSWER + 1]
    # Written out as an escape, a lone surrogate can be kept, and is refused when the answer is read.
    return short if short.isascii() else short.encode("utf-8", "backslashreplace").decode()


def _tool_calls(calls: Iterable[FunctionCall]) -> str:
    """Tool calls as the JSON of a message that holds them."""
    made = [
        {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
        for one in calls
    ]
    return json.dumps({"tool_calls": made})  # not orjson, which refuses halves of characters


def _usage(answer: Answer) -> Usage:
    return Usage(calls=1, prompt_tokens=answer.prompt_tokens, completion_tokens=answer.completion_tokens)
