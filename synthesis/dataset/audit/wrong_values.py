"""Values slightly or wholly beside the right one: another one of its kind, an outdated one, any valid one.

It knows JSON Schemas and JSON values; what they are for, and whether a value is wrong, others decide.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from typing import Any

from ....environments.mock_responses import value_for_schema

_LARGE = 2**53  # beyond it JSON carries no integer safely, and adding to a float changes nothing
_LONG = 300  # characters; no address is longer
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_MAIL = re.compile(r"([^@\s]+)@([^@\s]+\.[^@\s]+)\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_PHONE = re.compile(r"\+?[\d\s().-]{6,}\Z")
_ADDRESS_WORDS = frozenset(
    ["address", "street", "postcode", "zip", "home", "email", "mail", "phone", "mobile", "telephone"]
)


def similar_values(schema: Any, value: Any, rng: Random) -> Iterator[Any]:
    """Other values close to one, or of the same list; the caller picks one that is valid and wrong.

    Args:
        schema: JSON Schema of the value.
        value: the right one.
        rng: decides the order.
    """
    schema = schema if isinstance(schema, dict) else {}
    if isinstance(choices := schema.get("enum"), list):
        yield from rng.sample(choices, len(choices))
        return
    match value:
        case bool():
            yield not value
        case int() | float():
            steps = rng.sample((1, 2, 3, 5, -1, -2, -3, -5), 8)
            yield from (value + step for step in steps if abs(value) < _LARGE)
        case str():
            yield from _similar_texts(value, rng)
        case list():
            yield from _similar_lists(schema, value, rng)
        case dict():
            for name in rng.sample(list(value), len(value)):
                inside = (schema.get("properties") or {}).get(name)
                for similar in similar_values(inside, value[name], rng):
                    yield {**value, name: similar}


def _similar_lists(schema: dict[str, Any], value: list[Any], rng: Random) -> Iterator[Any]:
    for place in rng.sample(range(len(value)), len(value)):
        for similar in similar_values(schema.get("items"), value[place], rng):
            yield [*value[:place], similar, *value[place + 1 :]]
        yield [*value[:place], *value[place + 1 :]]


def _similar_texts(value: str, rng: Random) -> Iterator[str]:
    with suppress(ValueError, OverflowError):
        day = dt.date.fromisoformat(value[:10]) + dt.timedelta(days=rng.randint(1, 6))
        yield day.isoformat() + value[10:]
    if clock := _CLOCK.search(value):
        hour = (int(clock[1]) + rng.randint(1, 5)) % 24
        yield f"{value[: clock.start()]}{hour:02}:{clock[2]}{value[clock.end() :]}"
    if digit := _last_digit(value):
        yield _with_digit(value, digit.start(), rng)
    words = value.split()
    if len(words) > 1:
        yield " ".join(words[:-1])


def _last_digit(value: str) -> re.Match[str] | None:
    return next(re.finditer(r"[0-9](?=[^0-9]*\Z)", value), None)


def _with_digit(value: str, place: int, rng: Random) -> str:
    digit = (int(value[place]) + rng.randint(1, 9)) % 10
    return f"{value[:place]}{digit}{value[place + 1 :]}"


def is_address(feature: str, value: Any) -> bool:
    """Tell whether a feature's value is where somebody lives or can be reached."""
    if isinstance(value, dict):
        return any(is_address(feature, part) for part in value.values())
    if not isinstance(value, str) or len(value) > _LONG or _DAY.match(value):
        return False
    named = not _ADDRESS_WORDS.isdisjoint(feature.split("_")) and _last_digit(value)
    return bool(named or _MAIL.match(value) or (_PHONE.match(value) and _last_digit(value)))


def former_addresses(value: Any, rng: Random) -> Iterator[Any]:
    """Where somebody lived or was reached before: another house, another line, another provider."""
    return _change_texts(value, rng, _former)


def misspelt(value: Any, rng: Random) -> Iterator[Any]:
    """The same with one character wrong: a digit where there is one, else a letter twice."""
    return _change_texts(value, rng, _misspelt)


def _change_texts(value: Any, rng: Random, change: Callable[[str, Random], Iterator[str]]) -> Iterator[Any]:
    if isinstance(value, dict):
        for name in value:
            yield from ({**value, name: changed} for changed in _change_texts(value[name], rng, change))
    elif isinstance(value, str):
        yield from change(value, rng)


def _former(value: str, rng: Random) -> Iterator[str]:
    if mail := _MAIL.match(value):
        yield f"{mail[1]}@{rng.choice(('old', 'former', 'previous'))}.{mail[2]}"
    elif not _PHONE.match(value) and (house := re.search(r"(?<![0-9])[0-9]{1,4}(?![0-9])", value)):
        yield f"{value[: house.start()]}{int(house[0]) + rng.randint(1, 9)}{value[house.end() :]}"
    elif len(digits := [digit.start() for digit in re.finditer("[0-9]", value)]) > 3:
        for place in digits[-4:]:
            value = _with_digit(value, place, rng)
        yield value


def _misspelt(value: str, rng: Random) -> Iterator[str]:
    digits = [digit.start() for digit in re.finditer("[0-9]", value)]
    for place in rng.sample(digits, len(digits)):
        yield _with_digit(value, place, rng)
    letters = [letter.start() for letter in re.finditer(r"[^\W\d_]", value)]
    for place in rng.sample(letters, min(len(letters), 3)):
        yield value[:place] + value[place] + value[place:]


def any_value(schema: Any, key: Any) -> Any:
    """Any value a schema admits, as far as one can be made from it.

    Args:
        schema: JSON Schema of the value.
        key: any JSON value; the same key gives the same value.
    """
    return value_for_schema(schema if isinstance(schema, dict) else {}, key, {}, ())


def shown(value: Any) -> str:
    """A value in at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
