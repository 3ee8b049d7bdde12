"""The mistakes of many answers, counted as §5.4 and Fig. 4 do, with a few examples of each kind.

Only answers that could be parsed are looked into; those that could not are counted apart. A kind is counted
once an answer, however often it occurs in it, as the published code does; how often it occurs stands beside.
"""

from __future__ import annotations

from bisect import insort
from typing import get_args

from .items import CodedError, ErrorCode, SampleScore

CODES: tuple[ErrorCode, ...] = get_args(ErrorCode)
"""Every kind of mistake."""

FIGURE_4: dict[ErrorCode, str] = {
    "tool.wrong": "T-wrong",
    "tool.missing": "T-missing",
    "tool.excessive": "T-excessive",
    "parameter.missing": "P-missing",
    "parameter.excessive": "P-excessive",
    "parameter.wrong": "P-error",
}
"""The six types of §5.4 under the names of Fig. 4."""


class ErrorCounts:
    """Adds up the mistakes of any number of scores.

    Args: examples: how many to keep of every kind, those with the smallest sample ids, so that order does not
    matter.
    """

    def __init__(self, examples: int = 3) -> None:
        self._room = examples
        self.parsed = 0
        self.unparsed = 0
        self.answers: dict[ErrorCode, int] = dict.fromkeys(CODES, 0)
        """kind -> answers that have it"""
        self.mistakes: dict[ErrorCode, int] = dict.fromkeys(CODES, 0)
        """kind -> how often it occurs"""
        self._examples: dict[ErrorCode, list[tuple[str, int, CodedError]]] = {code: [] for code in CODES}

    def add(self, score: SampleScore) -> None:
        """Count the mistakes of one score."""
        self.parsed += score.format_ok
        self.unparsed += not score.format_ok
        seen: set[ErrorCode] = set()
        for position, error in enumerate(score.errors):
            self.mistakes[error.code] += 1
            if error.code not in seen:
                seen.add(error.code)
                self.answers[error.code] += 1
                self._keep(score.id, position, error)

    def _keep(self, sample: str, position: int, error: CodedError) -> None:
        kept = self._examples[error.code]
        if len(kept) < self._room or (sample, position) < kept[-1][:2]:
            insort(kept, (sample, position, error), key=lambda example: example[:2])
            del kept[self._room :]

    def examples(self, code: ErrorCode) -> list[tuple[str, CodedError]]:
        """(sample, mistake) of one kind, by sample id."""
        return [(sample, error) for sample, _, error in self._examples[code]]

    def shares(self) -> dict[ErrorCode, float] | None:
        """Fig. 4's pie: every one of the six types' share of them all; None where there is no mistake."""
        total = sum(self.answers[code] for code in FIGURE_4)
        return {code: self.answers[code] / total for code in FIGURE_4} if total else None
