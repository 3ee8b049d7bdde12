"""Words for months and numbers, by language, and words that name nothing: the one place for them.

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

_FUNCTION_WORDS = """
a about above across after again against all alone along already also although always am among an and
another any anybody anyone anything anyway are around as at away back be because been before behind being
below beside besides between both but by can cannot could did do does doing done down due during each either
else enough etc even ever every everybody everyone everything except few for from further had has have
having he her here hers herself him himself his how however i if in inside instead into is it its itself
just last least less let like many may maybe me might mine more most much must my myself near neither never
new next no nobody none nor not nothing now of off often on once one only onto or other others otherwise our
ours ourselves out outside over own per perhaps quite rather really same shall she should since so some
somebody someone something sometimes soon still such than that the their theirs them themselves then there
these they this those though through throughout till to together too towards under until up upon us very via
was we well were what whatever when whenever where wherever whether which while who whom whose why will with
within without would yes yet you your yours yourself i'm i'd i'll i've it's that's there's let's don't
doesn't didn't can't won't isn't aren't wasn't couldn't wouldn't shouldn't haven't hasn't what's you're
we're they're
"""
_SMALL_TALK = """
afternoon anytime appreciate appreciated ask assist assistance best big bit bye care cheers come convenience
day dear evening excuse favour favor feel fine forget forward get give glad go going good got grateful great
happy hello help hey hi hope hoping important kind kindly know long look looking lot luck make mean mind
moment morning need needed needs nice note obliged okay ok please possible put quick quickly ready regards
request right rush see sorry sure take task tell thank thanks thing things think time today tonight try use
want wanted way welcome wish wonder wondering work works
"""
SMALL_WORDS: frozenset[str] = frozenset(f"{_FUNCTION_WORDS} {_SMALL_TALK}".split())
"""English words that name nothing one could ask for: function words, and those of courtesy."""

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
