"""How much samples differ: words, near-duplicates, the people who ask, and what they prefer."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ....models.seeds import derive
from ....records import Profile
from ....records.dataset_statistics import Diversity
from ...population import Population
from ..kept_sample import Kept, Split
from .learners import words
from .necessity import canonical
from .people import Wish, askers, wishes, worlds_by_place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_PEOPLE = 2000
"""People of a population that are compared pair by pair; of more, this many are drawn."""


class Speech(NamedTuple):
    """How the queries speak."""

    distinct_1: float
    distinct_2: float
    words: float


def diversity(
    kept: Sequence[Kept],
    split_of: Mapping[str, Split],
    populations: Sequence[Population],
    pairs: Sequence[tuple[str, str]],
) -> Diversity:
    """Everything about how samples differ; a twin's words are its original's and are counted once.

    Args:
        kept: the samples.
        split_of: id -> the part it is in; where it is missing, 'all'.
        populations: the people; only those who have samples are compared.
        pairs: ids of near-duplicates.
    """
    there = {one.id for one in kept}
    speech = spoken([one.query for one in kept if one.twin_of not in there])
    across = [pair for pair in pairs if len({split_of.get(name, "all") for name in pair}) == 2]
    distance, closest = profile_distances([askers(kept, one) for one in populations])
    wanted = list(wishes(kept, populations))
    entropy, most = preference_entropy(wanted, populations)
    return Diversity(
        distinct_1=speech.distinct_1,
        distinct_2=speech.distinct_2,
        words=speech.words,
        near_duplicates=len({name for pair in pairs for name in pair}) / max(len(kept), 1),
        near_duplicates_across=len(across),
        profile_distance=distance,
        closest_profiles=closest,
        preference_entropy=entropy,
        most_entropy=most,
        mixed_preferences=mixed_preferences(wanted),
    )


def spoken(texts: Iterable[str]) -> Speech:
    """Distinct-1, distinct-2 and words of a text on average."""
    singles: set[str] = set()
    doubles: set[tuple[str, str]] = set()
    ones = twos = count = 0
    for text in texts:
        said = words(text)
        singles.update(said)
        doubles.update(pairwise(said))
        ones, twos, count = ones + len(said), twos + max(len(said) - 1, 0), count + 1
    return Speech(len(singles) / max(ones, 1), len(doubles) / max(twos, 1), ones / max(count, 1))


def profile_distances(groups: Sequence[Sequence[Profile]]) -> tuple[float, float]:
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


def preference_entropy(wanted: Iterable[Wish], populations: Sequence[Population]) -> tuple[float, float]:
    """Bits of the preferred platform within (scenario, context) and the most there could be, on average."""
    platforms = {place: len(world.platforms) for place, world in worlds_by_place(populations).items()}
    counts: dict[tuple[tuple[str, str], str], Counter[str]] = defaultdict(Counter)
    for wish in wanted:
        counts[wish.place, wish.context][wish.platform] += 1
    bits = [_bits(found) for found in counts.values()]
    most = [math.log2(max(platforms[place], 1)) for place, _ in counts]
    return _mean(bits), _mean(most)


def mixed_preferences(wanted: Iterable[Wish]) -> float:
    """Share of users who, in some scenario, prefer different platforms for different kinds of need."""
    chosen: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for wish in wanted:
        population, scenario = wish.place
        chosen[population, wish.user][scenario].add(wish.platform)
    mixed = [any(len(found) > 1 for found in by_scenario.values()) for by_scenario in chosen.values()]
    return _mean(mixed)


def _table(people: Sequence[Profile]) -> NDArray[np.int32]:
    """(people, features): a number for every value, -1 where there is none."""
    import numpy as np

    column = {name: place for place, name in enumerate(sorted({n for one in people for n in one.basic}))}
    table = np.full((len(people), len(column)), -1, dtype=np.int32)
    numbers: dict[tuple[str, str], int] = {}
    for row, profile in enumerate(people):
        for name, value in profile.basic.items():
            table[row, column[name]] = numbers.setdefault((name, canonical(value)), len(numbers))
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


def _bits(counts: Counter[str]) -> float:
    whole = counts.total()
    return sum(n / whole * math.log2(whole / n) for n in counts.values())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
