"""When two queries are nearly the same, and finding such pairs among very many.

Two texts are **near-duplicates** if

1. the Jaccard similarity of the sets of their words' trigrams is at least 0.9, and
2. they speak of the same numbers and names.

Trigrams are of single words with their borders, in one case and without punctuation, so the order of words
does not count, and a slip of the pen or another ending hardly does. The second condition tells requests with
different answers apart, which a measure of likeness cannot: 'order 2 pizzas' is not 'order 3 pizzas', and
'a ticket to Lyon' is not 'a ticket to Nice'. Same numbers: equal as bags, in digits or in words; where there
is more than one, each before the same word, so '2 teas, 3 cakes' is not '3 teas, 2 cakes'. Same names: a word
that has a capital within a sentence in one text stands in the other one too.

Candidates are found by MinHash signatures cut into bands (Broder 1997; Leskovec et al., Mining of Massive
Datasets, ch. 3) and confirmed exactly. There are the more of them the more texts there are, so those that are
far from alike are told by digests of their trigrams, without reading a text again.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from weakref import finalize

from ...environments.checks.leak.check import readings_of
from ...store.disk_map import DiskList, temporary_database, temporary_errors
from .samples import CompactSample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THRESHOLD = 0.9
"""Jaccard similarity from which on two texts are nearly the same."""
_FAR = 0.85
"""The same of digests, below which they are not: eight of 32 bits would have to be equal by chance."""
BANDS, ROWS = 16, 8
"""A pair just at the threshold escapes all bands with probability (1 - 0.9 ** 8) ** 16, once in 8,000."""
_SEED = 0x9E3779B97F4A7C15
_LONGEST = 4_000
"""Characters that are compared; no request is a third as long."""
_MARKS = ", ".join("?" * BANDS)
_SHARING_A_BAND = f"SELECT DISTINCT place FROM bands WHERE key IN ({_MARKS}) ORDER BY place"  # noqa: S608


def near_duplicate_samples(samples: Sequence[CompactSample]) -> list[tuple[str, str]]:
    """Find all near-duplicates of a dataset; a sample and its twin, or two twins of one sample, are none.

    Returns:
        (earlier id, later id), in the order of the later one, then of the earlier one.
    """
    pairs = near_duplicate_pairs((sample.id, sample.scenario, sample.query) for sample in samples)
    found = {id for pair in pairs for id in pair}
    family = {sample.id: sample.twin_of or sample.id for sample in samples if sample.id in found}
    return [(earlier, later) for earlier, later in pairs if family[earlier] != family[later]]


def near_duplicate_pairs(texts: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Find all pairs of near-duplicates within a scenario.

    Args:
        texts: (id, scenario, text) in the order of the dataset.
    """
    indexes = defaultdict[str, DuplicateIndex](DuplicateIndex)
    pairs: list[tuple[str, str]] = []
    for id, scenario, text in texts:
        index, sketch = indexes[scenario], sketch_of(text)
        pairs += ((earlier, id) for earlier in index.find(text, sketch))
        index.add(id, text, sketch)
    return pairs


class DuplicateIndex:
    """Texts that new ones are compared with, by their ids; they and their bands are on disk."""

    def __init__(self) -> None:
        self._texts = DiskList[tuple[str, str, bytes]]()
        """id, text, digests of its trigrams"""
        self._bands = temporary_database(
            "CREATE TABLE bands (key INTEGER, place INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID"
        )
        finalize(self, self._bands.close)

    def add(self, id: str, text: str, sketch: Sketch) -> None:
        """Remember a text. Raises StoreError where the disk is full."""
        text, place = text[:_LONGEST], len(self._texts)
        with temporary_errors():
            self._bands.executemany(
                "INSERT OR IGNORE INTO bands VALUES (?, ?)", [(key, place) for key in sketch.keys]
            )
        self._texts.append((id, text, sketch.trigrams))

    def find(self, text: str, sketch: Sketch) -> Iterator[str]:
        """Yield the ids of the near-duplicates of a text, in the order they were added."""
        text, own = text[:_LONGEST], _digests(sketch.trigrams)
        with temporary_errors():
            places = self._bands.execute(_SHARING_A_BAND, sketch.keys).fetchall()
        for (place,) in places:
            id, other, trigrams = self._texts[place]
            if jaccard(own, _digests(trigrams)) >= _FAR and near_duplicates(text, other):
                yield id


