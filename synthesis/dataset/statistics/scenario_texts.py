"""What can be learnt from the texts of one scenario, its queries and actions: naive Bayes over their words.

The kinds of need are latent: learners are taught those of other users than they are asked about, so nothing
latent of a user ever takes part in what is said about that user. All texts teach; they are asked about in
blocks of users, so memory is some bytes a text. How words are learnt from is `naive_bayes`'s.
"""

from __future__ import annotations

import random
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ....environments.world import World
from ....models.seeds import derive
from ....records import History
from ...population import Population
from ..gates.necessity import serving
from ..samples import CompactSample, WorldKey
from .naive_bayes import BLOCK, Corpus, NaiveBayes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDS = 8
"""Parts of a population; what is said about one is learnt from the others."""


def scenario_texts(
    samples: Sequence[CompactSample],
    populations: Sequence[Population],
    seed: int,
    together: int | None = BLOCK,
) -> Iterator[tuple[Sequence[int], TextsOfUsers]]:
    """The texts of every scenario that has samples, in blocks of users, with the positions of the samples.

    Args: together: about so many texts a block; None: a scenario is one block.
    """
    positions: dict[WorldKey, array[int]] = defaultdict(lambda: array("I"))
    for position, sample in enumerate(samples):
        positions[sample.world_key].append(position)
    for population in populations:
        users = {user for world in population.worlds.values() for user in world.users}
        fold = deal_into_folds(users, FOLDS, seed)
        for name, world in population.worlds.items():
            own = positions.get((population.name, name))
            if own and world.platforms:
                scenario = ScenarioTexts(world, ChosenSamples(samples, own), fold)
                for block in scenario.blocks(together):
                    yield [own[row] for row in block.rows[: block.queries].tolist()], block


class ChosenSamples:
    """Some samples of many, read whenever they are gone through.

    Args: samples: all; places: of those chosen.
    """

    def __init__(self, samples: Sequence[CompactSample], places: Sequence[int]) -> None:
        self._samples, self._places = samples, places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[CompactSample]:
        return (self._samples[place] for place in self._places)


