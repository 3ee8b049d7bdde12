"""Whether a value is an accepted one: typed JSON values, and the few liberties a dataset may declare.

1 is not "1", True is not 1, 5 is 5.0; lists are ordered unless the schema says `uniqueItems`. Where a
dataset declares a format and asks for it, dates, times and phone numbers are compared in one normal form.
Only what is unambiguous is read: '1 May 2024' is a date, '01/05/2024' is left as it stands (a day or a month
first?). It knows values and their schema, not calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from ...texts.word_lists import MONTHS
from ..items import Rules

_EMPTY_SCHEMA: dict[str, Any] = {}
_NOT_FOLDED = str.maketrans("", "", " ,./-_*^")


def accepted(value: Any, wanted: tuple[Any, ...], schema: dict[str, Any], rules: Rules) -> bool:
    """Whether `value` means the same as one of `wanted`."""
    return any(same(value, candidate, schema, rules) for candidate in wanted)


def same(value: Any, wanted: Any, schema: dict[str, Any], rules: Rules) -> bool:
    """Whether two JSON values mean the same under a schema and a dataset's rules."""
    if isinstance(value, bool) or isinstance(wanted, bool) or value is None or wanted is None:
        return value is wanted
    if isinstance(value, str) and isinstance(wanted, str):
        return value == wanted or _same_text(value, wanted, schema, rules)
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return value == wanted
    if isinstance(value, list | tuple) and isinstance(wanted, list | tuple):
        return len(value) == len(wanted) and _same_list(value, wanted, schema, rules)
    if isinstance(value, dict) and isinstance(wanted, dict):
        inner = subschema(schema, "properties")
        return value.keys() == wanted.keys() and all(
            same(value[key], expected, subschema(inner, key), rules) for key, expected in wanted.items()
        )
    return False


def subschema(schema: Any, key: str) -> dict[str, Any]:
    """What stands under a key of a schema; nothing where the dataset's schema is odd."""
    inner = schema.get(key) if isinstance(schema, dict) else None
    return inner if isinstance(inner, dict) else _EMPTY_SCHEMA


def _same_text(value: str, wanted: str, schema: dict[str, Any], rules: Rules) -> bool:
    if rules.text == "folded" and fold_text(value) == fold_text(wanted):
        return True
    if not rules.normalise:
        return False
    declared = schema.get("format")
    normal = NORMAL_FORMS.get(declared) if isinstance(declared, str) and declared in rules.normalise else None
    meaning = normal(wanted) if normal else None
    return normal is not None and meaning is not None and normal(value) == meaning


def fold_text(text: str) -> str:
    """A text without case, spaces and `,./-_*^`, as BFCL and ACEBench compare texts."""
    return text.lower().translate(_NOT_FOLDED).replace("'", '"')


def _same_list(value: Any, wanted: Any, schema: dict[str, Any], rules: Rules) -> bool:
    items = subschema(schema, "items")
    if schema.get("uniqueItems") is not True:
        return all(same(element, other, items, rules) for element, other in zip(value, wanted, strict=True))
    left = list(wanted)
    for element in value:
        place = next((n for n, other in enumerate(left) if same(element, other, items, rules)), None)
        if place is None:
            return False
        del left[place]
    return True


_LONGEST = 64
_MONTHS = MONTHS["en"]
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.]?)([0-9]{1,2})\2([0-9]{1,2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?(?: of)? ([a-z]+)\.?,? ([0-9]{4})")
_MONTH_FIRST = re.compile(r"([a-z]+)\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})")
_TIME = re.compile(r"([0-9]{1,2})(?:[:.h]([0-9]{2})(?::([0-9]{2})(?:\.0+)?)?)? ?([ap])?\.?(?:m\.?)?")
_PHONE = re.compile(r"(\+|00)?([0-9]{3,20})")
_PHONE_FILL = str.maketrans("", "", " -./()\u00a0\u2011")


def normal_date(text: str) -> str | None:
    """'2024-05-01' of '1 May 2024', 'May 1st, 2024', '2024/5/1', '20240501'; None of anything else."""
    if len(text) > _LONGEST:
        return None
    plain = " ".join(text.lower().split())
    if match := _YEAR_FIRST.fullmatch(plain):
        compact = not match[2] and len(plain) != 8
        return None if compact else _date(int(match[1]), int(match[3]), int(match[4]))
    if match := _DAY_FIRST.fullmatch(plain):
        return _date(int(match[3]), _MONTHS.get(match[2], 0), int(match[1]))
    if match := _MONTH_FIRST.fullmatch(plain):
        return _date(int(match[3]), _MONTHS.get(match[1], 0), int(match[2]))
    return None


def normal_time(text: str) -> str | None:
    """'16:45:00' of '16:45', '4:45 pm', '4.45 p.m.'; None of anything else."""
    match = _TIME.fullmatch(text.strip().lower()) if len(text) <= _LONGEST else None
    if match is None or (match[2] is None and match[4] is None):
        return None
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[4] == "p" else 0)
    return f"{hour:02}:{minute:02}:{second:02}" if hour < 24 and minute < 60 and second < 60 else None


def normal_date_time(text: str) -> str | None:
    """A date and a time separated by 'T' or a blank, without a time zone; None of anything else."""
    day, separator, clock = text.strip().partition("T" if "T" in text[:11] else " ")
    if not separator or len(text) > _LONGEST:
        return None
    first, second = normal_date(day), normal_time(clock)
    return f"{first}T{second}" if first and second else None


def normal_phone(text: str) -> str | None:
    """'+34698483444' of '+34 698 48-34-44' and of '0034 698483444'; None of what is no number."""
    match = _PHONE.fullmatch(text.translate(_PHONE_FILL)) if len(text) <= _LONGEST else None
    return f"{'+' if match[1] else ''}{match[2]}" if match else None


def _date(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


NORMAL_FORMS: dict[str, Callable[[str], str | None]] = {
    "date": normal_date,
    "time": normal_time,
    "date-time": normal_date_time,
    "phone": normal_phone,
}
"""schema `format` -> its normal form"""
