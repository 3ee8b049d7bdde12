"""A ledger of nothing but sums: how many answers there were and how long, by stage and role.

As in a ledger, a call that was answered before is not made again, so what is counted is what a run would pay
for. It keeps nothing beyond its process, and no item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ...records.model_calls import Answer, Failure, Spent

_AUDIT = "audit"
_HIDDEN = "+"  # stands in the turns of samples that an instruction is hidden in, and in no id


class Part(NamedTuple):
    """What is counted apart because it grows apart."""

    stage: str
    role: str
    hidden: bool = False
    """an instruction was hidden in a sample on trial: so many there are, whatever the number of samples"""


@dataclass(slots=True)
class Count:
    """Answers and their lengths; tokens at four characters each."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Tally:
    """What the gateway of a rehearsal writes to in the place of a ledger (`models.endpoint.CallLog`)."""

    def __init__(self) -> None:
        self.counts: dict[Part, Count] = {}
        self._kept: dict[bytes, Answer] = {}

    def find_answer(self, key: bytes) -> Answer | None:
        """As `Ledger.find_answer`."""
        return self._kept.get(key)

    async def save_answer(self, answer: Answer) -> None:
        """Count an answer."""
        self._kept[answer.key] = answer
        hidden = answer.stage == _AUDIT and _HIDDEN in answer.turn
        count = self.counts.setdefault(Part(answer.stage, answer.role, hidden), Count())
        count.calls += 1
        count.prompt_tokens += answer.prompt_tokens
        count.completion_tokens += answer.completion_tokens

    def set_answer_status(self, key: bytes, status: str) -> None:
        """Nobody asks what a rehearsal's answers were good for."""

    def save_failure(self, failure: Failure) -> None:
        """The scripted model does not fail."""

    def spent(self) -> Spent:
        """Nothing: a rehearsal is free."""
        return Spent()
