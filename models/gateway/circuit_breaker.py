"""Whether an endpoint still answers: in doubt after some failures in a row, given up after some time.

While in doubt it is asked by one call at a time, and more and more rarely; any answer ends the doubt.
It knows no clock: times are handed in.
"""

from __future__ import annotations

import math

from ..faults import AttemptError

IN_A_ROW = 5
"""Failures without an answer in between that put an endpoint in doubt."""

FIRST_PROBE = 0.5
"""Seconds until the first probe; every further one waits twice as long."""

STRANGER = 5.0
"""Seconds that an endpoint is borne with that has never answered and cannot be connected to."""

KEPT = "everything answered so far is kept, and the same command goes on from there"


class Breaker:
    """What is known about whether an endpoint answers.

    Args:
        name: the endpoint's, for messages.
        patience: seconds without any answer until it is given up.
    """

    def __init__(self, name: str, patience: float) -> None:
        self._name = name
        self._patience = patience
        self._row = 0
        self._since = 0.0
        self._met = False
        self._unconnected = True
        self._wait = FIRST_PROBE
        self._probe_at = 0.0
        self._probing = False
        self.answers = 0
        """answers so far"""
        self.down: str | None = None
        """why it is given up, as a message; None: it is not"""

    @property
    def in_doubt(self) -> bool:
        """Whether only probes are sent."""
        return self._row >= IN_A_ROW

    @property
    def stranger(self) -> bool:
        """Whether it has never been there: nothing but failed connections so far."""
        return not self._met and self._unconnected

    def free_at(self, now: float) -> float:
        """When the next call may begin; infinite while a probe is under way."""
        if not self.in_doubt:
            return now
        return math.inf if self._probing else self._probe_at

    def begin(self) -> bool:
        """A call begins; True: it is a probe, and its end must be told to `end`."""
        if self.in_doubt:
            self._probing = True
            return True
        return False

    def end(self) -> None:
        """A probe has ended, one way or another."""
        self._probing = False

    def answered(self) -> None:
        """There is an answer: no doubt any more."""
        self.answers += 1
        self._row, self._wait, self._met = 0, FIRST_PROBE, True

    def spoke(self) -> None:
        """It refused a request: no answer, but it is there."""
        self._met = True

    def failed(self, fault: AttemptError, now: float, *, probe: bool) -> None:
        """An attempt brought nothing.

        Args: fault: why; now: seconds; probe: whether it was one.
        """
        self._unconnected = self._unconnected and fault.kind == "connection"
        if not self._row:
            self._since = now
        self._row += 1
        if fault.retry_after is not None and fault.retry_after > self._patience:
            self.down = self._too_long(fault)
        if not self.in_doubt:
            return
        if now >= self._deadline():
            self.down = self.down or self._silent(fault, now)
        elif probe or self._row == IN_A_ROW:
            # The last probe is sent when patience ends, so that nothing else has to watch the clock.
            self._probe_at = min(now + self._wait, self._deadline())
            self._wait *= 2

    def _deadline(self) -> float:
        patience = min(self._patience, STRANGER) if self.stranger else self._patience
        return self._since + patience

    def _silent(self, fault: AttemptError, now: float) -> str:
        said = f"{fault.kind}: {str(fault)[:300]}"
        if self.stranger:
            return (
                f"{self._name}: cannot be connected to ({said}); is it running? "
                f"model.base_url says where it is looked for; {KEPT}"
            )
        return (
            f"{self._name}: no answer for {now - self._since:.0f} s (retries.patience={self._patience:g}), "
            f"the last fault: {said}; {KEPT}"
        )

    def _too_long(self, fault: AttemptError) -> str:
        return (
            f"{self._name}: asks to wait {fault.retry_after:.0f} s (Retry-After), longer than "
            f"retries.patience={self._patience:g}; {KEPT}, now with a larger retries.patience or later"
        )
