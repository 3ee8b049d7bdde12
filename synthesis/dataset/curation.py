"""From episodes to samples: the gates judge, the funnel counts (§4.3, Table 3).

What can be said of an episode alone is said wherever it is (`EpisodeJudge`); what takes others and their
order is decided in one place (`Curator`). What becomes a sample is kept as a compact one.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...environments.checks import Case, Traced, trace
from ...environments.checks.check import stamped
from ...environments.world import World
from ...records import Episode, Reason, RejectedSample, Solution
from ...store.disk_map import DiskMap
from ..first_answers import AcceptedByRole, FirstAnswers, first_answers_of
from .console_summary import Funnel
from .dataset_lines import DatasetLine
from .gates import Candidate, Gate, SampleGate
from .gates.necessity import solves
from .samples import CompactSample, SampleList, compact_sample

ORIGINAL_GONE = "gate.twin"
"""Code of the reason for a twin whose original is not in the dataset."""

TWIN_CODES = {ORIGINAL_GONE: "the sample it is the twin of is not in the dataset"}
"""Code of a reason that no gate gives -> the sentence that explains it."""


@dataclass
class Curation:
    """What became of the episodes: samples, or rejected with reasons; and what the gates did."""

    samples: SampleList = field(default_factory=SampleList)
    """what was kept"""
    lines: DiskMap[str] = field(default_factory=DiskMap)
    """id -> its pickled `DatasetLine`, of those whose line was made where they were judged"""
    rejected: DiskMap[int] = field(default_factory=DiskMap)
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
    """id -> strangers who gave the accepted solution, where there were any"""
    first_answers: FirstAnswers = field(default_factory=FirstAnswers)
    """of the roles that write, in the episodes that are no twins"""

    @property
    def funnel(self) -> Funnel:
        """The fates; they add up."""
        return Funnel(made=self.fates.total(), **{name: self.fates[name] for name in FATES})

    def originals_of(self, population: str) -> Iterator[CompactSample]:
        """The samples of one population, without twins."""
        return (sample for sample in self.samples if sample.population == population and not sample.twin_of)


FATES = ("rule_rejected", "judge_rejected", "failed", "gate_rejected", "kept")


@dataclass(frozen=True, slots=True)
class JudgedEpisode:
    """What is said of one episode by whoever looks at it alone."""

    fate: str
    """one of `FATES`, before the gates; 'kept': it was accepted"""
    first_answers: AcceptedByRole
    rejected: RejectedSample | None = None
    """what is left of it; None: it was accepted"""
    sample: CompactSample | None = None
    """what it becomes; None: it was not accepted, as what follows says nothing"""
    line: DatasetLine | None = None
    """the line of the dataset; None: it is made where it is written"""
    whole: tuple[Episode, Traced] | None = None
    """it, and where its arguments come from; None: no gate asks for more than the sample"""
    objections: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    """independent gate -> what it objects to"""
    prepared: Mapping[str, Any] = field(default_factory=dict)
    """gate of samples -> what it has found out of this one alone"""
    strangers: tuple[Solution | None, ...] = ()
    others: tuple[Solution | None, ...] = ()
    solved: int = 0
    """strangers who gave the accepted solution"""


class EpisodeJudge:
    """Looks at episodes alone, in any order and in any process.

    Args:
        gates: name -> gate; the independent ones are run.
        voters: names of judges and query judges, to tell their objections from those of the rules.
    """

    def __init__(self, gates: Mapping[str, Gate], voters: Sequence[str]) -> None:
        self._gates = {name: gate for name, gate in gates.items() if gate.independent}
        self._sample_gates = {name: gate for name, gate in gates.items() if isinstance(gate, SampleGate)}
        self._sends_whole = any(
            not gate.independent and not isinstance(gate, SampleGate) for gate in gates.values()
        )
        self._voters = tuple(voters)

    def judge(
        self,
        episode: Episode,
        population: str,
        world: World,
        *,
        strangers: Sequence[Solution | None] = (),
        others: Sequence[Solution | None] = (),
        twin_of: str = "",
    ) -> JudgedEpisode:
        """Judge one episode.

        Args:
            episode: that ended, accepted or rejected.
            population: name of the people its user is of.
            world: its scenario.
            strangers: what solvers without the profile answered.
            others: what further solvers with the profile answered.
            twin_of: id of its original, if it is a twin.
        """
        fate = _fate(episode, self._voters)
        first_answers = first_answers_of(episode)
        if fate != "kept":
            return JudgedEpisode(fate, first_answers, _rejected_episode(episode))
        case = _case(episode, world)
        traced = trace(case)
        seen = Candidate(
            episode, case, traced, _voting(episode, self._voters), tuple(strangers), tuple(others)
        )
        sample = compact_sample(episode, population, world, traced, twin_of)
        return JudgedEpisode(
            fate,
            first_answers,
            sample=sample,
            whole=(episode, traced) if self._sends_whole else None,
            objections={name: _stamped(name, gate.run(seen)) for name, gate in self._gates.items()},
            prepared={name: gate.prepare(sample) for name, gate in self._sample_gates.items()},
            strangers=seen.strangers,
            others=seen.others,
            solved=sum(solves(answer, seen.solution) for answer in strangers),
        )


class Curator:
    """Decides on judged episodes one by one, in the order of the dataset, a twin after its original.

    Args:
        gates: name -> gate, in the order they run; those that are not independent are run here.
        voters: as of `EpisodeJudge`.
    """

    def __init__(self, gates: Mapping[str, Gate], voters: Sequence[str]) -> None:
        self._gates, self._voters = gates, tuple(voters)
        self._ids = DiskMap[str]()
        """of what was kept"""
        self.curation = Curation()
        """of the episodes judged so far"""

    def add(self, judged: JudgedEpisode, worlds: Mapping[str, World]) -> None:
        """Decide on one episode. Args: worlds: scenario -> its world, with the people of the episode."""
        sample = judged.sample
        if sample is None or not sample.twin_of:
            self.curation.first_answers.add(judged.first_answers)
        if sample is None:
            assert judged.rejected is not None
            self._reject(judged.fate, judged.rejected)
            return
        reasons = tuple(self._objections(judged, sample, worlds[sample.scenario]))
        if reasons:
            self._reject("gate_rejected", _rejected_sample(sample, reasons))
            return
        self.curation.fates["kept"] += 1
        self._ids.put(sample.id, b"")
        self.curation.samples.append(sample)
        if judged.line:
            self.curation.lines.put(sample.id, pickle.dumps(judged.line, pickle.HIGHEST_PROTOCOL))

    def finish(self) -> Curation:
        """Let the gates look at all samples once more, and give back what became of the episodes."""
        curation = self.curation
        for name, gate in self._gates.items():
            reasons: dict[str, Reason] = {}
            for id, reason in gate.review(curation.samples):
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
                reason = reasons[id] if sample.id == id else _original_gone(id)
                self._reject("gate_rejected", _rejected_sample(sample, (reason,)))
        self.curation.samples = SampleList(
            sample for sample in self.curation.samples if sample.id not in gone
        )

    def _objections(self, judged: JudgedEpisode, sample: CompactSample, world: World) -> Iterator[Reason]:
        if sample.twin_of and sample.twin_of not in self._ids:
            yield _original_gone(sample.twin_of)
            return
        if judged.solved:
            self.curation.solved[sample.id] = judged.solved
        candidate: Candidate | None = None
        stopped = False
        for name, gate in self._gates.items():
            if gate.compares and (stopped or sample.twin_of):
                continue
            self.curation.judged[name] += 1
            if gate.independent:
                reasons = judged.objections[name]
            elif isinstance(gate, SampleGate):
                reasons = _stamped(name, gate.run_prepared(sample, world, judged.prepared[name]))
            else:
                candidate = candidate or self._candidate(judged, world)
                reasons = _stamped(name, gate.run(candidate))
            self.curation.stopped[name] += bool(reasons)
            stopped = stopped or bool(reasons)
            yield from reasons

    def _candidate(self, judged: JudgedEpisode, world: World) -> Candidate:
        """The episode as gates see it."""
        assert judged.whole is not None
        episode, traced = judged.whole
        judges = _voting(episode, self._voters)
        case = _case(episode, world)
        return Candidate(episode, case, traced, judges, judged.strangers, judged.others)

    def _reject(self, fate: str, rejected: RejectedSample) -> None:
        self.curation.fates[fate] += 1
        self.curation.reasons.update(dict.fromkeys((reason.code for reason in rejected.reasons), 1))
        self.curation.rejected.put(len(self.curation.rejected), rejected.model_dump_json().encode())


def _rejected_episode(episode: Episode) -> RejectedSample:
    """One that was not accepted."""
    return RejectedSample(
        id=episode.id,
        scenario=episode.task.scenario,
        user_id=episode.task.user_id,
        query=episode.query.text if episode.query else None,
        answer=episode.solution.model_dump(mode="json") if episode.solution else None,
        reasons=episode.reasons,
    )


def _rejected_sample(sample: CompactSample, reasons: tuple[Reason, ...]) -> RejectedSample:
    """One that a gate objects to."""
    return RejectedSample(
        id=sample.id,
        scenario=sample.scenario,
        user_id=sample.user,
        query=sample.query,
        answer=sample.solution().model_dump(mode="json"),
        reasons=reasons,
    )


def _original_gone(original: str) -> Reason:
    message = f"{original} is not in the dataset, so there is nothing it could be the twin of"
    return Reason(code=ORIGINAL_GONE, blames="query", path="", message=message, source="twins")


def _case(episode: Episode, world: World) -> Case:
    """An accepted episode as the rule checks see it."""
    task, query = episode.task, episode.query
    assert query is not None
    profile, histories = world.profile(task.user_id), world.histories(task.user_id)
    return Case(world, profile, histories, task, query, episode.solution)


def _voting(episode: Episode, voters: Sequence[str]) -> tuple[str, ...]:
    """The judges whose verdict an episode needed."""
    speakers = {turn.role for turn in episode.turns}
    return tuple(voter for voter in voters if voter in speakers)


def _stamped(gate: str, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(stamped(reason, gate) for reason in reasons)


def _fate(episode: Episode, voters: Sequence[str]) -> str:
    """What became of an episode before the gates; 'kept': it was accepted."""
    if episode.status == "accepted" and episode.query is not None and episode.solution is not None:
        return "kept"
    if any(reason.code.startswith("model.") for reason in episode.reasons):
        return "failed"
    voted = any(reason.source in voters for reason in episode.reasons)
    return "judge_rejected" if voted else "rule_rejected"
