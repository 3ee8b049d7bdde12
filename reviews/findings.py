"""What people found that checks, gates and judges had let pass, so that the next run can be made better.

Every sample that is reviewed passed all of them: whatever was corrected or rejected since is theirs to learn
from. A code says what was wrong, `role` who had written it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..records import Call
from .catalogue import Catalogue, Passed
from .records import CRITERIA, CriteriaReview
from .retrace import SampleAnswer
from .verdicts import HumanVerdict

CODES = {
    "query.rejected": "the query cannot be mended",
    "query.rewritten": "the query had to be written anew",
    "platform.rejected": "the platform is not this user's, and the sample was given up",
    "platform.changed": "another platform is this user's",
    "calls.rejected": "the calls do not do what was asked, and the sample was given up",
    "calls.function": "another function does what was asked",
    "calls.number": "a call was missing, or one too many",
    "arguments.missing": "an argument had to be added",
    "arguments.excess": "an argument had to be taken out",
    "arguments.value": "an argument has another value",
    "origins.label": "an argument comes from elsewhere than was recorded",
}
"""What people find -> the sentence that explains it."""
_MOST_EXAMPLES = 3
_WRITERS = {"query": "user", "platform": "assistant", "calls": "assistant", "arguments": "assistant"}


class HumanFinding(NamedTuple):
    """What was wrong with one sample."""

    sample: str
    state: str
    """corrected, rejected; accepted, where only labels differ"""
    codes: tuple[str, ...]


class CodeRow(NamedTuple):
    """One kind of fault that was let pass."""

    code: str
    role: str
    """who had written what was wrong; code, where no model had"""
    corrected: int
    rejected: int
    passed_by: dict[str, int]
    """gate or judge -> of these samples, those it let pass"""
    examples: tuple[str, ...]
    """ids of some of them"""


class PassedRow(NamedTuple):
    """What one gate or judge let pass."""

    kind: str
    """gate, judge; mended: who objected to an earlier version of the sample"""
    name: str
    code: str
    """of an objection that was mended; empty: none"""
    reviewed: int
    """samples that people reviewed and it had let pass"""
    corrected: int
    rejected: int


class Findings(NamedTuple):
    """What people found, by what was wrong and by who had let it pass."""

    codes: tuple[CodeRow, ...]
    passed: tuple[PassedRow, ...]
    reviewed: int
    corrected: int
    rejected: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        rows = {
            "codes": [row._asdict() for row in self.codes],
            "passed": [row._asdict() for row in self.passed],
        }
        return {"reviewed": self.reviewed, "corrected": self.corrected, "rejected": self.rejected, **rows}


def codes_of(
    verdict: HumanVerdict, before: SampleAnswer, after: SampleAnswer, relabelled: bool
) -> tuple[str, ...]:
    """What people found wrong with a sample, as codes of `CODES`.

    Args: before, after: the answer as it was and as they want it; relabelled: whether an origin changed.
    """
    found = [
        f"{criterion}.rejected"
        for criterion in CRITERIA
        if isinstance(verdict.criteria, CriteriaReview) and getattr(verdict.criteria, criterion) == "reject"
    ]
    if before.query != after.query:
        found.append("query.rewritten")
    if before.platform != after.platform:
        found.append("platform.changed")
    else:
        found += _codes_of_calls(before.calls, after.calls)
    if relabelled:
        found.append("origins.label")
    return tuple(dict.fromkeys(found))


def _codes_of_calls(before: Sequence[Call], after: Sequence[Call]) -> Iterator[str]:
    if len(before) != len(after):
        yield "calls.number"
    for was, now in zip(before, after, strict=False):
        if was.api != now.api:
            yield "calls.function"
            continue
        if now.arguments.keys() - was.arguments.keys():
            yield "arguments.missing"
        if was.arguments.keys() - now.arguments.keys():
            yield "arguments.excess"
        if any(
            was.arguments[name] != now.arguments[name] for name in was.arguments.keys() & now.arguments.keys()
        ):
            yield "arguments.value"


def findings_of(found: Iterable[HumanFinding], catalogue: Catalogue) -> Findings:
    """Count what was found.

    Args: found: of every sample that people came to an end with, those with nothing wrong included.
    """
    found = list(found)
    passed = catalogue.passed({each.sample for each in found})
    wrong = [each for each in found if each.state != "accepted" or each.codes]
    states = Counter(each.state for each in found)
    return Findings(
        codes=tuple(_code_rows(wrong, passed)),
        passed=tuple(_passed_rows(found, passed, catalogue)),
        reviewed=len(found),
        corrected=states["corrected"],
        rejected=states["rejected"],
    )


def _code_rows(wrong: Sequence[HumanFinding], passed: Mapping[str, Passed]) -> Iterator[CodeRow]:
    for code in CODES:
        having = [each for each in wrong if code in each.codes]
        by_role: dict[str, list[HumanFinding]] = {}
        for each in having:
            by_role.setdefault(_role(code, passed.get(each.sample)), []).append(each)
        for role, samples in sorted(by_role.items()):
            names = Counter(
                name for each in samples if each.sample in passed for name in passed[each.sample].everybody
            )
            yield CodeRow(
                code,
                role,
                sum(each.state != "rejected" for each in samples),
                sum(each.state == "rejected" for each in samples),
                dict(sorted(names.items())),
                tuple(each.sample for each in samples[:_MOST_EXAMPLES]),
            )


def _role(code: str, passed: Passed | None) -> str:
    """Who wrote what is wrong: the role that spoke, or code where none did."""
    role = _WRITERS.get(code.partition(".")[0])
    return role if role and passed is not None and role in passed.writers else "code"


def _passed_rows(
    found: Sequence[HumanFinding], passed: Mapping[str, Passed], catalogue: Catalogue
) -> Iterator[PassedRow]:
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for each in found:
        by = passed.get(each.sample)
        names = [("gate", name, "") for name in by.gates] if by else []
        names += [("judge", name, "") for name in by.judges] if by else []
        mended = {(each.source, each.code) for each in catalogue.objections.get(each.sample, ())}
        names += [("mended", source, code) for source, code in sorted(mended)]
        for name in names:
            counts.setdefault(name, Counter())[each.state] += 1
    order = {"gate": 0, "judge": 1, "mended": 2}
    for (kind, name, code), states in sorted(counts.items(), key=lambda item: (order[item[0][0]], item[0])):
        yield PassedRow(kind, name, code, states.total(), states["corrected"], states["rejected"])
