"""How hard one endpoint is pressed: a waiting line, first come, first served, in front of it.

A call leaves the line when the endpoint's rates, its width and its state allow it. Nobody polls: the line
moves when a call ends, and at the one time at which something else can change. Times are the event loop's.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass

from ...errors import EndpointDownError
from ..endpoint import Limits
from ..faults import LASTING, AttemptError
from .breaker import Breaker
from .width import Width
from .windows import Rates, Taken

HURTS = frozenset(("rate_limited", "timeout", "connection"))
"""Faults after which an endpoint gets fewer calls at a time."""

_LEAST_WAIT = 0.001


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to send one call; whoever has it tells its end to `answered`, `failed` or `left`, once."""

    began: float
    """when it was given, in the event loop's time"""
    probe: bool
    """whether it asks an endpoint in doubt"""
    taken: Taken | None


class Pace:
    """The line in front of one endpoint.

    Args:
        name: the endpoint's, for messages.
        limits: the endpoint's.
        concurrency: the run's; the endpoint's own may be smaller.
        patience: seconds without any answer until the endpoint is given up.
    """

    def __init__(self, name: str, limits: Limits, concurrency: int, patience: float) -> None:
        self._rates = Rates(limits)
        self._width = Width(min(concurrency, limits.concurrency or concurrency))
        self.breaker = Breaker(name, patience)
        self._limit = limits.seconds
        self._patience = patience
        self._paused_until = 0.0
        self._in_flight = 0
        self._line: deque[tuple[asyncio.Future[Turn], int]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, tokens: int) -> Turn:
        """Wait for one's turn.

        Args: tokens: estimate of what the call takes.

        Raises EndpointDownError: the endpoint is given up.
        """
        self._refuse_if_down()
        if not self._line and (turn := self._turn(tokens)):
            return turn
        mine: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._line.append((mine, tokens))
        try:
            return await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled() and mine.exception() is None:
                self.left(mine.result())
            raise

    def seconds(self, turn: Turn) -> float:
        """How long a call may take; a probe must not keep everybody waiting for as long as others may."""
        if not turn.probe:
            return self._limit
        return min(self._limit, max(self._patience, 3 * self._width.round_trip, _LEAST_WAIT))

    def answered(self, turn: Turn, role: str, tokens: int, seconds: float) -> None:
        """The call brought an answer.

        Args: turn: its leave; role: who asked; tokens: what it took; seconds: how long.
        """
        self.breaker.answered()
        self._width.answered(role, seconds, self._now())
        self._rates.correct(turn.taken, tokens)
        self._end(turn)

    def failed(self, turn: Turn, fault: AttemptError) -> None:
        """The call brought nothing; a pause the endpoint asks for is everybody's."""
        now = self._now()
        if fault.kind in LASTING:
            self.breaker.spoke()
        else:
            if fault.kind in HURTS:
                self._width.hurt(now)
            self._paused_until = max(self._paused_until, now + (fault.retry_after or 0.0))
            self.breaker.failed(fault, now, probe=turn.probe)
        self._end(turn)

    def left(self, turn: Turn) -> None:
        """The call was given up from this side, which says nothing about the endpoint."""
        self._end(turn)

    def _end(self, turn: Turn) -> None:
        self._in_flight -= 1
        if turn.probe:
            self.breaker.end()
        self._advance()

    def _advance(self) -> None:
        """Let everybody go whose turn it is."""
        while self._line:
            waiter, tokens = self._line[0]
            if waiter.done():
                self._line.popleft()
            elif self.breaker.down:
                self._line.popleft()
                waiter.set_exception(EndpointDownError(self.breaker.down))
            elif turn := self._turn(tokens):
                self._line.popleft()
                waiter.set_result(turn)
            else:
                return

    def _turn(self, tokens: int) -> Turn | None:
        """A turn, if there can be one now; otherwise whatever ends next, or the timer, moves the line."""
        now = self._now()
        # Calls that hang must not keep a probe from finding out whether others would.
        if self._in_flight >= self._width.calls and not self.breaker.in_doubt:
            return None
        due = max(self._paused_until, self._rates.free_at(tokens, now), self.breaker.free_at(now))
        if due > now:
            self._look_again(due)
            return None
        self._in_flight += 1
        return Turn(now, self.breaker.begin(), self._rates.take(tokens, now))

    def _look_again(self, due: float) -> None:
        if math.isinf(due):
            return
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if loop.time() < self._timer.when() <= due:
                return
            self._timer.cancel()
        # Never less than a millisecond: sums of times are rounded, and the loop must not spin on it.
        self._timer = loop.call_at(max(due, loop.time() + _LEAST_WAIT), self._alarm)

    def _alarm(self) -> None:
        self._timer = None  # it rings a trifle early at times, and would pass for one that is still to come
        self._advance()

    def _refuse_if_down(self) -> None:
        if self.breaker.down:
            raise EndpointDownError(self.breaker.down)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
