"""The check that no query shows, however disguised, what the assistant is to take from the profile (§4.3).

Two kinds of values are withheld: those the task takes from the profile, and those that identify the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

from ....records import Query, Reason
from ....texts.search import compact
from ....texts.values import scalars
from ..case import Case
from .normalise import MOST, NormalisedText, read_in_every_language
from .personal_data import patterns_for

_IDENTIFYING_WORDS = """
name surname username login password pin email mail phone mobile telephone address street postcode zip card
iban account passport ssn tax vat licence license plate birth birthday birthdate
"""
_COMMON_WORDS = """
city town place country state region province county type kind brand model carrier provider operator network
plan bank issuer level tier status class
"""
_IDENTIFYING = frozenset(_IDENTIFYING_WORDS.split())
_COMMON = frozenset(_COMMON_WORDS.split())
"""Last words of names of things that many people share: an address's city, a card's brand."""
_PERSONAL_VALUE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z|\+?[\d\s().-]{7,}\Z")


def leak(case: Case) -> Iterator[Reason]:
    """The text holds no value of a feature the profile is to fill, and nothing that identifies the user.

    A value the query is to state is its own, even if the profile holds it too: what the stated values show
    of a profile value, the text may show as well.
    """
    if len(case.query.text) > MOST:
        message = f"got {len(case.query.text)} characters, more than the {MOST} that are searched for values"
        yield _reason(message)
        return
    text = _QueryText(case.query)
    for feature, values in withheld_values(case):
        for name, value in values:
            if (form := text.form_of(name, value)) is not None:
                yield _reason(_message(feature[:60], form))
                break


def _message(feature: str, form: str) -> str:
    shown = "stands in the text" if form == "it" else f"can be told from the text by {form}"
    return (
        f"the value of {feature!r} {shown}; the assistant knows it: leave it out, "
        f"or write 'my {feature.replace('_', ' ')}' in its place"
    )


def _reason(message: str) -> Reason:
    return Reason(code="query.leak", blames="query", path="query.text", message=message)


def withheld_values(case: Case) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Yield every feature with the scalars that the query is not to show, each with its part's name."""
    known = {feature for call in case.task.calls for feature in call.known.values()}
    for feature, value in case.profile.basic.items():
        if feature in known:
            yield feature, list(_parts(feature, value))
        elif isinstance(value, str):
            if _identifies(feature, value):
                yield feature, [(feature, value)]
        elif isinstance(value, dict | list):
            parts = [(name, part) for name, part in _parts(feature, value) if _identifies(name, part)]
            if parts:
                yield feature, parts


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The scalars of a value, each with its feature's name and the keys that lead to it: 'contact_phone'."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _parts(f"{name}_{key}", part)
    elif isinstance(value, list):
        for part in value:
            yield from _parts(name, part)
    else:
        yield name, value


@lru_cache(maxsize=8192)
def _identifies(name: str, value: Any) -> bool:
    """Whether a scalar identifies the user, by its name or by its form; a number never does."""
    if not isinstance(value, str) or len(value) < 4:
        return False
    words = name.casefold().split("_")
    personal = not _IDENTIFYING.isdisjoint(words) and words[-1] not in _COMMON
    return personal or (len(value) <= 200 and _PERSONAL_VALUE.match(value) is not None)


class _QueryText:
    """The text of one query, asked whether it shows a value that the query does not state."""

    def __init__(self, query: Query) -> None:
        self._readings = readings_of(query.text)
        self._stated = [str(leaf) for intent in query.intents for leaf in scalars(intent.stated)]

    @cached_property
    def _stated_readings(self) -> tuple[NormalisedText, ...]:
        return read_in_every_language("\n".join(self._stated), quoted=True)

    def form_of(self, feature: str, value: Any) -> str | None:
        """Return the form in which the text shows a value, 'it' or 'its last seven digits'; else None."""
        # One letter or digit stands in any text by chance; a yes or no is never said as such.
        if isinstance(value, bool) or value is None or len(str(value)) < 2:
            return None
        if not isinstance(value, str):
            shown = any(value in reading.numbers for reading in self._readings)
            return "it" if shown and not self._states(value) else None
        for form, matches in patterns_for(feature, value):
            shown = any(map(matches, self._readings))
            if shown and not self._states(value) and not any(map(matches, self._stated_readings)):
                return form
        return None

    def _states(self, value: Any) -> bool:
        wanted = compact(str(value))
        return any(wanted in compact(stated) for stated in self._stated)


@lru_cache(maxsize=256)
def readings_of(text: str) -> tuple[NormalisedText, ...]:
    """Return a query's text as it is read in each of its languages; checks and gates ask for the same one."""
    return read_in_every_language(text)
