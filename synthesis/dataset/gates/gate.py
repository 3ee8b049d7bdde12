"""What a quality gate is, and what it is shown: one accepted episode with everything it can be judged by.

A gate of one's own is a subclass of `Gate`, named by a YAML file (`gate/NAME.yaml`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ....environments.checks import Case, Traced
from ....environments.world import World
from ....records import Episode, Reason, Solution
from ..samples import CompactSample, compact_sample


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


class Gate(ABC):
    """One condition that an accepted episode has to meet to become a sample.

    Every run makes its gates anew, and shows them the candidates one by one, in the order of the dataset;
    `independent` ones in several processes at a time.
    """

    codes: ClassVar[Mapping[str, str]]
    """code of a reason -> the sentence that explains it"""

    compares: ClassVar[bool] = False
    """Whether it compares a candidate with those it has let through. Then it runs after all others and sees
    only what they let through, and no counterfactual twins, which repeat a query on purpose."""

    independent: ClassVar[bool] = False
    """Whether it remembers nothing, so that what it says depends on the candidate alone. Then candidates are
    shown to it in several processes, in no order."""

    def review(self, samples: Sequence[CompactSample]) -> Iterable[tuple[str, Reason]]:  # noqa: ARG002
        """Look at all that was let through once there is nothing more; yield (id of a sample, reason)."""
        return ()

    @abstractmethod
    def run(self, candidate: Candidate) -> Iterable[Reason]:
        """Yield a reason for everything objected to; `source` is filled in by whoever runs it."""


class SampleGate(Gate):
    """A gate to which the sample that a candidate becomes says enough: no process sends it whole episodes."""

    def prepare(self, sample: CompactSample) -> Any:  # noqa: ARG002
        """Find out what takes long and depends on the sample alone, in several processes, in no order."""
        return None

    def run_prepared(self, sample: CompactSample, world: World, prepared: Any) -> Iterable[Reason]:  # noqa: ARG002
        """As `run_sample`. Args: prepared: what `prepare` returned for the sample."""
        return self.run_sample(sample, world)

    @abstractmethod
    def run_sample(self, sample: CompactSample, world: World) -> Iterable[Reason]:
        """As `run`. Args: sample: what the candidate becomes; world: its scenario."""

    def run(self, candidate: Candidate) -> Iterable[Reason]:
        """As `Gate.run`."""
        world = candidate.case.world
        return self.run_sample(compact_sample(candidate.episode, "", world, candidate.traced), world)
