"""Recognising a street and house number however they are written; knows no profile and no query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from .normalise import Heard, slip, spelled

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
_PARTS = frozenset({"flat", "apt", "apartment", "unit", "suite", "floor", "room", "door", "box", "po"})
_NUMBER = re.compile(r"\d{1,5}[a-z]?\Z")
_GERMAN = re.compile(r"(.{3,})(?:strasse|str)\Z")
_GAP = 3
"""Words that may stand between a street and its number."""
_TELLING = 8
"""Letters of a street's own name that need no 'street' behind them."""
_MOST_PLACES = 200
"""Places of a number in a text that are looked at; a request has a handful."""


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
    words = spelled(segment)
    place = next((at for at, word in enumerate(words) if _NUMBER.match(word)), None)
    if place is None:
        return None
    name = words[:place] or tuple(takewhile(lambda word: not word[0].isdecimal(), words[place + 1 :]))
    complete = tuple(_kind(word) or word for word in name)
    if not complete or complete[0] in _PARTS:
        return None
    own = tuple(word for word in name if _kind(word) is None)
    # 'Mill 5' may be anything, 'Ciro Mata 4' is somebody's address. Of many kinds of street, in many
    # languages, the table has a few; of three words and more the first one is as good as one of them.
    left = own if own != name else own[1:]
    short = (left,) if len(left) > 1 or (own != name and len("".join(own)) >= _TELLING) else ()
    return Street(words[place], (complete, *short))


def stands_in(street: Street, heard: Heard) -> bool:
    """Tell whether a text says street and number close together, in any order, with at most one slip."""
    return any(
        _fits(name, heard.words, start)
        for at in heard.places.get(street.number, ())[:_MOST_PLACES]
        for name in street.names
        for start in (*range(at + 1, at + 2 + _GAP), *range(at - len(name) - _GAP, at - len(name) + 1))
    )


def _fits(name: Sequence[str], words: Sequence[str], start: int) -> bool:
    if start < 0 or start + len(name) > len(words):
        return False
    slips = 0
    for wanted, word in zip(name, words[start : start + len(name)], strict=True):
        kind = _kind(word) or word
        if wanted in (word, kind):
            continue
        slips += 1
        if slips > 1 or not slip(kind, wanted):
            return False
    return True


def _kind(word: str) -> str | None:
    """The kind of street a word stands for; 'Hauptstr' and 'Hauptstrasse' are one word."""
    if match := _GERMAN.match(word):
        return match[1] + "strasse"
    return _TYPES.get(word)
