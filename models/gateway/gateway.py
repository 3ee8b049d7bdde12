"""The gateway: every question of every role goes through it, asked once, paid once, kept, parsed, corrected.

It knows no role, prompt or stage. It looks an answer up in the log before it asks for it, lets equal
questions share one call (`SingleFlight`), keeps an answer before anybody parses it, turns it into the record,
and shows the model its own error where that fails, a bounded number of times. How a call is made is told in
`call`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from autogen_core import CancellationToken, FunctionCall
from autogen_core.models import ChatCompletionClient

from ...errors import ConfigError, UnusableAnswerError, names
from ...records import Usage
from ...records.model_calls import Answer, Failure, Spent
from ...settings import Budget, Retries
from ..endpoint import CallLog, Endpoint
from ..request import NO_USAGE, Message, Reply, Request, hotter
from ..seeds import derive
from .activity import Activity, GatewayFigures, describe_activity, shifted
from .cache_key import cache_key
from .call import EndpointCaller
from .conversation import CALLS, read_calls
from .limiter import Limiter, LocalLimiter
from .parse import Accept, InvalidAnswer, Status, add_correction, parse_answer
from .rate_limit import AdmissionQueue

Value = TypeVar("Value")

CORRECTIONS, RESTARTS = 2, 1
"""How often a model is told what was wrong with its answer, and asked anew after that."""


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
        limiter: gives leave to every attempt; None: one of its own, from what is above.

    Raises:
        ConfigError: a number is out of range, or `budget.usd` is set and a model's price is not known.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        *,
        concurrency: int,
        corrections: int = CORRECTIONS,
        restarts: int = RESTARTS,
        log: CallLog | None = None,
        retries: Retries = Retries(),  # noqa: B008 (frozen)
        budget: Budget = Budget(),  # noqa: B008 (frozen)
        limiter: Limiter | None = None,
    ) -> None:
        if concurrency < 1:
            raise ConfigError(f"concurrency: got {concurrency!r}, expected an integer >= 1")
        self.log = log
        self._budget = budget
        self._attempts_a_seed = corrections + 1
        self._attempts = self._attempts_a_seed * (restarts + 1)
        self._usage: dict[str, list[int]] = {}
        self._usd, self._failures = 0.0, 0
        self._single_flight: SingleFlight[Answer] = SingleFlight()
        names: dict[Endpoint, str] = {}
        for role, endpoint in endpoints.items():
            names.setdefault(endpoint, role)
        self.limiter: Limiter = limiter or LocalLimiter(
            {
                name: AdmissionQueue(endpoint.name, endpoint.limits, concurrency, retries.patience)
                for endpoint, name in names.items()
            },
            budget,
            lambda: self.log.spent() if self.log is not None else Spent(),
        )
        shared = {
            endpoint: EndpointCaller(endpoint, name, self.limiter, retries, self._save_failure)
            for endpoint, name in names.items()
        }
        self._callers = {role: shared[endpoint] for role, endpoint in endpoints.items()}
        if budget.usd is not None:
            _require_prices(self._callers)

    async def ask(
        self,
        request: Request,
        *,
        accept: Accept | None = None,
        token: CancellationToken | None = None,
        corrected: bool = True,
    ) -> Reply:
        """Ask until the answer is the record asked for.

        Args:
            request: the question.
            accept: the role's own test of the record.
            token: ends the waiting for a pending call.
            corrected: whether an answer that is no record is asked for again.

        Raises:
            UnusableAnswerError: no answer was usable; its `code` says what was wrong with the last one.
            UnreachableModelError, RefusedRequestError: there was no answer to this request.
            RunStoppedError: there will be none to any: budget spent, key refused, endpoint down.
        """
        record = request.record
        if record is None:
            raise ValueError("no record is asked for; an answer as it comes is got with Gateway.answer")
        found, _, usage = await self._until_read(
            request,
            lambda answer: parse_answer(answer.content, answer.finish, record, accept),
            token,
            corrected,
        )
        return Reply(found, usage)

    async def converse(
        self, request: Request, *, token: CancellationToken | None = None
    ) -> tuple[str | list[FunctionCall], str, Usage]:
        """The next message of a conversation: what it holds, why it ended, and what it cost.

        Texts are given as they come, a record as JSON. Records that are none, and calls whose arguments are
        no object, are asked for again as in `ask`.

        Args: as of `ask`.

        Raises: as `ask`.
        """
        return await self._until_read(request, lambda answer: _content(answer, request), token, True)

    async def _until_read(
        self,
        request: Request,
        read: Callable[[Answer], tuple[Value, Status]],
        token: CancellationToken | None,
        corrected: bool,
    ) -> tuple[Value, str, Usage]:
        """What is read in an answer, why that one ended, and what all that were needed cost."""
        usage, objection = NO_USAGE, InvalidAnswer("empty", "nothing was asked")
        messages: tuple[Message, ...] = ()
        asked, refused = request, set[str]()
        for number in range(self._attempts if corrected else 1):
            if number % self._attempts_a_seed == 0:
                messages = request.conversation
            answer = await self._answer(asked, messages, number, token)
            usage = usage + _usage_of(answer) if number else _usage_of(answer)
            try:
                value, status = read(answer)
            except InvalidAnswer as error:
                self._save_status(answer, error.status)
                objection = error
                if answer.content in refused:
                    messages, asked = (
                        add_correction(request.conversation, None, objection),
                        _asked_hotter(asked),
                    )
                else:
                    messages = add_correction(messages, answer.content, objection)
                refused.add(answer.content)
                continue
            self._save_status(answer, status)
            return value, answer.finish, usage
        wanted = request.record.__name__ if request.record else "answer"
        raise UnusableAnswerError(
            f"{request.turn}: {request.role!r} gave no usable {wanted} in "
            f"{self._attempts} attempts; the last objection ({objection.status}): {objection}",
            objection.status,
        )

    async def answer(self, request: Request, *, token: CancellationToken | None = None) -> Answer:
        """The answer as the model gives it: asked once, paid once, kept, neither parsed nor corrected.

        Args: as of `ask`; the request may ask for text, and may offer tools.

        Raises:
            UnreachableModelError, RefusedRequestError, RunStoppedError: as `ask`.
        """
        return await self._answer(request, request.conversation, 0, token)

    async def _answer(
        self,
        request: Request,
        messages: tuple[Message, ...],
        number: int,
        token: CancellationToken | None,
    ) -> Answer:
        """The answer to some messages: kept from before, under way, or paid for now.

        Args: number: of the attempt, corrections and restarts counted together, from 0.
        """
        caller = self._caller(request.endpoint or request.role)
        seed = derive(request.seed, number) if number else request.seed
        identity = caller.endpoint.identity
        choice = request.tool_choice
        key = cache_key(
            identity, messages, request.output, request.sampling, seed, number, request.tools,
            choice if isinstance(choice, str) else f"function {choice.name}",
        )  # fmt: skip
        if self.log is not None and (kept := self.log.find_answer(key)) is not None:
            return kept
        return await self._single_flight.run(
            key, lambda: self._pay(key, caller, request, messages, seed), token
        )

    def _caller(self, role: str) -> EndpointCaller:
        caller = self._callers.get(role) or self._callers.get("default")
        if caller is None:
            raise ConfigError(f"model: no endpoint for role {role!r}; there are {names(self._callers, role)}")
        return caller

    async def _pay(
        self,
        key: bytes,
        caller: EndpointCaller,
        request: Request,
        messages: tuple[Message, ...],
        seed: int,
    ) -> Answer:
        """Make a call, and keep its answer before anybody parses it."""
        answer = await caller.call(key, request, messages, seed)
        usage = self._usage.setdefault(answer.role, [0, 0, 0])
        usage[0] += 1
        usage[1] += answer.prompt_tokens
        usage[2] += answer.completion_tokens
        self._usd += answer.usd or 0.0
        if self.log is not None:
            await self.log.save_answer(answer, caller.asked(request, messages))
        return answer

    @property
    def usage(self) -> dict[str, Usage]:
        """What answers cost in this process, by role; those that were refused are counted too."""
        return {
            role: Usage(calls=calls, prompt_tokens=prompt, completion_tokens=completion)
            for role, (calls, prompt, completion) in self._usage.items()
        }

    def client(self, endpoint: str) -> ChatCompletionClient:
        """Who answers for a role, or at an endpoint of its own."""
        return self._caller(endpoint).endpoint.client

    @property
    def has_limits(self) -> bool:
        """Whether there is anything to share with other processes: an endpoint beyond this one, a budget."""
        embedded = all(
            getattr(caller.endpoint.client, "repeatable", False) for caller in self._callers.values()
        )
        return not embedded or any(limit is not None for limit in self._budget.model_dump().values())

    def figures(self) -> GatewayFigures:
        """What its calls have come to; asked in the event loop."""
        now = asyncio.get_running_loop().time()
        usage = self._usage.values()
        return GatewayFigures(
            prompt_tokens=sum(prompt for _, prompt, _ in usage),
            completion_tokens=sum(completion for _, _, completion in usage),
            usd=self._usd,
            failures=self._failures,
            pending={caller.name: shifted(caller.pending, -now) for caller in self._different_callers()},
        )

    def activity(self, elsewhere: Sequence[GatewayFigures] = ()) -> Activity:
        """What answers cost so far, and who is waited for; asked in the event loop.

        Args: elsewhere: the figures of other processes that share the limits.
        """
        now = asyncio.get_running_loop().time()
        all_figures = (self.figures(), *elsewhere)
        pending = {
            caller: [call for other in elsewhere for call in shifted(other.pending.get(caller.name, ()), now)]
            for caller in self._different_callers()
        }
        return describe_activity(
            [caller.activity(now, calls) for caller, calls in pending.items()],
            now,
            prompt_tokens=sum(figures.prompt_tokens for figures in all_figures),
            completion_tokens=sum(figures.completion_tokens for figures in all_figures),
            usd=sum(figures.usd for figures in all_figures),
            failures=sum(figures.failures for figures in all_figures),
        )

    def _different_callers(self) -> Iterable[EndpointCaller]:
        """One of every endpoint."""
        return dict.fromkeys(self._callers.values())

    def _save_status(self, answer: Answer, status: str) -> None:
        if status != "ok" and self.log is not None:
            self.log.set_answer_status(answer.key, status)

    def _save_failure(self, failure: Failure, messages: Sequence[Message]) -> None:
        self._failures += 1
        if self.log is not None:
            self.log.save_failure(failure, messages)

    async def close(self) -> None:
        """Give up what is still under way, and close every client once."""
        await self._single_flight.close()
        for endpoint in {caller.endpoint for caller in self._callers.values()}:
            await endpoint.client.close()


def _require_prices(callers: Mapping[str, EndpointCaller]) -> None:
    for role, caller in callers.items():
        if caller.price is None:
            where = "model" if role == "default" else f"agent.{role}.model"
            raise ConfigError(
                f"budget.usd: the price of {caller.endpoint.name} is not known, so no budget could be kept; "
                f"set {where}.price.input and {where}.price.output, or budget.tokens instead"
            )


def _content(answer: Answer, request: Request) -> tuple[str | list[FunctionCall], Status]:
    """The content of a conversation's next message."""
    if answer.finish == CALLS:
        return read_calls(answer.content), "ok"
    if request.record is None:
        return answer.content, "ok"
    record, status = parse_answer(answer.content, answer.finish, request.record)
    return record.model_dump_json(), status