def near_duplicates(first: str, second: str) -> bool:
    """Tell whether two texts are nearly the same, as defined above."""
    left, right = text_features(first), text_features(second)
    same_names = left.names <= right.words and right.names <= left.words
    if left.numbers != right.numbers or not same_names:
        return False
    return jaccard(left.trigrams, right.trigrams) >= THRESHOLD


def jaccard(first: frozenset[int], second: frozenset[int]) -> float:
    """Return the share that two sets have in common; two empty ones are alike."""
    common = len(first & second)
    total = len(first) + len(second) - common
    return common / total if total else 1.0


class TextFeatures(NamedTuple):
    """What two texts are compared by."""

    trigrams: frozenset[int]
    numbers: tuple[tuple[str, str], ...]
    """(number, word after it), sorted; the word is empty where there is one number only"""
    names: frozenset[str]
    words: frozenset[str]


@lru_cache(maxsize=512)
def text_features(text: str) -> TextFeatures:
    """Return what a text is compared by."""
    normalised = readings_of(text)[0]
    words = normalised.words
    trigrams = frozenset[int]().union(*map(_trigrams, words))
    followed = zip(words, [*words[1:], ""], strict=False)
    numbers = [(word, after) for word, after in followed if word[0].isdecimal()]
    if len(numbers) == 1:
        numbers = [(number, "") for number, _ in numbers]
    names = frozenset(word for at, word in enumerate(words) if word != "i" and normalised.is_proper_noun(at))
    return TextFeatures(trigrams, tuple(sorted(numbers)), names, frozenset(words))


@lru_cache(maxsize=8_192)
def _trigrams(word: str) -> frozenset[int]:
    """The trigrams of a word with its borders, each as the number that its three characters spell."""
    codes = [32, *map(ord, word), 32]
    return frozenset(a << 42 | b << 21 | c for a, b, c in zip(codes, codes[1:], codes[2:], strict=False))


class Sketch(NamedTuple):
    """What a text is compared by before it is read again."""

    keys: list[int]
    """one number a band, scattered over 64 bits; texts that share one are compared"""
    trigrams: bytes
    """a digest of 4 bytes of each"""


def sketch_of(text: str) -> Sketch:
    """Find out what a text is compared by."""
    import numpy as np

    trigrams = np.fromiter(text_features(text[:_LONGEST]).trigrams, dtype=np.uint64)
    if not trigrams.size:
        return Sketch([0] * BANDS, b"")
    scattered = _scatter(trigrams)
    salts, factors = _hash_functions()
    hashed = (scattered[None, :] ^ salts) * factors
    signature = (hashed >> np.uint64(24)).min(axis=1).reshape(BANDS, ROWS)
    weights = factors[:ROWS, 0]
    keys = _scatter((signature * weights).sum(axis=1, dtype=np.uint64)).view(np.int64).tolist()
    return Sketch(keys, scattered.astype(np.uint32).tobytes())


def _digests(packed: bytes) -> frozenset[int]:
    return frozenset(array("I", packed))


@cache
def _hash_functions() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The hash functions of the signature, one a row: salt and odd factor."""
    import numpy as np

    count = BANDS * ROWS
    drawn = _scatter(np.arange(1, 2 * count + 1, dtype=np.uint64) * np.uint64(_SEED))
    return drawn[:count, None], drawn[count:, None] | np.uint64(1)


def _scatter(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter numbers over 64 bits (the finaliser of splitmix64)."""
    import numpy as np

    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
