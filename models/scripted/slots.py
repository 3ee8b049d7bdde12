"""What can stand in a blank of a phrase: drawn as a value with its words, and read back from the words.

A slot knows nothing of phrases, kits or roles. `draw` and `read` are inverse: `read(words) == value`.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

NUMBER_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_MONTH = f"(?:{'|'.join(MONTHS)})"


class Slot(Protocol):
    """A kind of value: how it is said, and how it is heard."""

    @property
    def pattern(self) -> str:
        """A regular expression without groups that matches its words."""
        ...

    def draw(self, rng: random.Random, context: str) -> tuple[Any, str]:
        """A value and the words that say it."""
        ...

    def read(self, words: str) -> Any:
        """The value that the words say."""
        ...


def alternation(words: list[str]) -> str:
    """Match any of the words, the longest first so that none hides another."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w))) + ")"


@dataclass(frozen=True)
class Choice:
    """A text out of a list, which may depend on the context."""

    by_context: dict[str, tuple[str, ...]]  # "" where it does not depend on one

    @cached_property
    def _contexts(self) -> dict[str, str]:
        return {word.casefold(): context for context, words in self.by_context.items() for word in words}

    @cached_property
    def _values(self) -> dict[str, str]:
        return {word.casefold(): word for words in self.by_context.values() for word in words}

    @property
    def pattern(self) -> str:
        """A regular expression that matches its words."""
        return alternation(list(self._values.values()))

    def draw(self, rng: random.Random, context: str) -> tuple[str, str]:
        """A value with its words."""
        word = rng.choice(self.by_context.get(context) or self.by_context[""])
        return word, word

    def read(self, words: str) -> str:
        """The value of the words."""
        return self._values[words.casefold()]

    def context_of(self, words: str) -> str:
        """The context whose list holds the words; "" where the list serves all."""
        return self._contexts.get(words.casefold(), "")


@dataclass(frozen=True)
class Says:
    """A value out of a list whose words differ from the value itself, as for enumerations."""

    words: dict[str, tuple[str, ...]]  # value -> ways to say it

    @cached_property
    def _values(self) -> dict[str, str]:
        return {word.casefold(): value for value, words in self.words.items() for word in words}

    @property
    def pattern(self) -> str:
        """A regular expression that matches its words."""
        return alternation([word for words in self.words.values() for word in words])

    def draw(self, rng: random.Random, context: str) -> tuple[str, str]:  # noqa: ARG002
        """A value with its words."""
        value = rng.choice(list(self.words))
        return value, rng.choice(self.words[value])

    def read(self, words: str) -> str:
        """The value of the words."""
        return self._values[words.casefold()]


@dataclass(frozen=True)
class Number:
    """A number on a grid, said in digits, or in words where it is a small integer."""

    low: float
    high: float
    step: float
    integer: bool

    @property
    def pattern(self) -> str:
        """A regular expression that matches its words."""
        words = "|".join(NUMBER_WORDS[1:]) if self.integer else None
        digits = r"\d{1,9}" if self.integer else r"\d{1,9}(?:\.\d{1,2})?"
        return f"(?:{digits}|{words})" if words else digits

    def draw(self, rng: random.Random, context: str) -> tuple[int | float, str]:  # noqa: ARG002
        """A value with its words."""
        steps = round((self.high - self.low) / self.step)
        value = round(self.low + rng.randint(0, steps) * self.step, 2)
        if not self.integer:
            return value, f"{value:.2f}".removesuffix(".00")
        value = int(value)
        spelled = 1 <= value <= 12 and rng.random() < 0.5
        return value, NUMBER_WORDS[value] if spelled else str(value)

    def read(self, words: str) -> int | float:
        """The value of the words."""
        low = words.casefold()
        if low in NUMBER_WORDS:
            return NUMBER_WORDS.index(low)
        return int(words) if self.integer else float(words)


