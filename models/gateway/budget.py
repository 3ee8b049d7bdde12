"""What a run may cost: every attempt reserves the most it can take before it is sent, and settles afterwards.

It knows neither endpoints nor the ledger: what was spent before is handed in, what a call may cost too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from ...errors import BudgetSpentError
from ...records.model_calls import Spent
from ...settings import Budget

_ROUNDING = 1e-9
_UNITS = {"usd": "${:.4f}", "tokens": "{:,}", "calls": "{:,}"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one attempt takes, or may take at most."""

    tokens: int = 0
    usd: float = 0.0
    calls: int = 1


class SpendingAccount:
    """What a run has spent of its budget, and what is reserved for attempts under way.

    Where a reservation does not fit while others are under way, it waits for what they really take.

    Args: budget: the limits; spent: what earlier calls of the run took.
    """

    def __init__(self, budget: Budget, spent: Spent) -> None:
        limits = {name: getattr(budget, name) for name in _UNITS}
        self._limits: dict[str, float] = {name: limit for name, limit in limits.items() if limit is not None}
        self._spent: dict[str, float] = {name: getattr(spent, name) for name in self._limits}
        self._reserved = dict.fromkeys(self._limits, 0.0)
        self._under_way = 0
        self._waiting: deque[tuple[asyncio.Future[None], Cost]] = deque()
        self._stopped: str | None = None

    async def reserve(self, cost: Cost) -> None:
        """Set aside what an attempt may take, until it is told to `settle`.

        Raises BudgetSpentError: it could go beyond a limit, and nothing is under way that may take less.
        """
        if not self._limits:
            return
        if not self._waiting and self._try(cost):
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((waiter, cost))
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.exception() is None:
                self.settle(cost, None)
            raise

    def settle(self, cost: Cost, actual: Cost | None) -> None:
        """An attempt is over: what it took is spent, what was reserved for it is free again.

        Args: cost: what was reserved for it; actual: what it took; None: it was never sent.
        """
        if not self._limits:
            return
        self._under_way -= 1
        for name in self._limits:
            self._spent[name] += getattr(actual, name) if actual else 0
            # Not the sum of what was added and taken away, which rounding moves away from nothing.
            self._reserved[name] = self._reserved[name] - getattr(cost, name) if self._under_way else 0.0
        self._advance()

    def _try(self, cost: Cost) -> bool:
        """Whether it could be reserved. Raises BudgetSpentError where it never will be."""
        if self._stopped:
            raise BudgetSpentError(self._stopped)
        exceeded = self._exceeded_limit(cost)
        if exceeded is None:
            self._under_way += 1
            for name in self._limits:
                self._reserved[name] += getattr(cost, name)
            return True
        if not self._under_way:
            self._stopped = self._explain(exceeded, cost)
            raise BudgetSpentError(self._stopped)
        return False

    def _exceeded_limit(self, cost: Cost) -> str | None:
        for name, limit in self._limits.items():
            if self._spent[name] + self._reserved[name] + getattr(cost, name) > limit + _ROUNDING:
                return name
        return None

    def _advance(self) -> None:
        while self._waiting:
            waiter, cost = self._waiting[0]
            if not waiter.done():
                try:
                    if not self._try(cost):
                        return
                    waiter.set_result(None)
                except BudgetSpentError as error:
                    waiter.set_exception(error)
            self._waiting.popleft()

    def _explain(self, name: str, cost: Cost) -> str:
        unit = _UNITS[name]
        spent, limit = unit.format(self._spent[name]), unit.format(self._limits[name])
        return (
            f"budget.{name}: {spent} of {limit} spent, and the next call could take "
            f"{unit.format(getattr(cost, name))} more; everything answered so far is kept, and the same "
            f"command with a larger budget.{name} goes on from there"
        )
