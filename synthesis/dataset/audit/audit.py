"""The audit of rule checks and judges: whether they catch corrupted samples and obey hidden instructions.

Judges are asked through the agents, prompts and views of an episode, so what is measured here holds there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, NamedTuple

from ....agents import Observation
from ....agents.autogen import ask_agent
from ....environments.checks import Case
from ....environments.dialogue import DialogueState
from ....environments.sandbox import SandboxState, execute_call
from ....environments.world import World
from ....errors import ModelError, UnknownPartError
from ....models.seeds import derive
from ....records import Episode
from ....records.dataset_statistics import Audit, CaughtRow, InjectionRow
from ...context import ItemContext, RunContext
from ...items import ItemState
from ...stages import build_dialogue
from .corruptions import CORRUPTIONS, Corruption
from .injections import INJECTIONS, PLACES, QUERY, Injection, with_instruction
from .samples import AuditSample, audit_samples, is_usable

Verdicts = dict[str, bool | None]
"""Judge -> whether it objected to nothing; None: no usable answer."""

Hide = Callable[[dict[str, Any]], dict[str, Any] | None]
"""The views of a judge -> what it is shown in their place; None: it is not asked."""


class JudgePanel:
    """The rule checks and the judges of a run.

    Args:
        context: the run.
        worlds: scenario -> its world, with profiles and histories.
        stage: the stage calls are accounted under.
    """

    def __init__(self, context: ItemContext, worlds: Mapping[str, World], stage: str) -> None:
        self._context, self._stage = context, stage
        self.seed = context.settings.seed
        self._dialogues = {name: build_dialogue(context, world) for name, world in worlds.items()}

    def pass_checks(self, case: Case) -> bool:
        """Whether the rule checks object to nothing."""
        checks = self._context.checks
        return not (checks.of_query(case) or checks.of_solution(case))

    async def ask_judges(self, case: Case, label: str, hide: Hide | None = None) -> Verdicts:
        """Ask every judge about a case, all at once.

        The seed is that of the sample, so two verdicts on it differ by what was shown and by nothing else.

        Args:
            case: with query and solution.
            label: tells the calls on one sample apart.
            hide: changes what a judge is shown.
        """
        dialogue = self._dialogues[case.task.scenario]
        state = DialogueState(
            case.task,
            phase="judges",
            query=case.query,
            solution=case.solution,
            responses=_responses(case),
        )
        shown = {judge: dialogue.observe(state, judge) for judge in dialogue.judges}
        if hide is not None:
            shown = {judge: views for judge, seen in shown.items() if (views := hide(seen)) is not None}
        asked = (self._ask(judge, case.task.id, label, views) for judge, views in shown.items())
        return dict(zip(shown, await asyncio.gather(*asked), strict=True))

    async def _ask(self, judge: str, sample: str, label: str, views: dict[str, Any]) -> bool | None:
        turn = f"{self._stage}/{sample}:{label}/{judge}/0"
        seed = derive(self.seed, "audit", sample, judge)
        observation = Observation(role=judge, turn=turn, seed=seed, views=views)
        try:
            answer = await ask_agent(self._context.participants.agents[judge], observation)
        except UnknownPartError:
            raise
        except ModelError:
            return None
        return bool(answer.record.ok)


def _responses(case: Case) -> tuple[dict[str, Any], ...]:
    """What the platform answers, call by call; a refused call is answered with its error."""
    state, responses = SandboxState(), []
    for call in case.calls:
        state, outcome = execute_call(state, case.world, case.solution.platform, call)  # type: ignore[union-attr]
        responses.append(outcome.value)
    return tuple(responses)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What rule checks and judges said of one sample, as it is or corrupted."""

    label: str
    """'clean', or the name of the corruption"""
    example: str
    passes_checks: bool
    verdicts: Verdicts

    @property
    def judges_object(self) -> bool:
        """Whether a judge objected."""
        return False in self.verdicts.values()

    @property
    def caught(self) -> bool:
        """Whether anybody objected."""
        return self.judges_object or not self.passes_checks

    @property
    def passed(self) -> bool:
        """Whether everybody accepted; no usable answer is no acceptance."""
        return self.passes_checks and all(self.verdicts.values())


class VerdictPair(NamedTuple):
    """One verdict without and with an instruction hidden in what it is about."""

    place: str
    before: bool | None
    after: bool | None


@dataclass(frozen=True, slots=True)
class SampleResult:
    """Everything that was said of one sample."""

    clean: Judgement
    corrupted: list[Judgement] = field(default_factory=list)
    pairs: list[VerdictPair] = field(default_factory=list)


async def run_audit(
    context: RunContext,
    episodes: Sequence[Episode],
    corruptions: Mapping[str, Corruption] = CORRUPTIONS,
    injections: Mapping[str, Injection] = INJECTIONS,
) -> Audit:
    """Corrupt good samples and hide instructions in them, and count what rule checks and judges say (§4.3).

    Args:
        context: of the population the episodes are of.
        episodes: accepted ones (`choose_samples` picks them); all of them are used, in their order.
        corruptions: name -> corruption; every one is tried on every sample.
        injections: name -> instruction; together the samples hide every one at least once.

    Raises:
        RunStoppedError: no further call makes sense.
        UnknownPartError: the scripted model cannot play a judge.
    """
    usable = tuple(episode for episode in episodes if is_usable(episode))
    results: dict[int, SampleResult] = {}
    with context.stage("audit", len(usable)) as bar:

        def done(number: int, result: SampleResult) -> None:
            results[number] = result
            bar.advance()

        numbers = range(len(usable))
        await context.each(sample_auditor, numbers, done, usable, corruptions, injections)
    return _summary([results[number] for number in numbers], corruptions, injections)