@dataclass(frozen=True)
class Date:
    """A day, ISO as a value, written out in words."""

    start: dt.date
    end: dt.date

    @property
    def pattern(self) -> str:
        """A regular expression that matches its words."""
        return rf"(?:\d{{1,2}} {_MONTH} \d{{4}}|{_MONTH} \d{{1,2}}, \d{{4}}|\d{{4}}-\d{{2}}-\d{{2}})"

    def draw(self, rng: random.Random, context: str) -> tuple[str, str]:  # noqa: ARG002
        """A value with its words."""
        day = self.start + dt.timedelta(days=rng.randint(0, (self.end - self.start).days))
        month = MONTHS[day.month - 1]
        words = rng.choice(
            (f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", day.isoformat())
        )
        return day.isoformat(), words

    def read(self, words: str) -> str:
        """The value of the words."""
        if words[:4].isdigit() and "-" in words:
            return words
        first, second, year = words.replace(",", "").split()
        day, month = (first, second) if first.isdigit() else (second, first)
        return dt.date(
            int(year), [m.casefold() for m in MONTHS].index(month.casefold()) + 1, int(day)
        ).isoformat()


@dataclass(frozen=True)
class Time:
    """A time of day, HH:MM as a value, in the 24-hour or the 12-hour way as words."""

    start: int  # minutes after midnight
    end: int
    step: int

    @property
    def pattern(self) -> str:
        """A regular expression that matches its words."""
        return r"(?:\d{1,2}:\d{2}(?: [ap]m)?|\d{1,2} [ap]m)"

    def draw(self, rng: random.Random, context: str) -> tuple[str, str]:  # noqa: ARG002
        """A value with its words."""
        minutes = self.start + rng.randint(0, (self.end - self.start) // self.step) * self.step
        hour, minute = divmod(minutes, 60)
        value = f"{hour:02d}:{minute:02d}"
        if rng.random() < 0.5:
            return value, value
        half, twelve = ("am" if hour < 12 else "pm"), (hour % 12 or 12)
        return value, f"{twelve}:{minute:02d} {half}" if minute else f"{twelve} {half}"

    def read(self, words: str) -> str:
        """The value of the words."""
        clock, _, half = words.casefold().partition(" ")
        hour, _, minute = clock.partition(":")
        number = int(hour)
        if half:
            number = number % 12 + (12 if half == "pm" else 0)
        return f"{number:02d}:{int(minute or 0):02d}"


@dataclass(frozen=True)
class Code:
    """An identifier such as 'ORD-48213': '#' is a digit, '@' a capital letter."""

    mask: str

    @property
    def pattern(self) -> str:
        """A regular expression that matches its words."""
        return "".join({"#": r"\d", "@": "[A-Z]"}.get(c) or re.escape(c) for c in self.mask)

    def draw(self, rng: random.Random, context: str) -> tuple[str, str]:  # noqa: ARG002
        """A value with its words."""
        pick = {"#": "0123456789", "@": "ABCDEFGHJKLMNPQRSTUVWXYZ"}
        code = "".join(rng.choice(pick[c]) if c in pick else c for c in self.mask)
        return code, code

    def read(self, words: str) -> str:
        """The value of the words."""
        return words.upper()


@dataclass(frozen=True)
class Several:
    """Two or more different values of another slot, said as 'a, b and c'."""

    of: Choice
    low: int
    high: int

    @property
    def pattern(self) -> str:
        """A regular expression that matches its words."""
        one = self.of.pattern
        return f"{one}(?:, {one})*(?: and {one})"

    def draw(self, rng: random.Random, context: str) -> tuple[list[str], str]:
        """A value with its words."""
        pool = self.of.by_context.get(context) or self.of.by_context[""]
        values = rng.sample(pool, min(rng.randint(self.low, self.high), len(pool)))
        return values, ", ".join(values[:-1]) + " and " + values[-1]

    def read(self, words: str) -> list[str]:
        """The value of the words."""
        return [self.of.read(found) for found in self._each(words)]

    def context_of(self, words: str) -> str:
        """The context of the first of them."""
        return self.of.context_of(self._each(words)[0])

    def _each(self, words: str) -> list[str]:
        return re.findall(self.of.pattern, words, re.IGNORECASE)
