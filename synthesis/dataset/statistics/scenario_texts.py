"""What can be learnt from the texts of one scenario, its queries and actions: naive Bayes over their words.

The kinds of need are latent: learners are taught those of other users than they are asked about, so nothing
latent of a user ever takes part in what is said about that user.
"""

from __future__ import annotations

import random
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ....environments.world import World
from ....models.seeds import derive
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
) -> Iterator[tuple[Sequence[int], ScenarioTexts]]:
    """Every scenario that has samples: their positions in `samples`, and the texts of the scenario."""
    positions: dict[WorldKey, array[int]] = defaultdict(lambda: array("I"))
    for position, sample in enumerate(samples):
        positions[sample.world_key].append(position)
    for population in populations:
        users = {user for world in population.worlds.values() for user in world.users}
        fold = deal_into_folds(users, FOLDS, seed)
        for name, world in population.worlds.items():
            own = positions.get((population.name, name))
            if own and world.platforms:
                yield own, ScenarioTexts(world, ChosenSamples(samples, own), fold)


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
    """Q queries and A actions in arrays; texts are the queries first, then the actions.

    Args:
        world: the scenario with its people.
        samples: those asked in it.
        fold: user -> 0 to `FOLDS` - 1.
    """

    def __init__(self, world: World, samples: ChosenSamples, fold: Mapping[str, int]) -> None:
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
        self.queries = len(samples)
        users, platforms, contexts = Numbering(), Numbering(self.platforms), Numbering(_contexts(world))
        for sample in samples:
            users.add(sample.user)
            platforms.add(sample.platform)
            contexts.add(sample.context)
        for user, action in actions:
            users.add(user)
            platforms.add(action.platform)
            contexts.add(action.context)
        self.contexts = contexts.names
        self.users = users.names
        self.user, self.context = users.numbers(), contexts.numbers()
        self.fold = _array([fold.get(user, 0) for user in self.users])[self.user]
        # A platform that is not in the tree cannot be learnt: it counts as the first of a class of its own.
        self.platform = np.minimum(platforms.numbers(), len(self.platforms))
        self._samples, self._actions = samples, actions
        self.corpus = Corpus(self.texts())
        self.is_query = np.arange(len(self.user)) < self.queries
        own = self.fold[:, None] == np.arange(FOLDS)
        own[: self.queries] = _barred(samples, own[: self.queries])
        self._barred = own
        self.serves = _serves(world, samples, self.platforms)
        platform_number, context_number = _numbers(self.platforms), _numbers(self.contexts)
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

    def texts(self) -> Iterator[str]:
        """Queries, then actions."""
        yield from (sample.query for sample in self._samples)
        yield from (action.action for _, action in self._actions)

    def query_platforms(self) -> list[str | None]:
        """(Q,) the platform of every sample; None where the tree has it not."""
        names: list[str | None] = [*self.platforms, None]
        return [names[number] for number in self.platform[: self.queries].tolist()]

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

    def numbers(self) -> NDArray[np.int64]:
        """The numbers of the names in the order in which they were added."""
        number = _numbers(self.names)
        return _array([number[name] for name in self._number])[_array(self._added)]


def _contexts(world: World) -> list[str]:
    return [context.name for context in world.scenario.contexts]


def _barred(samples: ChosenSamples, own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(Q, FOLDS): whether a query must not teach a fold: its user's own, and those of its twins' users.

    Args: own: (Q, FOLDS), the fold of every query's user.
    """
    import numpy as np

    if not any(sample.twin_of for sample in samples):
        return own
    row: dict[str, int] = {}
    family = [row.setdefault(sample.twin_of or sample.id, len(row)) for sample in samples]
    barred = np.zeros((len(row), FOLDS), dtype=bool)
    np.logical_or.at(barred, family, own)
    return barred[family]


def _serves(world: World, samples: ChosenSamples, platforms: Sequence[str]) -> NDArray[np.bool_]:
    """(Q, platforms): whether a platform offers everything a sample calls for."""
    import numpy as np

    row: dict[frozenset[str], int] = {}
    rows = array("i")
    for sample in samples:
        rows.append(row.setdefault(frozenset(capability for _, capability in sample.calls), len(row)))
    offering = [set(serving(world, wanted)) for wanted in row]
    table = np.array([[name in those for name in platforms] for those in offering], dtype=bool)
    return table.reshape(len(row), len(platforms))[_array(rows)]


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


_BLOCK = 8_192
"""Texts whose words are looked at together: memory stays in proportion to them, not to all words."""
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

    def __init__(self, texts: Iterable[str]) -> None:
        import numpy as np

        vocabulary: dict[str, int] = {}
        numbers, lengths = array("i"), array("i")
        for text in texts:
            different = dict.fromkeys(words(text))  # that a word is there tells more than how often
            numbers.extend([vocabulary.setdefault(word, len(vocabulary)) for word in different])
            lengths.append(len(different))
        self.words = np.array(numbers, dtype=np.int32)
        self.texts = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        self.vocabulary = len(vocabulary)

    def blocks(self, size: int) -> Iterator[slice]:
        """The places of the words, the words of so many texts at a time."""
        import numpy as np

        last = int(self.texts[-1]) + 1 if len(self.texts) else 0
        borders = np.searchsorted(self.texts, range(0, last + size, size)).tolist()
        return map(slice, borders[:-1], borders[1:])


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
        counts = np.zeros(corpus.vocabulary * classes, dtype=np.int64)
        for block in corpus.blocks(_BLOCK):
            texts, used = corpus.texts[block], examples[corpus.texts[block]]
            cells = corpus.words[block][used].astype(np.int64) * classes + labels[texts[used]]
            counts += np.bincount(cells, minlength=len(counts))
        counts = counts.reshape(-1, classes)
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
        scores = np.tile(self._prior, (count, 1))
        for block in self._corpus.blocks(_BLOCK):
            texts = self._corpus.texts[block]
            asked = wanted[texts]
            rows, words_asked = row_of[texts[asked]], self._corpus.words[block][asked]
            if len(rows):
                first, last = int(rows[0]), int(rows[-1]) + 1
                for column in range(self._classes):
                    weights = self._scores[words_asked, column]
                    scores[first:last, column] += np.bincount(rows - first, weights=weights)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
        return scores / scores.sum(axis=1, keepdims=True)


def _telling(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(words, 1): how much a word tells of the classes, 0 to 1."""
    import numpy as np

    share = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    share /= share.sum(axis=1, keepdims=True)
    entropy = -(share * np.log(share)).sum(axis=1, keepdims=True)
    return np.maximum(0.0, 1 - entropy / np.log(max(scores.shape[1], 2))) ** 2
