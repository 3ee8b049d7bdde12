"""A text as a listener takes it in: accents, grouping and spelling forgotten, so that disguises fall away.

Numbers spoken word by word become digits, look-alike characters and invisible ones vanish, days are read
however they are written. This module knows no profile and no query, and nothing of what is looked for.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property, lru_cache

from ...text_search import Wording

MOST = 20_000
"""Characters that are listened to; no request is a tenth as long."""

_SMALL_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_SMALL = _SMALL_WORDS.split()
_NUMBER: dict[str, str] = {word: str(number) for number, word in enumerate(_SMALL)} | {"oh": "0"}
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS: dict[str, str] = dict(zip(_TENS_WORDS.split(), "23456789", strict=True))
_DIGIT = "|".join(_SMALL[1:10])
_SPOKEN = re.compile(
    rf"\b(?=[defnostz0-9])(?:(?P<tens>{'|'.join(_TENS)})(?:[ -](?P<unit>{_DIGIT}))?(?![a-z])"
    rf"|(?:(?P<often>double|triple)[ -])?(?P<small>{'|'.join(_NUMBER)}|(?<=double )\d|(?<=triple )\d))\b",
    re.IGNORECASE,
)
_SPOKEN_WORDS = _NUMBER.keys() | _TENS.keys()
_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINALS = _ORDINAL_WORDS.split()
_ORDINAL: dict[str, int] = {word: number for number, word in enumerate(_ORDINALS, start=1)} | {
    "thirtieth": 30
}
_ORDINAL_WORD = re.compile(rf"\b(?:(twenty|thirty)[ -])?({'|'.join(_ORDINAL)})\b", re.IGNORECASE)

_WORD = re.compile(r"[^\W_]+")
_PARTICLE_WORDS = "the of de del della di da do dos das la le les el los las van von der den dem du"
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_CLOSES = frozenset({"", *'.!?:;\n"“‘('})
"""What stands before a sentence, or its beginning."""
# A date, a time, a fraction or an amount is no group of a longer number.
_RUN = re.compile(r"(?<![\w.,:/-])\d+(?:[ \u00a0–—-]{1,3}\d+|, ?\d(?!\d))*(?![\w:/]|[.,]\d)")
_CONNECTORS = re.compile(
    r"(?<![^\W_])(?:dot|at|point|punkt|underscore|dash|hyphen|minus)(?![^\W_])", re.IGNORECASE
)

_MONTH_WORDS = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS: tuple[str, ...] = tuple(_MONTH_WORDS.split())
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:,?[ -]{1,2}(?:of |in )?(?P<year>\d{4}|['’]?\d{2})(?![\d:])(?! ?[ap]m\b))?"
_DAY = r"\b(?P<day>\d{1,2})(?: ?(?:st|nd|rd|th))?"
_DAY_FIRST = re.compile(rf"{_DAY}(?: of)?[ -]{_MONTH}{_YEAR}", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b{_MONTH}[ -](?:the )?{_DAY}\b{_YEAR}", re.IGNORECASE)
_MONTH_ONLY = re.compile(rf"\b{_MONTH},?[ -](?:of )?(?P<year>(?:1\d|20)\d\d)\b", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-./ ]?(\d{2})[-./ ]?(\d{2})(?!\d)")
_YEAR_LAST = re.compile(
    r"(?<![\d./-])(\d{1,2})(?: ?[-./] ?(\d{1,2}) ?[-./] ?(\d{4}|\d{2})| (\d{1,2}) (\d{4}))(?![\d/-])"
)
_BORN = re.compile(r"\b(?:born|birth\w*|b-?day)\b", re.IGNORECASE)
_SHORT_DAY = re.compile(r"(?<![\d./-])(\d{1,2})[-./](\d{1,2})\.?(?![\d/-]|\.\d)")
_SPOKEN_YEAR = re.compile(r"\b(19|20) (\d\d)\b")
_SOME_DIGIT = re.compile(r"\d")
_ANY_YEAR = re.compile(r"(?<![\w.,-])((?:19|20)\d\d)\b")
_NEAR = 40
"""Characters within which a cue speaks for a number."""


Day = tuple[int | None, int | None, int | None]
"""Year (below 100 where only two digits are given), month and day; None for what is left out."""


class Heard:
    """A text made ready for finding what it hides.

    Args:
        text: at most `MOST` characters of it are looked at.
        quoted: it is no running text but values alone, which need no cue to be taken for what they are.
    """

    def __init__(self, text: str, *, quoted: bool = False) -> None:
        self.plain = plain(text[:MOST])
        self.quoted = quoted
        self.said = respelled(self.plain)
        """with numbers in digits"""

    @cached_property
    def _words(self) -> tuple[list[str], list[tuple[int, int]]]:
        texts: list[str] = []
        spans: list[tuple[int, int]] = []
        for match in _WORD.finditer(self.said):
            if (text := match[0].casefold()) not in _PARTICLES:
                texts.append(text)
                spans.append(match.span())
        return texts, spans

    @property
    def words(self) -> list[str]:
        """The words in order, in one case, without particles such as 'of' or 'de'."""
        return self._words[0]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where they stand in `said`."""
        return self._words[1]

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Word -> its positions in `words`."""
        found: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            found.setdefault(word, []).append(place)
        return found

    def proper(self, place: int) -> bool:
        """Tell whether a word has a capital that no sentence asks for."""
        start = self.spans[place][0]
        between = self.said[max(0, start - 3) : start].rstrip(" ")
        return self.said[start].isupper() and between[-1:] not in _CLOSES

    @cached_property
    def exact(self) -> Wording:
        """The text with its numbers in digits, for finding whole words however they are grouped."""
        return Wording(self.said)

    @cached_property
    def mail(self) -> Wording:
        """The same without the spoken signs of an address: 'anna dot berg at example'."""
        return Wording(_CONNECTORS.sub(" ", self.said))

    @cached_property
    def digits(self) -> tuple[str, ...]:
        """All digits in a row, whatever stands between: with and without numbers spoken as words."""
        return tuple(dict.fromkeys("".join(_SOME_DIGIT.findall(one)) for one in (self.plain, self.said)))

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Every number, in digits or in words."""
        return frozenset(number for number, _ in Wording(self.plain).numbers)

    @cached_property
    def runs(self) -> dict[str, list[tuple[int, int, tuple[int, ...]]]]:
        """Digits that belong together -> (start, end, sizes of the groups they are written in)."""
        found: dict[str, list[tuple[int, int, tuple[int, ...]]]] = {}
        for match in _RUN.finditer(self.said):
            groups = [(one.start(), one.end()) for one in re.finditer(r"\d+", match[0])]
            for first in range(len(groups)):
                for last in range(first + 1, min(len(groups), first + 8) + 1):
                    part = groups[first:last]
                    digits = "".join(match[0][start:end] for start, end in part)
                    at = match.start() + part[0][0], match.start() + part[-1][1]
                    found.setdefault(digits, []).append((*at, tuple(end - start for start, end in part)))
        return found

    def near(self, start: int, end: int) -> tuple[str, str]:
        """What stands shortly before and after a place of `said`."""
        return self.said[max(0, start - _NEAR) : start], self.said[end : end + _NEAR]

    @cached_property
    def days(self) -> frozenset[Day]:
        """Every day of a calendar however written, and the parts of it that are said with it."""
        # 'Twenty-fifth' before 'twenty', and years as they are spoken: 'nineteen fifty-five'.
        text = self.said
        if not self.places.keys().isdisjoint(_ORDINAL):
            text = respelled(_ORDINAL_WORD.sub(_in_digits, self.plain))
        if not _SOME_DIGIT.search(text):
            return frozenset()
        return frozenset(_days(_SPOKEN_YEAR.sub(r"\1\2", text), self.quoted))


