"""Names of what models invent: made identifiers, told apart, and found again when they are nearly right."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

_LONGEST = 48
_NEAR = 80.0
"""Likeness in per cent from which a name is taken for another one that was misspelt."""


def name_words(text: str) -> list[str]:
    """The words of a name or a phrase in lower case: 'findPlants v2' has 'find', 'plants' and 'v2'."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return re.findall(r"[a-z0-9]+", apart.lower())


def snake_case(text: str, otherwise: str) -> str:
    """A text as a snake_case identifier; `otherwise` where it holds no word."""
    name = "_".join(name_words(text))[:_LONGEST].strip("_") or otherwise
    return f"n_{name}" if name[:1].isdigit() else name


def camel_case(text: str) -> str:
    """A text as the name of a platform: 'green thumb' is GreenThumb; '' where it holds no word."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    name = "".join(word[:1].upper() + word[1:] for word in words)[:_LONGEST]
    return f"The{name}" if name[:1].isdigit() else name


def styled(name: str, place: int) -> str:
    """A snake_case name in the style of a platform: find_plants, findPlants or FindPlants, in turn."""
    first, *more = name.split("_")
    joined = "".join(word.capitalize() for word in more)
    chosen = (name, f"{first}{joined}", f"{first.capitalize()}{joined}")[place % 3]
    return styled(without_keyword(chosen), place) if keyword.iskeyword(chosen) else chosen


def without_keyword(name: str) -> str:
    """A name that an answer can be written with: `from` is from_value, because `f(from=1)` is no Python."""
    return f"{name.lower()}_value" if keyword.iskeyword(name) else name


def take_unique(name: str, apart: str, taken: set[str]) -> str:
    """Make a name unique by a further word, and add it to the taken ones."""
    further = (f"{name[:24]}_{apart[:24]}{number or ''}" for number in range(len(taken) + 1))
    unique = next(candidate for candidate in (name, *further) if candidate not in taken)
    taken.add(unique)
    return unique


def near_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that another one is a slip of, whatever its case; None: it is too far from all."""
    from rapidfuzz import fuzz, process

    plain = {" ".join(name_words(each)): each for each in known}
    found = process.extractOne(
        " ".join(name_words(name)), plain.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR
    )
    return plain[found[0]] if found else None


def without_names(text: str, names: Iterable[str]) -> str:
    """A text without some names, and without the word that ties them to it: 'finds a lamp on eBay' loses two.

    Args: names: as they are written or run together ('GreenThumb' is 'Green Thumb', too).
    """
    spelt = "|".join(r"[\s_-]?".join(map(re.escape, name_words(name))) for name in names if name_words(name))
    if not spelt:
        return text
    tie = r"(?:\b(?:on|at|in|from|to|via|through|with|using|of|by|for)\s+(?:the\s+)?)?"
    bare = re.sub(rf"\s*{tie}\b(?:{spelt})\b(?:['’]s)?", "", text, flags=re.IGNORECASE)
    return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(bare.split())) if bare != text else text
