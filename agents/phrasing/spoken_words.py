"""Values as people write them, and the words of a text that say a value."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...texts.search import searchable_text
from ...texts.similar_words import near, stem, stretch, words_of
from ...texts.word_lists import MONTH_NAMES

NEARLY = 85
"""Least likeness in percent of words that replace a value thought up."""
_ROUGHLY = 65
"""Least likeness in percent of words that name a yes or no."""
_MOST_PARTS = 20
"""Parts of a list or an object that are looked for in a text."""
_ABOUT = re.compile(
    r"\b(?:an?|some|any|my|this|that|\w*\d) ((?:(?!(?:that|which|who|is|are|was|were|be)\b)[\w'’-]+ ){1,3}"
    r"about (?:the |an? )?)\Z",
    re.IGNORECASE,
)
"""Before a value: the thing that is about it."""
_SAYINGS = re.compile(
    r"\b(?:any|every|some|no)?(?:things?|bod(?:y|ies)|informations?|info|details?|news|facts?|questions?"
    r"|advice|tips?|ideas?|opinions?|reviews?|more|all|enough)\b",
    re.IGNORECASE,
)
"""What is said about a thing, and no thing itself."""
_OF_A_KIND = re.compile(
    r"\A (?:supplies|accessories|equipment|gear|furniture|cloth(?:es|ing)|shoes|tools|parts)\b", re.IGNORECASE
)
"""Behind a value: the things that are for it, or of that kind."""
_AN_OPTION = frozenset(("criterion", "mode", "option"))
"""Words of options that tell no more than that it is one."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def name_words(name: str) -> str:
    """A parameter's name as words: 'deliverTo' -> 'deliver to'."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower()


def value_words(value: Any) -> str:
    """A value as people write it: yes, 14 March 2027, price ascending."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _DAY.fullmatch(value):
        day = dt.date.fromisoformat(value)
        return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
    return value.replace("_", " ") if isinstance(value, str) else str(value)


def option_words(name: str, value: str) -> str:
    """An option without what its parameter, or any option, is called: 'quality_criterion' -> 'quality'."""
    called = {stem(word) for word in words_of(name_words(name))} | _AN_OPTION
    words = [word for word in name_words(value).split() if stem(word) not in called]
    return " ".join(words) if words and "_" in value else value


def spoken_words(name: str, value: Any, schema: Mapping[str, Any], text: str) -> tuple[Any, str]:
    """The value as the text has it, and the words that say it.

    A text that was thought up becomes what the sentence made of it ('trail shoe' -> 'trail shoes').

    Raises ValueError: the text does not say it.
    """
    if isinstance(value, bool):
        words = near(name_words(name), text, _ROUGHLY) or near(
            str(schema.get("description", "")), text, _ROUGHLY
        )
        if not words:
            raise ValueError(f"the text does not say whether {name_words(name)}: {'yes' if value else 'no'}")
        return value, words
    if "const" in schema and isinstance(value, str):
        return value, _option_words(option_words(name, value), text)
    if isinstance(value, list | dict) and not 0 < len(value) <= schema.get("maxItems", _MOST_PARTS):
        raise ValueError(f"`values` has {len(value)} parts in {name!r}; give one or two")
    if isinstance(value, list):
        items = schema.get("items") or {}
        parts = [spoken_words(name, part, items, text) for part in value]
        return [part for part, _ in parts], _between([words for _, words in parts], text)
    if isinstance(value, dict):
        inner = schema.get("properties") or {}
        parts = {key: spoken_words(key, part, inner.get(key) or {}, text) for key, part in value.items()}
        return {key: part for key, (part, _) in parts.items()}, _between([w for _, w in parts.values()], text)
    if span := searchable_text(text).locate(value):
        return value, text[slice(*span)]
    if value == 1 and (match := re.search(r"\b(?:an?|another|one)\b", text, re.IGNORECASE)):
        return value, match[0]
    if (
        isinstance(value, str)
        and not {"format", "pattern", "enum"} & schema.keys()
        and (words := near(value, text, NEARLY) or stretch(value, text) or _end_of(value, text))
    ):
        return words, words
    raise ValueError(f"the text does not say {name_words(name)} {str(value)[:80]!r}; write it in the text")


def whole_thing(value: str, words: str, text: str, longest: int) -> tuple[str, str]:
    """Value and words of what a text asks for where the value is only what that is about, or for.

    In 'a book about cooking' the thing is a book, in 'camera accessories' no camera; 'some details about the
    lamp' are of a lamp.

    Args: words: those of the text that say the value; longest: characters of a value, 0: any number.
    """
    before, found, after = text.partition(words)
    about, kind = _ABOUT.search(before) if found else None, _OF_A_KIND.match(after)
    if about is not None and _SAYINGS.search(about[1]):
        about = None
    whole = f"{about[1] if about else ''}{words}{kind[0] if kind else ''}"
    return (value, words) if whole == words or 0 < longest < len(whole) else (whole, whole)


def _end_of(value: str, text: str) -> str | None:
    """The last words of a value, two at least, as the text has them: the 'iPhone 13' of 'Apple iPhone 13'."""
    words = value.split()
    for start in range(1, len(words) - 1):
        if span := searchable_text(text).locate(" ".join(words[start:])):
            return text[slice(*span)]
    return None


def _option_words(value: str, text: str) -> str:
    """The words of a text that say an option, a date or a time that was drawn."""
    searchable = searchable_text(text)
    # Nothing that is merely alike: 'price descending' is not 'price ascending'.
    likely = (value, name_words(value), f"{name_words(value)}s")
    for span in filter(None, map(searchable.locate, likely)):
        return text[slice(*span)]
    words = None if value[:1].isdecimal() else stretch(name_words(value), text, least=1.0)
    if words is None:
        raise ValueError(f"the text does not say {name_words(value)!r}; write it in the text")
    return words


def _between(words: Sequence[str], text: str) -> str:
    """From the first to the last of some words, as the text has them."""
    places = [text.find(part) for part in words]
    return text[min(places) : max(place + len(part) for place, part in zip(places, words, strict=True))]