def _days(text: str, quoted: bool) -> list[Day]:
    found: list[Day] = [
        (_year(one["year"]), _MONTHS.index(one["month"][:3].lower()) + 1, int(one["day"]))
        for pattern in (_DAY_FIRST, _MONTH_FIRST)
        for one in pattern.finditer(text)
    ]
    found += [
        (int(one["year"]), _MONTHS.index(one["month"][:3].lower()) + 1, None)
        for one in _MONTH_ONLY.finditer(text)
    ]
    found += [(int(one[1]), int(one[2]), int(one[3])) for one in _YEAR_FIRST.finditer(text)]
    for one in _YEAR_LAST.finditer(text):
        found += _either(_year(one[3] or one[5]), one[1], one[2] or one[4])
    born = [one.span() for one in _BORN.finditer(text)]
    if born or quoted:
        for one in _SHORT_DAY.finditer(text):
            if quoted or _speaks(born, one.span()):
                found += _either(None, one[1], one[2])
        found += [
            (int(one[1]), None, None)
            for one in _ANY_YEAR.finditer(text)
            if quoted or _speaks(born, one.span())
        ]
    if not quoted:
        return found
    # A value that is stated says its parts with it; elsewhere 25 April 2027 is just another day.
    parts = [(None, month, day) for _, month, day in found if month and day]
    parts += [(year, month, None) for year, month, _ in found if year and month]
    return [*found, *parts, *((year, None, None) for year, _, _ in found if year)]


