"""Qualification: what each role of a run can do on the model at hand, found by tasks with known answers.

The tasks are played by the scripted model first, so the right query and solution are known. A user has to
phrase them, an assistant to solve them; a judge has to let the right ones pass and to object to spoilt ones,
and one that cannot tell them apart better than chance has no vote (§4.3 trusts its verifier unmeasured).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from loguru import logger

from ...agents import Role
from ...agents.autogen import ask_agent, make_agents
from ...agents.role import Observation
from ...environments.dialogue import ASSISTANT, USER, Dialogue, DialogueState
from ...errors import ModelError
from ...models.request import NO_USAGE
from ...models.scripted import ScriptedModel
from ...models.seeds import derive
from ...records import Query, Usage, Verdict
from ...settings import Settings
from ..roles import Participants
from .small_run import SolvedTask, play_solved_tasks

if TYPE_CHECKING:
    from ...cli.compose import Sources

STAGE = "qualification"
LEAST_MARGIN = 0.3
"""By how much the share of spoilt tasks a judge objects to has to exceed that of right ones it objects to."""
FLOOR = 0.5
"""Share of tasks that a user or an assistant has to get right at the first answer, to be of use."""


@dataclass(frozen=True)
class RoleTrial:
    """What one role made of the tasks."""

    role: str
    right: int
    """right tasks that it got right at the first answer, or let pass"""
    of: int
    caught: int
    """spoilt tasks that a judge objected to"""
    spoilt: int
    """0: the role is no judge"""
    usage: Usage
    seconds: float

    @property
    def judge(self) -> bool:
        """Whether it votes, instead of writing."""
        return self.spoilt > 0

    @property
    def false_alarms(self) -> float:
        """Share of right tasks that a judge objects to."""
        return 1 - self.right / max(1, self.of)

    @property
    def catch_rate(self) -> float:
        """Share of spoilt tasks that a judge objects to."""
        return self.caught / max(1, self.spoilt)

    @property
    def qualified(self) -> bool:
        """Whether its answers are worth having."""
        if self.judge:
            return self.catch_rate - self.false_alarms >= LEAST_MARGIN
        return self.right / max(1, self.of) >= FLOOR

    def describe(self) -> str:
        """The figures in a line."""
        if self.judge:
            return (
                f"objects to {self.caught} of {self.spoilt} spoilt tasks and to {self.of - self.right} of "
                f"{self.of} right ones"
            )
        return f"{self.right} of {self.of} tasks right at the first answer"


Spoil = Callable[[SolvedTask, SolvedTask], Query]
"""(a solved task, another one) -> a query that does not lead to the first one's solution."""


def _another_request(task: SolvedTask, other: SolvedTask) -> Query:
    return _query(task).model_copy(update={"text": _query(other).text, "need": ""})


def _more_than_asked(task: SolvedTask, other: SolvedTask) -> Query:
    query = _query(task)
    return query.model_copy(update={"text": f"{query.text} {_query(other).text}"})


def _shuffled_words(task: SolvedTask, other: SolvedTask) -> Query:
    del other
    query = _query(task)
    words = query.text.split()
    random.Random(task.episode.id).shuffle(words)
    return query.model_copy(update={"text": " ".join(words)})


SPOILT: dict[str, Sequence[Spoil]] = {
    "recognise_need": (_another_request,),
    "recognise_call": (_another_request,),
    "natural": (_shuffled_words,),
    "says_more": (_more_than_asked,),
}
"""Judge -> how its tasks are spoilt; of any other judge in all three ways in turn."""
_EVERY_WAY: Sequence[Spoil] = (_another_request, _more_than_asked, _shuffled_words)


def _query(task: SolvedTask) -> Query:
    assert task.episode.query is not None
    return task.episode.query


def qualification(settings: Settings, sources: Sources, participants: Participants) -> Qualification | None:
    """The tasks for a run's roles; None where no language model takes part, or none are wanted.

    Args: settings: the run's (`qualification` tasks a role); sources: the user's own folders.
    """
    roles = _tried_roles(settings, participants)
    if not (settings.qualification and roles):
        return None
    return Qualification(settings, roles, play_solved_tasks(settings, sources, settings.qualification))


def _tried_roles(settings: Settings, participants: Participants) -> tuple[str, ...]:
    """The roles of the dialogue that a language model plays."""
    solver = (ASSISTANT,) if settings.assistant == "propose" else ()
    wanted = dict.fromkeys((USER, *solver, *settings.query_judges, *settings.judges))
    return tuple(
        name
        for name in wanted
        if type(participants.roles[name]).respond is Role.respond or participants.roles[name].prompt
        if not isinstance(participants.endpoint(name).client, ScriptedModel)
    )


