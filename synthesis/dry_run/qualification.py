"""Qualification: what each role of a run can do on the model at hand, found by tasks with known answers.

The tasks are played by the scripted model first, so the right query and solution are known. A user has to
phrase them, an assistant to solve them; a judge has to let the right ones pass and to object to spoilt ones,
and one that cannot tell them apart better than chance has no vote (§4.3 trusts its verifier unmeasured).
The roles before the dialogue have no known answers: they are asked what a rehearsal asked them, and an answer
is right where the role itself accepts it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import comb
from typing import TYPE_CHECKING, NamedTuple

from ...agents import Role
from ...agents.autogen import AskModel, ask_agent, make_agents
from ...agents.role import Observation, Views
from ...cli.progress import Progress
from ...environments.dialogue import ASSISTANT, USER, Dialogue, DialogueState
from ...errors import RefusedRequestError, RunStoppedError, UnreachableModelError, UnusableAnswerError
from ...executors import run_concurrently
from ...log import logger
from ...models import prompt_blocks as blocks
from ...models.context_window import text_size
from ...models.gateway import Gateway
from ...models.request import NO_USAGE, Request
from ...models.seeds import derive
from ...records import Query, Usage, Verdict
from ...settings import RECOGNISERS, Settings
from ..first_answers import FLOOR
from ..roles import Participants
from .counters import CallCount, CallGroup, Question
from .small_run import SmallRun, SolvedTask, play_solved_tasks
from .spoilt_tasks import EVERY_WAY, SPOILT, query_of

if TYPE_CHECKING:
    from ...cli.compose import Sources

STAGE = "qualification"
LEAST_MARGIN = 0.3
"""By how much the share of spoilt tasks a judge objects to has to exceed that of right ones it objects to."""


MOST_CHANCE = 0.1
"""Probability of doing as well by chance, at most; with fewer than three tasks no judge can get below it."""
LEAST_TASKS = 5
"""Tasks that tell something where a time limit ended a trial."""
AT_ONCE = 4
"""Tasks of a role under way at the same time: few, so that a time limit leaves most of the others out."""
ANSWER_TOKENS = 256
"""Tokens that an assistant's answer needs, about."""
UPSTREAM = ("designer", "clusterer", "profile_writer", "chooser", "actor")
"""Roles that speak before the dialogue."""


@dataclass(frozen=True)
class RoleTrial:
    """What one role made of the tasks."""

    role: str
    votes: bool
    """whether it is a judge, instead of writing"""
    right: int
    """right tasks that it got right at the first answer, or let pass"""
    of: int
    """right tasks that it was asked"""
    caught: int
    """spoilt tasks that a judge objected to"""
    spoilt: int
    """those that it was asked"""
    planned: int
    """tasks there are for it, right and spoilt"""
    usage: Usage
    seconds: float
    note: str = ""
    """why it was not asked all of them; empty: it was"""

    @property
    def false_alarms(self) -> float:
        """Share of right tasks that a judge objects to."""
        return 1 - self.share if self.of else 0.0

    @property
    def catch_rate(self) -> float:
        """Share of spoilt tasks that a judge objects to."""
        return self.caught / max(1, self.spoilt)

    @property
    def share(self) -> float:
        """Share of right tasks that it got right, or let pass."""
        return self.right / max(1, self.of)

    @property
    def by_chance(self) -> float:
        """Probability that objections in any places fall on so many spoilt tasks (Fisher's exact test)."""
        objections = self.caught + self.of - self.right
        ways = (
            comb(self.spoilt, caught) * comb(self.of, objections - caught)
            for caught in range(self.caught, min(self.spoilt, objections) + 1)
        )
        return sum(ways) / comb(self.spoilt + self.of, objections)

    @property
    def told(self) -> bool:
        """Whether it was asked enough to tell anything."""
        fewest = min(self.of, self.spoilt) if self.votes else self.of
        return fewest > 0 and (self.of + self.spoilt == self.planned or fewest >= LEAST_TASKS)

    @property
    def qualified(self) -> bool:
        """Whether its answers are worth having."""
        if self.votes:
            clear = self.catch_rate - self.false_alarms >= LEAST_MARGIN
            return self.told and clear and self.by_chance <= MOST_CHANCE
        return self.told and self.share >= FLOOR

    def describe(self) -> str:
        """The figures in a line."""
        if self.votes:
            return (
                f"objects to {self.caught} of {self.spoilt} spoilt tasks and to {self.of - self.right} of "
                f"{self.of} right ones"
            )
        return f"{self.right} of {self.of} tasks right at the first answer"


class Exercise(NamedTuple):
    """One task of one role."""

    spoilt: bool
    play: Callable[[AskModel], Awaitable[tuple[bool, Usage]]]
    """whether the first answer is accepted, or lets the query pass; and what it cost"""


