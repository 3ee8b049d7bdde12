"""How many calls an endpoint gets at a time: all that are allowed, fewer while it suffers.

Additive increase, multiplicative decrease: halved when it refuses, times out or grows slow, one more for
every window of answers. It knows no clock: times are handed in.
"""

from __future__ import annotations

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
