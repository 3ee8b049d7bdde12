"""Counterfactual twins (`twins=true`): the same words from somebody who would go elsewhere (Definition 3.1).

A sample shows that its user prefers one of several interchangeable platforms; only a second user, asking the
very same thing and sent to another platform, shows that it was the user who made the difference. Such a twin
is planned by seeded code (`twin_plans`) and then *played*: the query stands, the assistant solves it blind,
rule checks and judges object as in any episode. The user agent is never asked, because nobody may rephrase
the query; so an objection that blames the query ends the episode, and all feedback is for the assistant.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, NamedTuple

from loguru import logger

from ..agents.autogen import RoleAgent
from ..environments.checks import Case
from ..environments.checks.leak.check import leak
from ..environments.dialogue import ASSISTANT, USER, Dialogue, DialogueState
from ..environments.runner import run_environment
from ..environments.world import World
from ..errors import ModelError, UnreachableModelError
from ..models.request import NO_USAGE
from ..models.seeds import derive
from ..records import Episode, Query, Task
from ..store import write_jsonl
from .context import RunContext, run_concurrently
from .twin_transfer import CODES, NotTransferable, RequestTransfer

SUFFIX = "-twin"
"""What a twin's id adds to that of its original."""


class Twin(NamedTuple):
    """A twin before it is played."""

    task: Task
    query: Query
    """the original's words; the intents name the APIs and parameters of the twin's platform"""


class Without(NamedTuple):
    """An episode that has no twin."""

    id: str
    code: str
    """one of `counterparts.CODES`"""


def original_of(id: str) -> str:
    """The id of the sample a twin is the twin of; empty where the id is no twin's."""
    return id.removesuffix(SUFFIX) if id.endswith(SUFFIX) else ""


class Planner:
    """Finds the twins of episodes: purely, and for one episode as for all.

    Args:
        worlds: scenario -> its world, with the profiles and histories of one population.
        groups: user -> group, such as trained or untrained; a twin is of its original's group. Who is not
            listed belongs to a group of its own kind, ''.
        seed: the run's.
    """

    def __init__(self, worlds: Mapping[str, World], groups: Mapping[str, str], seed: int) -> None:
        self._worlds = worlds
        self._groups = groups
        self._seed = seed
        self._counterparts = {name: RequestTransfer(world) for name, world in worlds.items()}
        self._goers = {name: _goers(world) for name, world in worlds.items()}

    def plan(self, task: Task, query: Query) -> Twin | Without:
        """The twin of an accepted episode: the first of the others, in a seeded order, for whom it works."""
        if self._personal(task, query):
            return Without(task.id, "twin.personal")
        codes: list[str] = []
        for user, platform in self._others(task):
            try:
                return self._twin(task, query, user, platform)
            except NotTransferable as without:
                codes.append(str(without))
        # The first of the others stands for all of them.
        return Without(task.id, codes[0] if codes else "twin.nobody")

    def _others(self, task: Task) -> list[tuple[str, str]]:
        """Users of the same group who prefer another platform for the same need, and which."""
        group = self._groups.get(task.user_id, "")
        others = [
            (user, platform)
            for user, platform in self._goers[task.scenario].get(task.context, ())
            if platform != task.platform and user != task.user_id and self._groups.get(user, "") == group
        ]
        random.Random(derive(self._seed, "twin", task.id)).shuffle(others)
        return others

    def _twin(self, task: Task, query: Query, user: str, platform: str) -> Twin:
        profile = self._worlds[task.scenario].profile(user)
        there = self._counterparts[task.scenario].of(task, query, profile, platform)
        changed = {"id": task.id + SUFFIX, "user_id": user, "platform": platform, "calls": there.calls}
        return Twin(task.model_copy(update=changed), there.query)

    def _personal(self, task: Task, query: Query) -> bool:
        """Whether the words identify the one who asked first, even where that user was to say so."""
        world = self._worlds[task.scenario]
        task, query = (
            task.model_copy(update={"calls": ()}),
            query.model_copy(update={"intents": ()}),
        )
        profile, histories = world.profile(task.user_id), world.histories(task.user_id)
        return any(True for _ in leak(Case(world, profile, histories, task, query)))


def _goers(world: World) -> dict[str, list[tuple[str, str]]]:
    """Context -> who prefers which platform for it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for user in world.users:
        for history in world.histories(user):
            for one in history.preferences if history.scenario == world.name else ():
                found.setdefault(one.context, []).append((user, one.platform))
    return found


def pairs(
    worlds: Mapping[str, World], episodes: Iterable[Episode], groups: Mapping[str, str], seed: int
) -> Iterator[Twin | Without]:
    """Plan the twins of the accepted episodes, in their order; rejected ones are passed over.

    Args: as of `Planner`; episodes: of the worlds' people.
    """
    planner = Planner(worlds, groups, seed)
    for episode in episodes:
        if episode.status == "accepted" and episode.query is not None:
            yield planner.plan(episode.task, episode.query)


__all__ = [
    "STAGE",
    "UNREACHABLE",
    "Given",
    "Twin",
    "Twins",
    "Without",
    "original_of",
    "pairs",
    "play_twin",
    "twins",
]

STAGE = "twins"
"""Stage of the twins in the ledger; their calls are accounted under it."""
UNREACHABLE = "twins without a model"
"""Stage of the twins that ended because a model could not be asked: the next start plays them again."""


class Given:
    """The dialogue of a query that is given: everybody speaks as in any other, except the user.

    Args: dialogue: the protocol it follows.
    """

    stage = STAGE

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        query_judges, judges = dialogue.query_judges, dialogue.judges
        self.roles = tuple(dict.fromkeys((*query_judges, ASSISTANT, *judges)))

    def begin(self, task: Task, query: Query) -> DialogueState:
        """The query as the user's turn; the rule checks may end it at once."""
        state = self._dialogue.reset(task)
        return self._ended(state, self._dialogue.apply(state, USER, query))

    def next(self, state: DialogueState) -> tuple[str, ...]:
        """As `Dialogue.next`; the user is never among them."""
        return self._dialogue.next(state)

    def observe(self, state: DialogueState, role: str) -> dict[str, Any]:
        """As `Dialogue.observe`."""
        return self._dialogue.observe(state, role)

    def apply(self, state: DialogueState, role: str, output: Any) -> DialogueState:
        """As `Dialogue.apply`; where the query is blamed, it is over."""
        return self._ended(state, self._dialogue.apply(state, role, output))

    def fail(self, state: DialogueState, role: str, error: ModelError) -> DialogueState:
        """As `Dialogue.fail`."""
        return self._dialogue.fail(state, role, error)

    @staticmethod
    def _ended(before: DialogueState, after: DialogueState) -> DialogueState:
        if after.phase != "query":
            return after
        reasons = after.objections[len(before.objections) :]
        return after._replace(phase="rejected", round=before.round, reasons=reasons, feedback=())


