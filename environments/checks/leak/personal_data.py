"""Finding a personal value in a text although it is disguised: regrouped, reordered, spelled out, cut short.

What kind of thing a value is follows from its feature's name and its form; every kind has a few disguises,
each with a name. This module knows no query and no task: whether a value may be said is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from .addresses import stands_in, street_of
from .common_names import HOMONYMS
from .normalise import Heard, plain, respelled, slip, spelled

Sight = Callable[[Heard], bool]
"""Tells whether a text shows the value in one disguise."""


class Disguise(NamedTuple):
    """One way to say a value without writing it as it is."""

    name: str
    """what is seen, as a message says it: 'its last seven digits'"""
    seen: Sight


_LONGEST = 200
"""Characters of a value that somebody would disguise."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z")
_NAMES = frozenset({"name", "surname", "holder", "contact"})
_PROPER = _NAMES | {"city", "town", "country", "region", "nationality", "language", "citizenship"}
_ADDRESSES = frozenset({"address", "street", "residence"})
_CODES = frozenset({"plate", "licence", "license", "passport"})
_POSTCODES = frozenset({"postcode", "postal", "zip"})
_TAIL_CUE = re.compile(
    r"\b(?:end(?:s|ing)?|finish(?:es|ing)?|last (?:4|four)|final|closing|tail|digits)\b", re.IGNORECASE
)
_CARD_CUE = re.compile(
    r"\b(?:card|visa|mastercard|maestro|amex|express|debit|credit|end(?:s|ing)?|last (?:4|four)|final|"
    r"digits)\b",
    re.IGNORECASE,
)
_CARD = re.compile(r"card|visa|maestro|amex|express|debit|credit|diners|ending", re.IGNORECASE)
_MASK = r"(?:(?<![a-wyz0-9])[x*#\u2022\u00b7]{2,}|(?<![\w.])\.{2,})[ -]?"
"""What stands for the digits that are not told: '**** 4617', 'xxxx-4617', '...4617'."""
SEVEN = 7
"""Digits in a row that are nobody else's by chance."""
_APART = 25
"""Words within which a given name and a surname are one person's."""
_MOST_PLACES = 100
"""Places of a word in a text that are looked at; a request has a handful."""
_SPOT = 12
"""Words within which the groups of a plate or a document number belong together."""


@lru_cache(maxsize=8192)
def disguises(about: str, value: str) -> tuple[Disguise, ...]:
    """Return the disguises of a value.

    Args:
        about: name of its feature, or of its part of one: 'work_email', 'street'.
        value: as the profile holds it.
    """
    if len(value) > _LONGEST:
        return (_respelled(value),)
    if _EMAIL.match(value):
        return tuple(_of_email(value))
    if _DATE.match(value):
        return tuple(_of_date(value))
    words, parts = frozenset(about.casefold().split("_")), spelled(value)
    if words & _PROPER and value[:1].isupper() and parts and HOMONYMS.issuperset(parts):
        return (Disguise("it", partial(_as_name, parts)),)
    digits = "".join(re.findall(r"\d", plain(value)))
    if words & _ADDRESSES and digits and not words & _POSTCODES:
        return (_respelled(value), *_of_address(value))
    if len(digits) >= 4 or (digits and words & _CODES):
        return tuple(_of_number(value, digits))
    if words & _NAMES and not digits:
        return (_respelled(value), *_of_name(value))
    return (_respelled(value),)


def _respelled(value: str) -> Disguise:
    """The value itself, with its accents, invisible characters and spoken numbers straightened."""
    return Disguise("it", partial(_finds, respelled(plain(value))))


def _finds(value: str, heard: Heard) -> bool:
    return heard.exact.locate(value) is not None


def _as_name(parts: tuple[str, ...], heard: Heard) -> bool:
    words, length = heard.words, len(parts)
    return any(
        tuple(words[at : at + length]) == parts
        and (heard.quoted or all(map(heard.proper, range(at, at + length))))
        for at in heard.places.get(parts[0], ())[:_MOST_PLACES]
    )


# E-mails: 'anna dot berg at example dot org', 'anna.berg' alone.


def _of_email(value: str) -> Iterator[Disguise]:
    yield _respelled(value)
    yield Disguise("it", partial(_mails, spelled(value)))
    local, _, domain = value.partition("@")
    parts = spelled(local)
    if len(local) >= 6 and re.search(r"\d", local) and len(parts) > 1:
        yield Disguise("its part before the @", partial(_mails, parts))
    elif len(parts) > 1:
        # With one blank only, 'Anna. Berg' is the end of a sentence.
        sign = r"(?:[._-]| [._-] | (?:dot|underscore|dash|minus) )".join(map(re.escape, parts))
        yield Disguise("its part before the @", partial(_matches, rf"(?<![^\W_]){sign}(?![^\W_])"))
    # A single word may be any word; with the sign or its host behind it, it is an address.
    name = re.escape(respelled(plain(local)))
    host = re.escape(respelled(plain(domain.split(".")[0])))
    behind = rf"(?<![^\W_]){name}(?: ?@| ?[(\[]? ?at ?[)\]]? ?{host}\b)"
    yield Disguise("its part before the @", partial(_matches, behind))


def _mails(parts: tuple[str, ...], heard: Heard) -> bool:
    return all(part in heard.places for part in parts) and heard.mail.find(" ".join(parts)) is not None


def _matches(pattern: str, heard: Heard) -> bool:
    return _compiled(pattern).search(heard.said) is not None


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# Dates: any written form, day and month alone, two digits of the year.


