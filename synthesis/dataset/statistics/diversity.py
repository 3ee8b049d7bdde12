"""How much samples differ: words, near-duplicates, the people who ask, and what they prefer."""

from __future__ import annotations

import math
import random
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import groupby, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from ....models.seeds import derive
from ....records import Profile
from ....records.dataset_statistics import Diversity
from ...population import Population
from ..samples import Split, WorldKey
from .naive_bayes import BLOCK, words
from .necessity import canonical_json
from .people import Asking, PlatformPreference, asking_profiles, platform_preferences, worlds_by_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SENTENCE = re.compile(r"[.!?:;]\s+")

MOST_PEOPLE = 2000
"""People of a population that are compared pair by pair; of more, this many are drawn."""


def diversity(
    words: QueryWords,
    samples: int,
    asking: Asking,
    split_of: Mapping[str, Split],
    populations: Sequence[Population],
    pairs: Sequence[tuple[str, str]],
) -> Diversity:
    """Everything about how samples differ.

    Args:
        words: of their queries.
        samples: how many there are.
        asking: who has samples; only they are compared.
        split_of: id -> the part it is in; where it is missing, 'all'.
        populations: the people.
        pairs: ids of near-duplicates.
    """
    texts, (phrase, share) = words.statistics(), words.stock_phrase()
    across = [pair for pair in pairs if len({split_of.get(id, "all") for id in pair}) == 2]
    distance, closest = profile_distances(
        [asking_profiles(asking, population).values() for population in populations]
    )
    entropy, most, mixed = preference_spread(platform_preferences(asking, populations), populations)
    return Diversity(
        distinct_1=texts.distinct_1,
        distinct_2=texts.distinct_2,
        words=texts.words,
        stock_phrase=phrase,
        stock_share=share,
        near_duplicates=len({id for pair in pairs for id in pair}) / max(samples, 1),
        near_duplicates_across=len(across),
        profile_distance=distance,
        closest_profiles=closest,
        preference_entropy=entropy,
        most_entropy=most,
        mixed_preferences=mixed,
    )


class WordStatistics(NamedTuple):
    """How varied the words of the queries are."""

    distinct_1: float
    """different words / words"""
    distinct_2: float
    """different pairs of neighbouring words / pairs"""
    words: float
    """of a text on average"""


class QueryWords:
    """The words of texts, counted text by text."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._pairs, self._new_pairs = array("Q"), array("Q")
        """different ones, sorted; those of the latest texts"""
        self._words = self._pair_count = self.texts = 0
        self._beginnings: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Count a text."""
        number = self._number
        of_text = [number.setdefault(word, len(number)) for word in words(text)]
        self._new_pairs.extend([first << 32 | second for first, second in pairwise(of_text)])
        self._words += len(of_text)
        self.texts += 1
        if not self.texts % BLOCK:
            self._merge()
        beginnings = (words(sentence)[:3] for sentence in _SENTENCE.split(text))
        self._beginnings.update({" ".join(three) for three in beginnings if len(three) == 3})

    def statistics(self) -> WordStatistics:
        """Distinct-1, distinct-2 and words of a text on average."""
        self._merge()
        return WordStatistics(
            len(self._number) / max(self._words, 1),
            len(self._pairs) / max(self._pair_count, 1),
            self._words / max(self.texts, 1),
        )

    def stock_phrase(self) -> tuple[str, float]:
        """The three words sentences begin with most often, and the share of texts with such a sentence."""
        phrase, count = min(self._beginnings.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
        return phrase, count / max(self.texts, 1)

    def _merge(self) -> None:
        import numpy as np

        self._pair_count += len(self._new_pairs)
        together = np.union1d(
            np.frombuffer(self._pairs, dtype=np.uint64), np.frombuffer(self._new_pairs, dtype=np.uint64)
        )
        self._pairs, self._new_pairs = array("Q", together.tobytes()), array("Q")


def profile_distances(groups: Sequence[Collection[Profile]]) -> tuple[float, float]:
    """Share of basic features in which two people of a group differ: the average over pairs, and the least.

    Values are equal as JSON; a feature that one of two lacks tells them apart. The average is exact; the
    least is among `MOST_PEOPLE` of a group.
    """
    total = pairs = 0.0
    closest: list[float] = []
    for people in groups:
        table = _table(people)
        count, features = table.shape
        if count < 2 or not features:
            continue
        equal = sum(math.comb(int(n), 2) for column in table.T for n in _repeats(column))
        pairs += math.comb(count, 2)
        total += math.comb(count, 2) - equal / features
        closest.append(_closest(table) / features)
    return (total / pairs if pairs else 0.0), min(closest, default=0.0)


def preference_spread(
    preferences: Iterable[PlatformPreference], populations: Sequence[Population]
) -> tuple[float, float, float]:
    """How much users differ in what they prefer, and each of them from need to need.

    Args: preferences: those of a user in a scenario one after the other.

    Returns:
        Bits of the preferred platform within (scenario, context) and the most there could be, on average; the
        share of users who, in some scenario, prefer different platforms for different kinds of need.
    """
    platforms = {key: len(world.platforms) for key, world in worlds_by_key(populations).items()}
    counts: dict[tuple[WorldKey, str], Counter[str]] = defaultdict(Counter)
    mixed: dict[tuple[str, str], bool] = {}
    for (key, user), of_user in groupby(preferences, attrgetter("world_key", "user")):
        chosen = set[str]()
        for preference in of_user:
            chosen.add(preference.platform)
            counts[key, preference.context][preference.platform] += 1
        mixed[key[0], user] = len(chosen) > 1 or mixed.get((key[0], user), False)
    bits = [_entropy(of_need) for of_need in counts.values()]
    most = [math.log2(max(platforms[key], 1)) for key, _ in counts]
    return _mean(bits), _mean(most), _mean(list(mixed.values()))


def _table(people: Collection[Profile]) -> NDArray[np.int64]:
    """(people, features): a digest of every value, 0 where there is none."""
    import numpy as np

    column = {
        name: number
        for number, name in enumerate(sorted({name for profile in people for name in profile.basic}))
    }
    table = np.zeros((len(people), len(column)), dtype=np.int64)
    for row, profile in enumerate(people):
        for name, value in profile.basic.items():
            digest = blake2b(canonical_json(value).encode(), digest_size=8).digest()
            table[row, column[name]] = int.from_bytes(digest, "little", signed=True)
    return table


def _repeats(column: NDArray[np.int64]) -> list[int]:
    import numpy as np

    return np.unique(column, return_counts=True)[1].tolist()


def _closest(table: NDArray[np.int64]) -> int:
    """Features in which the two most alike differ."""
    if len(table) > MOST_PEOPLE:
        rows = random.Random(derive(0, "statistics", "people")).sample(range(len(table)), MOST_PEOPLE)
        table = table[sorted(rows)]
    return min(int((table[row + 1 :] != table[row]).sum(axis=1).min()) for row in range(len(table) - 1))


def _entropy(counts: Counter[str]) -> float:
    whole = counts.total()
    return sum(n / whole * math.log2(whole / n) for n in counts.values())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
