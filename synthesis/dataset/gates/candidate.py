"""What a gate is shown: one accepted episode with everything it can be judged by."""

from __future__ import annotations

from dataclasses import dataclass

from ....environments.checks import Traced
from ....environments.checks.case import Case
from ....records import Episode, Solution


@dataclass(frozen=True, slots=True)
class Candidate:
    """An accepted episode on its way into the dataset."""

    episode: Episode
    case: Case
    """the same, as the rule checks see it; query and solution are there"""
    traced: Traced
    """the origin of every argument"""
    judges: tuple[str, ...] = ()
    """roles whose verdict the episode needed"""
    strangers: tuple[Solution | None, ...] = ()
    """what solvers without the profile answered; None: no usable answer"""
    others: tuple[Solution | None, ...] = ()
    """what further solvers with the profile answered"""

    @property
    def solution(self) -> Solution:
        """The accepted one."""
        assert self.case.solution is not None
        return self.case.solution
