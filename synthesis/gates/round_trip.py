"""The task drawn by code, the assistant's solution and the verifier's reading agree (§4.3)."""

from __future__ import annotations

from collections.abc import Iterator

from ...environments.checks.agreement import agreement
from ...records import Reason
from .candidate import Candidate


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
