"""What a text leaves out is appended by code: options, days, times, numbers, yes and no."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...texts.allusions import ended
from ...texts.search import searchable_text
from ...texts.similar_words import telling_words
from .spoken_words import name_words, option_words, spoken_words, value_words
from .thought_up_values import is_sentence

_DAY, _HOUR = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{2}:\d{2}")


def with_left_out(
    values: Mapping[str, Any],
    say: Mapping[str, Mapping[str, Any]],
    options: Mapping[str, Sequence[str]],
    text: str,
) -> str:
    """The text, and a sentence for every option, day, time, number, yes or no that it does not say.

    Args: options: parameter -> its options.

    Raises ValueError: the text says another option, day or time in the place of the one left out.
    """
    said, left_out = _said_and_left_out(values, say, text)
    rest = _without(said.values(), text)
    for name in left_out:
        value = values[name]
        if other := _another(value, options.get(name, ()), rest):
            raise ValueError(
                f"the text says {other!r}, not {name_words(name)} {value_words(value)!r}; write the latter"
            )
        said_value = option_words(name, value) if isinstance(value, str) else value
        sentence = f"{name_words(name)}: {ended(value_words(said_value))}"
        text = f"{ended(text)} {sentence[0].upper()}{sentence[1:]}"
    return text


def _said_and_left_out(
    values: Mapping[str, Any], say: Mapping[str, Mapping[str, Any]], text: str
) -> tuple[dict[str, str], list[str]]:
    """The words of every value that the text says, and the parameters that code appends."""
    said: dict[str, str] = {}
    left_out: list[str] = []
    for name, value in values.items():
        try:
            _, said[name] = spoken_words(name, value, say[name], text)
        except ValueError:
            # The name of a thing that was thought up belongs into the sentence.
            schema = say[name]
            if isinstance(value, int | float) or (
                isinstance(value, str) and ("const" in schema or is_sentence(schema))
            ):
                left_out.append(name)
    return said, left_out


def _without(words: Iterable[str], text: str) -> str:
    """The text with some of its words blotted out."""
    for part in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", " _ ", text) if part else text
    return text


def _another(value: Any, options: Sequence[str], text: str) -> str | None:
    """What a text says in the place of an option, a day or a time: another one; None: nothing.

    Of an option those words count that the right one does not have: 'descending' of 'price_descending'.
    """
    own = telling_words(value_words(value)) if isinstance(value, str) else set()
    there = telling_words(text)
    for option in options:
        words = telling_words(name_words(option)) - own
        if option != value and words and words <= there:
            return name_words(option)
    if isinstance(value, str):
        searchable = searchable_text(text)
        found = (
            searchable.dates if _DAY.fullmatch(value) else searchable.times if _HOUR.fullmatch(value) else ()
        )
        return next((text[slice(*span)] for _, span in found), None)
    return None
