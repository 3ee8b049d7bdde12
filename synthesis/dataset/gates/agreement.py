"""Whether everybody agrees with the solution: the task, the judges, and further solvers (`consistency=k`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ....environments.checks.agreement import AgreementCheck
from ....records import Reason, Solution
from .gate import Candidate, Gate
from .necessity import solves


class RoundTripGate(Gate):
    """The solution is what the task drew, and the last word of every judge on it was yes."""

    codes: ClassVar = {
        "gate.round_trip": "the solution is not what the task drew, or a judge's last word was no"
    }
    independent = True

    def __init__(self) -> None:
        self._agreement = AgreementCheck()

    def run(self, candidate: Candidate) -> Iterator[Reason]:
        """Compare with the task, then look for every judge's last verdict."""
        for reason in self._agreement.run(candidate.case):
            yield reason.model_copy(update={"code": "gate.round_trip"})
        verdicts = {turn.role: turn.output.get("ok") for turn in candidate.episode.turns}
        for judge in candidate.judges:
            if verdicts.get(judge) is not True:
                message = f"the last word of {judge} on it was not yes"
                yield Reason(code="gate.round_trip", blames="solution", message=message)


class ConsistencyGate(Gate):
    """Every further solver, who sees the same and draws differently, gives the same solution."""

    codes: ClassVar = {"gate.consistency": "a further solver gave another solution"}
    independent = True

    def run(self, candidate: Candidate) -> Iterator[Reason]:
        """Name the first solver who differs in platform, calls or arguments; their order does not count."""
        for place, answer in enumerate(candidate.others, start=1):
            if not solves(answer, candidate.solution):
                got = "no usable answer" if answer is None else f"{answer.platform}: {_apis(answer)}"
                message = f"solver {place} of {len(candidate.others)} gave {got[:300]}"
                yield Reason(code="gate.consistency", blames="query", message=message)
                return


def _apis(solution: Solution) -> str:
    return ", ".join(call.api for call in solution.calls) or "no calls"
