"""What can be learnt from the texts of one scenario, its queries and actions: naive Bayes over their words.

The kinds of need are latent: learners are taught those of other users than they are asked about, so nothing
latent of a user ever takes part in what is said about that user.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ....environments.world import World
from ....models.seeds import derive
from ....records import Action
from ...population import Population
from ..gates.necessity import serving
from ..samples import CompactSample, WorldKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDS = 8
"""Parts of a population; what is said about one is learnt from the others."""


def scenario_texts(
    samples: Sequence[CompactSample], populations: Sequence[Population], seed: int
) -> Iterator[tuple[list[int], ScenarioTexts]]:
    """Every scenario that has samples: their positions in `samples`, and the texts of the scenario."""
    positions: dict[WorldKey, list[int]] = defaultdict(list)
    for position, sample in enumerate(samples):
        positions[sample.world_key].append(position)
    for population in populations:
        users = {user for world in population.worlds.values() for user in world.users}
        fold = deal_into_folds(users, FOLDS, seed)
        for name, world in population.worlds.items():
            own = positions.get((population.name, name))
            if own and world.platforms:
                yield own, ScenarioTexts(world, [samples[position] for position in own], fold)


class ScenarioTexts:
    """Q queries and A actions in arrays; texts are the queries first, then the actions.

    Args:
        world: the scenario with its people.
        samples: those asked in it.
        fold: user -> 0 to `FOLDS` - 1.
    """

    def __init__(self, world: World, samples: Sequence[CompactSample], fold: Mapping[str, int]) -> None:
        import numpy as np

        histories = [
            history
            for user in world.users
            for history in world.histories(user)
            if history.scenario == world.name
        ]
        actions = [(history.user_id, action) for history in histories for action in history.actions]
        self.world = world
        self.platforms = sorted(world.platforms)
        self.contexts = _contexts(world, samples, actions)
        self.users = sorted({user for user, _ in actions} | {sample.user for sample in samples})
        self.queries = len(samples)
        user_number, platform_number = _numbers(self.users), _numbers(self.platforms)
        context_number = _numbers(self.contexts)
        users = [*(sample.user for sample in samples), *(user for user, _ in actions)]
        platforms = [*(sample.platform for sample in samples), *(action.platform for _, action in actions)]
        contexts = [*(sample.context for sample in samples), *(action.context for _, action in actions)]
        self.user = _array([user_number[user] for user in users])
        self.fold = _array([fold.get(user, 0) for user in self.users])[self.user]
        # A platform that is not in the tree cannot be learnt: it counts as the first of a class of its own.
        self.platform = _array([platform_number.get(name, len(platform_number)) for name in platforms])
        self.context = _array([context_number[name] for name in contexts])
        self.texts = [*(sample.query for sample in samples), *(action.action for _, action in actions)]
        self.corpus = Corpus(self.texts)
        self.is_query = np.arange(len(self.user)) < self.queries
        own = self.fold[self.queries :, None] == np.arange(FOLDS)
        self._barred = np.concatenate([_barred(samples, fold), own])
        self.serves = _serves(world, samples, self.platforms)
        self._preferences = [
            (
                fold.get(history.user_id, 0),
                context_number[preference.context],
                platform_number[preference.platform],
            )
            for history in histories
            for preference in history.preferences
            if preference.platform in platform_number and preference.context in context_number
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

        probabilities = np.full((len(self.user), classes), 1 / classes)
        for part in range(parts):
            teaches = self.teaching(part, parts)
            teaches = teaches if examples is None else teaches & examples
            asked = self.fold % parts == part
            probabilities[asked] = NaiveBayes(self.corpus, teaches, labels, classes).posterior(asked)
        return probabilities

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


def _contexts(
    world: World, samples: Sequence[CompactSample], actions: Sequence[tuple[str, Action]]
) -> list[str]:
    known = [context.name for context in world.scenario.contexts]
    used = {sample.context for sample in samples} | {action.context for _, action in actions}
    return [*known, *sorted(used - set(known))]


def _barred(samples: Sequence[CompactSample], fold: Mapping[str, int]) -> NDArray[np.bool_]:
    """(Q, FOLDS): whether a query must not teach a fold: its user's own, and those of its twins' users."""
    import numpy as np

    row: dict[str, int] = {}
    family = [row.setdefault(sample.twin_of or sample.id, len(row)) for sample in samples]
    barred = np.zeros((len(row), FOLDS), dtype=bool)
    barred[family, [fold.get(sample.user, 0) for sample in samples]] = True
    return barred[family]


def _serves(world: World, samples: Sequence[CompactSample], platforms: Sequence[str]) -> NDArray[np.bool_]:
    """(Q, platforms): whether a platform offers everything a sample calls for."""
    import numpy as np

    rows: dict[frozenset[str], list[bool]] = {}
    table: list[list[bool]] = []
    for sample in samples:
        wanted = frozenset(capability for _, capability in sample.calls)
        if wanted not in rows:
            offering = set(serving(world, wanted))
            rows[wanted] = [name in offering for name in platforms]
        table.append(rows[wanted])
    return np.array(table, dtype=bool).reshape(len(samples), len(platforms))


def _numbers(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _array(values: Sequence[int]) -> NDArray[np.int64]:
    import numpy as np

    return np.array(values, dtype=np.int64)


# Han, kana and hangul are written without blanks: there every character counts as a word.
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W_\u2e80-\u9fff\uac00-\ud7af]+")


def words(text: str) -> list[str]:
    """The words of a text in order, in one case; numbers are words too, punctuation is not."""
    return _WORD.findall(text.casefold())


SMOOTHING = 0.05
"""Occurrences every word is credited with in every class."""


def deal_into_folds(users: Iterable[str], folds: int, seed: int) -> dict[str, int]:
    """Deal users into folds from 0, as even as can be, by a seeded shuffle that ignores their order."""
    order = sorted(users)
    random.Random(derive(seed, "statistics", "folds")).shuffle(order)
    return {user: place % folds for place, user in enumerate(order)}


class Corpus:
    """The different words of texts as numbers: `words[i]` stands in text `texts[i]`.

    Args:
        texts: any, empty ones included.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        vocabulary: dict[str, int] = {}
        # That a word is there tells more than how often.
        numbers = [
            [vocabulary.setdefault(word, len(vocabulary)) for word in dict.fromkeys(words(text))]
            for text in texts
        ]
        lengths = np.fromiter(map(len, numbers), dtype=np.int64, count=len(numbers))
        self.words = np.fromiter(
            (word for text in numbers for word in text), dtype=np.int32, count=int(lengths.sum())
        )
        self.texts = np.repeat(np.arange(len(numbers), dtype=np.int32), lengths)
        self.vocabulary = len(vocabulary)


