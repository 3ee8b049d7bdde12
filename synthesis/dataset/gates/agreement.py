"""Further solvers, who see the same and draw differently, give the same solution (`consistency=k`)."""

from __future__ import annotations

from collections.abc import Iterator

from ....environments.checks.agreement import agreement
from ....records import Reason, Solution
from .candidate import Candidate
from .necessity import solves


def consistency(candidate: Candidate) -> Iterator[Reason]:
    """Every further solver agrees on platform, calls and arguments; the order of calls does not count."""
    for place, other in enumerate(candidate.others, start=1):
        if not solves(other, candidate.solution):
            got = "no usable answer" if other is None else f"{other.platform}: {_apis(other)}"
            message = f"solver {place} of {len(candidate.others)} gave {got[:300]}"
            yield Reason(
                code="gate.consistency", blames="query", path="", message=message, source="consistency"
            )
            return


def _apis(solution: Solution) -> str:
    return ", ".join(call.api for call in solution.calls) or "no calls"


def round_trip(candidate: Candidate) -> Iterator[Reason]:
    """The solution is what the task drew, and the last word of every judge on it was yes."""
    for reason in agreement(candidate.case):
        yield reason.model_copy(update={"code": "gate.round_trip", "source": "round_trip"})
    said = {turn.role: turn.output.get("ok") for turn in candidate.episode.turns}
    for judge in candidate.judges:
        if said.get(judge) is not True:
            message = f"the last word of {judge} on it was not yes"
            yield Reason(
                code="gate.round_trip", blames="solution", path="", message=message, source="round_trip"
            )