def _of_date(value: str) -> Iterator[Disguise]:
    year, month, day = map(int, value.split("-"))
    yield _respelled(value)
    yield Disguise(
        "another way to write it",
        lambda heard: not heard.days.isdisjoint({(year, month, day), (year % 100, month, day)}),
    )
    yield Disguise("its day and month", lambda heard: (None, month, day) in heard.days)
    yield Disguise("its month and year", lambda heard: (year, month, None) in heard.days)
    yield Disguise("its year", lambda heard: (year, None, None) in heard.days)


# Numbers: phones, cards, accounts, documents, plates, postcodes.


def _of_number(value: str, digits: str) -> Iterator[Disguise]:
    if value.strip().isdecimal() and len(digits) <= 6:
        yield Disguise("it", partial(_runs, digits, None))
    else:
        yield _respelled(value)
    if len(digits) >= SEVEN:
        yield Disguise("its digits", lambda heard: any(digits in one for one in heard.digits))
        tail = digits[-SEVEN:]
        yield Disguise("its last seven digits", lambda heard: any(tail in one for one in heard.digits))
        yield Disguise("its last four digits", partial(_runs, digits[-4:], _TAIL_CUE))
        yield Disguise("its last four digits", partial(_masked, digits[-4:]))
    elif _CARD.search(value):
        yield Disguise("its digits", partial(_runs, digits, _CARD_CUE))
        yield Disguise("its digits", partial(_masked, digits[-4:]))
    groups = re.findall(r"\d+|[^\W\d_]+", plain(value).casefold())
    telling = 2 <= len(groups) <= 4 and max(map(len, groups)) >= 3
    if telling and len(digits) < SEVEN and not _CARD.search(value):
        yield Disguise("its parts", partial(_near, tuple(groups)))


def _runs(digits: str, cue: re.Pattern[str] | None, heard: Heard) -> bool:
    for start, end, groups in heard.runs.get(digits, ()):
        even = len(set(groups)) == 1 and groups[0] <= 2
        if len(digits) == 4 and len(groups) > 1 and not (even and (cue or groups[0] == 1)):
            continue
        before, after = heard.near(start, end)
        if cue is None or heard.quoted or cue.search(before) or cue.search(after):
            return True
    return False


def _masked(digits: str, heard: Heard) -> bool:
    return digits in heard.said and _matches(rf"{_MASK}{digits}(?!\d)", heard)


def _near(groups: tuple[str, ...], heard: Heard) -> bool:
    if not all(group in heard.places for group in groups):
        return False
    rarest = min(groups, key=lambda group: len(heard.places[group]))
    return any(
        all(any(abs(place - at) <= _SPOT for place in heard.places[group][:_MOST_PLACES]) for group in groups)
        for at in heard.places[rarest][:_MOST_PLACES]
    )


# Addresses: street and number, in any order, abbreviated, with a slip, without postcode and place.


def _of_address(value: str) -> Iterator[Disguise]:
    for segment in re.split(r"[,;\n]", plain(value)):
        if (street := street_of(segment)) is not None:
            yield Disguise("its street and number", partial(stands_in, street))
            return


# Names: reversed, apart, with an initial, with a slip.


def _of_name(value: str) -> Iterator[Disguise]:
    parts = spelled(value)
    if len(parts) < 2 or any(len(part) < 2 for part in (parts[0], parts[-1])):
        return
    given, surname = parts[0], parts[-1]
    yield Disguise("its parts turned round", partial(_together, given, surname, 2))
    yield Disguise("its parts in two places", partial(_together, given, surname, _APART))
    yield Disguise("its initial and surname", partial(_initialled, given, surname))
    for beside in dict.fromkeys((given, parts[-2])):
        yield Disguise("a misspelt form of it", partial(_misspelt, beside, surname))


def _together(given: str, surname: str, within: int, heard: Heard) -> bool:
    first, last = heard.places.get(given), heard.places.get(surname)
    if not first or not last:
        return False
    first, last = [[at for at in found[:_MOST_PLACES] if _is_name(at, heard)] for found in (first, last)]
    return any(one != other and abs(one - other) <= within for one in first for other in last)


def _is_name(at: int, heard: Heard) -> bool:
    """Whether a word stands for somebody: 'will' and 'rose' need a capital that no sentence asks for."""
    return heard.quoted or heard.words[at] not in HOMONYMS or heard.proper(at)


def _neighbours(word: str, heard: Heard) -> Iterator[tuple[int, int]]:
    """Places of a name with the places beside them; a word of every day needs a capital to be one."""
    for at in heard.places.get(word, ())[:_MOST_PLACES]:
        if heard.quoted or word not in HOMONYMS or _capitals(heard, at):
            yield from ((at, beside) for beside in (at - 1, at + 1) if 0 <= beside < len(heard.words))


def _initialled(given: str, surname: str, heard: Heard) -> bool:
    for at, beside in _neighbours(surname, heard):
        if heard.words[beside] != given[0]:
            continue
        (_, end), (start, _) = sorted((heard.spans[at], heard.spans[beside]))
        dotted = heard.said[heard.spans[beside][1] :][:1] == "."
        # Without its dot 'a' is an article and 'I' the speaker.
        if start - end <= 3 and (dotted or (given[0] not in "ai" and heard.proper(beside))):
            return True
    return False


def _misspelt(given: str, surname: str, heard: Heard) -> bool:
    return any(
        # 'Call back' is no 'Carl Back': a short name needs its capitals to be one.
        slip(heard.words[beside], slipped)
        and (len(slipped) >= 5 or heard.quoted or _capitals(heard, at, beside))
        for known, slipped in ((given, surname), (surname, given))
        for at, beside in _neighbours(known, heard)
    )


def _capitals(heard: Heard, *places: int) -> bool:
    return all(heard.said[heard.spans[at][0]].isupper() for at in places)