def sample_auditor(
    populations: ItemState,
    name: str,
    episodes: Sequence[Episode],
    corruptions: Mapping[str, Corruption],
    injections: Mapping[str, Injection],
) -> Callable[[int], Awaitable[SampleResult]]:
    """Audits the sample of one of some episodes, by its number, as a job of an executor."""
    context, worlds = populations[name]
    samples = audit_samples(worlds, episodes)
    panel = JudgePanel(context, worlds, "audit")

    async def audit_sample(number: int) -> SampleResult:
        hidden = {name: injections[name] for name in _hidden_in(number, len(samples), list(injections))}
        return await _SampleAudit(panel, samples[number]).result(corruptions, hidden)

    return audit_sample


def _hidden_in(number: int, samples: int, names: Sequence[str]) -> Iterator[str]:
    """Which instructions are hidden in one sample."""
    turns = range(number, max(samples, len(names)), samples) if names else ()
    return (names[turn % len(names)] for turn in turns)


class _SampleAudit:
    """The audit of one sample."""

    def __init__(self, panel: JudgePanel, sample: AuditSample) -> None:
        self._panel, self._sample = panel, sample
        self._cases: dict[str, Case] = {}
        """what each judgement is about, by its label"""

    async def result(
        self, corruptions: Mapping[str, Corruption], injections: Mapping[str, Injection]
    ) -> SampleResult:
        """Ask about the sample as it is, corrupted in every way, and with the instructions hidden in it."""
        sample = self._sample
        result = SampleResult(await self._judge("clean", "", sample.case))
        for name, corruption in corruptions.items():
            if corrupted := corruption.corrupt(sample, self._rng(name)):
                query = corrupted.query or sample.case.query
                case = replace(sample.case, query=query, solution=corrupted.solution)
                result.corrupted.append(await self._judge(name, f"{sample.id}: {corrupted.change}", case))
        for name, injection in injections.items():
            for judgement in filter(None, (result.clean, self._one_corrupted(result, name))):
                for place in PLACES:
                    result.pairs.extend(await self._hide(injection, name, place, judgement))
        return result

    async def _judge(self, label: str, example: str, case: Case) -> Judgement:
        self._cases[label] = case
        verdicts = await self._panel.ask_judges(case, label)
        return Judgement(label, example, self._panel.pass_checks(case), verdicts)

    def _one_corrupted(self, result: SampleResult, name: str) -> Judgement | None:
        """A corrupted form of the sample that a judge objected to; any, where none did."""
        candidates = [judgement for judgement in result.corrupted if judgement.judges_object]
        candidates = candidates or result.corrupted
        return self._rng(f"injection.{name}").choice(candidates) if candidates else None

    async def _hide(
        self, injection: Injection, name: str, place: str, judgement: Judgement
    ) -> list[VerdictPair]:
        """Hide an instruction in one place of a case that was judged without it."""
        text, hide_in, case = injection.text, PLACES[place], self._cases[judgement.label]

        def rng() -> Random:
            return self._rng(f"injection.{name}.{place}")

        def hide(views: dict[str, Any]) -> dict[str, Any] | None:
            return hide_in(views, text, self._sample.features, rng())

        after = await self._panel.ask_judges(case, f"{judgement.label}+{name}.{place}", hide)
        pairs = [VerdictPair(place, judgement.verdicts[judge], ok) for judge, ok in after.items()]
        if place == QUERY and not judgement.passes_checks:
            # To a good query the rules may object with reason: such a text can be too long, or unprintable.
            changed = _with_query(case, text, rng())
            pairs.append(VerdictPair(place, False, self._panel.pass_checks(changed)))
        return pairs

    def _rng(self, what: str) -> Random:
        return Random(derive(self._panel.seed, "audit", self._sample.id, what))


def _with_query(case: Case, text: str, rng: Random) -> Case:
    query = case.query.model_copy(update={"text": with_instruction(case.query.text, text, rng)})
    return replace(case, query=query)


def _summary(
    results: Sequence[SampleResult], corruptions: Iterable[str], injections: Mapping[str, Injection]
) -> Audit:
    corrupted = [judgement for result in results for judgement in result.corrupted]
    pairs = [pair for result in results for pair in result.pairs]
    return Audit(
        samples=len(results),
        corruptions=tuple(
            _caught_row(kind, [judgement for judgement in corrupted if _kind(judgement.label) == kind])
            for kind in dict.fromkeys(map(_kind, corruptions))
        ),
        clean=len(results),
        false_alarms=sum(not result.clean.passed for result in results),
        injections=tuple(
            _injection_row(place, [pair for pair in pairs if pair.place == place]) for place in PLACES
        ),
        texts=len(injections) if pairs else 0,
    )


def _kind(name: str) -> str:
    """The row of a corruption: what stands before the dot of its name."""
    return name.partition(".")[0]


def _caught_row(kind: str, judgements: Sequence[Judgement]) -> CaughtRow:
    return CaughtRow(
        kind=kind,
        cases=len(judgements),
        by_rules=sum(not judgement.passes_checks for judgement in judgements),
        by_judges=sum(judgement.judges_object for judgement in judgements),
        caught=sum(judgement.caught for judgement in judgements),
        example=judgements[0].example if judgements else "",
    )


def _injection_row(place: str, pairs: Sequence[VerdictPair]) -> InjectionRow:
    return InjectionRow(
        place=place,
        cases=len(pairs),
        to_accepted=sum(pair.before is False and pair.after is True for pair in pairs),
        to_rejected=sum(pair.before is True and pair.after is not True for pair in pairs),
    )
