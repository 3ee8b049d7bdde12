"""What a gateway is doing, in words for whoever waits: what was spent so far, and who is waited for.

Pure: snapshots in, sentences out. It knows neither clock nor terminal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NOTICE_SECONDS = 3.0
"""Seconds after which waiting is worth a word."""

_NAME, _FAULT = 80, 120


@dataclass(slots=True, eq=False, kw_only=True)
class PendingCall:
    """One call that has no answer yet."""

    turn: str
    attempt: int = 1
    """the one under way or the next, of those that count against `retries.attempts`"""
    sent_at: float | None = None
    """when the attempt under way was sent, in the event loop's time; None: it waits for its turn"""
    retry_at: float | None = None
    """when it asks again; None: it does not wait for that"""


@dataclass(frozen=True, slots=True)
class GatewayFigures:
    """What the calls of one process have come to; the times of pending ones are relative to when it was."""

    prompt_tokens: int
    completion_tokens: int
    usd: float
    failures: int
    pending: Mapping[str, Sequence[PendingCall]]
    """endpoint, by the first role it answers for -> calls that have no answer yet"""


def shifted(calls: Iterable[PendingCall], seconds: float) -> tuple[PendingCall, ...]:
    """Pending calls by another clock, which is so many seconds ahead."""

    def moved(time: float | None) -> float | None:
        return None if time is None else time + seconds

    return tuple(
        PendingCall(
            turn=call.turn,
            attempt=call.attempt,
            sent_at=moved(call.sent_at),
            retry_at=moved(call.retry_at),
        )
        for call in calls
    )


@dataclass(frozen=True, slots=True)
class EndpointActivity:
    """One endpoint at one moment."""

    name: str
    calls: Sequence[PendingCall]
    attempts: int
    """of one call, at most"""
    failing_for: float | None = None
    """seconds since the first of the failures with no answer between them; None: there is none"""
    fault: str = ""
    """the last of these failures"""
    next_in: float = 0.0
    """seconds until a call may be sent; infinite: one that is under way decides that"""

    @property
    def failing(self) -> bool:
        """Whether it has not answered for so long that it is worth a word."""
        return self.failing_for is not None and self.failing_for >= NOTICE_SECONDS

    def sentence(self, now: float) -> str:
        """Who is waited for and since when; nothing where that is too short to mention.

        Args: now: the event loop's time.
        """
        if not self.calls:
            return ""
        name = _bounded(self.name, _NAME)
        if self.failing and self.failing_for is not None:
            attempt = min(max(call.attempt for call in self.calls), self.attempts)
            return (
                f"{name} has not answered for {self.failing_for:.0f} s ({_bounded(self.fault, _FAULT)}), "
                f"attempt {attempt} of {self.attempts}, {self._next(now)}"
            )
        sent = [call for call in self.calls if call.sent_at is not None]
        if not sent:
            pause = self._until_next(now)
            return (
                f"{name} takes the next call in {pause:.0f} s" if NOTICE_SECONDS <= pause < math.inf else ""
            )
        oldest = min(sent, key=lambda call: (call.sent_at, call.turn))
        seconds = now - (oldest.sent_at or 0.0)
        if seconds < NOTICE_SECONDS:
            return ""
        others = f" and {len(sent) - 1} more" if len(sent) > 1 else ""
        return f"waiting for {name} for {seconds:.0f} s ({_bounded(oldest.turn, _NAME)}{others})"

    def _next(self, now: float) -> str:
        if any(call.sent_at is not None for call in self.calls):
            return "under way"
        return f"next in {max(1.0, self._until_next(now)):.0f} s"

    def _until_next(self, now: float) -> float:
        """Seconds until the queue lets a call pass, and one wants to."""
        retries = [call.retry_at for call in self.calls]
        if any(retry_at is None for retry_at in retries):
            return self.next_in
        return max(self.next_in, min(retry_at or 0.0 for retry_at in retries) - now)


@dataclass(frozen=True, slots=True)
class Activity:
    """What a run's calls have come to, and who is waited for."""

    spent: str
    """such as '12,345 tokens in, 1,234 out, $0.12, 3 retries'"""
    waiting: str
    """one sentence about every endpoint that is waited for; empty: nobody is waited for long"""
    failing: bool
    """whether one of them fails instead of being slow"""


def describe_activity(
    endpoints: Iterable[EndpointActivity],
    now: float,
    *,
    prompt_tokens: int,
    completion_tokens: int,
    usd: float,
    failures: int,
) -> Activity:
    """The activity of some endpoints.

    Args:
        endpoints: all there are.
        now: the event loop's time.
        prompt_tokens, completion_tokens, usd: of all answers of this process; failures: attempts without one.
    """
    sentences = [(endpoint.sentence(now), endpoint.failing) for endpoint in endpoints]
    parts = []
    if prompt_tokens or completion_tokens:
        parts.append(f"{prompt_tokens:,} tokens in, {completion_tokens:,} out")
    if usd:
        parts.append(f"${usd:,.2f}" if usd >= 0.01 else "less than $0.01")
    if failures:
        parts.append(f"{failures:,} {'retry' if failures == 1 else 'retries'}")
    return Activity(
        ", ".join(parts),
        "; ".join(sentence for sentence, _ in sentences if sentence),
        any(failing for sentence, failing in sentences if sentence),
    )


def _bounded(text: str, limit: int) -> str:
    """Foreign words on a line of a terminal: no control characters, and not too many."""
    printable = "".join(character if character.isprintable() else " " for character in text[: limit + 1])
    return printable if len(printable) <= limit else printable[: limit - 1] + "…"
