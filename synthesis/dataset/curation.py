"""From episodes to samples: the gates judge, the funnel counts (§4.3, Table 3).

One episode is in memory at a time; what becomes a sample is kept as a compact one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...environments.checks import Case, trace
from ...environments.checks.check import stamped
from ...environments.world import World
from ...records import Episode, Reason, RejectedSample, Solution
from ..first_answers import FirstAnswers
from .console_summary import Funnel
from .gates import Candidate, Gate
from .gates.necessity import solves
from .samples import CompactSample, compact_sample

ORIGINAL_GONE = "gate.twin"
"""Code of the reason for a twin whose original is not in the dataset."""

TWIN_CODES = {ORIGINAL_GONE: "the sample it is the twin of is not in the dataset"}
"""Code of a reason that no gate gives -> the sentence that explains it."""


@dataclass
class Curation:
    """What became of the episodes: samples, or rejected with reasons; and what the gates did."""

    samples: list[CompactSample] = field(default_factory=list)
    """what was kept"""
    rejected: list[bytes] = field(default_factory=list)
    """lines of rejected.jsonl"""
    fates: Counter[str] = field(default_factory=Counter)
    """one of `FATES` -> episodes"""
    reasons: Counter[str] = field(default_factory=Counter)
    """reason code -> rejected episodes"""
    judged: Counter[str] = field(default_factory=Counter)
    """gate -> episodes it was shown"""
    stopped: Counter[str] = field(default_factory=Counter)
    """gate -> episodes it objected to"""
    solved: Counter[str] = field(default_factory=Counter)
    """id -> strangers who gave the accepted solution"""
    first_answers: FirstAnswers = field(default_factory=FirstAnswers)
    """of the roles that write, in the episodes that are no twins"""

    @property
    def funnel(self) -> Funnel:
        """The fates; they add up."""
        return Funnel(made=self.fates.total(), **{name: self.fates[name] for name in FATES})


FATES = ("rule_rejected", "judge_rejected", "failed", "gate_rejected", "kept")


class Curator:
    """Judges episodes one by one, in the order of the dataset, a twin after its original.

    Args:
        gates: name -> gate, in the order they run.
        voters: names of judges and query judges, to tell their objections from those of the rules.
    """

    def __init__(self, gates: Mapping[str, Gate], voters: Sequence[str]) -> None:
        self._gates, self._voters = gates, tuple(voters)
        self._ids: set[str] = set()
        self.curation = Curation()
        """of the episodes judged so far"""

    def add(
        self,
        episode: Episode,
        population: str,
        world: World,
        *,
        strangers: Sequence[Solution | None] = (),
        others: Sequence[Solution | None] = (),
        twin_of: str = "",
    ) -> None:
        """Judge one episode.

        Args:
            episode: that ended, accepted or rejected.
            population: name of the people its user is of.
            world: its scenario.
            strangers: what solvers without the profile answered.
            others: what further solvers with the profile answered.
            twin_of: id of its original, if it is a twin.
        """
        if not twin_of:
            self.curation.first_answers.add(episode)
        fate, reasons = _fate(episode, self._voters)
        if fate != "kept":
            self._reject(episode, fate, reasons)
            return
        candidate = self._candidate(episode, world, strangers, others)
        reasons = tuple(self._objections(candidate, twin_of))
        if reasons:
            self._reject(episode, "gate_rejected", reasons)
            return
        self.curation.fates["kept"] += 1
        self._ids.add(episode.id)
        self.curation.samples.append(compact_sample(episode, population, world, candidate.traced, twin_of))

    def finish(self) -> Curation:
        """Let the gates look at all samples once more, and give back what became of the episodes."""
        curation = self.curation
        for name, gate in self._gates.items():
            reasons: dict[str, Reason] = {}
            for id, reason in gate.review(tuple(curation.samples)):
                reasons.setdefault(id, stamped(reason, name))
                curation.stopped[name] += 1
            if reasons:
                self._withdraw(reasons)
        return curation

    def _withdraw(self, reasons: Mapping[str, Reason]) -> None:
        """Take samples out again, and the twins of each with it.

        Args: reasons: id of a sample -> why.
        """
        families: dict[str, list[CompactSample]] = {id: [] for id in reasons}
        for sample in self.curation.samples:
            for id in families.keys() & {sample.id, sample.twin_of}:
                families[id].append(sample)
        gone: set[str] = set()
        for id, family in families.items():
            for sample in family:
                if sample.id in gone:
                    continue
                gone.add(sample.id)
                self.curation.fates["kept"] -= 1
                self.curation.fates["gate_rejected"] += 1
                self._record_rejection(
                    sample.id,
                    sample.scenario,
                    sample.user,
                    sample.query,
                    sample.solution(),
                    (reasons[id],) if sample.id == id else (_original_gone(id),),
                )
        self._ids -= gone
        self.curation.samples[:] = (sample for sample in self.curation.samples if sample.id not in gone)

    def _candidate(
        self,
        episode: Episode,
        world: World,
        strangers: Sequence[Solution | None],
        others: Sequence[Solution | None],
    ) -> Candidate:
        """The episode as gates see it; there are query and solution."""
        task, query = episode.task, episode.query
        assert query is not None
        profile, histories = world.profile(task.user_id), world.histories(task.user_id)
        case = Case(world, profile, histories, task, query, episode.solution)
        speakers = {turn.role for turn in episode.turns}
        judges = tuple(voter for voter in self._voters if voter in speakers)
        return Candidate(episode, case, trace(case), judges, tuple(strangers), tuple(others))

    def _objections(self, candidate: Candidate, twin_of: str) -> Iterator[Reason]:
        if twin_of and twin_of not in self._ids:
            yield _original_gone(twin_of)
            return
        id = candidate.episode.id
        self.curation.solved[id] += sum(solves(answer, candidate.solution) for answer in candidate.strangers)
        stopped = False
        for name, gate in self._gates.items():
            if gate.compares and (stopped or twin_of):
                continue
            self.curation.judged[name] += 1
            reasons = tuple(stamped(reason, name) for reason in gate.run(candidate))
            self.curation.stopped[name] += bool(reasons)
            stopped = stopped or bool(reasons)
            yield from reasons

    def _reject(self, episode: Episode, fate: str, reasons: Sequence[Reason]) -> None:
        self.curation.fates[fate] += 1
        query = episode.query.text if episode.query else None
        self._record_rejection(
            episode.id, episode.task.scenario, episode.task.user_id, query, episode.solution, reasons
        )

    def _record_rejection(
        self,
        id: str,
        scenario: str,
        user: str,
        query: str | None,
        solution: Solution | None,
        reasons: Sequence[Reason],
    ) -> None:
        self.curation.reasons.update(dict.fromkeys((reason.code for reason in reasons), 1))
        record = RejectedSample(
            id=id,
            scenario=scenario,
            user_id=user,
            query=query,
            answer=solution.model_dump(mode="json") if solution else None,
            reasons=tuple(reasons),
        )
        self.curation.rejected.append(record.model_dump_json().encode())


def _original_gone(original: str) -> Reason:
    message = f"{original} is not in the dataset, so there is nothing it could be the twin of"
    return Reason(code=ORIGINAL_GONE, blames="query", path="", message=message, source="twins")


def _fate(episode: Episode, voters: Sequence[str]) -> tuple[str, tuple[Reason, ...]]:
    """What became of an episode before the gates; 'kept': it was accepted."""
    if episode.status == "accepted" and episode.query is not None and episode.solution is not None:
        return "kept", ()
    if any(reason.code.startswith("model.") for reason in episode.reasons):
        return "failed", episode.reasons
    voted = any(reason.source in voters for reason in episode.reasons)
    return ("judge_rejected" if voted else "rule_rejected"), episode.reasons
