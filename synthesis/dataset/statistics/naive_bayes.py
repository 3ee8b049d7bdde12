"""Naive Bayes over the words of texts that lie on disk, some thousand of them at a time in memory.

It knows of texts and classes only, not of queries, users or needs.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ....store.disk_map import DiskList

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 8_192
"""Texts that are looked at together, and whose words are together on disk."""
# Han, kana and hangul are written without blanks: there every character counts as a word.
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W_\u2e80-\u9fff\uac00-\ud7af]+")


def words(text: str) -> list[str]:
    """The words of a text in order, in one case; numbers are words too, punctuation is not."""
    return _WORD.findall(text.casefold())


SMOOTHING = 0.05
"""Occurrences every word is credited with in every class."""


class Words(NamedTuple):
    """The different words of some texts, as numbers."""

    words: NDArray[np.int32]
    texts: NDArray[np.int64]
    """of which text each is, from 0"""
    length: int
    """texts there are"""

    def choose(self, chosen: NDArray[np.bool_]) -> Words:
        """Those of some of the texts. Args: chosen: (texts,)."""
        import numpy as np

        kept, number = chosen[self.texts], np.cumsum(chosen) - 1
        return Words(self.words[kept], number[self.texts[kept]], int(chosen.sum()))


class Corpus:
    """The different words of texts as numbers, on disk.

    Args:
        texts: to begin with; any, empty ones included.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._number: dict[str, int] = {}
        self._full: DiskList[tuple[array[int], array[int]]] = DiskList()
        """words, and how many of them every text has, of `BLOCK` texts each"""
        self._words, self._lengths = array("i"), array("i")
        for text in texts:
            self.add(text)

    @property
    def vocabulary(self) -> int:
        """How many different words there are."""
        return len(self._number)

    def add(self, text: str) -> None:
        """Put a text behind the others."""
        different = dict.fromkeys(words(text))  # that a word is there tells more than how often
        number = self._number
        self._words.extend([number.setdefault(word, len(number)) for word in different])
        self._lengths.append(len(different))
        if len(self._lengths) == BLOCK:
            self._full.append((self._words, self._lengths))
            self._words, self._lengths = array("i"), array("i")

    def blocks(self) -> Iterator[Words]:
        """The words of all texts, of `BLOCK` texts at a time."""
        for number in range(len(self._full)):
            yield self._block(number)
        yield self._block(len(self._full))

    def words_of(self, rows: NDArray[np.int64]) -> Words:
        """The words of some texts. Args: rows: their places, ascending."""
        import numpy as np

        numbers, texts = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=np.int64)]
        for number in np.unique(rows // BLOCK).tolist():
            block = self._block(number)
            chosen = np.zeros(block.length, dtype=bool)
            first, last = np.searchsorted(rows, (number * BLOCK, (number + 1) * BLOCK)).tolist()
            chosen[rows[first:last] - number * BLOCK] = True
            of_block = block.choose(chosen)
            numbers.append(of_block.words)
            texts.append(of_block.texts + first)
        return Words(np.concatenate(numbers), np.concatenate(texts), len(rows))

    def _block(self, number: int) -> Words:
        import numpy as np

        last = number == len(self._full)
        numbers, lengths = (self._words, self._lengths) if last else self._full[number]
        return Words(
            np.array(numbers, dtype=np.int32), np.repeat(np.arange(len(lengths)), lengths), len(lengths)
        )


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
        self, corpus: Corpus, examples: NDArray[np.bool_], labels: NDArray[np.integer], classes: int
    ) -> None:
        import numpy as np

        self._classes = classes
        counts = np.zeros(corpus.vocabulary * classes, dtype=np.int64)
        first = 0
        for block in corpus.blocks():
            texts = block.texts + first
            first += block.length
            used = examples[texts]
            cells = block.words[used].astype(np.int64) * classes + labels[texts[used]]
            counts += np.bincount(cells, minlength=len(counts))
        counts = counts.reshape(-1, classes)
        scores = np.log(counts + SMOOTHING)
        # Whole numbers first: their sum is the same in whatever order words were first seen.
        scores -= np.log(counts.sum(axis=0) + SMOOTHING * (len(counts) + 1))
        scores -= scores.mean(axis=1, keepdims=True)
        self._scores = scores * _telling(scores)
        self._scores[counts.sum(axis=1) == 0] = 0.0  # a word nobody taught says nothing
        seen = np.bincount(labels[examples], minlength=classes) + 1.0
        self._prior = np.log(seen / seen.sum())

    def posterior(self, texts: Words) -> NDArray[np.float64]:
        """(texts, classes): probability of every class; rows add up to 1. Args: texts: those asked about."""
        import numpy as np

        scores = np.tile(self._prior, (texts.length, 1))
        for column in range(self._classes):
            weights = self._scores[texts.words, column]
            scores[:, column] += np.bincount(texts.texts, weights=weights, minlength=texts.length)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
        return scores / scores.sum(axis=1, keepdims=True)


def _telling(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(words, 1): how much a word tells of the classes, 0 to 1."""
    import numpy as np

    share = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    share /= share.sum(axis=1, keepdims=True)
    entropy = -(share * np.log(share)).sum(axis=1, keepdims=True)
    return np.maximum(0.0, 1 - entropy / np.log(max(scores.shape[1], 2))) ** 2
