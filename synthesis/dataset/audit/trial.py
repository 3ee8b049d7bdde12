"""The rule checks and the judges of a run, asked apart about whatever solution.

Judges are asked through the agents, prompts and views of an episode, so what is measured here holds there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, NamedTuple

from ....agents import Observation
from ....agents.autogen import ask_agent
from ....environments.checks.case import Case
from ....environments.dialogue import ASSISTANT, USER, Dialogue, DialogueState
from ....environments.sandbox import SandboxState, execute_call
from ....environments.world import World
from ....errors import ModelError, UnknownPartError
from ....models.seeds import derive
from ....records import Episode
from ....records.dataset_statistics import Audit, CaughtRow, InjectionRow
from ...context import RunContext, run_concurrently
from .corruptions import CORRUPTIONS
from .injections import INJECTIONS, PLACES, QUERY, said
from .specimen import Specimen, specimens

Verdicts = dict[str, bool | None]
"""Who was asked -> whether nothing was objected to; None: no usable answer."""

Hide = Callable[[dict[str, Any]], dict[str, Any] | None]
"""The views of a judge -> what it is shown in their place; None: it is not asked."""


class Bench:
    """Who has to tell good from bad.

    Args:
        context: the run.
        worlds: scenario -> its world, with profiles and histories.
        stage: the stage calls are accounted under.
    """

    def __init__(self, context: RunContext, worlds: Mapping[str, World], stage: str) -> None:
        self._context, self._stage = context, stage
        self.seed = context.settings.seed
        judges = tuple(context.settings.judges)
        sees = context.participants.sees(USER, ASSISTANT, *judges)
        self._dialogues = {
            name: Dialogue(world, sees=sees, judges=judges, checks=context.checks)
            for name, world in worlds.items()
        }

    def rules(self, case: Case) -> bool:
        """Whether the rule checks object to nothing."""
        checks = self._context.checks
        return not (checks.of_query(case) or checks.of_solution(case))

    async def judges(self, case: Case, label: str, hide: Hide | None = None) -> Verdicts:
        """What every judge says of a case, all asked at once.

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
class Finding:
    """What rules and judges said of one sample, as it is or spoilt."""

    kind: str
    name: str
    example: str
    case: Case
    rules: bool
    judges: Verdicts

    @property
    def by_judges(self) -> bool:
        """Whether a judge objected."""
        return False in self.judges.values()

    @property
    def caught(self) -> bool:
        """Whether anybody objected."""
        return self.by_judges or not self.rules

    @property
    def passed(self) -> bool:
        """Whether everybody accepted; no usable answer is no acceptance."""
        return self.rules and all(self.judges.values())