class NaiveBayes:
    """A multinomial naive Bayes over the different words of a text, each word weighted by what it tells.

    A word's weight is (1 - H(class | word) / log(classes))²: 1 for a word of one class, 0 for a word of all.

    Args:
        corpus: all texts.
        examples: (texts,) bool, those to learn from.
        labels: (texts,) class of every text, from 0; those of other texts are not looked at.
        classes: how many classes there are, at least 1.
    """

    def __init__(
        self, corpus: Corpus, examples: NDArray[np.bool_], labels: NDArray[np.int64], classes: int
    ) -> None:
        import numpy as np

        self._corpus, self._classes = corpus, classes
        used = examples[corpus.texts]
        cells = corpus.words[used].astype(np.int64) * classes + labels[corpus.texts[used]]
        counts = np.bincount(cells, minlength=corpus.vocabulary * classes).reshape(-1, classes)
        scores = np.log(counts + SMOOTHING)
        scores -= np.log((counts + SMOOTHING).sum(axis=0, initial=SMOOTHING))
        scores -= scores.mean(axis=1, keepdims=True)
        self._scores = scores * _telling(scores)
        self._scores[counts.sum(axis=1) == 0] = 0.0  # a word nobody taught says nothing
        seen = np.bincount(labels[examples], minlength=classes) + 1.0
        self._prior = np.log(seen / seen.sum())

    def posterior(self, wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Probability of every class.

        Args:
            wanted: (texts,) bool, the n texts asked about.

        Returns:
            (n, classes), rows in the order of texts, each adding up to 1.
        """
        import numpy as np

        count = int(wanted.sum())
        row_of = np.cumsum(wanted) - 1
        asked = wanted[self._corpus.texts]
        rows, words_asked = row_of[self._corpus.texts[asked]], self._corpus.words[asked]
        scores = np.empty((count, self._classes))
        for column in range(self._classes):  # one class at a time: memory stays in proportion to words
            weights = self._scores[words_asked, column]
            scores[:, column] = np.bincount(rows, weights=weights, minlength=count) + self._prior[column]
        scores = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
        return scores / scores.sum(axis=1, keepdims=True)


def _telling(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(words, 1): how much a word tells of the classes, 0 to 1."""
    import numpy as np

    share = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    share /= share.sum(axis=1, keepdims=True)
    entropy = -(share * np.log(share)).sum(axis=1, keepdims=True)
    return np.maximum(0.0, 1 - entropy / np.log(max(scores.shape[1], 2))) ** 2
