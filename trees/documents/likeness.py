"""How alike functions of rival platforms are: in name, in what is said of them, and in what they take.

Words that many functions have tell little. Rivals call one thing by different words, so likeness is small
even where two functions do the same; that each is by far the likest of the other's platform says more than
how alike they are (`counterparts`). What follows from it, and who is asked, is not known here.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from ..naming import name_words
from .functions import GivenFunction

LIKE = 0.42
"""Likeness from which two functions are taken to do the same, 0 to 1."""
LEAST = 0.05
"""Likeness below which two functions are nobody's candidates."""
DIFFERENT = -1.0
"""Likeness of functions of which somebody said that they do not do the same."""
_CLEAR, _MARGIN = 0.2, 1.2
"""Likeness from which counterparts are taken for alike, and the factor by which it exceeds other pairs'."""
_FEW = 200
"""Functions up to which any two are compared; of more, only those with a word in common."""
_NAME, _TEXT, _TAKES = 0.55, 0.2, 0.25
"""What each of the three counts."""
_VERBS: Mapping[str, str] = {
    word: kind
    for kind, words in {
        "find": "find search query lookup browse discover",
        "get": "get fetch retrieve show read view describe check details detail info lookup",
        "list": "list all index enumerate",
        "make": "create add new post make insert register place submit open start "
        "book order reserve schedule",
        "change": "update edit modify change patch put set replace rename amend reschedule",
        "remove": "delete remove cancel destroy drop revoke withdraw close",
        "send": "send notify message mail email",
    }.items()
    for word in words.split()
}
"""Words for what is done -> one word for all of them: `search` and `find` are one."""
_TELLING = frozenset(
    (
        *("book", "order", "reserve", "schedule", "register", "rename", "reschedule", "amend"),
        *("message", "mail", "email"),
    )
)
"""Words for what is done that say what it is done to, as well: a booking is what is booked."""
_RARE = 20
"""Functions that a word of their descriptions may stand in to make them candidates."""
_OPPOSED = frozenset(("make", "change", "remove"))
_IDLE = frozenset(
    (
        *("a", "an", "and", "api", "by", "for", "from", "in", "is", "it", "of", "on", "or", "that", "the"),
        *("this", "to", "via", "with", "your", "you", "v1", "v2", "v3"),
    )
)


@dataclass(frozen=True)
class _Profile:
    """What a function's likeness depends on."""

    platform: str
    name: frozenset[str]
    verb: str
    text: frozenset[str]
    takes: frozenset[str]


