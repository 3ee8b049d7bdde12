"""The query reveals nothing of the user that it need not say, whatever checks an episode went through.

The rule check of the same name objects while a query can still be rephrased; this gate also looks for what
nobody may ever see: the implicit features.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ....environments.checks.leak.check import leak, readings_of
from ....environments.checks.leak.normalise import normalised_words
from ....records import Reason
from ....texts.search import compact
from ....texts.values import scalars
from .gate import Candidate, Gate

_RARE_WORD = 10
"""Letters and digits from which on a single word is no everyday one."""


class LeakGate(Gate):
    """The query shows no basic value it does not state, in any disguise, and no implicit value."""

    codes: ClassVar = {"gate.leak": "the query reveals something of the user that it need not say"}
    independent = True

    def run(self, candidate: Candidate) -> Iterator[Reason]:
        """Search the query for basic values as the rule check does, then for implicit ones."""
        for reason in leak(candidate.case):
            yield _reason(reason.message)
        for feature, value in candidate.case.profile.implicit.items():
            if any(_written_out(candidate, leaf) for leaf in scalars(value)):
                yield _reason(f"the value of the implicit feature {feature[:60]!r} stands in the text")


def _reason(message: str) -> Reason:
    return Reason(code="gate.leak", blames="query", path="query.text", message=message)


def _written_out(candidate: Candidate, leaf: Any) -> bool:
    """Whether an implicit value is written out; one short word, 'quick', is in many a request by chance."""
    if not isinstance(leaf, str) or (len(leaf.split()) < 2 and len(compact(leaf)) < _RARE_WORD):
        return False
    query = candidate.case.query
    text = readings_of(query.text)[0]
    if not text.positions.keys() >= set(normalised_words(leaf)) or text.searchable.find(leaf) is None:
        return False
    stated = (value for intent in query.intents for value in scalars(intent.stated))
    return not any(compact(leaf) in compact(str(value)) for value in stated)
