"""Patterns that find a personal value in a text although it is regrouped, reordered, spelled out or cut.

What kind of thing a value is follows from its feature's name and its form. E-mail addresses, dates, numbers,
addresses and names have a few patterns each, for the ways in which such a value is told without being written
as it is. This module knows no query and no task: whether a value may be told is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from ....texts.search import SearchableText, may_stand_in
from .addresses import names_street, street_of
from .common_names import HOMONYMS
from .normalise import (
    SIGNS,
    NormalisedText,
    is_misspelling,
    normalised_words,
    numbers_in_digits,
    plain_letters,
)


class Pattern(NamedTuple):
    """One form in which a text may show a value."""

    form: str
    """as a message says it: 'it', 'its last seven digits'"""
    matches: Callable[[NormalisedText], bool]


_LONGEST = 200
"""Characters of a value that somebody would disguise."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z")
_NAMES = frozenset({"name", "surname", "holder", "contact"})
_PROPER_NOUNS = _NAMES | {"city", "town", "country", "region", "nationality", "language", "citizenship"}
_ADDRESSES = frozenset({"address", "street", "residence"})
_DOCUMENTS = frozenset({"plate", "licence", "license", "passport"})
_POSTCODES = frozenset({"postcode", "postal", "zip"})
_MOST_POSITIONS = 100
"""Positions of a word in a text that are looked at; a request has a handful."""


@lru_cache(maxsize=8192)
def patterns_for(feature: str, value: str) -> tuple[Pattern, ...]:
    """Return the patterns that find a value.

    Args:
        feature: its feature's name, or that of its part of one: 'work_email', 'street'.
        value: as the profile holds it.
    """
    if len(value) > _LONGEST:
        return (_as_written(value),)
    if _EMAIL.match(value):
        return tuple(_email_patterns(value))
    if _DATE.match(value):
        return tuple(_date_patterns(value))
    kinds, words = frozenset(feature.casefold().split("_")), normalised_words(value)
    if kinds & _PROPER_NOUNS and value[:1].isupper() and words and HOMONYMS.issuperset(words):
        return (Pattern("it", partial(_has_proper_noun, words)),)
    digits = "".join(re.findall(r"\d", plain_letters(value)))
    if kinds & _ADDRESSES and digits and not kinds & _POSTCODES:
        return (_as_written(value), *_address_patterns(value))
    if len(digits) >= 4 or (digits and kinds & _DOCUMENTS):
        return tuple(_number_patterns(value, digits))
    if kinds & _NAMES and not digits:
        return (_as_written(value), *_name_patterns(value))
    return (_as_written(value),)


def _as_written(value: str) -> Pattern:
    """The value itself, in the normal form that the text has."""
    words = numbers_in_digits(plain_letters(value))
    return Pattern("it", partial(_has_words, words, may_stand_in(words)))


def _has_words(value: str, quick: Callable[[SearchableText], bool], text: NormalisedText) -> bool:
    return quick(text.searchable) and text.searchable.locate(value) is not None


def _has_proper_noun(words: tuple[str, ...], text: NormalisedText) -> bool:
    length = len(words)
    return any(
        tuple(text.words[start : start + length]) == words
        and (text.quoted or all(map(text.is_proper_noun, range(start, start + length))))
        for start in text.positions.get(words[0], ())[:_MOST_POSITIONS]
    )


def _matches(pattern: str, text: NormalisedText) -> bool:
    return _compiled(pattern).search(text.text) is not None


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# ---- e-mail addresses: 'anna dot berg at example dot org', 'anna.berg' alone

_SPOKEN_SIGNS = " ".join(words for sign, words in SIGNS.items() if sign != "@").split()
_SPOKEN_AT = "|".join(SIGNS["@"].split())


def _email_patterns(value: str) -> Iterator[Pattern]:
    yield _as_written(value)
    yield Pattern("it", partial(_has_mail, normalised_words(value)))
    local, _, domain = value.partition("@")
    parts = normalised_words(local)
    if len(local) >= 6 and re.search(r"\d", local) and len(parts) > 1:
        yield Pattern("its part before the @", partial(_has_mail, parts))
    elif len(parts) > 1:
        # With one blank only, 'Anna. Berg' is the end of a sentence.
        sign = rf"(?:[._-]| [._-] | (?:{'|'.join(_SPOKEN_SIGNS)}) )".join(map(re.escape, parts))
        yield Pattern("its part before the @", partial(_matches, rf"(?<![^\W_]){sign}(?![^\W_])"))
    # A single word may be any word; with the sign or its host behind it, it is an address.
    name = re.escape(numbers_in_digits(plain_letters(local)))
    host = re.escape(numbers_in_digits(plain_letters(domain.split(".")[0])))
    behind = rf"(?<![^\W_]){name}(?: ?@| ?[(\[]? ?(?:{_SPOKEN_AT}) ?[)\]]? ?{host}\b)"
    yield Pattern("its part before the @", partial(_matches, behind))


