"""Words for months and numbers, by language: the one place for them, whoever reads or writes such words.

Nothing of the package is imported here; what reads texts builds its own patterns.
"""

from __future__ import annotations

from collections.abc import Iterable

_MONTHS = {
    "en": (
        "January|jan February|feb March|mar April|apr May June|jun July|jul August|aug September|sep|sept "
        "October|oct November|nov December|dec"
    ),
    "de": (
        "Januar|jan|jänner Februar|feb|feber März|mär|mrz|maerz April|apr Mai Juni|jun Juli|jul August|aug "
        "September|sep|sept Oktober|okt November|nov Dezember|dez"
    ),
    "fr": (
        "janvier|janv|jan février|févr|fév mars avril|avr mai juin juillet|juil août septembre|sept|sep "
        "octobre|oct novembre|nov décembre|déc"
    ),
    "es": (
        "enero|ene febrero|feb marzo|mar abril|abr mayo|may junio|jun julio|jul agosto|ago "
        "septiembre|setiembre|sept|sep octubre|oct noviembre|nov diciembre|dic"
    ),
}
LANGUAGES: tuple[str, ...] = tuple(_MONTHS)
"""Codes of the languages in which words are known."""
MONTHS: dict[str, dict[str, int]] = {
    language: {
        spelling.lower(): number
        for number, spellings in enumerate(months.split(), start=1)
        for spelling in spellings.split("|")
    }
    for language, months in _MONTHS.items()
}
"""Language -> every spelling of a month in lower case, without a full stop -> 1 to 12."""
MONTH_NAMES: tuple[str, ...] = tuple(month.split("|")[0] for month in _MONTHS["en"].split())
"""January to December."""

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMBER_WORDS: tuple[str, ...] = tuple(_UNITS.split())
"""Zero to nineteen in English."""
TENS: dict[str, int] = {word: 10 * tens for tens, word in enumerate(_TENS.split(), start=2)}
"""English: twenty to ninety -> its number."""


def alternation(words: Iterable[str]) -> str:
    """Return a regular expression without groups that matches any of some words, the longest one first."""
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))
