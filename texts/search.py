"""Finding a value in a text: words, numbers, dates and times as people write them, never half a word.

Case, punctuation and blanks do not count, so "SW1A 1AA" is found as "sw1a1aa", while "one" is not found in
"someone" and 5 not in "25". Everything is linear in the text. This module knows no query and no parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cached_property, lru_cache
from typing import Any

from .values import same
from .word_lists import MONTHS, NUMBER_WORDS, TENS, alternation

Span = tuple[int, int]
"""Start and end in the text, in characters."""

_TOKEN = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"(?<![\w.,])[-−]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?")
_SMALL = {word: number for number, word in enumerate(NUMBER_WORDS)} | {
    "once": 1,
    "single": 1,
    "twice": 2,
    "couple": 2,
    "pair": 2,
}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1_000, "million": 1_000_000}
_NUMBER_WORD = "|".join((*_SMALL, *TENS, *_SCALES))
# Case of ASCII letters alone where a word is looked up: a long s or a dotless i matches s and i otherwise.
_RUN = re.compile(rf"\b(?ai:{_NUMBER_WORD})(?:(?:\s+(?i:and)\s+|\s+|-)(?ai:{_NUMBER_WORD}))*\b")
_SCALE_AFTER = re.compile(rf"\s+((?ai:{'|'.join(_SCALES)}))\b")
_HALF = re.compile(r"\bhalf\s+(?:a\s+)?(dozen\b)?", re.IGNORECASE)

_MONTHS = MONTHS["en"]
_MONTH = rf"((?ai:{alternation(_MONTHS)}))\b\.?"
_DAY = r"\b(\d{1,2})(?:st|nd|rd|th)?\b"
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})(?!\d)")
_DAY_FIRST = re.compile(rf"{_DAY}(?:\s+of)?\s+{_MONTH},?\s+(\d{{4}})\b", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\s+(?:the\s+)?{_DAY},?\s+(\d{{4}})\b", re.IGNORECASE)
_TWELVE = re.compile(r"\b(\d{1,2})(?:[:.]([0-5]\d))?\s*([ap])\.?\s?m\b", re.IGNORECASE)
_TWENTY_FOUR = re.compile(r"(?:\b|(?<=\dT))([01]?\d|2[0-3]):([0-5]\d)(?!\s*[ap]\.?m\b)", re.IGNORECASE)
_NAMED_TIME = re.compile(r"\b((?ai:noon|midday|midnight))\b")
_NAMED_TIMES = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})\Z")
_ISO_TIME = re.compile(r"(\d{2}:\d{2})(?::00)?Z?\Z")
_ISO_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::00)?(?:Z|\+00:00)?\Z")
_SHORT = 200
# Han, kana and hangul are written without blanks: there a word has no borders to respect.
_UNSPACED = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]")


class SearchableText:
    """A text made ready for searching."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _joined(self) -> tuple[str, dict[int, int], dict[int, int]]:
        """Letters and digits without what stands between, and where in them words start and end."""
        parts: list[str] = []
        starts: dict[int, int] = {}
        ends: dict[int, int] = {}
        at = 0
        for token in _TOKEN.finditer(self.text):
            part = token[0].casefold()
            parts.append(part)
            starts[at] = token.start()
            at += len(part)
            ends[at] = token.end()
        return "".join(parts), starts, ends

    @property
    def joined(self) -> str:
        """Its letters and digits without what stands between, in one case."""
        return self._joined[0]

    def find(self, phrase: str) -> Span | None:
        """Find whole words, whatever their case, punctuation and spacing."""
        wanted = compact(phrase)
        if not wanted:
            return None
        joined, starts, ends = self._joined
        at = joined.find(wanted)
        while at >= 0:
            if at in starts and at + len(wanted) in ends:
                return starts[at], ends[at + len(wanted)]
            at = joined.find(wanted, at + 1)
        if _UNSPACED.search(wanted):
            # Not in the casefolded text: letters before it may have become longer there.
            match = re.search(re.escape(phrase), self.text, re.IGNORECASE)
            return match.span() if match else None
        return None

    @cached_property
    def numbers(self) -> list[tuple[float, Span]]:
        """Every number, written in digits or in words."""
        found = [_digits(match, self.text) for match in _DIGITS.finditer(self.text)]
        found += [(_words(match[0]), match.span()) for match in _RUN.finditer(self.text)]
        halves = [(6 if match[1] else 0.5, match.span()) for match in _HALF.finditer(self.text)]
        # The dozen of "half a dozen" is none.
        return [
            (number, span)
            for number, span in found
            if not any(start <= span[0] < end for _, (start, end) in halves)
        ] + halves

    @cached_property
    def dates(self) -> list[tuple[str, Span]]:
        """Every full date, as ISO text."""
        found = [(match[0], match.span()) for match in _ISO.finditer(self.text)]
        found += [
            (_date(match[3], match[2], match[1]), match.span()) for match in _DAY_FIRST.finditer(self.text)
        ]
        found += [
            (_date(match[3], match[1], match[2]), match.span()) for match in _MONTH_FIRST.finditer(self.text)
        ]
        return found

    @cached_property
    def times(self) -> list[tuple[str, Span]]:
        """Every time of day, as HH:MM."""
        found = [_twenty_four(match) for match in _TWENTY_FOUR.finditer(self.text)]
        found += [_twelve(match) for match in _TWELVE.finditer(self.text)]
        found += [(_NAMED_TIMES[match[0].lower()], match.span()) for match in _NAMED_TIME.finditer(self.text)]
        return found

    def locate(self, value: Any) -> Span | None:
        """Find where the text says a value; lists and objects part by part; a yes or no is never found."""
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return next((span for number, span in self.numbers if same(number, value)), None)
        if isinstance(value, str):
            return self._locate_text(value)
        parts = list(value.values()) if isinstance(value, dict) else value
        spans = [self.locate(part) for part in parts]
        if not spans or None in spans:
            return None
        return min(span[0] for span in spans if span), max(span[1] for span in spans if span)

    def _locate_text(self, value: str) -> Span | None:
        if found := self.find(value):
            return found
        if not value[:1].isdecimal():
            return None
        if match := _ISO_DATE.match(value):
            return _look_up(self.dates, match[1])
        if match := _ISO_TIME.match(value):
            return _look_up(self.times, match[1])
        if match := _ISO_MOMENT.match(value):
            day, hour = _look_up(self.dates, match[1]), _look_up(self.times, match[2])
            return (min(day[0], hour[0]), max(day[1], hour[1])) if day and hour else None
        return None