def _has_mail(parts: tuple[str, ...], text: NormalisedText) -> bool:
    # 'berg42' may be said as 'berg forty-two', so numbers are left out of the first, quick look.
    quick = all(part.rstrip("0123456789") in text.folded for part in parts)
    return quick and text.searchable_mail.find(" ".join(parts)) is not None


# ---- dates: any written form, day and month alone, two digits of the year


def _date_patterns(value: str) -> Iterator[Pattern]:
    year, month, day = map(int, value.split("-"))
    yield _as_written(value)
    whole = {(year, month, day), (year % 100, month, day)}
    yield Pattern("another way to write it", lambda text: not text.dates.isdisjoint(whole))
    yield Pattern("its day and month", lambda text: (None, month, day) in text.dates)
    yield Pattern("its month and year", lambda text: (year, month, None) in text.dates)
    yield Pattern("its year", lambda text: (year, None, None) in text.dates)


# ---- numbers: phones, cards, accounts, documents, plates, postcodes

_UNIQUE_DIGITS = 7
"""Digits in a row that are nobody else's by chance."""
_DOCUMENT_SPAN = 12
"""Words within which the groups of a plate or a document number belong together."""
_ENDS_WITH = (
    r"end(?:s|ing)?|last (?:4|four)|final|digits|"
    r"endet|enden|endend|endung|endziffern|letzten?|ziffern|"
    r"termine(?:nt|e)?|terminant|finit|finissant|derniers?|chiffres|"
    r"termina(?:da|do|n)?|acaba(?:da|do|n)?|ultim[oa]s|digitos|cifras"
)
_TAIL_CUE = re.compile(rf"\b(?:{_ENDS_WITH}|finish(?:es|ing)?|closing|tail)\b", re.IGNORECASE)
_CARD_CUE = re.compile(
    rf"\b(?:{_ENDS_WITH}|card|visa|mastercard|maestro|amex|express|debit|credit|"
    r"(?:kredit|bank|ec-)?karte|carte|tarjeta)\b",
    re.IGNORECASE,
)
_CARD = re.compile(
    r"card|visa|maestro|amex|express|debit|credit|diners|ending|karte|carte|tarjeta|endung", re.IGNORECASE
)
_MASK = r"(?:(?<![a-wyz0-9])[x*#\u2022\u00b7]{2,}|(?<![\w.])\.{2,})[ -]?"
"""What stands for the digits that are not told: '**** 4617', 'xxxx-4617', '...4617'."""


def _number_patterns(value: str, digits: str) -> Iterator[Pattern]:
    if value.strip().isdecimal() and len(digits) <= 6:
        yield Pattern("it", partial(_has_digit_groups, digits, None))
    else:
        yield _as_written(value)
    if len(digits) >= _UNIQUE_DIGITS:
        yield Pattern("its digits", partial(_has_digits, digits))
        yield Pattern("its last seven digits", partial(_has_digits, digits[-_UNIQUE_DIGITS:]))
        yield Pattern("its last four digits", partial(_has_digit_groups, digits[-4:], _TAIL_CUE))
        yield Pattern("its last four digits", partial(_has_masked, digits[-4:]))
    elif _CARD.search(value):
        yield Pattern("its digits", partial(_has_digit_groups, digits, _CARD_CUE))
        yield Pattern("its digits", partial(_has_masked, digits[-4:]))
    groups = re.findall(r"\d+|[^\W\d_]+", plain_letters(value).casefold())
    distinctive = 2 <= len(groups) <= 4 and max(map(len, groups)) >= 3
    if distinctive and len(digits) < _UNIQUE_DIGITS and not _CARD.search(value):
        yield Pattern("its parts", partial(_has_parts_together, tuple(groups)))


def _has_digits(digits: str, text: NormalisedText) -> bool:
    return any(digits in row for row in text.digits)