def qualification(settings: Settings, sources: Sources, participants: Participants) -> Qualification | None:
    """The tasks for a run's roles; None where no language model takes part, or none are wanted.

    Args: settings: the run's (`qualification` tasks a role); sources: the user's own folders.

    Raises:
        PtoolError: the scripted model cannot play the tasks with the roles of this run.
    """
    if not settings.qualification:
        return None
    roles = participants.roles
    written = (USER, ASSISTANT, *RECOGNISERS, *settings.query_judges, *settings.judges)
    asked = tuple(name for name in dict.fromkeys(written) if name in roles and _is_asked(participants, name))
    if not asked and all(map(participants.is_scripted, UPSTREAM)):
        return None
    return Qualification(settings, asked, play_solved_tasks(settings, sources, settings.qualification))


def untried_judges(settings: Settings, participants: Participants) -> tuple[str, ...]:
    """The judges of a run that a language model plays and that vote untried, as `qualification=0` has it."""
    voters = () if settings.qualification else (*settings.query_judges, *settings.judges)
    return tuple(name for name in dict.fromkeys(voters) if _is_asked(participants, name))


def qualification_calls(tasks: Qualification | None, small_run: SmallRun) -> dict[CallGroup, CallCount]:
    """What the judges of a run are asked before it: about as much for a task as in an episode.

    Args: tasks: None: they are not tried.
    """
    played = small_run.populations[""]
    calls: dict[CallGroup, CallCount] = {}
    if tasks is None:
        return calls
    factor = 2 * len(tasks.tasks) / played.plan.tasks
    for judge in tasks.judges:
        if asked := played.totals.get(CallGroup("episodes", judge)):
            calls[CallGroup(STAGE, judge)] = CallCount(
                round(asked.calls * factor),
                round(asked.prompt_tokens * factor),
                round(asked.completion_tokens * factor),
            )
    return calls


def _is_asked(participants: Participants, name: str) -> bool:
    """Whether a role asks a language model."""
    role = participants.roles[name]
    by_model = type(role).respond is Role.respond or role.prompt is not None
    return by_model and name not in participants.own_agents and not participants.is_scripted(name)


