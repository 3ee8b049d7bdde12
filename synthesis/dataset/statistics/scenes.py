"""One scenario of one population in numbers: every query and every action, who and where, and what for.

The kinds of need are latent: learners are taught those of other users than they are asked about, so nothing
latent of a user ever takes part in what is said about that user.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ....environments.world import World
from ....records import Action
from ...population import Population
from ..gates.necessity import serving
from ..kept_sample import Kept
from .learners import Corpus, NaiveBayes, deal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDS = 8
"""Parts of a population; what is said about one is learnt from the others."""


def scenes(
    kept: Sequence[Kept], populations: Sequence[Population], seed: int
) -> Iterator[tuple[list[int], Scene]]:
    """Every scenario that has samples: their places in `kept`, and the scene they belong to."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(kept):
        places[one.population, one.scenario].append(place)
    for population in populations:
        users = {user for world in population.worlds.values() for user in world.users}
        fold = deal(users, FOLDS, seed)
        for name, world in population.worlds.items():
            if (here := places.get((population.name, name))) and world.platforms:
                yield here, Scene(world, [kept[place] for place in here], fold)


class Scene:
    """Q queries and A actions; texts are the queries first, then the actions.

    Args:
        world: the scenario with its people.
        samples: those asked in it.
        fold: user -> 0 to `FOLDS` - 1.
    """

    def __init__(self, world: World, samples: Sequence[Kept], fold: Mapping[str, int]) -> None:
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
        self.fold = _array([fold.get(user, 0) for user in self.users])[self.user]
        # A platform that is not in the tree cannot be learnt: it counts as the first of a class of its own.
        self.platform = _array([where.get(name, len(where)) for name in _platforms_of(samples, done)])
        self.context = _array(
            [what[name] for name in (*(s.context for s in samples), *(a.context for _, a in done))]
        )
        self.corpus = Corpus([*(one.query for one in samples), *(action.action for _, action in done)])
        self.asks = np.arange(len(self.user)) < self.queries
        own = self.fold[self.queries :, None] == np.arange(FOLDS)
        self._barred = np.concatenate([_barred(samples, fold), own])
        self.serves = _serves(world, samples, self.platforms)
        self._preferences = [
            (fold.get(history.user_id, 0), what[one.context], where[one.platform])
            for history in lived
            for one in history.preferences
            if one.platform in where and one.context in what
        ]

    @cached_property
    def about(self) -> NDArray[np.float64]:
        """(Q + A, contexts): probability of every kind of need given the text."""
        return self.learnt(self.context, len(self.contexts), FOLDS)

    def learnt(
        self,
        labels: NDArray[np.int64],
        classes: int,
        parts: int,
        examples: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """What every text is about, learnt from the texts of users in other parts of the population.

        Args:
            labels: (Q + A,) class of every text.
            classes: how many there are.
            parts: how many parts the population is in, a divisor of `FOLDS`.
            examples: (Q + A,) bool, the texts that may teach at all; None: every one.

        Returns:
            (Q + A, classes), rows adding up to 1.
        """
        import numpy as np

        found = np.full((len(self.user), classes), 1 / classes)
        for part in range(parts):
            teaches = self.teaching(part, parts)
            teaches = teaches if examples is None else teaches & examples
            asked = self.fold % parts == part
            found[asked] = NaiveBayes(self.corpus, teaches, labels, classes).posterior(asked)
        return found

    def teaching(self, part: int, parts: int) -> NDArray[np.bool_]:
        """(Q + A,) whether a text may teach what is asked about a part of the population."""
        import numpy as np

        barred = np.zeros(len(self.user), dtype=bool)
        for fold in range(part, FOLDS, parts):
            barred |= self._barred[:, fold]
        return ~barred

    @cached_property
    def preferred(self) -> NDArray[np.float64]:
        """(FOLDS, contexts, platforms): how often other folds prefer a platform for a need, +1 each."""
        import numpy as np

        counts = np.zeros((FOLDS, len(self.contexts), len(self.platforms)))
        for fold, context, platform in self._preferences:
            counts[fold, context, platform] += 1
        others = counts.sum(axis=0) - counts + 1
        return others / others.sum(axis=2, keepdims=True)


def _contexts(world: World, samples: Sequence[Kept], done: Sequence[tuple[str, Action]]) -> list[str]:
    known = [one.name for one in world.scenario.contexts]
    more = {one.context for one in samples} | {action.context for _, action in done}
    return [*known, *sorted(more - set(known))]


def _platforms_of(samples: Sequence[Kept], done: Sequence[tuple[str, Action]]) -> Iterator[str]:
    yield from (one.platform for one in samples)
    yield from (action.platform for _, action in done)


def _barred(samples: Sequence[Kept], fold: Mapping[str, int]) -> NDArray[np.bool_]:
    """(Q, FOLDS): whether a query must not teach a fold: its user's own, and those of its twins' users."""
    import numpy as np

    row: dict[str, int] = {}
    family = [row.setdefault(one.twin_of or one.id, len(row)) for one in samples]
    barred = np.zeros((len(row), FOLDS), dtype=bool)
    barred[family, [fold.get(one.user, 0) for one in samples]] = True
    return barred[family]


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
