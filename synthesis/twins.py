"""Counterfactual twins (`twins=true`): the same words from somebody who would go elsewhere (Definition 3.1).

A sample shows that its user prefers one of several interchangeable platforms; only a second user, asking the
very same thing and sent to another platform, shows that it was the user who made the difference. Such a twin
is planned by seeded code (`TwinPlanner`) and then *played*: the query stands, the assistant solves it blind,
rule checks and judges object as in any episode. The user agent is never asked, because nobody may rephrase
the query; so an objection that blames the query ends the episode, and all feedback is for the assistant.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..agents.autogen import RoleAgent
from ..environments.checks import Case
from ..environments.checks.leak.check import leak
from ..environments.dialogue import USER, Dialogue, DialogueState
from ..environments.runner import run_environment
from ..environments.world import World
from ..errors import ModelError
from ..executors import Written
from ..log import logger
from ..models.request import NO_USAGE
from ..models.seeds import derive
from ..records import Episode, Query, Task
from ..store import write_jsonl
from .context import RunContext
from .items import ItemState
from .stages import EPISODES, build_dialogue, episode_lines, load_episode, submit_episode
from .tasks import Tasks
from .twin_transfer import NO_TWIN_REASONS, NotTransferable, RequestTransfer

STAGE = "twins"
"""Ledger stage of the twins; their calls are accounted under it."""
SUFFIX = "-twin"
"""What a twin's id adds to that of its original."""


class Twin(NamedTuple):
    """A twin before it is played."""

    task: Task
    query: Query
    """the original's words; the intents name the APIs and parameters of the twin's platform"""


class NoTwin(NamedTuple):
    """An episode that has no twin."""

    id: str
    code: str
    """one of `twin_transfer.NO_TWIN_REASONS`"""


def original_of(id: str) -> str:
    """The id of the sample a twin is the twin of; empty where the id is no twin's."""
    return id.removesuffix(SUFFIX) if id.endswith(SUFFIX) else ""


class TwinPlanner:
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
        self._transfers = {name: RequestTransfer(world) for name, world in worlds.items()}
        self._users_by_context = {name: _users_by_context(world) for name, world in worlds.items()}

    def plan(self, task: Task, query: Query) -> Twin | NoTwin:
        """The twin of an accepted episode: the first of the others, in a seeded order, for whom it works."""
        if self._personal(task, query):
            return NoTwin(task.id, "twin.personal")
        codes: list[str] = []
        for user, platform in self._others(task):
            try:
                return self._twin(task, query, user, platform)
            except NotTransferable as code:
                codes.append(str(code))
        # The first of the others stands for all of them.
        return NoTwin(task.id, codes[0] if codes else "twin.nobody")

    def _others(self, task: Task) -> list[tuple[str, str]]:
        """Users of the same group who prefer another platform for the same need, and which."""
        group = self._groups.get(task.user_id, "")
        others = [
            (user, platform)
            for user, platform in self._users_by_context[task.scenario].get(task.context, ())
            if platform != task.platform and user != task.user_id and self._groups.get(user, "") == group
        ]
        random.Random(derive(self._seed, "twin", task.id)).shuffle(others)
        return others

    def _twin(self, task: Task, query: Query, user: str, platform: str) -> Twin:
        profile = self._worlds[task.scenario].profile(user)
        request = self._transfers[task.scenario].transfer(task, query, profile, platform)
        changed = {"id": task.id + SUFFIX, "user_id": user, "platform": platform, "calls": request.calls}
        return Twin(task.model_copy(update=changed), request.query)

    def _personal(self, task: Task, query: Query) -> bool:
        """Whether the words identify the one who asked first, even where that user was to say so."""
        world = self._worlds[task.scenario]
        task, query = (
            task.model_copy(update={"calls": ()}),
            query.model_copy(update={"intents": ()}),
        )
        profile, histories = world.profile(task.user_id), world.histories(task.user_id)
        return any(True for _ in leak(Case(world, profile, histories, task, query)))


def _users_by_context(world: World) -> dict[str, list[tuple[str, str]]]:
    """Context -> the users and the platform each prefers for it."""
    users: dict[str, list[tuple[str, str]]] = {}
    for user in world.users:
        for history in world.histories(user):
            for preference in history.preferences if history.scenario == world.name else ():
                users.setdefault(preference.context, []).append((user, preference.platform))
    return users


