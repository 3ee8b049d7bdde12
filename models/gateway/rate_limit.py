"""When a call may be sent: a queue in front of one endpoint, its rate limits, and an adaptive concurrency.

Calls are admitted first come, first served, once the limits a minute have room, fewer calls are in flight
than the endpoint bears, and the circuit breaker lets them pass. It knows neither questions nor answers.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass

from ...errors import EndpointDownError
from ...settings import Limits
from ..faults import LASTING, AttemptError
from .circuit_breaker import CircuitBreaker

MINUTE = 60.0

OVERLOAD_FAULTS = frozenset(("rate_limited", "timeout", "connection"))
"""Faults after which an endpoint gets fewer calls at a time."""

SLOWER = 3.0
"""Answers that take so many times as long as they used to are a sign of overload."""

_SAMPLES_NEEDED = 20
_NOISE = 0.05
"""Seconds; growth below is not the endpoint's doing."""
_FAST, _SLOW = 0.1, 0.01
_LEAST_WAIT = 0.001


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one call, to be given back once: `report_answer`, `report_failure` or `release`."""

    began: float
    """when it was given, in the event loop's time"""
    probe: bool
    """whether it asks an endpoint that may be down"""
    tokens: WindowEntry | None


class AdmissionQueue:
    """The queue in front of one endpoint.

    Args:
        name: the endpoint's, for messages.
        limits: the endpoint's.
        concurrency: the run's; the endpoint's own may be smaller.
        patience: seconds without any answer until the endpoint is given up.
    """

    def __init__(self, name: str, limits: Limits, concurrency: int, patience: float) -> None:
        self._rates = RateLimit(limits)
        self._concurrency = AdaptiveConcurrency(min(concurrency, limits.concurrency or concurrency))
        self.breaker = CircuitBreaker(name, patience)
        self._seconds = limits.seconds
        self._patience = patience
        self._paused_at, self._paused_until = -math.inf, 0.0
        self._in_flight = 0
        self._queue: deque[tuple[asyncio.Future[Permit], int]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, tokens: int) -> Permit:
        """Wait for one's turn.

        Args: tokens: estimate of what the call takes.

        Raises EndpointDownError: the endpoint is given up.
        """
        if self.breaker.down:
            raise EndpointDownError(self.breaker.down)
        if not self._queue and (permit := self._try(tokens)):
            return permit
        waiter: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        self._queue.append((waiter, tokens))
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.exception() is None:
                self.release(waiter.result())
            self._admit()  # who stood behind may take less
            raise

    def time_limit(self, permit: Permit) -> float:
        """Seconds a call may take; a probe must not keep everybody waiting for as long as others may."""
        if not permit.probe:
            return self._seconds
        return min(self._seconds, max(self._patience, 3 * self._concurrency.round_trip, _LEAST_WAIT))

    def report_answer(self, permit: Permit, role: str, tokens: int, seconds: float) -> None:
        """The call brought an answer.

        Args: role: who asked; tokens: what it took; seconds: how long.
        """
        self.breaker.record_answer()
        self._concurrency.record_answer(role, seconds, self._now())
        if permit.tokens is not None:
            self._rates.correct(permit.tokens, tokens)
        self.release(permit)

    def report_failure(self, permit: Permit, fault: AttemptError) -> None:
        """The call brought nothing; a pause the endpoint asks for is everybody's.

        Calls that were under way when a pause began are told the same once more: it is one pause.
        """
        now = self._now()
        if fault.kind in LASTING:
            self.breaker.record_refusal()
        else:
            if fault.kind in OVERLOAD_FAULTS:
                self._concurrency.decrease(now, permit.began)
            if fault.retry_after and permit.began > self._paused_at:
                self._paused_at, self._paused_until = now, max(self._paused_until, now + fault.retry_after)
            self.breaker.record_failure(fault, now, probe=permit.probe)
        self.release(permit)

    def release(self, permit: Permit) -> None:
        """The call has ended; by itself this says nothing about the endpoint."""
        self._in_flight -= 1
        if permit.probe:
            self.breaker.end_probe()
        self._admit()

    def beyond_pause(self, seconds: float | None) -> float | None:
        """The wait that one call was asked for, where the pause of all ends before it; otherwise None."""
        return seconds if seconds and self._now() + seconds > self._paused_until else None

    def next_in(self, now: float) -> float:
        """Seconds until a call may be sent, as far as is known; infinite while a probe is under way."""
        return max(0.0, self._paused_until - now, self.breaker.free_at(now) - now, self._rates_in(now))

    def _rates_in(self, now: float) -> float:
        """Seconds until the limits a minute let the first in the queue pass."""
        return self._rates.free_at(self._queue[0][1], now) - now if self._queue else 0.0

    def _admit(self) -> None:
        """Admit all whose turn it is."""
        while self._queue:
            waiter, tokens = self._queue[0]
            if waiter.done():
                self._queue.popleft()
            elif self.breaker.down:
                self._queue.popleft()
                waiter.set_exception(EndpointDownError(self.breaker.down))
            elif permit := self._try(tokens):
                self._queue.popleft()
                waiter.set_result(permit)
            else:
                return

    def _try(self, tokens: int) -> Permit | None:
        """A permit, if there can be one now; otherwise whatever ends next, or the timer, moves the queue."""
        now = self._now()
        # Calls that hang must not keep a probe from finding out whether others would.
        if self._in_flight >= self._concurrency.limit and not self.breaker.is_open:
            return None
        due = max(self._paused_until, self._rates.free_at(tokens, now), self.breaker.free_at(now))
        if due > now:
            self._set_timer(due)
            return None
        self._in_flight += 1
        return Permit(now, self.breaker.begin_call(), self._rates.take(tokens, now))

    def _set_timer(self, due: float) -> None:
        if math.isinf(due):
            return
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if loop.time() < self._timer.when() <= due:
                return
            self._timer.cancel()
        # Never less than a millisecond: sums of times are rounded, and the loop must not spin on it.
        self._timer = loop.call_at(max(due, loop.time() + _LEAST_WAIT), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None  # it rings a trifle early at times, and would pass for one that is still to come
        self._admit()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class RateLimit:
    """Requests and tokens a minute of one endpoint; requests are spread over the minute as well.

    It knows no clock, as neither do the classes below: times are handed in.
    """

    def __init__(self, limits: Limits) -> None:
        self._requests: list[SlidingWindow] = []
        if (most := limits.requests_per_minute) is not None:
            few = max(1, most // 10)
            self._requests = [SlidingWindow(most, MINUTE), SlidingWindow(few, MINUTE * few / most)]
        tokens = limits.tokens_per_minute
        self._tokens = None if tokens is None else SlidingWindow(tokens, MINUTE)

    def free_at(self, tokens: int, now: float) -> float:
        """When to look again; `now` or earlier: a call of so many tokens may begin."""
        due = now
        for window in self._requests:
            due = max(due, window.free_at(1, now))
        return due if self._tokens is None else max(due, self._tokens.free_at(tokens, now))

    def take(self, tokens: int, now: float) -> WindowEntry | None:
        """Let a call begin now; what it takes of the tokens is corrected when it is known."""
        for window in self._requests:
            window.take(1, now)
        return None if self._tokens is None else self._tokens.take(tokens, now)

    def correct(self, entry: WindowEntry, tokens: int) -> None:
        """Say how many tokens a call really took."""
        if self._tokens is not None:
            self._tokens.correct(entry, tokens)


class WindowEntry:
    """What was taken out of a window, to be corrected once it is known how much it was."""

    __slots__ = ("amount", "ends")

    def __init__(self, amount: int, ends: float) -> None:
        self.amount = amount
        self.ends = ends


class SlidingWindow:
    """At most `most` in any `seconds`, half open: what begins at 0 has room again at `seconds`.

    Every call costs O(1), amortised; memory is one entry for each thing that began within the window.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._entries: deque[WindowEntry] = deque()
        self._total = 0

    def free_at(self, amount: int, now: float) -> float:
        """When to look again; `now` or earlier: there is room.

        An amount that never fits has room in an empty window.
        """
        while self._entries and self._entries[0].ends <= now:
            self._total -= self._entries.popleft().amount
        if self._total + min(amount, self._most) <= self._most:
            return now
        return self._entries[0].ends

    def take(self, amount: int, now: float) -> WindowEntry:
        """Let something begin now, for which there is room."""
        entry = WindowEntry(amount, now + self._seconds)
        self._entries.append(entry)
        self._total += amount
        return entry

    def correct(self, entry: WindowEntry, amount: int) -> None:
        """Put the true amount in the place of an estimate; what has left the window no longer counts."""
        if self._entries and entry.ends >= self._entries[0].ends:
            self._total += amount - entry.amount
            entry.amount = amount


class AdaptiveConcurrency:
    """How many calls an endpoint gets at a time: all that are allowed, fewer while it is overloaded.

    Additive increase, multiplicative decrease: halved when it refuses, times out or grows slow, one more for
    every window of answers.

    Args: most: calls at a time where nothing speaks against it, >= 1; it begins there.
    """

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._limit = float(most)
        self._usual_seconds: dict[str, tuple[int, float]] = {}
        self._slowdown = 1.0
        self._cut_at = self._next_cut = 0.0
        self.round_trip = 0.0
        """seconds an answer takes, smoothed; 0: there was none yet"""

    @property
    def limit(self) -> int:
        """How many calls there may be at a time."""
        return int(self._limit)

    def record_answer(self, role: str, seconds: float, now: float) -> None:
        """Take notice of an answer, and of how long this role's answers used to take."""
        self.round_trip += _FAST * (seconds - self.round_trip) if self.round_trip else seconds
        if self._is_slower(role, max(seconds, _NOISE)):
            self._slowdown = 1.0
            self.decrease(now)
        else:
            self._limit = min(self._most, self._limit + 1.0 / self._limit)

    def _is_slower(self, role: str, seconds: float) -> bool:
        count, usual = self._usual_seconds.get(role, (0, seconds))
        if count >= _SAMPLES_NEEDED:
            self._slowdown += _FAST * (seconds / usual - self._slowdown)
        count += 1
        # A mean at first, then a slow average: what lasts becomes the usual.
        self._usual_seconds[role] = count, usual + max(1 / count, _SLOW) * (seconds - usual)
        return self._slowdown > SLOWER

    def decrease(self, now: float, began: float = math.inf) -> None:
        """Halve, at most once a round trip: what was sent before the last cut says nothing about it.

        Args: began: when the call was sent that is the reason.
        """
        if now >= self._next_cut and began >= self._cut_at:
            self._limit = max(1.0, self._limit / 2)
            self._cut_at, self._next_cut = now, now + self.round_trip