def _asked_hotter(request: Request) -> Request:
    """The question for somebody who gave the same wrong answer twice: with more chance in it."""
    temperature = request.sampling.get("temperature")
    if not isinstance(temperature, (int, float)):
        return request
    return replace(request, sampling={**request.sampling, "temperature": hotter(temperature, 1)})


def _usage_of(answer: Answer) -> Usage:
    return Usage(calls=1, prompt_tokens=answer.prompt_tokens, completion_tokens=answer.completion_tokens)


class SingleFlight(Generic[Value]):
    """Lets all who ask the same thing at the same time share one call.

    The call is a task of its own, so that cancelling one of those who wait for it takes nothing from the
    others; when nobody waits any more, the call is cancelled.
    """

    def __init__(self) -> None:
        self._flights: dict[bytes, _Flight[Value]] = {}
        self._tasks: set[asyncio.Task[Value]] = set()

    async def run(
        self,
        key: bytes,
        start: Callable[[], Coroutine[Any, Any, Value]],
        token: CancellationToken | None = None,
    ) -> Value:
        """The result of the call under way for a key, or of one that is started now; raises what that raises.

        Args: key: what is asked; start: makes the call; token: ends this waiting, not that of others.
        """
        flight = self._flights.get(key) or self._start(key, start())
        waiter: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        flight.waiters.add(waiter)
        if token is not None:
            token.link_future(waiter)
        try:
            return await waiter
        finally:
            flight.waiters.discard(waiter)
            if not flight.waiters and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()

    def _start(self, key: bytes, call: Coroutine[Any, Any, Value]) -> _Flight[Value]:
        task = asyncio.ensure_future(call)
        flight = self._flights[key] = _Flight(task)
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._finish(key, flight))
        return flight

    def _finish(self, key: bytes, flight: _Flight[Value]) -> None:
        self._forget(key, flight)
        self._tasks.discard(flight.task)
        flight.hand_out()

    def _forget(self, key: bytes, flight: _Flight[Value]) -> None:
        """Let the next one who asks start anew, unless somebody has already."""
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def close(self) -> None:
        """Cancel what is still under way, and wait until it has ended."""
        under_way = list(self._tasks)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


class _Flight(Generic[Value]):
    """One call under way, and those who wait for it."""

    __slots__ = ("task", "waiters")

    def __init__(self, task: asyncio.Task[Value]) -> None:
        self.task = task
        self.waiters: set[asyncio.Future[Value]] = set()

    def hand_out(self) -> None:
        """Give everybody who waits what the call brought."""
        # Somebody has to look at its exception, even if all who waited are gone.
        error = None if self.task.cancelled() else self.task.exception()
        for waiter in self.waiters:
            if waiter.done():
                continue
            if self.task.cancelled():
                waiter.cancel()
            elif error is not None:
                waiter.set_exception(error)
            else:
                waiter.set_result(self.task.result())