def may_stand_in(value: str) -> Callable[[SearchableText], bool]:
    """A quick look whether a text may say a value: where it denies that, `locate` finds nothing."""
    wanted = compact(value)
    only_as_written = wanted and not value[:1].isdecimal() and not _UNSPACED.search(wanted)
    return lambda text: not only_as_written or wanted in text.joined


@lru_cache(maxsize=512)
def searchable_text(text: str) -> SearchableText:
    """Return the text made ready for searching, prepared once."""
    return SearchableText(text)


def find_quote(words: str, text: str, taken: Collection[Span] = ()) -> Span | None:
    """Find words as they are written: where they stand for themselves, else inside a word, never in a number.

    Args:
        words: as somebody says they stand in the text, '2'.
        text: 'Take 12 cups and 2 plates': the second 2 is meant.
        taken: places that stand for something else; one of them is found only where there is no other.
    """
    spare: Span | None = None
    second: Span | None = None
    at = text.find(words) if words.strip() else -1
    while at >= 0:
        span = at, at + len(words)
        if not cuts_a_number(text, span):
            if not _cuts_a_word(text, span):
                if span not in taken:
                    return span
                second = second or span
            spare = spare or span
        at = text.find(words, at + 1)
    return second or spare


_NUMBER_BEFORE = re.compile(r"\d[.,:]?\Z")
_NUMBER_BEHIND = re.compile(r"[.,:]?\d")


def cuts_a_number(text: str, span: Span) -> bool:
    """Tell whether a span begins or ends within a number or a time: 5 in '15', '2.5' or '5:30'."""
    start, end = span
    if text[start].isdecimal() and _NUMBER_BEFORE.search(text[max(0, start - 2) : start]):
        return True
    return text[end - 1].isdecimal() and _NUMBER_BEHIND.match(text[end : end + 2]) is not None


def _cuts_a_word(text: str, span: Span) -> bool:
    start, end = span
    before, behind = text[max(0, start - 1) : start + 1], text[end - 1 : end + 1]
    return any(len(two) == 2 and two.isalnum() for two in (before, behind))


def compact(text: str) -> str:
    """Letters and digits alone, in one case."""
    # The same short values are looked for in thousands of texts.
    return _kept(text) if len(text) <= _SHORT else _squeezed(text)


def _squeezed(text: str) -> str:
    return "".join(_TOKEN.findall(text)).casefold()


_kept = lru_cache(maxsize=8192)(_squeezed)


def states_value(words: str, value: Any, schema: dict[str, Any]) -> bool:
    """Tell whether words that are said to state a value do.

    Options and yes/no values may be paraphrased, so any words do for them; everything else must be found.

    Args:
        words: what the query says.
        value: the value meant.
        schema: JSON Schema of the parameter; {} where nothing is known.
    """
    if isinstance(value, bool) or "enum" in schema:
        return bool(words.strip())
    if isinstance(value, list):
        return bool(value) and all(states_value(words, part, schema.get("items") or {}) for part in value)
    if isinstance(value, dict):
        inner = schema.get("properties") or {}
        return bool(value) and all(
            states_value(words, part, inner.get(name) or {}) for name, part in value.items()
        )
    if isinstance(value, str) and (whole := compact(value)) and compact(words) == whole:
        return True  # most words are the value itself
    if searchable_text(words).locate(value):
        return True
    return value == 1 and re.search(r"\b(?:an?|another)\b", words, re.IGNORECASE) is not None


def _digits(match: re.Match[str], text: str) -> tuple[float, Span]:
    number = float(match[0].replace(",", "").replace("−", "-"))
    if scale := _SCALE_AFTER.match(text, match.end()):
        return number * _SCALES[scale[1].lower()], (match.start(), scale.end())
    return number, match.span()


def _words(run: str) -> int:
    total = current = 0
    for word in re.findall(r"[a-z]+", run.lower()):
        if word == "and":
            continue
        if (scale := _SCALES.get(word)) is None:
            current += _SMALL.get(word) or TENS.get(word) or 0
        elif scale > 100:
            total, current = total + max(current, 1) * scale, 0
        else:
            current = max(current, 1) * scale
    return total + current


def _twenty_four(match: re.Match[str]) -> tuple[str, Span]:
    return f"{int(match[1]):02}:{match[2]}", match.span()


def _twelve(match: re.Match[str]) -> tuple[str, Span]:
    hour = int(match[1]) % 12 + (12 if match[3] in "pP" else 0)
    return f"{hour:02}:{match[2] or '00'}", match.span()


def _date(year: str, month: str, day: str) -> str:
    return f"{year}-{_MONTHS[month.lower()]:02}-{int(day):02}"


def _look_up(found: list[tuple[str, Span]], wanted: str) -> Span | None:
    return next((span for value, span in found if value == wanted), None)
