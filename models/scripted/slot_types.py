"""Slots: the values that may fill a template's placeholder, and the words that state each of them.

`sample` draws a value with its wording, `parse` reads the wording back: `parse(wording) == value`. A slot
knows nothing of templates, kits or roles.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...texts.word_lists import MONTH_NAMES, MONTHS, NUMBER_WORDS

_SPELLED_OUT = NUMBER_WORDS[:13]
"""Zero to twelve: larger numbers are written in digits."""
_MONTH = f"(?:{'|'.join(MONTH_NAMES)})"


class Slot(ABC):
    """A kind of value and how it is worded."""

    @abstractmethod
    def ends(self, text: str, start: int) -> Iterable[int]:
        """Where a wording that begins at `start` may end in a text, the longest first."""

    @abstractmethod
    def sample(self, rng: random.Random, context: str) -> tuple[Any, str]:
        """A value and words that state it; `context` is the kind of need it is asked in."""

    @abstractmethod
    def parse(self, wording: str) -> Any:
        """The value that the words state."""

    def context_of(self, wording: str) -> str:
        """The kind of need that only these words belong to; "" where they serve several."""
        del wording
        return ""


class _WordSlot(Slot):
    """A slot whose wordings are a list of texts.

    They are looked up. As an expression, hundreds of texts in each of a kit's hundreds of templates took a
    second to compile.
    """

    @cached_property
    @abstractmethod
    def _values(self) -> dict[str, str]:
        """Case-folded wording -> what it states."""

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(wording) for wording in self._values}, reverse=True)

    def ends(self, text: str, start: int) -> list[int]:
        return [
            start + length
            for length in self._lengths
            if text[start : start + length].casefold() in self._values and start + length <= len(text)
        ]

    def parse(self, wording: str) -> str:
        return self._values[wording.casefold()]


class _PatternSlot(Slot):
    """A slot whose wordings have a form."""

    @property
    @abstractmethod
    def _pattern(self) -> str:
        """A regular expression that matches every wording."""

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(self._pattern, re.IGNORECASE)

    def ends(self, text: str, start: int) -> Iterator[int]:
        longest = self._regex.match(text, start)
        for end in range(longest.end() if longest else start, start, -1):
            if self._regex.fullmatch(text, start, end):
                yield end


@dataclass(frozen=True)
class ChoiceSlot(_WordSlot):
    """A text out of a list, which may depend on the context; the text is its own wording."""

    by_context: dict[str, tuple[str, ...]]  # "" where it does not depend on one

    @cached_property
    def _contexts(self) -> dict[str, str]:
        return {word.casefold(): context for context, words in self.by_context.items() for word in words}

    @cached_property
    def _values(self) -> dict[str, str]:
        return {word.casefold(): word for words in self.by_context.values() for word in words}

    def choices(self, context: str) -> tuple[str, ...]:
        """The list that serves a context."""
        return self.by_context.get(context) or self.by_context[""]

    def sample(self, rng: random.Random, context: str) -> tuple[str, str]:
        word = rng.choice(self.choices(context))
        return word, word

    def context_of(self, wording: str) -> str:
        return self._contexts.get(wording.casefold(), "")


@dataclass(frozen=True)
class EnumSlot(_WordSlot):
    """A value out of a list whose wording differs from the value itself, as for enumerations."""

    wordings: dict[str, tuple[str, ...]]  # value -> ways to say it

    @cached_property
    def _values(self) -> dict[str, str]:
        return {word.casefold(): value for value, words in self.wordings.items() for word in words}

    def sample(self, rng: random.Random, context: str) -> tuple[str, str]:  # noqa: ARG002
        value = rng.choice(list(self.wordings))
        return value, rng.choice(self.wordings[value])


@dataclass(frozen=True)
class NumberSlot(_PatternSlot):
    """A number on a grid, in digits, or spelled out where it is a small integer."""

    grids: Mapping[str, tuple[float, float, float]]
    """kind of need -> (low, high, step); under "" where it does not depend on one"""
    integer: bool

    @property
    def _pattern(self) -> str:
        if self.integer:
            return rf"(?:\d{{1,9}}|{'|'.join(_SPELLED_OUT[1:])})"
        return r"\d{1,9}(?:\.\d{1,2})?"

    def sample(self, rng: random.Random, context: str) -> tuple[int | float, str]:
        low, high, step = self.grids.get(context) or self.grids[""]
        value = round(low + rng.randint(0, round((high - low) / step)) * step, 2)
        if not self.integer:
            return value, f"{value:.2f}".removesuffix(".00")
        value = int(value)
        spelled = 1 <= value <= 12 and rng.random() < 0.5
        return value, _SPELLED_OUT[value] if spelled else str(value)

    def parse(self, wording: str) -> int | float:
        lowered = wording.casefold()
        if lowered in _SPELLED_OUT:
            return _SPELLED_OUT.index(lowered)
        return int(wording) if self.integer else float(wording)


@dataclass(frozen=True)
class DateSlot(_PatternSlot):
    """A day, ISO as a value, written '3 February 2027', 'February 3, 2027' or as ISO."""

    first: dt.date
    last: dt.date

    @property
    def _pattern(self) -> str:
        return rf"(?:\d{{1,2}} {_MONTH} \d{{4}}|{_MONTH} \d{{1,2}}, \d{{4}}|\d{{4}}-\d{{2}}-\d{{2}})"

    def sample(self, rng: random.Random, context: str) -> tuple[str, str]:  # noqa: ARG002
        day = self.first + dt.timedelta(days=rng.randint(0, (self.last - self.first).days))
        month = MONTH_NAMES[day.month - 1]
        wordings = (f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", day.isoformat())
        return day.isoformat(), rng.choice(wordings)

    def parse(self, wording: str) -> str:
        if wording[:4].isdigit() and "-" in wording:
            return wording
        first, second, year = wording.replace(",", "").split()
        day, month = (first, second) if first.isdigit() else (second, first)
        return dt.date(int(year), MONTHS["en"][month.casefold()], int(day)).isoformat()


@dataclass(frozen=True)
class TimeSlot(_PatternSlot):
    """A time of day, HH:MM as a value, written '19:30' or '7:30 pm'."""

    first: int  # minutes after midnight
    last: int
    step: int

    @property
    def _pattern(self) -> str:
        return r"(?:\d{1,2}:\d{2}(?: [ap]m)?|\d{1,2} [ap]m)"

    def sample(self, rng: random.Random, context: str) -> tuple[str, str]:  # noqa: ARG002
        minutes = self.first + rng.randint(0, (self.last - self.first) // self.step) * self.step
        hour, minute = divmod(minutes, 60)
        value = f"{hour:02d}:{minute:02d}"
        if rng.random() < 0.5:
            return value, value
        half, twelve = ("am" if hour < 12 else "pm"), (hour % 12 or 12)
        return value, f"{twelve}:{minute:02d} {half}" if minute else f"{twelve} {half}"

    def parse(self, wording: str) -> str:
        clock, _, half = wording.casefold().partition(" ")
        hour_digits, _, minute = clock.partition(":")
        hour = int(hour_digits)
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
        return f"{hour:02d}:{int(minute or 0):02d}"


@dataclass(frozen=True)
class CodeSlot(_PatternSlot):
    """An identifier such as 'ORD-48213': '#' is a digit, '@' a capital letter."""

    mask: str

    @property
    def _pattern(self) -> str:
        return "".join({"#": r"\d", "@": "[A-Z]"}.get(c) or re.escape(c) for c in self.mask)

    def sample(self, rng: random.Random, context: str) -> tuple[str, str]:  # noqa: ARG002
        alphabets = {"#": "0123456789", "@": "ABCDEFGHJKLMNPQRSTUVWXYZ"}
        code = "".join(rng.choice(alphabets[c]) if c in alphabets else c for c in self.mask)
        return code, code

    def parse(self, wording: str) -> str:
        return wording.upper()


@dataclass(frozen=True)
class ListSlot(Slot):
    """Two or more different values of a choice, written as 'a, b and c'."""

    item: ChoiceSlot
    low: int
    high: int

    def ends(self, text: str, start: int) -> Iterator[int]:
        return (end for end, _ in self._readings(text, start))

    def _readings(self, text: str, start: int, *before: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Every list that goes on with the item at `start`: where it ends, and its items; long ones first."""
        for end in self.item.ends(text, start):
            items = (*before, text[start:end])
            if text.startswith(", ", end):
                yield from self._readings(text, end + 2, *items)
            if text[end : end + 5].casefold() == " and ":
                yield from ((last, (*items, text[end + 5 : last])) for last in self.item.ends(text, end + 5))

    def sample(self, rng: random.Random, context: str) -> tuple[list[str], str]:
        choices = self.item.choices(context)
        values = rng.sample(choices, min(rng.randint(self.low, self.high), len(choices)))
        return values, ", ".join(values[:-1]) + " and " + values[-1]

    def parse(self, wording: str) -> list[str]:
        return [self.item.parse(word) for word in self._items(wording)]

    def context_of(self, wording: str) -> str:
        """The context of the first of them."""
        return self.item.context_of(self._items(wording)[0])

    def _items(self, wording: str) -> tuple[str, ...]:
        return next(items for end, items in self._readings(wording, 0) if end == len(wording))