def _has_digit_groups(digits: str, cue: re.Pattern[str] | None, text: NormalisedText) -> bool:
    for start, end, sizes in text.digit_groups.get(digits, ()):
        even = len(set(sizes)) == 1 and sizes[0] <= 2
        if len(digits) == 4 and len(sizes) > 1 and not (even and (cue or sizes[0] == 1)):
            continue
        before, after = text.around(start, end)
        if cue is None or text.quoted or cue.search(before) or cue.search(after):
            return True
    return False


def _has_masked(digits: str, text: NormalisedText) -> bool:
    if not any(digits in row for row in text.digits):
        return False
    return _matches(rf"{_MASK}{'[ -]?'.join(digits)}(?!\d)", text)


def _has_parts_together(groups: tuple[str, ...], text: NormalisedText) -> bool:
    if not all(group in text.positions for group in groups):
        return False
    rarest = min(groups, key=lambda group: len(text.positions[group]))
    return any(
        all(
            any(abs(other - position) <= _DOCUMENT_SPAN for other in text.positions[group][:_MOST_POSITIONS])
            for group in groups
        )
        for position in text.positions[rarest][:_MOST_POSITIONS]
    )


# ---- addresses: street and number, in any order, abbreviated, misspelt, without postcode and place


def _address_patterns(value: str) -> Iterator[Pattern]:
    for segment in re.split(r"[,;\n]", plain_letters(value)):
        if (street := street_of(segment)) is not None:
            yield Pattern("its street and number", partial(names_street, street))
            return


# ---- names: reversed, apart, with an initial, misspelt

_APART = 25
"""Words within which a given name and a surname are one person's."""


def _name_patterns(value: str) -> Iterator[Pattern]:
    words = normalised_words(value)
    if len(words) < 2 or any(len(word) < 2 for word in (words[0], words[-1])):
        return
    given, surname = words[0], words[-1]
    yield Pattern("its parts turned round", partial(_has_names_within, given, surname, 2))
    yield Pattern("its parts in two places", partial(_has_names_within, given, surname, _APART))
    yield Pattern("its initial and surname", partial(_has_initial_and_surname, given, surname))
    for beside in dict.fromkeys((given, words[-2])):
        yield Pattern("a misspelt form of it", partial(_has_misspelt_name, beside, surname))


def _has_names_within(given: str, surname: str, distance: int, text: NormalisedText) -> bool:
    if given not in text.positions or surname not in text.positions:
        return False
    first, last = (
        [position for position in text.positions[name][:_MOST_POSITIONS] if _is_name(position, text)]
        for name in (given, surname)
    )
    return any(start != end and abs(start - end) <= distance for start in first for end in last)


def _is_name(position: int, text: NormalisedText) -> bool:
    """Whether a word stands for somebody: 'will' and 'rose' need a capital that no sentence asks for."""
    return text.quoted or text.words[position] not in HOMONYMS or text.is_proper_noun(position)


def _neighbours(name: str, text: NormalisedText) -> Iterator[tuple[int, int]]:
    """Positions of a name with those beside them; an everyday word needs a capital to be one."""
    for position in text.positions.get(name, ())[:_MOST_POSITIONS]:
        if text.quoted or name not in HOMONYMS or _are_capitalised(text, position):
            yield from (
                (position, beside) for beside in (position - 1, position + 1) if 0 <= beside < len(text.words)
            )


def _has_initial_and_surname(given: str, surname: str, text: NormalisedText) -> bool:
    for position, beside in _neighbours(surname, text):
        if text.words[beside] != given[0]:
            continue
        (_, end), (start, _) = sorted((text.spans[position], text.spans[beside]))
        dotted = text.text[text.spans[beside][1] :][:1] == "."
        # Without its dot 'a' is an article and 'I' the speaker.
        if start - end <= 3 and (dotted or (given[0] not in "ai" and text.is_proper_noun(beside))):
            return True
    return False


def _has_misspelt_name(given: str, surname: str, text: NormalisedText) -> bool:
    return any(
        # 'Call back' is no 'Carl Back': a short name needs its capitals to be one.
        is_misspelling(text.words[beside], misspelt)
        and (len(misspelt) >= 5 or text.quoted or _are_capitalised(text, position, beside))
        for correct, misspelt in ((given, surname), (surname, given))
        for position, beside in _neighbours(correct, text)
    )


def _are_capitalised(text: NormalisedText, *positions: int) -> bool:
    return all(text.text[text.spans[position][0]].isupper() for position in positions)
