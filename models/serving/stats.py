"""What an endpoint counts: enough to see what a client asked, got, and asked for once too often."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Stats:
    """Counts since the start or the last reset."""

    requests: int = 0
    """all that came, refused ones included"""
    answers: int = 0
    """completions that were sent whole, spoilt ones included"""
    repeated: int = 0
    """of them, those to a request whose answer had been sent whole before"""
    refused: Counter[str] = field(default_factory=Counter)
    """own refusals by reason: unauthorised, limited, invalid, unrecorded, failed"""
    faults: Counter[str] = field(default_factory=Counter)
    """faults by name, begun"""
    gone: int = 0
    """requests whose client left before it had everything"""
    in_flight: int = 0
    """requests under way now"""
    most_in_flight: int = 0
    asked: Counter[bytes] = field(default_factory=Counter)
    """how often each distinct request was taken"""
    sent: set[bytes] = field(default_factory=set)
    """requests whose answer was sent whole"""
    openings: set[bytes] = field(default_factory=set)
    """first messages seen"""

    def begin(self) -> None:
        """A request has come."""
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def end(self, *, gone: bool) -> None:
        """It is over."""
        self.in_flight -= 1
        self.gone += gone

    def took(self, key: bytes) -> int:
        """A request is taken; returns how often the same was taken before."""
        times = self.asked[key]
        self.asked[key] = times + 1
        return times

    def saw(self, opening: bytes) -> bool:
        """A first message is about to be answered; returns whether it was seen before."""
        before = opening in self.openings
        self.openings.add(opening)
        return before

    def delivered(self, key: bytes) -> None:
        """Its answer was sent whole."""
        self.answers += 1
        self.repeated += key in self.sent
        self.sent.add(key)

    def reset(self) -> None:
        """Forget everything but what is under way."""
        fresh = Stats(in_flight=self.in_flight, most_in_flight=self.in_flight)
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))

    def report(self) -> dict[str, Any]:
        """The counts for `GET /stats`."""
        return {
            "requests": self.requests,
            "answers": self.answers,
            "distinct": len(self.asked),
            "repeated": self.repeated,
            "refused": dict(sorted(self.refused.items())),
            "faults": dict(sorted(self.faults.items())),
            "gone": self.gone,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
        }
