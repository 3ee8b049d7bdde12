"""Recognising a street and house number however they are written; knows no profile and no query."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .heard import Heard, spelled

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
_PARTS = frozenset("flat apt apartment unit suite floor room door box po".split())
_NUMBER = re.compile(r"\d{1,5}[a-z]?\Z")
_GERMAN = re.compile(r"(.{3,})(?:strasse|str)\Z")
_GAP = 3
"""Words that may stand between a street and its number."""


class lives_at:  # noqa: N801
    pass
