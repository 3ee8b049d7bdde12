"""What all calls of a run share: the queue in front of every endpoint, its circuit breaker, and the budget.

A gateway asks for leave before each attempt and says how it ended. Who gives that leave is in this process
(`LocalLimiter`) or in another one that many gateways ask: then a limit holds for all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple, Protocol

from ...records.model_calls import Spent
from ...settings import Budget
from ..faults import AttemptError
from .budget import Cost, SpendingAccount
from .rate_limit import AdmissionQueue, Permit


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send one attempt; ended once, by `answered`, `failed` or `released`."""

    number: int
    seconds: float
    """how long the attempt may take"""
    answers: int
    """answers of the endpoint when leave was asked for"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an endpoint does, right after an attempt failed."""

    answers: int
    """answers of it so far, to whomever"""
    open: bool
    """whether only probes are sent: the queue says when to come back"""
    never_reached: bool
    """whether it has never been there"""
    pause: float | None
    """seconds this attempt was asked to wait beyond the pause of all"""


@dataclass(frozen=True, slots=True)
class Pressure:
    """What keeps calls of an endpoint waiting, for whoever looks on."""

    failing_for: float | None = None
    """seconds since the first of the failures with no answer between them; None: there is none"""
    fault: str = ""
    next_in: float = 0.0
    """seconds until a call may be sent"""


class Limiter(Protocol):
    """Gives leave to send attempts. Endpoints are named by the first role that they answer for."""

    async def admit(self, endpoint: str, cost: Cost) -> Grant:
        """Wait for money and for one's turn.

        Args: endpoint: who is called; cost: what the attempt may take at most.

        Raises:
            BudgetSpentError: the budget does not allow it.
            EndpointDownError: the endpoint is given up.
        """
        ...

    def answered(self, grant: Grant, role: str, cost: Cost, seconds: float) -> None:
        """The attempt brought an answer. Args: role: who asked; cost: what it took; seconds: how long."""
        ...

    async def failed(self, grant: Grant, fault: AttemptError) -> Standing:
        """The attempt brought nothing, and counts as a call."""
        ...

    def released(self, grant: Grant) -> None:
        """The attempt was given up after it was sent; this says nothing about the endpoint."""
        ...

    def pressure(self, endpoint: str, now: float) -> Pressure:
        """What keeps the endpoint's calls waiting. Args: now: the event loop's time."""
        ...


class _Attempt(NamedTuple):
    """An attempt that has leave."""

    queue: AdmissionQueue
    permit: Permit
    reserved: Cost


class LocalLimiter:
    """The limiter of this process.

    Args:
        queues: endpoint -> the queue in front of it.
        budget: what all calls may cost.
        spent: what earlier ones took; asked once, before the first is let through.
    """

    def __init__(
        self,
        queues: Mapping[str, AdmissionQueue],
        budget: Budget = Budget(),  # noqa: B008 (frozen)
        spent: Callable[[], Spent] = Spent,
    ) -> None:
        self.queues = queues
        self._budget, self._spent = budget, spent
        self._opened: SpendingAccount | None = None
        self._numbers = count()
        self._under_way: dict[int, _Attempt] = {}

    async def admit(self, endpoint: str, cost: Cost) -> Grant:
        """As `Limiter.admit`."""
        queue = self.queues[endpoint]
        answers = queue.breaker.answers
        account = self._account
        await account.reserve(cost)
        try:
            permit = await queue.acquire(cost.tokens)
        except BaseException:
            account.settle(cost, None)
            raise
        number = next(self._numbers)
        self._under_way[number] = _Attempt(queue, permit, cost)
        return Grant(number, queue.time_limit(permit), answers)

    def answered(self, grant: Grant, role: str, cost: Cost, seconds: float) -> None:
        """As `Limiter.answered`."""
        attempt = self._under_way.pop(grant.number)
        attempt.queue.report_answer(attempt.permit, role, cost.tokens, seconds)
        self._account.settle(attempt.reserved, cost)

    async def failed(self, grant: Grant, fault: AttemptError) -> Standing:
        """As `Limiter.failed`."""
        queue, permit, reserved = self._under_way.pop(grant.number)
        queue.report_failure(permit, fault)
        self._account.settle(reserved, Cost())
        breaker = queue.breaker
        pause = queue.beyond_pause(fault.retry_after)
        return Standing(breaker.answers, breaker.is_open, breaker.never_reached, pause)

    def released(self, grant: Grant) -> None:
        """As `Limiter.released`."""
        self._end(grant.number, Cost())

    def limit(self, budget: Budget) -> None:
        """Go on with another budget, while nothing is under way; what was spent is asked anew."""
        self._budget, self._opened = budget, None

    def lost(self, number: int) -> None:
        """Nobody will say how an attempt ended: what it may have cost at most counts as spent."""
        if number in self._under_way:
            self._end(number, self._under_way[number].reserved)

    def pressure(self, endpoint: str, now: float) -> Pressure:
        """As `Limiter.pressure`."""
        queue = self.queues[endpoint]
        fault = queue.breaker.last_fault
        shown = f"{fault.kind}: {fault}" if fault else ""
        return Pressure(queue.breaker.failing_for(now), shown, queue.next_in(now))

    def _end(self, number: int, cost: Cost) -> None:
        queue, permit, reserved = self._under_way.pop(number)
        queue.release(permit)
        self._account.settle(reserved, cost)

    @property
    def _account(self) -> SpendingAccount:
        if self._opened is None:
            self._opened = SpendingAccount(self._budget, self._spent())
        return self._opened
