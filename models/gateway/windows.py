"""Rates as strict sliding windows: whatever interval is looked at, no more than so much begins in it.

Plain arithmetic on times that are handed in; it knows no clock and does not wait.
"""

from __future__ import annotations

from collections import deque

from ..endpoint import Limits

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
