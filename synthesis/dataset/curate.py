"""From played episodes to the samples that are kept: the gates judge, the funnel counts (§4.3, Table 3).

One pass over the episodes, one of them in memory at a time; what is kept is remembered in few words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from ...environments.checks import Case, Traced, trace
from ...environments.checks.check import stamped
from ...environments.world import World
from ...records import Episode, Reason, Solution
from .console_summary import Funnel
from .gates import Candidate, Gate
from .gates.necessity import solves
from .kept_sample import Argument, Kept

ORIGINAL_GONE = "gate.twin"
"""Code of the reason for a twin whose original is not in the dataset."""

TWIN_CODES = {ORIGINAL_GONE: "the sample it is the twin of is not in the dataset"}
"""Code of a reason that no gate gives -> the sentence that explains it."""


@dataclass(frozen=True)
class Played:
    """One episode that ended, and what it takes to judge it."""

    population: str
    world: World
    episode: Episode
    strangers: tuple[Solution | None, ...] = ()
    others: tuple[Solution | None, ...] = ()
    twin_of: str = ""

    @property
    def case(self) -> Case:
        """The episode as checks see it; there must be a query."""
        task, query = self.episode.task, self.episode.query
        assert query is not None
        world = self.world
        return Case(
            world,
            world.profile(task.user_id),
            world.histories(task.user_id),
            task,
            query,
            self.episode.solution,
        )


@dataclass
class Curated:
    """What is in the dataset, what is not and why."""

    kept: list[Kept] = field(default_factory=list)
    rejected: list[bytes] = field(default_factory=list)
    """lines of rejected.jsonl"""
    funnel: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    """gate -> episodes it was shown"""
    stopped: Counter[str] = field(default_factory=Counter)
    """gate -> episodes it objected to"""
    solved: Counter[str] = field(default_factory=Counter)
    """id -> strangers who gave the accepted solution"""

    def as_funnel(self) -> Funnel:
        """The funnel; its parts add up."""
        return Funnel(made=self.funnel.total(), **{name: self.funnel[name] for name in FATES})


FATES = ("rule_rejected", "judge_rejected", "failed", "gate_rejected", "kept")


def curate(played: Iterable[Played], gates: Mapping[str, Gate], voters: Iterable[str]) -> Curated:
    """Judge every episode, in order.

    Args:
        played: the episodes; a twin after its original.
        gates: name -> gate, in the order they run.
        voters: names of judges and query gates, to tell their objections from those of the rules.
    """
    curated, voters = Curated(), tuple(voters)
    there: set[str] = set()
    for one in played:
        fate, reasons = _fate(one, frozenset(voters))
        traced = None
        if not reasons:
            traced = trace(one.case)
            reasons = tuple(_objections(one, traced, gates, voters, there, curated))
            fate = "gate_rejected" if reasons else "kept"
        curated.funnel[fate] += 1
        if fate != "kept" or traced is None:
            curated.rejected.append(_rejected(one.episode, reasons))
            curated.reasons.update(dict.fromkeys((reason.code for reason in reasons), 1))
        else:
            there.add(one.episode.id)
            curated.kept.append(in_few_words(one, traced))
    return curated


def _fate(one: Played, voters: frozenset[str]) -> tuple[str, tuple[Reason, ...]]:
    """What became of an episode before the gates; no reasons: it was accepted."""
    episode = one.episode
    if episode.status == "accepted" and episode.query is not None and episode.solution is not None:
        return "", ()
    if any(reason.code.startswith("model.") for reason in episode.reasons):
        return "failed", episode.reasons
    voted = any(reason.source in voters for reason in episode.reasons)
    return ("judge_rejected" if voted else "rule_rejected"), episode.reasons


def _objections(
    one: Played,
    traced: Traced,
    gates: Mapping[str, Gate],
    judges: tuple[str, ...],
    there: set[str],
    curated: Curated,
) -> Iterator[Reason]:
    if one.twin_of and one.twin_of not in there:
        message = f"{one.twin_of} is not in the dataset, so there is nothing it could be the twin of"
        yield Reason(code=ORIGINAL_GONE, blames="query", path="", message=message, source="twins")
        return
    said = {turn.role for turn in one.episode.turns}
    candidate = Candidate(
        one.episode,
        one.case,
        traced,
        tuple(judge for judge in judges if judge in said),
        one.strangers,
        one.others,
    )
    curated.solved[one.episode.id] += sum(solves(answer, candidate.solution) for answer in one.strangers)
    stopped = False
    for name, gate in gates.items():
        if gate.compares and (stopped or one.twin_of):
            continue
        curated.judged[name] += 1
        found = tuple(stamped(reason, name) for reason in gate.run(candidate))
        curated.stopped[name] += bool(found)
        stopped = stopped or bool(found)
        yield from found


def in_few_words(one: Played, traced: Traced) -> Kept:
    """A sample as splits and statistics need it."""
    episode, task = one.episode, one.episode.task
    assert episode.query is not None
    assert episode.solution is not None
    platform = episode.solution.platform
    return Kept(
        id=episode.id,
        population=one.population,
        scenario=task.scenario,
        user=task.user_id,
        context=task.context,
        platform=platform,
        query=episode.query.text,
        calls=tuple(
            (call.api, one.world.tools[platform, call.api].api.capability) for call in episode.solution.calls
        ),
        arguments=tuple(
            Argument(
                each.call,
                each.parameter,
                each.origin,
                (each.evidence.path or "").removeprefix("basic_features."),
                orjson.dumps(each.value, option=orjson.OPT_SORT_KEYS).decode(),
            )
            for each in traced.origins
        ),
        twin_of=one.twin_of,
        mended=bool(episode.objections),
    )


def _rejected(episode: Episode, reasons: tuple[Reason, ...]) -> bytes:
    return orjson.dumps(
        {
            "id": episode.id,
            "scenario": episode.task.scenario,
            "user_id": episode.task.user_id,
            "query": episode.query.text if episode.query else None,
            "answer": episode.solution.model_dump(mode="json") if episode.solution else None,
            "reasons": [reason.model_dump(mode="json") for reason in reasons],
        }
    )