class Pair(NamedTuple):
    """One verdict without and with an instruction hidden in what it is about."""

    place: str
    before: bool | None
    after: bool | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that was said of one sample."""

    clean: Finding
    spoilt: list[Finding] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)


async def trial(
    context: RunContext, worlds: Mapping[str, World], episodes: Sequence[Episode], *, stage: str = "audit"
) -> Audit:
    """Put the rule checks and the judges of a run on trial (§4.3).

    Args:
        context: the run.
        worlds: scenario -> its world, with profiles and histories.
        episodes: accepted ones (`choose` picks them); all of them are used, in their order.
        stage: the stage that calls are accounted under.

    Raises:
        RunStoppedError: no further call makes sense.
        UnknownPartError: the scripted model cannot play a judge.
    """
    there = specimens(worlds, episodes)
    bench = Bench(context, worlds, stage)
    sheets: dict[int, Sheet] = {}

    async def examine(number: int) -> None:
        texts = _texts_for(number, len(there))
        sheets[number] = await _Examination(bench, there[number]).sheet(texts)
        bar.advance()

    with context.stage(stage, len(there)) as bar:
        await run_concurrently(range(len(there)), examine, context.settings.concurrency)
    return _audit([sheets[number] for number in range(len(there))])


def _texts_for(number: int, samples: int) -> Iterator[str]:
    """Which instructions are hidden in one sample; together the samples hide every one at least once."""
    known = list(INJECTIONS)
    return (known[turn % len(known)] for turn in range(number, max(samples, len(known)), samples))


class _Examination:
    """One sample on the bench."""

    def __init__(self, bench: Bench, one: Specimen) -> None:
        self._bench, self._one = bench, one

    async def sheet(self, texts: Iterable[str]) -> Sheet:
        """Ask about the sample as it is, spoilt in every way, and with some instructions in it."""
        one = self._one
        sheet = Sheet(await self._found("clean", "clean", "", one.case))
        for way in CORRUPTIONS:
            if spoilt := way.spoil(one, self._draws(way.name)):
                case = replace(one.case, solution=spoilt.solution)
                example = f"{one.case.task.id}: {spoilt.what}"
                sheet.spoilt.append(await self._found(way.kind, way.name, example, case))
        for name in texts:
            for finding in (sheet.clean, self._to_stay_rejected(sheet, name)):
                for place in PLACES if finding else ():
                    sheet.pairs.extend(await self._hidden(finding, name, place))  # type: ignore[arg-type]
        return sheet

    async def _found(self, kind: str, name: str, example: str, case: Case) -> Finding:
        return Finding(
            kind, name, example, case, self._bench.rules(case), await self._bench.judges(case, name)
        )

    def _to_stay_rejected(self, sheet: Sheet, name: str) -> Finding | None:
        """A spoilt form of the sample that a judge objected to; any, where none did."""
        found = [one for one in sheet.spoilt if one.by_judges] or sheet.spoilt
        return self._draws(f"injection.{name}").choice(found) if found else None

    async def _hidden(self, finding: Finding, name: str, place: str) -> list[Pair]:
        """Hide one instruction in one place of a case that was judged without it."""
        text, hide_in = INJECTIONS[name], PLACES[place]

        def draws() -> Random:
            return self._draws(f"injection.{name}.{place}")

        def hide(views: dict[str, Any]) -> dict[str, Any] | None:
            return hide_in(views, text, self._one.features, draws())

        label = f"{finding.name}+{name}.{place}"
        after = await self._bench.judges(finding.case, label, hide)
        pairs = [Pair(place, finding.judges[judge], ok) for judge, ok in after.items()]
        if place == QUERY and not finding.rules:
            # To a good query the rules may object with reason: such a text can be too long, or unprintable.
            pairs.append(Pair(place, False, self._bench.rules(_with_query(finding.case, text, draws()))))
        return pairs

    def _draws(self, what: str) -> Random:
        return Random(derive(self._bench.seed, "audit", self._one.case.task.id, what))


def _with_query(case: Case, text: str, draws: Random) -> Case:
    return replace(case, query=case.query.model_copy(update={"text": said(case.query.text, text, draws)}))


def _audit(sheets: Sequence[Sheet]) -> Audit:
    spoilt = [finding for sheet in sheets for finding in sheet.spoilt]
    pairs = [pair for sheet in sheets for pair in sheet.pairs]
    return Audit(
        samples=len(sheets),
        corruptions=tuple(
            _caught_row(kind, [one for one in spoilt if one.kind == kind])
            for kind in dict.fromkeys(way.kind for way in CORRUPTIONS)
        ),
        clean=len(sheets),
        false_alarms=sum(not sheet.clean.passed for sheet in sheets),
        injections=tuple(
            _injection_row(place, [one for one in pairs if one.place == place]) for place in PLACES
        ),
        texts=len(INJECTIONS) if pairs else 0,
    )


def _caught_row(kind: str, found: Sequence[Finding]) -> CaughtRow:
    return CaughtRow(
        kind=kind,
        cases=len(found),
        by_rules=sum(not one.rules for one in found),
        by_judges=sum(one.by_judges for one in found),
        caught=sum(one.caught for one in found),
        example=found[0].example if found else "",
    )


def _injection_row(place: str, pairs: Sequence[Pair]) -> InjectionRow:
    return InjectionRow(
        place=place,
        cases=len(pairs),
        to_accepted=sum(one.before is False and one.after is True for one in pairs),
        to_rejected=sum(one.before is True and one.after is not True for one in pairs),
    )