async def play_twin(
    dialogue: Dialogue,
    task: Task,
    query: Query,
    agents: Mapping[str, RoleAgent],
    *,
    seed: int,
    driver: str = "loop",
) -> Episode:
    """Play one twin: the query is given, the user agent is never asked (§4.3).

    Args:
        dialogue: the protocol in the twin's world.
        task, query: as planned.
        agents: role -> agent; the user's is not needed.
        seed: the run's.
        driver: 'loop' or 'round_robin'.
    """
    given = Given(dialogue)
    state, usage = given.begin(task, query), NO_USAGE
    if given.next(state):
        state, usage = await run_environment(given, state, agents, seed=seed, driver=driver)
    return dialogue.episode(state, usage)


@dataclass(frozen=True)
class Twins:
    """The twins of a population, played; read from the ledger one by one.

    Iterating gives their episodes, accepted and rejected, in the order of their originals.
    """

    context: RunContext
    ids: tuple[str, ...]
    without: Mapping[str, int]
    """code -> accepted episodes without a twin for that reason, most frequent first"""

    def __iter__(self) -> Iterator[Episode]:
        return (self.context.read(Episode, body, STAGE) for body in self.lines())

    def lines(self) -> Iterator[bytes]:
        """The episodes as JSON."""
        for id in self.ids:
            yield self.context.ledger.get(STAGE, id) or self.context.ledger.get(UNREACHABLE, id) or b""


async def twins(
    context: RunContext, worlds: Mapping[str, World], tasks: Sequence[Task], groups: Mapping[str, str]
) -> Twins:
    """Plan and play a twin for every accepted episode that can have one; leaves twins.jsonl.

    Args:
        context: at work for one population.
        worlds: scenario -> its world, with that population's profiles and histories.
        tasks: the tasks whose episodes are looked at; they were played.
        groups: user -> group; a twin is of its original's.
    """
    dialogues = {name: _dialogue(context, world) for name, world in worlds.items()}
    finished = frozenset(context.ledger.ids(STAGE))
    ids: list[str] = []
    without: Counter[str] = Counter()
    settings, written = context.settings, deque[Future[None]]()

    def planned() -> Iterator[Twin]:
        for one in pairs(worlds, _played(context, tasks), groups, settings.seed):
            if isinstance(one, Twin):
                ids.append(one.task.id)
                yield one
            else:
                without[one.code] += 1
                bar.advance()

    async def play(twin: Twin) -> None:
        if twin.task.id not in finished:
            dialogue = dialogues[twin.task.scenario]
            episode = await play_twin(
                dialogue, *twin, context.participants.agents, seed=settings.seed, driver=settings.conversation
            )
            written.append(_submitted(context, episode))
            while written and written[0].done():
                written.popleft().result()
        bar.advance()

    with context.stage(STAGE, len(tasks)) as bar:
        await run_concurrently(planned(), play, settings.concurrency)
        for one in written:
            await asyncio.wrap_future(one)
        made = Twins(context, tuple(ids), dict(sorted(without.items(), key=lambda item: (-item[1], item[0]))))
        write_jsonl(context.file("twins.jsonl"), made.lines())
    for code, count in made.without.items():
        logger.info("{}: {} episodes have no twin: {}", code, count, CODES[code])
    return made


def _dialogue(context: RunContext, world: World) -> Dialogue:
    settings = context.settings
    speakers = (USER, ASSISTANT, *settings.query_gate, *settings.judges)
    return Dialogue(
        world,
        sees=context.participants.sees(*speakers),
        judges=settings.judges,
        query_judges=settings.query_gate,
        checks=context.checks,
        max_rounds=settings.max_rounds,
    )


def _played(context: RunContext, tasks: Iterable[Task]) -> Iterator[Episode]:
    for task in tasks:
        if body := context.ledger.get("episodes", task.id):
            yield context.read(Episode, body, f"episodes/{task.id}")


def _submitted(context: RunContext, episode: Episode) -> Future[None]:
    lost = any(reason.code == f"model.{UnreachableModelError.code}" for reason in episode.reasons)
    return context.ledger.submit(
        UNREACHABLE if lost else STAGE, episode.id, episode.model_dump_json().encode()
    )
