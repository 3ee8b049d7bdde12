"""The query reveals nothing of the user that it need not say, whatever checks an episode went through.

The rule check of the same name speaks while a query can still be rephrased; this gate also listens for what
nobody may ever see: the implicit features.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ....environments.checks.leak.check import heard
from ....environments.checks.leak.check import leak as told
from ....environments.checks.leak.normalise import spelled
from ....environments.text_search import compact
from ....environments.values import scalars
from ....records import Reason
from .candidate import Candidate

_TELLING = 10
"""Letters and digits from which on a single word is no everyday one."""


def leak(candidate: Candidate) -> Iterator[Reason]:
    """The query shows no basic value it does not state, in any disguise, and no implicit value."""
    for reason in told(candidate.case):
        yield _reason(reason.message)
    for feature, value in candidate.case.profile.implicit.items():
        if any(_stands(candidate, leaf) for leaf in scalars(value)):
            yield _reason(f"the value of the implicit feature {feature[:60]!r} stands in the text")


def _stands(candidate: Candidate, leaf: Any) -> bool:
    """Whether an implicit value is written out; one short word, 'quick', is in many a request by chance."""
    if not isinstance(leaf, str) or (len(leaf.split()) < 2 and len(compact(leaf)) < _TELLING):
        return False
    query = candidate.case.query
    said = heard(query.text)
    if not said.places.keys() >= set(spelled(leaf)) or said.exact.find(leaf) is None:
        return False
    return not any(
        compact(leaf) in compact(str(one)) for intent in query.intents for one in scalars(intent.stated)
    )


def _reason(message: str) -> Reason:
    return Reason(code="gate.leak", blames="query", path="query.text", message=message, source="leak")