def plan_twins(
    worlds: Mapping[str, World], episodes: Iterable[Episode], groups: Mapping[str, str], seed: int
) -> Iterator[Twin | NoTwin]:
    """Plan the twins of the accepted episodes, in their order; rejected ones are passed over.

    Args: as of `TwinPlanner`; episodes: of the worlds' people.
    """
    planner = TwinPlanner(worlds, groups, seed)
    for episode in episodes:
        if episode.status == "accepted" and episode.query is not None:
            yield planner.plan(episode.task, episode.query)


class GivenQueryDialogue:
    """The dialogue of a query that is given: every role has its turn as in any other, except the user.

    Args: dialogue: the protocol it follows.
    """

    stage = STAGE

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self.roles = tuple(role for role in dialogue.roles if role != USER)

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
    given = GivenQueryDialogue(dialogue)
    state, usage = given.begin(task, query), NO_USAGE
    if given.next(state):
        state, usage = await run_environment(given, state, agents, seed=seed, driver=driver)
    return dialogue.episode(state, usage)


@dataclass(frozen=True)
class PlayedTwins:
    """The twins of a population, played; read from the ledger one by one.

    Iterating gives their episodes, accepted and rejected, in the order of their originals.
    """

    context: RunContext
    ids: tuple[str, ...]
    without: Mapping[str, int]
    """code -> accepted episodes without a twin for that reason, most frequent first"""

    def __iter__(self) -> Iterator[Episode]:
        return (load_episode(self.context, id, STAGE) for id in self.ids)


async def play_twins(context: RunContext, tasks: Tasks, groups: Mapping[str, str]) -> PlayedTwins:
    """Plan and play a twin for every accepted episode that can have one; leaves twins.jsonl.

    Args:
        context: of one population.
        tasks: the tasks whose episodes are looked at; they were played.
        groups: user -> group; a twin is of its original's.
    """
    played: set[str] = set()
    without: Counter[str] = Counter()
    with context.stage(STAGE, len(tasks)) as bar:

        def done(id: str, code: str | None) -> None:
            if code is None:
                played.add(id)
            elif code:
                without[code] += 1
            bar.advance()

        await context.each(twin_player, (task.id for task in tasks), done, dict(groups))
        ids = tuple(task.id + SUFFIX for task in tasks if task.id in played)
        write_jsonl(context.file("twins.jsonl"), episode_lines(context, ids, STAGE))
    most_frequent_first = dict(sorted(without.items(), key=lambda item: (-item[1], item[0])))
    for code, count in most_frequent_first.items():
        logger.info("{}: {} episodes have no twin: {}", code, count, NO_TWIN_REASONS[code])
    return PlayedTwins(context, ids, most_frequent_first)


def twin_player(
    populations: ItemState, name: str, groups: Mapping[str, str]
) -> Callable[[str], Awaitable[str | Written[str | None] | None]]:
    """Plans the twin of one episode and plays it, as a job of an executor.

    What it does for an id gives None where there is a twin, a code where there is none for a reason, and ''
    where the episode is none that has twins.
    """
    context, worlds = populations[name]
    settings, agents = context.settings, context.participants.agents
    dialogues = {scenario: build_dialogue(context, world) for scenario, world in worlds.items()}
    planner = TwinPlanner(worlds, groups, settings.seed)

    async def play(id: str) -> str | Written[str | None] | None:
        body = context.ledger.get(EPISODES, id)
        episode = context.parse(Episode, body, f"{EPISODES}/{id}") if body else None
        if episode is None or episode.status != "accepted" or episode.query is None:
            return ""
        twin = planner.plan(episode.task, episode.query)
        if isinstance(twin, NoTwin):
            return twin.code
        there = context.ledger.get(STAGE, twin.task.id)
        if there and context.is_readable(f"{STAGE}/{twin.task.id}", there, Episode.model_validate_json):
            return None
        dialogue = dialogues[twin.task.scenario]
        played = await play_twin(dialogue, *twin, agents, seed=settings.seed, driver=settings.conversation)
        return Written(None, submit_episode(context, STAGE, played))

    return play
