"""How much samples differ: words, near-duplicates, the people who ask, and what they prefer."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ....models.seeds import derive
from ....records import Profile
from ....records.dataset_statistics import Diversity
from ...population import Population
from ..samples import CompactSample, Split
from .necessity import canonical_json
from .people import PlatformPreference, asking_profiles, platform_preferences, worlds_by_key
from .scenario_texts import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SENTENCE = re.compile(r"[.!?:;]\s+")

MOST_PEOPLE = 2000
"""People of a population that are compared pair by pair; of more, this many are drawn."""


def diversity(
    samples: Sequence[CompactSample],
    split_of: Mapping[str, Split],
    populations: Sequence[Population],
    pairs: Sequence[tuple[str, str]],
) -> Diversity:
    """Everything about how samples differ; a twin's words are its original's and are counted once.

    Args:
        samples: of the dataset.
        split_of: id -> the part it is in; where it is missing, 'all'.
        populations: the people; only those who have samples are compared.
        pairs: ids of near-duplicates.
    """
    doubled = {sample.twin_of for sample in samples if sample.twin_of}
    repeated = {sample.id for sample in samples if sample.id in doubled} if doubled else set[str]()

    def queries() -> Iterator[str]:
        return (sample.query for sample in samples if sample.twin_of not in repeated)

    texts = word_statistics(queries())
    phrase, share = stock_phrase(queries())
    across = [pair for pair in pairs if len({split_of.get(id, "all") for id in pair}) == 2]
    distance, closest = profile_distances(
        [asking_profiles(samples, population).values() for population in populations]
    )
    preferences = list(platform_preferences(samples, populations))
    entropy, most = preference_entropy(preferences, populations)
    return Diversity(
        distinct_1=texts.distinct_1,
        distinct_2=texts.distinct_2,
        words=texts.words,
        stock_phrase=phrase,
        stock_share=share,
        near_duplicates=len({id for pair in pairs for id in pair}) / max(len(samples), 1),
        near_duplicates_across=len(across),
        profile_distance=distance,
        closest_profiles=closest,
        preference_entropy=entropy,
        most_entropy=most,
        mixed_preferences=mixed_preferences(preferences),
    )


def stock_phrase(texts: Iterable[str]) -> tuple[str, float]:
    """The three words with which sentences begin most often, and the share of texts with such a sentence."""
    counts: Counter[str] = Counter()
    texts_read = 0
    for text in texts:
        texts_read += 1
        beginnings = (words(sentence)[:3] for sentence in _SENTENCE.split(text))
        counts.update({" ".join(three) for three in beginnings if len(three) == 3})
    phrase, count = min(counts.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    return phrase, count / max(texts_read, 1)


class WordStatistics(NamedTuple):
    """How varied the words of the queries are."""

    distinct_1: float
    """different words / words"""
    distinct_2: float
    """different pairs of neighbouring words / pairs"""
    words: float
    """of a text on average"""


def word_statistics(texts: Iterable[str]) -> WordStatistics:
    """Distinct-1, distinct-2 and words of a text on average."""
    singles: set[str] = set()
    doubles: set[tuple[str, str]] = set()
    word_count = pair_count = text_count = 0
    for text in texts:
        of_text = words(text)
        singles.update(of_text)
        doubles.update(pairwise(of_text))
        word_count, pair_count = word_count + len(of_text), pair_count + max(len(of_text) - 1, 0)
        text_count += 1
    return WordStatistics(
        len(singles) / max(word_count, 1),
        len(doubles) / max(pair_count, 1),
        word_count / max(text_count, 1),
    )


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


def preference_entropy(
    preferences: Iterable[PlatformPreference], populations: Sequence[Population]
) -> tuple[float, float]:
    """Bits of the preferred platform within (scenario, context) and the most there could be, on average."""
    platforms = {key: len(world.platforms) for key, world in worlds_by_key(populations).items()}
    counts: dict[tuple[tuple[str, str], str], Counter[str]] = defaultdict(Counter)
    for preference in preferences:
        counts[preference.world_key, preference.context][preference.platform] += 1
    bits = [_entropy(of_need) for of_need in counts.values()]
    most = [math.log2(max(platforms[key], 1)) for key, _ in counts]
    return _mean(bits), _mean(most)


def mixed_preferences(preferences: Iterable[PlatformPreference]) -> float:
    """Share of users who, in some scenario, prefer different platforms for different kinds of need."""
    chosen: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for preference in preferences:
        population, scenario = preference.world_key
        chosen[population, preference.user][scenario].add(preference.platform)
    mixed = [any(len(platforms) > 1 for platforms in by_scenario.values()) for by_scenario in chosen.values()]
    return _mean(mixed)


def _table(people: Collection[Profile]) -> NDArray[np.int32]:
    """(people, features): a number for every value, -1 where there is none."""
    import numpy as np

    column = {
        name: number
        for number, name in enumerate(sorted({name for profile in people for name in profile.basic}))
    }
    table = np.full((len(people), len(column)), -1, dtype=np.int32)
    numbers: dict[tuple[str, str], int] = {}
    for row, profile in enumerate(people):
        for name, value in profile.basic.items():
            table[row, column[name]] = numbers.setdefault((name, canonical_json(value)), len(numbers))
    return table


def _repeats(column: NDArray[np.int32]) -> list[int]:
    import numpy as np

    return np.unique(column, return_counts=True)[1].tolist()


def _closest(table: NDArray[np.int32]) -> int:
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
