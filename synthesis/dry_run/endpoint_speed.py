"""How fast an endpoint is: tokens in and tokens out apart, and what it gains from several calls at once.

Measured with a few short calls that differ in one thing each: a longer prompt, a longer answer, several at a
time. Every prompt begins with other words, so that no prefix cache answers for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any, NamedTuple

from ...errors import UnreachableModelError
from ...models.gateway import Gateway
from ...models.request import Request, with_limit
from ...models.scripted.roles import SPEED_ROLE

MEASURED_SECONDS = 30.0
"""About how long the calls at the same time may take together."""
MOST_AT_ONCE = 8
"""Calls at the same time, at most."""

_SHORT, _LONG, _BETWEEN = 4, 40, 16
"""Lines of the prompts, about nine tokens each."""
_ONE, _SEVERAL = 1, 24
"""Tokens of the answers."""
_MOST_ROUNDS, _QUICK_SECONDS = 5, 3.0
"""The calls are repeated so often, as long as they have taken less than so many seconds."""
_SATURATED = 0.8
"""Share of the calls at once that is gained; below, further ones at the same time gain nothing."""
_SOME = 0.05
"""Share, or seconds, below which nothing is said of a cache, and nothing concluded."""
_QUESTION = "Count from 1 to 500 in digits, separated by spaces. Write nothing else."


class TimedCall(NamedTuple):
    """What one call sent and received, and how long it took."""

    seconds: float
    sent: int
    received: int


@dataclass(frozen=True, slots=True)
class EndpointSpeed:
    """Seconds that calls take."""

    a_call: float
    """seconds of every call, however short"""
    a_token_sent: float = 0.0
    a_token_received: float = 0.0
    at_once: int = 1
    """calls that were tried at the same time"""
    gain: float = 1.0
    """how many times as fast these went as one after another"""
    cached: float = 0.0
    """share of the beginning of a prompt that is not read again where an earlier one began so, 0 to 1"""

    def seconds(self, calls: int, sent: int, received: int, width: int, repeated: float = 0.0) -> float:
        """How long some calls take together.

        Args: calls: how many; sent, received: tokens of all of them; width: how many at the same time;
            repeated: share of what is sent that earlier prompts began with.
        """
        read = sent * (1 - self.cached * repeated)
        alone = calls * self.a_call + read * self.a_token_sent + received * self.a_token_received
        return alone / self.parallel(width)

    def parallel(self, width: int) -> float:
        """How many times as fast so many calls at the same time go as one after another."""
        if self.gain >= _SATURATED * self.at_once:
            return max(1.0, width * min(1.0, self.gain / self.at_once))
        return max(1.0, min(width, self.gain))

    def describe(self) -> str:
        """The figures in a line."""
        parts = [
            f"{1 / seconds:,.{0 if seconds < 0.1 else 1}f} tokens a second {way}"
            for seconds, way in ((self.a_token_sent, "in"), (self.a_token_received, "out"))
            if seconds > 0
        ]
        parts.append(f"{self.a_call:.2f} s a call beside them" if parts else f"{self.a_call:.2f} s a call")
        if self.cached >= _SOME:
            parts.append(f"{self.cached:.0%} of a repeated beginning from its cache")
        if self.at_once > 1:
            parts.append(f"{self.at_once} calls at once {self.gain:.1f} times as fast as one after another")
        return ", ".join(parts)


def fitted(short: TimedCall, longer_prompt: TimedCall, longer_answer: TimedCall) -> EndpointSpeed:
    """The speed behind three calls, two of which differ from the first in one thing each."""
    sent = _slope(longer_prompt.seconds - short.seconds, longer_prompt.sent - short.sent)
    received = _slope(longer_answer.seconds - short.seconds, longer_answer.received - short.received)
    rest = short.seconds - short.sent * sent - short.received * received
    return EndpointSpeed(max(0.0, rest), sent, received)


def _slope(seconds: float, tokens: int) -> float:
    return max(0.0, seconds / tokens) if tokens > 0 else 0.0


async def measure_speed(
    gateway: Gateway,
    role: str,
    width: int,
    sampling: dict[str, Any],
    advance: Callable[[], None] = lambda: None,
) -> EndpointSpeed:
    """Measure the endpoint that serves a role.

    Args:
        gateway: with room for `MOST_AT_ONCE` calls, and no log.
        role: whose endpoint it is.
        width: most calls that a run has under way there.
        sampling: the role's.
        advance: is told of every answer.

    Raises:
        PtoolError: a call of its own failed, not one of several at once.
    """

    async def call(lines: int, tokens: int, nonce: str = "") -> TimedCall:
        request = _request(role, lines, with_limit(sampling, tokens), nonce or token_hex(6))
        began = time.perf_counter()
        answer = await gateway.answer(request)
        advance()
        return TimedCall(
            time.perf_counter() - began,
            answer.prompt_tokens - (answer.cached_tokens or 0),
            answer.completion_tokens,
        )

    # The quickest of each kind: what comes on top is the network's doing, or that of other processes.
    kinds = ((_SHORT, _ONE), (_LONG, _ONE), (_SHORT, _SEVERAL))
    rounds: list[list[TimedCall]] = []
    began = time.perf_counter()
    while not rounds or (len(rounds) < _MOST_ROUNDS and time.perf_counter() - began < _QUICK_SECONDS):
        rounds.append([await call(*kind) for kind in kinds])
    speed = fitted(*map(min, zip(*rounds, strict=True)))
    nonce = token_hex(6)
    first, again = await call(_LONG, _ONE, nonce), await call(_LONG, _ONE, nonce)
    speed = replace(speed, cached=_cached(first, again, speed))
    if width < 2:
        return speed
    alone = speed.seconds(1, 9 * _BETWEEN, _SEVERAL, 1)
    at_once = max(2, min(width, MOST_AT_ONCE, int(MEASURED_SECONDS / max(alone, 1e-3))))
    began = time.perf_counter()
    try:
        several = await asyncio.gather(*(call(_BETWEEN, _SEVERAL) for _ in range(at_once)))
    except UnreachableModelError:  # more than it bears: nothing is gained
        return replace(speed, at_once=at_once)
    together = time.perf_counter() - began
    expected = sum(speed.seconds(1, timed.sent, timed.received, 1) for timed in several)
    gain = min(float(at_once), max(1.0, expected / max(together, 1e-6)))
    return replace(speed, at_once=at_once, gain=gain)


def _cached(first: TimedCall, again: TimedCall, speed: EndpointSpeed) -> float:
    """Share of a prompt that was not read again when it came again; 0 where reading takes no time anyway."""
    reading = first.sent * speed.a_token_sent
    return min(1.0, max(0.0, (first.seconds - again.seconds) / reading)) if reading > _SOME else 0.0


def _request(role: str, lines: int, sampling: dict[str, Any], nonce: str) -> Request:
    numbers = "\n".join(f"{nonce[-4:]} {number * 37 % 1000}" for number in range(lines))
    # By its role `ptool.serve` knows what to do; five tokens are too few for a prefix cache.
    system = f"Role: {SPEED_ROLE}\n{nonce}: a trial of how fast you answer."
    return Request(role, "check/speed", system, f"{numbers}\n\n{_QUESTION}", None, 0, sampling)