def _speaks(cues: list[tuple[int, int]], span: tuple[int, int]) -> bool:
    return any(span[0] - _NEAR <= end and start <= span[1] + _NEAR for start, end in cues)


def _either(year: int | None, one: str, other: str) -> list[Day]:
    return [(year, int(one), int(other)), (year, int(other), int(one))]


def _year(text: str | None) -> int | None:
    """Two digits may be of two centuries: they are kept as they are, below 100."""
    return int(text.lstrip("'’")) if text else None


def _in_digits(match: re.Match[str]) -> str:
    tens = {"twenty": 20, "thirty": 30}.get((match[1] or "").lower(), 0)
    return str(tens + _ORDINAL[match[2].lower()])


def respelled(text: str) -> str:
    """Write spoken numbers in digits: 'double five twenty-one' is '55 21'; hundreds and more stay words."""
    if _SPOKEN_WORDS.isdisjoint(_WORD.findall(text.lower())):
        return text
    return _SPOKEN.sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    if tens := match["tens"]:
        unit = match["unit"]
        return _TENS[tens.lower()] + (_NUMBER[unit.lower()] if unit else "0")
    small = match["small"].lower()
    return _NUMBER.get(small, small) * {"double": 2, "triple": 3}.get((match["often"] or "").lower(), 1)


_LOOK_ALIKES = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf",
    "ABEKMHOPCTXIJSaeopcyxijsABEZHIKMNOPTYXo",
)
"""Cyrillic and Greek letters that nobody tells from Latin ones; text and value are treated alike."""


def plain(text: str) -> str:
    """Take away accents, invisible characters and other forms of the same letter; keep the case."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    kept = "".join(one for one in parts if unicodedata.category(one) not in ("Mn", "Cf"))
    return unicodedata.normalize("NFC", kept.replace("ß", "ss").translate(_LOOK_ALIKES))


@lru_cache(maxsize=8192)
def spelled(value: str) -> tuple[str, ...]:
    """Return the words of a value as `Heard.words` would have them."""
    return tuple(Heard(value).words)


def slip(word: str, meant: str) -> bool:
    """Tell whether a word is another one with one slip: a letter more, less, wrong, or two turned round.

    A first letter is hardly ever mistyped, and 'Hanna' is not 'Anna'.
    """
    if word == meant or word[:1] != meant[:1] or abs(len(word) - len(meant)) > 1 or len(meant) < 4:
        return False
    from rapidfuzz.distance import OSA

    return OSA.distance(word, meant, score_cutoff=1) <= 1
