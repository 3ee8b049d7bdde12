"""How many calls an endpoint gets at a time: all that are allowed, fewer while it suffers.

Additive increase, multiplicative decrease: halved when it refuses, times out or grows slow, one more for
every window of answers. It knows no clock: times are handed in.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass

from ...errors import EndpointDownError
from ..endpoint import Limits
from ..faults import LASTING, AttemptError
from .circuit_breaker import Breaker

SLOWER = 3.0
"""Answers that take so many times as long as they used to are a sign of suffering."""

_WARM = 20
_NOISE = 0.05
"""Seconds; growth below is not the endpoint's doing."""
_FAST, _SLOW = 0.1, 0.01


class Width:
    """The adaptive concurrency of one endpoint.

    Args: most: calls at a time where nothing speaks against it, >= 1; it begins there.
    """

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._width = float(most)
        self._usual: dict[str, tuple[int, float]] = {}
        self._growth = 1.0
        self._next_cut = 0.0
        self.round_trip = 0.0
        """seconds an answer takes, smoothed; 0: there was none yet"""

    @property
    def calls(self) -> int:
        """How many calls there may be at a time."""
        return int(self._width)

    def answered(self, role: str, seconds: float, now: float) -> None:
        """Take notice of an answer, and of how long this role's answers used to take."""
        self.round_trip += _FAST * (seconds - self.round_trip) if self.round_trip else seconds
        if self._slower(role, max(seconds, _NOISE)):
            self._growth = 1.0
            self.hurt(now)
        else:
            self._width = min(self._most, self._width + 1.0 / self._width)

    def _slower(self, role: str, seconds: float) -> bool:
        count, usual = self._usual.get(role, (0, seconds))
        if count >= _WARM:
            self._growth += _FAST * (seconds / usual - self._growth)
        count += 1
        # A mean at first, then a slow average: what lasts becomes the usual.
        self._usual[role] = count, usual + max(1 / count, _SLOW) * (seconds - usual)
        return self._growth > SLOWER

    def hurt(self, now: float) -> None:
        """Halve, at most once a round trip: what was sent before the last cut says nothing about it."""
        if now >= self._next_cut:
            self._width = max(1.0, self._width / 2)
            self._next_cut = now + self.round_trip


MINUTE = 60.0


class Taken:
    """What was taken out of a window, to be corrected once it is known how much it was."""

    __slots__ = ("amount", "ends")

    def __init__(self, amount: int, ends: float) -> None:
        self.amount = amount
        self.ends = ends


class Window:
    """At most `most` in any `seconds`, half open: what begins at 0 has room again at `seconds`.

    Every call costs O(1), amortised; memory is one entry for each thing that began within the window.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._taken: deque[Taken] = deque()
        self._total = 0

    def free_at(self, amount: int, now: float) -> float:
        """When to look again; `now` or earlier: there is room.

        An amount that never fits has room in an empty window.
        """
        while self._taken and self._taken[0].ends <= now:
            self._total -= self._taken.popleft().amount
        if self._total + min(amount, self._most) <= self._most:
            return now
        return self._taken[0].ends

    def take(self, amount: int, now: float) -> Taken:
        """Let something begin now, for which there is room."""
        taken = Taken(amount, now + self._seconds)
        self._taken.append(taken)
        self._total += amount
        return taken

    def correct(self, taken: Taken, amount: int) -> None:
        """Put the true amount in the place of an estimate; what has left the window no longer counts."""
        if self._taken and taken.ends >= self._taken[0].ends:
            self._total += amount - taken.amount
            taken.amount = amount


class Rates:
    """Requests and tokens a minute of one endpoint; requests are spread over the minute as well."""

    def __init__(self, limits: Limits) -> None:
        self._requests: list[Window] = []
        if (most := limits.requests_per_minute) is not None:
            few = max(1, most // 10)
            self._requests = [Window(most, MINUTE), Window(few, MINUTE * few / most)]
        tokens = limits.tokens_per_minute
        self._tokens = None if tokens is None else Window(tokens, MINUTE)

    def free_at(self, tokens: int, now: float) -> float:
        """When to look again; `now` or earlier: a call of so many tokens may begin."""
        due = now
        for window in self._requests:
            due = max(due, window.free_at(1, now))
        return due if self._tokens is None else max(due, self._tokens.free_at(tokens, now))

    def take(self, tokens: int, now: float) -> Taken | None:
        """Let a call begin now; what it takes of the tokens is corrected when it is known."""
        for window in self._requests:
            window.take(1, now)
        return None if self._tokens is None else self._tokens.take(tokens, now)

    def correct(self, taken: Taken | None, tokens: int) -> None:
        """Say how many tokens a call really took."""
        if self._tokens is not None and taken is not None:
            self._tokens.correct(taken, tokens)


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
