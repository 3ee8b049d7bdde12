"""The query keeps back what the assistant is to take from the profile, however it could be disguised (§4.3).

Two kinds of values are kept back: those the task takes from the profile, and those that identify the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

from ....records import Query, Reason
from ...text_search import compact
from ...values import scalars
from ..case import Case
from .normalise import MOST, Heard
from .personal_data import disguises

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
    listener = _Listener(case.query)
    for feature, values in kept_back(case):
        for about, leaf in values:
            if (seen := listener.hears(about, leaf)) is not None:
                yield _reason(_message(feature[:60], seen))
                break


def _message(feature: str, seen: str) -> str:
    shown = "stands in the text" if seen == "it" else f"can be told from the text by {seen}"
    return (
        f"the value of {feature!r} {shown}; the assistant knows it: leave it out, "
        f"or write 'my {feature.replace('_', ' ')}' in its place"
    )


def _reason(message: str) -> Reason:
    return Reason(code="query.leak", blames="query", path="query.text", message=message)


def kept_back(case: Case) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Yield every feature with values to keep back, each with the name of the part it is."""
    known = {feature for call in case.task.calls for feature in call.known.values()}
    for feature, value in case.profile.basic.items():
        if feature in known:
            yield feature, list(_parts(feature, value))
        elif isinstance(value, str):
            if _identifies(feature, value):
                yield feature, [(feature, value)]
        elif isinstance(value, dict | list):
            parts = [(about, leaf) for about, leaf in _parts(feature, value) if _identifies(about, leaf)]
            if parts:
                yield feature, parts


def _parts(about: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The scalars of a value, each with the name it goes by: the key nearest to it that says anything."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _parts(f"{about}_{key}", part)
    elif isinstance(value, list):
        for part in value:
            yield from _parts(about, part)
    else:
        yield about, value


@lru_cache(maxsize=8192)
def _identifies(about: str, leaf: Any) -> bool:
    if not isinstance(leaf, str) or len(leaf) < 4:
        return False
    words = about.casefold().split("_")
    personal = not _IDENTIFYING.isdisjoint(words) and words[-1] not in _COMMON
    return personal or (len(leaf) <= 200 and _PERSONAL_VALUE.match(leaf) is not None)


class _Listener:
    """One query, asked whether it shows a value that it does not state."""

    def __init__(self, query: Query) -> None:
        self._heard = heard(query.text)
        self._own = [str(leaf) for intent in query.intents for leaf in scalars(intent.stated)]

    @cached_property
    def _stated(self) -> Heard:
        return Heard("\n".join(self._own), quoted=True)

    def hears(self, about: str, leaf: Any) -> str | None:
        """Return what of a value the text shows, or None."""
        # One letter or digit stands in any text by chance; a yes or no is never said as such.
        if isinstance(leaf, bool) or leaf is None or len(str(leaf)) < 2:
            return None
        if not isinstance(leaf, str):
            return "it" if leaf in self._heard.numbers and not self._states(leaf) else None
        for seen, sight in disguises(about, leaf):
            if sight(self._heard) and not self._states(leaf) and not sight(self._stated):
                return seen
        return None

    def _states(self, leaf: Any) -> bool:
        wanted = compact(str(leaf))
        return any(wanted in compact(one) for one in self._own)


@lru_cache(maxsize=256)
def heard(text: str) -> Heard:
    """Return a query's text made ready for listening; checks and gates ask for the same one."""
    return Heard(text)
