"""Which episode gets which twin: the same words from somebody who would go elsewhere (Definition 3.1).

Seeded choice and nothing else: no role speaks here, no file is read, and the same episode gets the same twin
whatever other episodes there are.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ..environments.case import Case
from ..environments.checks import leak
from ..environments.world import World
from ..models.seeds import derive
from ..records import Episode, Query, Task
from .counterparts import Counterparts, NoCounterpart

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
        self._counterparts = {name: Counterparts(world) for name, world in worlds.items()}
        self._goers = {name: _goers(world) for name, world in worlds.items()}

    def plan(self, task: Task, query: Query) -> Twin | Without:
        """The twin of an accepted episode: the first of the others, in a seeded order, for whom it works."""
        if self._personal(task, query):
            return Without(task.id, "twin.personal")
        codes: list[str] = []
        for user, platform in self._others(task):
            try:
                return self._twin(task, query, user, platform)
            except NoCounterpart as without:
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
