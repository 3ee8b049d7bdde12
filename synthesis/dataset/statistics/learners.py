"""Words of a text, whatever it is written in; knows no meaning of any."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ....models.seeds import derive

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# Han, kana and hangul are written without blanks: there every character counts as a word.
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W_\u2e80-\u9fff\uac00-\ud7af]+")


def words(text: str) -> list[str]:
    """The words of a text in order, in one case; numbers are words too, punctuation is not."""
    return _WORD.findall(text.casefold())


SMOOTHING = 0.05
"""Occurrences every word is credited with in every class."""


def deal(users: Iterable[str], folds: int, seed: int) -> dict[str, int]:
    """Deal users into folds from 0, as even as can be, by a seeded shuffle that ignores their order."""
    order = sorted(users)
    random.Random(derive(seed, "statistics", "folds")).shuffle(order)
    return {user: place % folds for place, user in enumerate(order)}


class Corpus:
    """Texts as numbers.

    Args:
        texts: any, empty ones included.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        vocabulary: dict[str, int] = {}
        found = [[vocabulary.setdefault(word, len(vocabulary)) for word in set_of(text)] for text in texts]
        self.lengths = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        total = int(self.lengths.sum())
        self.words = np.fromiter((word for one in found for word in one), dtype=np.int32, count=total)
        self.texts = np.repeat(np.arange(len(found), dtype=np.int32), self.lengths)
        self.vocabulary = len(vocabulary)


def set_of(text: str) -> list[str]:
    """Different words of a text in order: that a word is there tells more than how often."""
    return list(dict.fromkeys(words(text)))


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
        rows, found = row_of[self._corpus.texts[asked]], self._corpus.words[asked]
        scores = np.empty((count, self._classes))
        for column in range(self._classes):  # one class at a time: memory stays in proportion to words
            said = self._scores[found, column]
            scores[:, column] = np.bincount(rows, weights=said, minlength=count) + self._prior[column]
        scores = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
        return scores / scores.sum(axis=1, keepdims=True)


def _telling(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(words, 1): how much a word tells of the classes, 0 to 1."""
    import numpy as np

    share = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    share /= share.sum(axis=1, keepdims=True)
    entropy = -(share * np.log(share)).sum(axis=1, keepdims=True)
    return np.maximum(0.0, 1 - entropy / np.log(max(scores.shape[1], 2))) ** 2
