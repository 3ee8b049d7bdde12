"""A circuit breaker: open after some failures in a row, given up after some time without an answer.

While it is open, the endpoint is probed by one call at a time, and more and more rarely; any answer closes
it. It knows no clock: times are handed in.
"""

from __future__ import annotations

import math

from ..faults import AttemptError

FAILURES_TO_OPEN = 5
"""Failures without an answer in between after which only probes are sent."""

FIRST_PROBE = 0.5
"""Seconds until the first probe; every further one waits twice as long."""

PATIENCE_AT_FIRST = 5.0
"""Seconds that an endpoint is borne with that has never answered and cannot be connected to."""

RESUMES = "everything answered so far is kept, and the same command goes on from there"


class CircuitBreaker:
    """What is known about whether an endpoint answers.

    Args:
        name: the endpoint's, for messages.
        patience: seconds without any answer until it is given up.
    """

    def __init__(self, name: str, patience: float) -> None:
        self._name = name
        self._patience = patience
        self._failures_in_a_row = 0
        self._failing_since = 0.0
        self._ever_reached = False
        self._never_connected = True
        self._probe_wait = FIRST_PROBE
        self._probe_at = 0.0
        self._probing = False
        self.last_fault: AttemptError | None = None
        self.answers = 0
        """answers so far"""
        self.down: str | None = None
        """why it is given up, as a message; None: it is not"""

    @property
    def is_open(self) -> bool:
        """Whether only probes are sent."""
        return self._failures_in_a_row >= FAILURES_TO_OPEN

    def failing_for(self, now: float) -> float | None:
        """Seconds since the first of the failures with no answer between them; None: there is none."""
        return now - self._failing_since if self._failures_in_a_row else None

    @property
    def never_reached(self) -> bool:
        """Whether it has never been there: nothing but failed connections so far."""
        return not self._ever_reached and self._never_connected

    def free_at(self, now: float) -> float:
        """When the next call may begin; infinite while a probe is under way."""
        if not self.is_open:
            return now
        return math.inf if self._probing else self._probe_at

    def begin_call(self) -> bool:
        """A call begins; True: it is a probe, and its end must be told to `end_probe`."""
        if self.is_open:
            self._probing = True
            return True
        return False

    def end_probe(self) -> None:
        """A probe has ended, one way or another."""
        self._probing = False

    def record_answer(self) -> None:
        """There is an answer: everybody may call again."""
        self.answers += 1
        self._failures_in_a_row, self._probe_wait, self._ever_reached = 0, FIRST_PROBE, True

    def record_refusal(self) -> None:
        """It refused a request: no answer, but it is there."""
        self._ever_reached = True

    def record_failure(self, fault: AttemptError, now: float, *, probe: bool) -> None:
        """An attempt brought nothing.

        Args: fault: why; now: seconds; probe: whether it was one.
        """
        self._never_connected = self._never_connected and fault.kind == "connection"
        if not self._failures_in_a_row:
            self._failing_since = now
        self._failures_in_a_row += 1
        self.last_fault = fault
        if fault.retry_after is not None and fault.retry_after > self._patience:
            self.down = self._describe_pause(fault)
        if not self.is_open:
            return
        if now >= self._deadline():
            self.down = self.down or self._describe_silence(fault, now)
        elif probe or self._failures_in_a_row == FAILURES_TO_OPEN:
            # The last probe is sent when patience ends, so that nothing else has to watch the clock.
            self._probe_at = min(now + self._probe_wait, self._deadline())
            self._probe_wait *= 2

    def _deadline(self) -> float:
        patience = min(self._patience, PATIENCE_AT_FIRST) if self.never_reached else self._patience
        return self._failing_since + patience

    def _describe_silence(self, fault: AttemptError, now: float) -> str:
        last = f"{fault.kind}: {str(fault)[:300]}"
        if self.never_reached:
            return (
                f"{self._name}: cannot be connected to ({last}); is it running? "
                f"model.base_url says where it is looked for; {RESUMES}"
            )
        return (
            f"{self._name}: no answer for {now - self._failing_since:.0f} s "
            f"(retries.patience={self._patience:g}), the last fault: {last}; {RESUMES}"
        )

    def _describe_pause(self, fault: AttemptError) -> str:
        return (
            f"{self._name}: asks to wait {fault.retry_after:.0f} s (Retry-After), longer than "
            f"retries.patience={self._patience:g}; {RESUMES}, now with a larger retries.patience or later"
        )