@dataclass(frozen=True)
class Qualification:
    """Solved tasks, and the roles that are tried on them."""

    settings: Settings
    roles: tuple[str, ...]
    tasks: Sequence[SolvedTask]

    @property
    def judges(self) -> tuple[str, ...]:
        """The roles that vote."""
        return tuple(name for name in self.roles if name not in (USER, ASSISTANT))

    async def try_roles(self, participants: Participants, roles: Iterable[str]) -> tuple[RoleTrial, ...]:
        """Let each role play all tasks, once, uncorrected.

        Args: participants: whose gateway is asked; it keeps the answers where it has a ledger.
        """
        return tuple([await self._try(participants, role) for role in roles])

    async def silent(self, participants: Participants) -> dict[str, str]:
        """The judges of a run that do not tell right from spoilt tasks and get no vote -> their figures."""
        trials = await self.try_roles(participants, self.judges)
        for trial in trials:
            logger.info("qualification of {}: {}", trial.role, trial.describe())
        return {trial.role: trial.describe() for trial in trials if not trial.qualified}

    async def _try(self, participants: Participants, role: str) -> RoleTrial:
        began, usage, right, caught = time.perf_counter(), NO_USAGE, 0, 0
        verdicts = role not in (USER, ASSISTANT)
        spoilt = list(self._spoilt(role)) if verdicts else []
        for task in self.tasks:
            passed, cost = await self._passes(participants, role, task, _query(task), "right")
            right, usage = right + passed, usage + cost
        for task, query in spoilt:
            passed, cost = await self._passes(participants, role, task, query, "spoilt")
            caught, usage = caught + (not passed), usage + cost
        return RoleTrial(
            role, right, len(self.tasks), caught, len(spoilt), usage, time.perf_counter() - began
        )

    def _spoilt(self, role: str) -> Iterator[tuple[SolvedTask, Query]]:
        ways = SPOILT.get(role, _EVERY_WAY)
        for place, task in enumerate(self.tasks):
            if (other := self._different(place)) is not None:
                yield task, ways[place % len(ways)](task, other)

    def _different(self, place: int) -> SolvedTask | None:
        """A task of another kind of need and with other calls."""
        own = self.tasks[place].episode.task
        capabilities = {call.capability for call in own.calls}
        others = [*self.tasks[place + 1 :], *self.tasks[:place]]
        for other in others:
            drawn = other.episode.task
            if drawn.context != own.context and capabilities.isdisjoint(c.capability for c in drawn.calls):
                return other
        return None

    async def _passes(
        self, participants: Participants, role: str, task: SolvedTask, query: Query, kind: str
    ) -> tuple[bool, Usage]:
        """Whether a role's first answer is accepted, or lets the query pass; and what it cost."""
        dialogue = self._dialogue(participants, task)
        state = dialogue.reset(task.episode.task)
        if role != USER:
            state = state._replace(query=query, phase="solution", solution=task.episode.solution)
        if role == ASSISTANT:
            state = state._replace(solution=None)
        turn = f"{STAGE}/{task.episode.id}/{role}/{kind}"
        seed = derive(self.settings.seed, turn)
        observation = Observation(role=role, turn=turn, seed=seed, views=dialogue.observe(state, role))
        agent = make_agents(
            {role: participants.roles[role]}, partial(participants.gateway.ask, corrected=False)
        )[role]
        try:
            reply = await ask_agent(agent, observation)
        except ModelError:
            return False, NO_USAGE
        return _accepted(dialogue, state, role, reply.record), reply.usage

    def _dialogue(self, participants: Participants, task: SolvedTask) -> Dialogue:
        solver = (ASSISTANT,) if self.settings.assistant == "propose" else ()
        seen = participants.sees(USER, *solver, *self.settings.query_judges, *self.settings.judges)
        return Dialogue(
            task.world, sees=seen, judges=self.settings.judges, query_judges=self.settings.query_judges,
            checks=None, assistant=self.settings.assistant,
        )  # fmt: skip


def _accepted(dialogue: Dialogue, state: DialogueState, role: str, record: object) -> bool:
    if isinstance(record, Verdict):
        return record.ok
    after = dialogue.apply(state, role, record)
    return after.round == 0 and after.phase != "rejected"