class ScenarioTexts:
    """All texts of a scenario, the queries first, then the actions: what they teach, and numbers for each.

    Args:
        world: the scenario with its people.
        samples: those asked in it.
        fold: user -> 0 to `FOLDS` - 1.
    """

    def __init__(self, world: World, samples: ChosenSamples, fold: Mapping[str, int]) -> None:
        import numpy as np

        self.world = world
        self.platforms = sorted(world.platforms)
        self.queries = len(samples)
        self._samples = samples
        users, platforms, contexts = Numbering(), Numbering(self.platforms), Numbering(_contexts(world))
        self.corpus = Corpus()
        self.serves = _Serving(world, self.platforms)
        twins = 0
        for sample in samples:
            self.serves.add(sample)
            twins += bool(sample.twin_of)
            users.add(sample.user)
            platforms.add(sample.platform)
            contexts.add(sample.context)
            self.corpus.add(sample.query)
        preferences: Counter[tuple[int, str, str]] = Counter()
        for history in self._histories():
            for action in history.actions:
                users.add(history.user_id)
                platforms.add(action.platform)
                contexts.add(action.context)
                self.corpus.add(action.action)
            for preference in history.preferences:
                preferences[fold.get(history.user_id, 0), preference.context, preference.platform] += 1
        self.contexts = contexts.names
        self.users = users.names
        self.user, self.context = users.numbers(), contexts.numbers()
        self.fold = np.array([fold.get(user, 0) for user in self.users], dtype=np.int8)[self.user]
        # A platform that is not in the tree cannot be learnt: it counts as the first of a class of its own.
        self.platform = np.minimum(platforms.numbers(), len(self.platforms))
        self._barred = np.left_shift(1, self.fold).astype(np.uint8)
        if twins:
            self._barred[: self.queries] = _barred(samples, self._barred[: self.queries])
        self.preferred = self._count_preferences(preferences)

    def blocks(self, together: int | None) -> Iterator[TextsOfUsers]:
        """The texts in blocks of users, about so many a block; None: all."""
        import numpy as np

        of_user = np.bincount(self.user, minlength=len(self.users))
        block = (np.cumsum(of_user) - of_user) // (together or max(len(self.user), 1))
        first = 0
        for size in np.unique(block, return_counts=True)[1].tolist():
            inside = (self.user >= first) & (self.user < first + size)
            yield TextsOfUsers(self, np.flatnonzero(inside), first, first + size)
            first += size

    def texts(self) -> Iterator[str]:
        """Queries, then actions."""
        yield from (sample.query for sample in self._samples)
        yield from (action.action for history in self._histories() for action in history.actions)

    @cached_property
    def needs(self) -> tuple[NaiveBayes, ...]:
        """What tells the kind of need: part of the population -> learnt from the other ones."""
        return tuple(
            NaiveBayes(self.corpus, self.teaching(part, FOLDS), self.context, len(self.contexts))
            for part in range(FOLDS)
        )

    @cached_property
    def words(self) -> tuple[NaiveBayes, ...]:
        """Which platform goes with the words of a query: half of the population -> learnt from the other."""
        import numpy as np

        known, platforms = self.known_queries, len(self.platforms)
        platform = np.minimum(self.platform, platforms - 1)
        return tuple(
            NaiveBayes(self.corpus, self.teaching(half, 2) & known, platform, platforms) for half in (0, 1)
        )

    @cached_property
    def platform_of_need(self) -> NDArray[np.float64]:
        """(2, contexts, platforms): how often a platform goes with a need, in the other half's queries."""
        import numpy as np

        counts = np.ones((2, len(self.contexts), len(self.platforms)))
        for half in (0, 1):
            taught = self.known_queries & self.teaching(half, 2)
            np.add.at(counts[half], (self.context[taught], self.platform[taught]), 1.0)
        return counts / counts.sum(axis=-1, keepdims=True)

    @cached_property
    def often(self) -> NDArray[np.float64]:
        """(platforms,): share of the queries that each is the answer to."""
        import numpy as np

        answers = self.platform[self.known_queries]
        return np.bincount(answers, minlength=len(self.platforms)) / max(self.queries, 1)

    @property
    def known_queries(self) -> NDArray[np.bool_]:
        """(Q + A,) whether a text is a query whose platform is in the tree."""
        import numpy as np

        return (np.arange(len(self.user)) < self.queries) & (self.platform < len(self.platforms))

    def teaching(self, part: int, parts: int) -> NDArray[np.bool_]:
        """(Q + A,) whether a text may teach what is asked about a part of the population.

        Args: parts: how many parts the population is in, a divisor of `FOLDS`.
        """
        return self._barred & sum(1 << fold for fold in range(part, FOLDS, parts)) == 0

    def _histories(self) -> Iterator[History]:
        return (
            history
            for user in self.world.users
            for history in self.world.histories(user)
            if history.scenario == self.world.name
        )

    def _count_preferences(self, preferences: Mapping[tuple[int, str, str], int]) -> NDArray[np.float64]:
        """(FOLDS, contexts, platforms): how often other folds prefer a platform for a need, +1 each."""
        import numpy as np

        counts = np.zeros((FOLDS, len(self.contexts), len(self.platforms)))
        platform_number, context_number = _numbers(self.platforms), _numbers(self.contexts)
        for (fold, context, platform), count in preferences.items():
            if platform in platform_number and context in context_number:
                counts[fold, context_number[context], platform_number[platform]] += count
        others = counts.sum(axis=0) - counts + 1
        return others / others.sum(axis=2, keepdims=True)