@dataclass(frozen=True)
class Qualification:
    """Solved tasks, and the roles of the dialogue that a language model plays."""

    settings: Settings
    roles: tuple[str, ...]
    """those that the run could have with another `assistant` are among them"""
    tasks: Sequence[SolvedTask]

    @property
    def judges(self) -> tuple[str, ...]:
        """The roles that vote in the run."""
        voters = (*self.settings.query_judges, *self.settings.judges)
        return tuple(name for name in dict.fromkeys(voters) if name in self.roles)

    async def silent(self, participants: Participants, progress: Progress) -> dict[str, str]:
        """The judges of a run that do not tell right from spoilt tasks and get no vote -> their figures.

        Raises:
            UnreachableModelError: a judge could not be asked, and a vote must not depend on that.
        """
        tasks = {role: self._tasks_of(participants, role) for role in self.judges}
        with progress.stage(STAGE, sum(map(len, tasks.values()))) as stage:
            trials = [
                await self._try(role, exercises, participants.gateway, None, stage.advance)
                for role, exercises in tasks.items()
            ]
        for trial in trials:
            logger.info("qualification of {}: {}", trial.role, trial.describe())
        return {trial.role: trial.describe() for trial in trials if not trial.qualified}

    async def try_role(
        self,
        participants: Participants,
        role: str,
        gateway: Gateway,
        seconds: float,
        questions: Sequence[Question] = (),
        advance: Callable[[], None] = lambda: None,
    ) -> RoleTrial:
        """Let a role play its tasks, once, uncorrected, before a run.

        Args:
            participants: the run's.
            role: of the dialogue, or one before it.
            gateway: through which it asks.
            seconds: after so many no task is begun.
            questions: what a rehearsal asked a role before the dialogue.
            advance: is told of every task.
        """
        exercises = self._tasks_of(participants, role, questions)
        return await self._try(role, exercises, gateway, seconds, advance)

    def _votes(self, role: str) -> bool:
        return role in self.roles and role not in (USER, ASSISTANT)

    def _tasks_of(
        self, participants: Participants, role: str, questions: Sequence[Question] = ()
    ) -> Sequence[Exercise]:
        if role in self.roles:
            return tuple(self._exercises(participants, role, votes=self._votes(role)))
        return tuple(_upstream_exercises(participants, role, questions, self.settings))

    async def _try(
        self,
        role: str,
        exercises: Sequence[Exercise],
        gateway: Gateway,
        limit: float | None,
        advance: Callable[[], None],
    ) -> RoleTrial:
        votes = self._votes(role)
        ask: AskModel = partial(gateway.ask, corrected=False)
        began, usage, note = time.perf_counter(), NO_USAGE, ""
        counts: Counter[tuple[bool, bool]] = Counter()

        async def play(exercise: Exercise) -> None:
            nonlocal usage, note
            if note:
                return
            if limit is not None and time.perf_counter() - began > limit:
                note = f"{limit:g} s"
                return
            try:
                passed, cost = await exercise.play(ask)
            except (UnreachableModelError, RunStoppedError) as error:
                if limit is None:
                    raise
                note = " ".join(str(error).split())[:200]
                return
            counts[exercise.spoilt, passed] += 1
            usage += cost
            advance()

        await run_concurrently(exercises, play, AT_ONCE)
        right, caught = counts[False, True], counts[True, False]
        return RoleTrial(
            role=role, votes=votes, right=right, of=right + counts[False, False],
            caught=caught, spoilt=caught + counts[True, True], planned=len(exercises),
            usage=usage, seconds=time.perf_counter() - began, note=note,
        )  # fmt: skip

    def _exercises(self, participants: Participants, role: str, *, votes: bool) -> Iterator[Exercise]:
        """A right and a spoilt task in turn, so that a time limit leaves some of both."""
        ways = SPOILT.get(role, EVERY_WAY)
        for place, task in enumerate(self.tasks):
            yield self._exercise(participants, role, task, query_of(task), spoilt=False)
            if votes and (other := self._different(place)) is not None:
                query = ways[place % len(ways)](task, other)
                yield self._exercise(participants, role, task, query, spoilt=True)

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

    def _exercise(
        self, participants: Participants, role: str, task: SolvedTask, query: Query, *, spoilt: bool
    ) -> Exercise:
        dialogue, state, observation = self._scene(participants, role, task, query, spoilt=spoilt)

        async def play(ask: AskModel) -> tuple[bool, Usage]:
            agent = make_agents({role: participants.roles[role]}, ask)[role]
            try:
                reply = await ask_agent(agent, observation)
            except (UnusableAnswerError, RefusedRequestError):
                return False, NO_USAGE
            return _accepted(dialogue, state, role, reply.record), reply.usage

        return Exercise(spoilt, play)

    def _scene(
        self, participants: Participants, role: str, task: SolvedTask, query: Query, *, spoilt: bool
    ) -> tuple[Dialogue, DialogueState, Observation]:
        """The dialogue where it is the role's turn, and what it is shown."""
        writes = role in (USER, ASSISTANT)
        dialogue = Dialogue(
            task.world, sees=participants.sees(*dict.fromkeys((USER, role))),
            judges=() if writes else (role,), assistant="propose" if role == ASSISTANT else "none",
        )  # fmt: skip
        state = dialogue.reset(task.episode.task)
        if role != USER:
            solution = None if role == ASSISTANT else task.episode.solution
            state = state._replace(query=query, phase="solution", solution=solution)
        turn = f"{STAGE}/{task.episode.id}/{role}/{'spoilt' if spoilt else 'right'}"
        seed = derive(self.settings.seed, turn)
        observation = Observation(role=role, turn=turn, seed=seed, views=dialogue.observe(state, role))
        return dialogue, state, observation

    def too_long(self, participants: Participants, role: str) -> str:
        """Why a role's prompts of these tasks do not fit into its model's context; empty: they do."""
        window = participants.window(role)
        if window.tokens is None or type(participants.roles[role]).respond is not Role.respond:
            return ""
        scenes = (self._scene(participants, role, task, query_of(task), spoilt=False) for task in self.tasks)
        requests = [participants.roles[role].request(observation) for *_, observation in scenes]
        size = max((text_size(request.system) + text_size(request.user) for request in requests), default=0)
        if window.fits(size, ANSWER_TOKENS):
            return ""
        return f"not tried: {window.tokens_of(size):,} tokens do not fit into {window.describe()}"


def _upstream_exercises(
    participants: Participants, name: str, questions: Sequence[Question], settings: Settings
) -> Iterator[Exercise]:
    """What a rehearsal asked a role before the dialogue, as far as it fits into its model's context."""
    role, window = participants.roles[name], participants.window(name)

    def exercise(number: int, question: Question) -> Exercise:
        turn = f"{STAGE}/{name}/{number}"
        seed = derive(settings.seed, turn)
        request = Request(
            name, turn, question.system, question.user, question.output, seed, dict(role.sampling)
        )
        views = {
            view: blocks.Json(text)
            for view, text in blocks.read(f"{question.system}\n{question.user}").items()
        }

        async def play(ask: AskModel) -> tuple[bool, Usage]:
            try:
                reply = await ask(request, accept=lambda record: role.accept(record, Views(views)))
            except (UnusableAnswerError, RefusedRequestError):
                return False, NO_USAGE
            return True, reply.usage

        return Exercise(spoilt=False, play=play)

    fitting = (
        question
        for question in questions
        if window.fits(text_size(question.system) + text_size(question.user), question.answer)
    )
    for number, question in enumerate(islice(fitting, settings.qualification)):
        yield exercise(number, question)


def _accepted(dialogue: Dialogue, state: DialogueState, role: str, record: object) -> bool:
    if isinstance(record, Verdict):
        return record.ok
    after = dialogue.apply(state, role, record)
    return after.round == 0 and after.phase != "rejected"