class Likeness:
    """How alike the functions of several platforms are; they go by their place in the list.

    Args: functions: all of them; said: pairs of their places -> whether somebody says they do the same.
    """

    def __init__(
        self, functions: Sequence[GivenFunction], said: Mapping[tuple[int, int], bool] | None = None
    ) -> None:
        self.profiles = [_profile(function) for function in functions]
        self.said = said or {}
        counts = Counter(
            word for profile in self.profiles for word in {*profile.name, *profile.text, *profile.takes}
        )
        self.weight = {word: math.log(1 + len(self.profiles) / count) for word, count in counts.items()}

    def of(self, first: int, second: int) -> float:
        """0: nothing in common, 1: the same, counterparts at least `LIKE`; `DIFFERENT`: somebody says so."""
        pair = min(first, second), max(first, second)
        words = self.by_words(first, second)
        if (said := self.said.get(pair)) is not None:
            return (1 + words) / 2 if said else DIFFERENT
        return max(words, LIKE) if pair in self.counterparts else words

    def pairs(self) -> Iterator[tuple[float, int, int]]:
        """(likeness, first, second) of functions of two platforms that are taken to do the same."""
        near = {(first, second) for likeness, first, second in self._alike if likeness >= LIKE}
        for first, second in {*near, *self.said, *self.counterparts}:
            if (likeness := self.of(first, second)) >= LIKE:
                yield likeness, first, second

    @cached_property
    def counterparts(self) -> frozenset[tuple[int, int]]:
        """Pairs of which each is by far the likest that the other's platform has, by their words."""
        near = self.closest()
        found: set[tuple[int, int]] = set()
        for (at, _), ((likeness, other), *others) in near.items():
            (_, again), *back = near[other, self.profiles[at].platform]
            rivals = (*others[:1], *back[:1])
            if again == at and likeness >= _CLEAR and all(likeness >= _MARGIN * next_ for next_, _ in rivals):
                found.add((min(at, other), max(at, other)))
        return frozenset(found)

    def closest(self) -> dict[tuple[int, str], list[tuple[float, int]]]:
        """(function, platform) -> (likeness by words, function of that platform), the likest first."""
        found: dict[tuple[int, str], list[tuple[float, int]]] = defaultdict(list)
        for likeness, first, second in self._alike:
            found[first, self.profiles[second].platform].append((likeness, second))
            found[second, self.profiles[first].platform].append((likeness, first))
        return dict(found)

    @cached_property
    def _alike(self) -> list[tuple[float, int, int]]:
        """(likeness by words, first, second) of functions of two platforms, the likest first."""
        alike = (
            (likeness, first, second)
            for first, second in self._near()
            if self.profiles[first].platform != self.profiles[second].platform
            and (likeness := self.by_words(first, second)) >= LEAST
        )
        return sorted(alike, key=lambda pair: (-pair[0], pair[1], pair[2]))

    def _near(self) -> Iterable[tuple[int, int]]:
        """Pairs that may be alike: all where they are few, else those with a telling word in common."""
        if len(self.profiles) <= _FEW:
            return combinations(range(len(self.profiles)), 2)
        having: dict[str, list[int]] = defaultdict(list)
        for at, profile in enumerate(self.profiles):
            for word in profile.name | profile.text:
                having[word].append(at)
        telling = {word for profile in self.profiles for word in profile.name}
        return {
            pair
            for word, places in having.items()
            if word in telling or len(places) <= _RARE
            for pair in combinations(places, 2)
        }

    def by_words(self, first: int, second: int) -> float:
        """0: nothing in common, 1: the same, whatever anybody says."""
        one, other = self.profiles[first], self.profiles[second]
        verbs = {one.verb, other.verb} - {""}
        if len(verbs) == 2:
            if verbs & _OPPOSED:
                return 0.0
            factor = 0.8
        else:
            factor = 1.0 if one.verb == other.verb else 0.85
        parts = [(_NAME, one.name, other.name), (_TEXT, one.text, other.text)]
        if one.takes or other.takes:  # that both take nothing makes them no more alike
            parts.append((_TAKES, one.takes, other.takes))
        alike = sum(weight * self._overlap(*both) for weight, *both in parts)
        return factor * alike / sum(weight for weight, *_ in parts)

    def _overlap(self, one: frozenset[str], other: frozenset[str]) -> float:
        both = sum(self.weight[word] for word in one & other)
        return both / total if (total := sum(self.weight[word] for word in one | other)) else 0.0


def _profile(function: GivenFunction) -> _Profile:
    api = function.api
    words = _words(api.name)
    verb = next((word for word in words if word in _VERBS), "")
    said = [word for word in words if word != verb or word in _TELLING]
    others = said or [_VERBS.get(verb, verb)]
    takes = {word for name in api.properties() for word in _words(name)}
    return _Profile(
        platform=function.platform,
        name=frozenset(map(_stem, others)),
        verb=_VERBS.get(verb, ""),
        text=frozenset(_stem(_VERBS.get(word, word)) for word in _words(api.description)),
        takes=frozenset(map(_stem, takes)),
    )


def _words(text: str) -> list[str]:
    return [word for word in name_words(text) if word not in _IDLE]


def _stem(word: str) -> str:
    if word.endswith("ing") and len(word) > 6:
        word = word[:-3]
    for end, instead in (("ies", "y"), ("ses", "s"), ("s", "")):
        if word.endswith(end) and len(word) > len(end) + 2 and not word.endswith("ss"):
            return word[: -len(end)] + instead
    return word
