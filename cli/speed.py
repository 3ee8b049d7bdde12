"""How fast something goes and how long the rest takes, in numbers and in words.

It knows no clock: times are handed in.
"""

from __future__ import annotations

from collections import deque


class SpeedMeter:
    """Speed of what is counted, measured over the later half of the time since its start.

    What was finished before and is only passed over in the first moments of a continued run is no speed.
    """

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque([(0.0, 0)])

    def per_second(self, done: int, seconds: float) -> float | None:
        """How many a second, now.

        Args:
            done: how many there are so far; never fewer than before.
            seconds: since the start; never fewer than before.

        Returns None where too little was seen: no time has passed, or nothing was done in this half.
        """
        self._points.append((seconds, done))
        while len(self._points) > 2 and self._points[1][0] <= seconds / 2:
            self._points.popleft()
        began, before = self._points[0]
        return (done - before) / (seconds - began) if seconds > began and done > before else None


def seconds_left(done: int, total: int | None, per_second: float | None) -> float | None:
    """How long the rest takes at this speed; None: nobody knows."""
    if total is None or not per_second:
        return None
    return max(0, total - done) / per_second


def duration(seconds: float) -> str:
    """'45 s', '3 min', '2 h 10 min', '3 d 4 h'."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def rate(per_second: float) -> str:
    """'3.1 a second', '12 a minute', '4.0 an hour': in the unit in which it is at least one."""
    for factor, unit in ((1, "a second"), (60, "a minute")):
        if per_second * factor >= 1:
            return f"{_number(per_second * factor)} {unit}"
    return f"{_number(per_second * 3600)} an hour"


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"
