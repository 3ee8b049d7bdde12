"""Street and house number, found in a text however they are written: '5 Mill Lane' is 'Mill Ln, no. 5'."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from .normalise import NormalisedText, is_misspelling, normalised_words

_TYPES: dict[str, str] = {
    word: kind
    for kind, written in {
        "street": "street st str saint strasse",
        "avenue": "avenue ave av avenida avda",
        "road": "road rd",
        "lane": "lane ln",
        "drive": "drive dr",
        "court": "court ct",
        "square": "square sq",
        "boulevard": "boulevard blvd bd bld boul bulevar",
        "place": "place pl plaza plz pza platz",
        "terrace": "terrace ter terr",
        "close": "close cl",
        "crescent": "crescent cres",
        "gardens": "gardens gdns garden gdn",
        "highway": "highway hwy",
        "parkway": "parkway pkwy",
        "way": "way wy weg",
        "chemin": "chemin ch",
        "allee": "allee al all",
        "impasse": "impasse imp",
        "calle": "calle c cl",
        "paseo": "paseo po pso",
        "rue": "rue r",
        "via": "via v",
        "piazza": "piazza pza",
        "camino": "camino cno",
        "carretera": "carretera ctra",
        "ronda": "ronda rda",
        "pasaje": "pasaje pje",
        "glorieta": "glorieta gta",
        "travesia": "travesia trva",
    }.items()
    for word in written.split()
}
"""Word -> the kind of street it stands for."""
_PARTS_OF_HOUSES = frozenset(
    {"flat", "apt", "apartment", "unit", "suite", "floor", "room", "door", "box", "po"}
)
_NUMBER = re.compile(r"\d{1,5}[a-z]?\Z")
_GERMAN = re.compile(r"(.{3,})(?:strasse|str)\Z")
_GAP = 3
"""Words that may stand between a street and its number."""
_DISTINCTIVE = 8
"""Letters of a street's own name that need no 'street' behind them."""
_MOST_POSITIONS = 200
"""Positions of a number in a text that are looked at; a request has a handful."""


class Street(NamedTuple):
    """A street and a number in it."""

    number: str
    names: tuple[tuple[str, ...], ...]
    """ways to say the street, each as words; the first one is complete"""


def street_of(segment: str) -> Street | None:
    """Read one part of an address; None where it is no street with a number.

    Args:
        segment: what stands between two commas: 'Pasadizo Ciro Mata 4', '5 Mill Lane'.
    """
    words = normalised_words(segment)
    position = next((index for index, word in enumerate(words) if _NUMBER.match(word)), None)
    if position is None:
        return None
    name = words[:position] or tuple(takewhile(lambda word: not word[0].isdecimal(), words[position + 1 :]))
    complete = tuple(_kind(word) or word for word in name)
    if not complete or complete[0] in _PARTS_OF_HOUSES:
        return None
    proper = tuple(word for word in name if _kind(word) is None)
    # 'Mill 5' may be anything, 'Ciro Mata 4' is somebody's address. Of many kinds of street, in many
    # languages, the table has a few; of three words and more the first one is as good as one of them.
    rest = proper if proper != name else proper[1:]
    distinctive = proper != name and len("".join(proper)) >= _DISTINCTIVE
    short = (rest,) if len(rest) > 1 or distinctive else ()
    return Street(words[position], (complete, *short))


def names_street(street: Street, text: NormalisedText) -> bool:
    """Tell whether street and number stand close together, in any order, with at most one word misspelt."""
    return any(
        _stands_at(name, text.words, start)
        for position in text.positions.get(street.number, ())[:_MOST_POSITIONS]
        for name in street.names
        for start in (
            *range(position + 1, position + 2 + _GAP),
            *range(position - len(name) - _GAP, position - len(name) + 1),
        )
    )


def _stands_at(name: Sequence[str], words: Sequence[str], start: int) -> bool:
    if start < 0 or start + len(name) > len(words):
        return False
    misspelt = 0
    for wanted, word in zip(name, words[start : start + len(name)], strict=True):
        kind = _kind(word) or word
        if wanted in (word, kind):
            continue
        misspelt += 1
        if misspelt > 1 or not is_misspelling(kind, wanted):
            return False
    return True


def _kind(word: str) -> str | None:
    """The kind of street a word stands for; 'Hauptstr' and 'Hauptstrasse' are one word."""
    if match := _GERMAN.match(word):
        return match[1] + "strasse"
    return _TYPES.get(word)
