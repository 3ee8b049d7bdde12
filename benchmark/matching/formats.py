"""Texts with the same meaning: dates, times and phone numbers in one normal form.

Only what is unambiguous is read: '1 May 2024' is a date, '01/05/2024' is left as it stands (a day or a
month first?). Applied only where a dataset declares the format and asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from ...word_lists import MONTHS

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
    if found := _YEAR_FIRST.fullmatch(plain):
        compact = not found[2] and len(plain) != 8
        return None if compact else _date(int(found[1]), int(found[3]), int(found[4]))
    if found := _DAY_FIRST.fullmatch(plain):
        return _date(int(found[3]), _MONTHS.get(found[2], 0), int(found[1]))
    if found := _MONTH_FIRST.fullmatch(plain):
        return _date(int(found[3]), _MONTHS.get(found[1], 0), int(found[2]))
    return None


def normal_time(text: str) -> str | None:
    """'16:45:00' of '16:45', '4:45 pm', '4.45 p.m.'; None of anything else."""
    found = _TIME.fullmatch(text.strip().lower()) if len(text) <= _LONGEST else None
    if found is None or (found[2] is None and found[4] is None):
        return None
    hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if found[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[4] == "p" else 0)
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
    found = _PHONE.fullmatch(text.translate(_PHONE_FILL)) if len(text) <= _LONGEST else None
    return f"{'+' if found[1] else ''}{found[2]}" if found else None


def _date(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


NORMAL: dict[str, Callable[[str], str | None]] = {
    "date": normal_date,
    "time": normal_time,
    "date-time": normal_date_time,
    "phone": normal_phone,
}
"""schema `format` -> its normal form"""
