"""Further solvers, who see the same and draw differently, give the same solution (`consistency=k`)."""

from __future__ import annotations

from collections.abc import Iterator

from ...records import Reason, Solution
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
