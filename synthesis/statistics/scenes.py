"""One scenario of one population in numbers: every query and every action, who and where, and what for.

The kinds of need are latent: learners are taught those of one half of the users and asked about the other, so
nothing latent of a user ever takes part in what is said about that user.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ...environments.world import World
from ...records import Action
from ..gates.interchangeability import serving
from ..kept import Kept
from ..populations import Population
from .learners import Corpus, NaiveBayes, halves

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def scenes(
    kept: Sequence[Kept], populations: Sequence[Population], seed: int
) -> Iterator[tuple[list[int], Scene]]:
    """Every scenario that has samples: their places in `kept`, and the scene they belong to."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(kept):
        places[one.population, one.scenario].append(place)
    for population in populations:
        half = halves({user for world in population.worlds.values() for user in world.users}, seed)
        for name, world in population.worlds.items():
            if (here := places.get((population.name, name))) and world.platforms:
                yield here, Scene(world, [kept[place] for place in here], half)


class Scene:
    """Q queries and A actions; texts are the queries first, then the actions.

    Args:
        world: the scenario with its people.
        samples: those asked in it.
        half: user -> 0 or 1.
    """

    def __init__(self, world: World, samples: Sequence[Kept], half: Mapping[str, int]) -> None:
        import numpy as np

        lived = [one for user in world.users for one in world.histories(user) if one.scenario == world.name]
        done = [(history.user_id, action) for history in lived for action in history.actions]
        self.platforms = sorted(world.platforms)
        self.contexts = _contexts(world, samples, done)
        self.users = sorted({user for user, _ in done} | {one.user for one in samples})
        self.queries = len(samples)
        who, where = _numbers(self.users), _numbers(self.platforms)
        what = _numbers(self.contexts)
        asked_by = [one.user for one in samples]
        self.user = _array([who[user] for user in (*asked_by, *(user for user, _ in done))])
        self.half = _array([half.get(user, 0) for user in self.users])[self.user]
        # A platform that is not in the tree cannot be learnt: it counts as the first of a class of its own.
        self.platform = _array([where.get(name, len(where)) for name in _platforms_of(samples, done)])
        self.context = _array(
            [what[name] for name in (*(s.context for s in samples), *(a.context for _, a in done))]
        )
        self.corpus = Corpus([*(one.query for one in samples), *(action.action for _, action in done)])
        self.asks = np.arange(len(self.user)) < self.queries
        self.teaches = _array(_teachers(samples, half) + [True] * len(done)).astype(bool)
        self.serves = _serves(world, samples, self.platforms)
        self._preferences = [
            (half.get(history.user_id, 0), what[one.context], where[one.platform])
            for history in lived
            for one in history.preferences
            if one.platform in where and one.context in what
        ]

    @cached_property
    def about(self) -> NDArray[np.float64]:
        """(Q + A, contexts): probability of every kind of need given the text, learnt from the other half."""
        return self.learnt(self.context, self.teaches, len(self.contexts))

    def learnt(
        self, labels: NDArray[np.int64], teaches: NDArray[np.bool_], classes: int
    ) -> NDArray[np.float64]:
        """(Q + A, classes): probability of every class for every text, learnt from the other half's texts."""
        import numpy as np

        found = np.full((len(self.user), classes), 1 / classes)
        for half in (0, 1):
            wanted = self.half == half
            learner = NaiveBayes(self.corpus, teaches & ~wanted, labels, classes)
            found[wanted] = learner.posterior(wanted)
        return found

    @cached_property
    def preferred(self) -> NDArray[np.float64]:
        """(2, contexts, platforms): how often the other half prefers a platform for a need, +1 each."""
        import numpy as np

        counts = np.ones((2, len(self.contexts), len(self.platforms)))
        for half, context, platform in self._preferences:
            counts[1 - half, context, platform] += 1
        return counts / counts.sum(axis=2, keepdims=True)


def _contexts(world: World, samples: Sequence[Kept], done: Sequence[tuple[str, Action]]) -> list[str]:
    known = [one.name for one in world.scenario.contexts]
    more = {one.context for one in samples} | {action.context for _, action in done}
    return [*known, *sorted(more - set(known))]


def _platforms_of(samples: Sequence[Kept], done: Sequence[tuple[str, Action]]) -> Iterator[str]:
    yield from (one.platform for one in samples)
    yield from (action.platform for _, action in done)


def _teachers(samples: Sequence[Kept], half: Mapping[str, int]) -> list[bool]:
    """Whether a query may teach: a twin repeats another's words, which must not be heard in both halves."""
    heard: dict[str, set[int]] = defaultdict(set)
    for one in samples:
        heard[one.twin_of or one.id].add(half.get(one.user, 0))
    return [len(heard[one.twin_of or one.id]) == 1 for one in samples]


def _serves(world: World, samples: Sequence[Kept], platforms: Sequence[str]) -> NDArray[np.bool_]:
    """(Q, platforms): whether a platform offers everything a sample calls for."""
    import numpy as np

    rows: dict[frozenset[str], list[bool]] = {}
    found: list[list[bool]] = []
    for one in samples:
        wanted = frozenset(capability for _, capability in one.calls)
        if wanted not in rows:
            there = set(serving(world, wanted))
            rows[wanted] = [name in there for name in platforms]
        found.append(rows[wanted])
    return np.array(found, dtype=bool).reshape(len(samples), len(platforms))


def _numbers(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _array(values: Sequence[int]) -> NDArray[np.int64]:
    import numpy as np

    return np.array(values, dtype=np.int64)