class TextsOfUsers:
    """The texts of some users of a scenario: Q queries first, then A actions.

    Args: scenario: all texts; rows: these among them; first, last: the users, the last one not included.
    """

    def __init__(self, scenario: ScenarioTexts, rows: NDArray[np.int64], first: int, last: int) -> None:
        self.scenario, self.rows = scenario, rows
        self.world, self.platforms, self.contexts = scenario.world, scenario.platforms, scenario.contexts
        self.preferred = scenario.preferred
        self.queries = int((rows < scenario.queries).sum())
        self.users = scenario.users[first:last]
        self.user = scenario.user[rows] - first
        self.context, self.platform = scenario.context[rows], scenario.platform[rows]
        self.fold = scenario.fold[rows]
        self.serves = scenario.serves.of(rows[: self.queries])

    def query_platforms(self) -> list[str | None]:
        """(Q,) the platform of every sample; None where the tree has it not."""
        names: list[str | None] = [*self.platforms, None]
        return [names[number] for number in self.platform[: self.queries].tolist()]

    @cached_property
    def about(self) -> NDArray[np.float64]:
        """(Q + A, contexts): probability of every kind of need given the text."""
        return self._learnt(self.scenario.needs, len(self.contexts), self.rows)

    def answer_by_words(self) -> NDArray[np.float64]:
        """(Q, platforms): probability of every platform given the words of a query."""
        return self._learnt(self.scenario.words, len(self.platforms), self.rows[: self.queries])

    def _learnt(
        self, taught: Sequence[NaiveBayes], classes: int, rows: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """(rows, classes): what was learnt from the texts of users in other parts, rows adding up to 1."""
        import numpy as np

        words, part = self.scenario.corpus.words_of(rows), self.scenario.fold[rows] % len(taught)
        probabilities = np.full((len(rows), classes), 1 / classes)
        for number, learner in enumerate(taught):
            asked = part == number
            probabilities[asked] = learner.posterior(words.choose(asked))
        return probabilities


class Numbering:
    """Names as numbers: those known first, in their order, then others, sorted.

    Args: known: names.
    """

    def __init__(self, known: Sequence[str] = ()) -> None:
        self._known = len(known)
        self._number = _numbers(known)
        self._added = array("i")

    def add(self, name: str) -> None:
        """One name more; the same may come again."""
        self._added.append(self._number.setdefault(name, len(self._number)))

    @property
    def names(self) -> list[str]:
        """The name of every number."""
        names = list(self._number)
        return names[: self._known] + sorted(names[self._known :])

    def numbers(self) -> NDArray[np.int32]:
        """The numbers of the names in the order in which they were added."""
        import numpy as np

        number = _numbers(self.names)
        sorted_number = np.array([number[name] for name in self._number], dtype=np.int32)
        return sorted_number[np.frombuffer(self._added, dtype=np.int32)]


def _contexts(world: World) -> list[str]:
    return [context.name for context in world.scenario.contexts]


def _barred(samples: ChosenSamples, own: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(Q,): bits of the folds a query must not teach: its user's own, and those of its twins' users.

    Args: own: (Q,), the bit of the fold of every query's user.
    """
    import numpy as np

    row: dict[str, int] = {}
    family = [row.setdefault(sample.twin_of or sample.id, len(row)) for sample in samples]
    barred = np.zeros(len(row), dtype=np.uint8)
    np.bitwise_or.at(barred, family, own)
    return barred[family]


class _Serving:
    """Which platforms offer everything that a query calls for."""

    def __init__(self, world: World, platforms: Sequence[str]) -> None:
        self._world, self._platforms = world, platforms
        self._number: dict[frozenset[str], int] = {}
        self._row = array("i")

    def add(self, sample: CompactSample) -> None:
        wanted = frozenset(capability for _, capability in sample.calls)
        self._row.append(self._number.setdefault(wanted, len(self._number)))

    @cached_property
    def _table(self) -> NDArray[np.bool_]:
        """(different wishes, platforms), once all are there."""
        import numpy as np

        offering = [set(serving(self._world, wanted)) for wanted in self._number]
        table = np.array([[name in those for name in self._platforms] for those in offering], dtype=bool)
        return table.reshape(len(self._number), len(self._platforms))

    def of(self, queries: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(queries, platforms): whether a platform serves a query."""
        import numpy as np

        return self._table[np.frombuffer(self._row, dtype=np.int32)[queries]]


def _numbers(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def deal_into_folds(users: Iterable[str], folds: int, seed: int) -> dict[str, int]:
    """Deal users into folds from 0, as even as can be, by a seeded shuffle that ignores their order."""
    order = sorted(users)
    random.Random(derive(seed, "statistics", "folds")).shuffle(order)
    return {user: place % folds for place, user in enumerate(order)}
