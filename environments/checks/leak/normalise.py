"""A text in the normal form in which personal values are looked for, so that disguises fall away.

Accents, look-alike and invisible characters are gone, spelled-out numbers stand in digits ('double five
twenty-one' is '55 21'), and dates are read however they are written. Numbers are spelled differently in every
language, so a text has one reading in each language whose number words it holds. Nothing is known here of
profiles, queries and what is looked for.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property, lru_cache

from ....texts.search import SearchableText
from ....texts.word_lists import LANGUAGES, MONTHS, NUMBER_WORDS, TENS, alternation

MOST = 20_000
"""Characters that are read; no request is a tenth as long."""

# ---- letters

_LOOK_ALIKES = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf",
    "ABEKMHOPCTXIJSaeopcyxijsABEZHIKMNOPTYXo",
)
"""Cyrillic and Greek letters that nobody tells from Latin ones; text and value are treated alike."""


def plain_letters(text: str) -> str:
    """Take away accents, invisible characters and other forms of the same letter; keep the case."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    kept = "".join(char for char in parts if unicodedata.category(char) not in ("Mn", "Cf"))
    return unicodedata.normalize("NFC", kept.replace("ß", "ss").translate(_LOOK_ALIKES))


def is_misspelling(word: str, correct: str) -> bool:
    """Tell whether a word is another one but for one letter more, less or wrong, or two turned round.

    A first letter is hardly ever mistyped, and 'Hanna' is not 'Anna'.
    """
    if word == correct or word[:1] != correct[:1] or abs(len(word) - len(correct)) > 1 or len(correct) < 4:
        return False
    from rapidfuzz.distance import OSA

    return OSA.distance(word, correct, score_cutoff=1) <= 1


# ---- spelled-out numbers

_WORD = re.compile(r"[^\W_]+")
_ENGLISH_NUMBER = alternation((*NUMBER_WORDS, *TENS))
_ENGLISH_HYPHEN = rf"(?<=[a-z])-(?=(?:{_ENGLISH_NUMBER})\b)|\b(?:{_ENGLISH_NUMBER})-(?=[a-z])"
_HYPHEN = r"(?<=[a-z])-(?=[a-z])"
_OTHER_SPELLINGS = {
    "en": {"oh": "zero"},
    "de": {"funf": "fünf", "fuenf": "fünf", "zwolf": "zwölf", "zwoelf": "zwölf"},
    "fr": {"zero": "zéro"},
    "es": {"veintidos": "veintidós", "veintitres": "veintitrés", "veintiseis": "veintiséis"},
}
"""Language -> number words, most without their accents, that text2num does not know, and those it does."""
_OTHER_SPELLING = {
    "en": re.compile(rf"\boh\b|{_ENGLISH_HYPHEN}", re.IGNORECASE),
    "de": re.compile(rf"f(?:u|ue)nf|zw(?:o|oe)lf|{_HYPHEN}", re.IGNORECASE),
    "fr": re.compile(rf"\bzero\b|{_HYPHEN}", re.IGNORECASE),
    "es": re.compile(rf"\bveinti(?:dos|tres|seis)\b|{_HYPHEN}", re.IGNORECASE),
}
"""Language -> where they stand, and hyphens that are to be blanks: 'six-nine-eight', 'five-star'."""
_REPEATED_DIGIT = re.compile(r"\b(?:(double|doble|doppel)|triple)[ -](\d)", re.IGNORECASE)
_NEUF = re.compile(r"\bneuf\b", re.IGNORECASE)


def numbers_in_digits(text: str, language: str = "en") -> str:
    """Write spelled-out numbers in digits: 'double five twenty-one' is '55 21', 'fünfundzwanzigste' is '25.'.

    Args:
        text: without accents.
        language: of the number words.
    """
    from text_to_num import alpha2digit

    spellings = _OTHER_SPELLINGS[language]
    text = _OTHER_SPELLING[language].sub(
        lambda match: spellings.get(match[0].lower()) or match[0].replace("-", " "), text
    )
    # With a threshold below 0 small numbers that stand alone are read too.
    text = plain_letters(alpha2digit(text, language, -1.0))
    if language == "fr":
        # 'Neuf' alone is left by text2num, since it also means new.
        text = _NEUF.sub("9", text)
    return _REPEATED_DIGIT.sub(lambda match: match[2] * (2 if match[1] else 3), text)


# ---- dates

Day = tuple[int | None, int | None, int | None]
"""Year (below 100 where only two digits are given), month and day; None for what is left out."""

_MONTH_NUMBERS = {
    plain_letters(word): number for months in MONTHS.values() for word, number in months.items()
}
# A Mars bar and a Mai Tai have no month.
_MONTH = rf"(?P<month>(?ai:{alternation(_MONTH_NUMBERS)}))\b\.?(?! (?:bar|tai)s?\b)"
_YEAR = r"(?:,?[ -]{1,2}(?:of |in |del? )?(?P<year>\d{4}|['’]?\d{2})(?![\d:h])(?! ?[ap]m\b))?"
_DAY = r"\b(?P<day>\d{1,2})(?: ?(?:st|nd|rd|th)|er|o|\.)?"
_DAY_FIRST = re.compile(rf"{_DAY}(?: of| de)?[ -]{_MONTH}{_YEAR}", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b{_MONTH}[ -](?:the )?{_DAY}\b{_YEAR}", re.IGNORECASE)
_MONTH_ONLY = re.compile(rf"\b{_MONTH},?[ -](?:of |del? )?(?P<year>(?:1\d|20)\d\d)\b", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-./ ]?(\d{2})[-./ ]?(\d{2})(?!\d)")
_YEAR_LAST = re.compile(
    r"(?<![\d./-])(\d{1,2})(?: ?[-./] ?(\d{1,2}) ?[-./] ?(\d{4}|\d{2})| (\d{1,2}) (\d{4}))(?![\d/-])"
)
_BIRTH = re.compile(
    r"\b(?:born|birth\w*|b-?day|geboren\w*|geburts\w*|nee? (?:le|en)|naissance|anniversaire|"
    r"nacid[oa]|naci|nacimiento|cumpleanos)\b",
    re.IGNORECASE,
)
_SHORT_DAY = re.compile(r"(?<![\d./-])(\d{1,2})[-./](\d{1,2})\.?(?![\d/-]|\.\d)")
# 'Nineteen fifty-five'.
_SPOKEN_YEAR = re.compile(r"\b(19|20) (\d\d)\b")
_SOME_DIGIT = re.compile(r"\d")
_ANY_YEAR = re.compile(r"(?<![\w.,-])((?:19|20)\d\d)\b")
_NEAR = 40
"""Characters within which a cue belongs to a number."""


def _dates_in(text: str, *, quoted: bool, has_months: bool) -> list[Day]:
    """Every date in a text whose numbers are digits.

    Args:
        text: '25 April 1955', 'le 25 avril', '25.4.55'.
        quoted: the text is values alone: short days need no word of birth beside them, and parts count.
        has_months: whether names of months are among its words; looking for them takes time.
    """
    dates = _dates_with_months(text) if has_months else []
    dates += [(int(match[1]), int(match[2]), int(match[3])) for match in _YEAR_FIRST.finditer(text)]
    for match in _YEAR_LAST.finditer(text):
        dates += _day_and_month(_year(match[3] or match[5]), match[1], match[2] or match[4])
    births = [match.span() for match in _BIRTH.finditer(text)]
    if births or quoted:
        for match in _SHORT_DAY.finditer(text):
            if quoted or _is_near(births, match.span()):
                dates += _day_and_month(None, match[1], match[2])
        dates += [
            (int(match[1]), None, None)
            for match in _ANY_YEAR.finditer(text)
            if quoted or _is_near(births, match.span())
        ]
    if not quoted:
        return dates
    # A value that is stated says its parts with it; elsewhere 25 April 2027 is just another day.
    parts = [(None, month, day) for _, month, day in dates if month and day]
    parts += [(year, month, None) for year, month, _ in dates if year and month]
    return [*dates, *parts, *((year, None, None) for year, _, _ in dates if year)]


def _dates_with_months(text: str) -> list[Day]:
    dates: list[Day] = [
        (_year(match["year"]), _MONTH_NUMBERS[match["month"].lower()], int(match["day"]))
        for pattern in (_DAY_FIRST, _MONTH_FIRST)
        for match in pattern.finditer(text)
    ]
    dates += [
        (int(match["year"]), _MONTH_NUMBERS[match["month"].lower()], None)
        for match in _MONTH_ONLY.finditer(text)
    ]
    return dates


def _is_near(cues: list[tuple[int, int]], span: tuple[int, int]) -> bool:
    return any(span[0] - _NEAR <= end and start <= span[1] + _NEAR for start, end in cues)


def _day_and_month(year: int | None, first: str, second: str) -> list[Day]:
    """Both ways to read '4/5', since nobody says which comes first."""
    return [(year, int(first), int(second)), (year, int(second), int(first))]


def _year(text: str | None) -> int | None:
    """Two digits may be of two centuries: they are kept as they are, below 100."""
    return int(text.lstrip("'’")) if text else None


# ---- the whole text

_PARTICLE_WORDS = "the of de del della di da do dos das la le les el los las van von der den dem du"
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_SENTENCE_STARTS = frozenset({"", *'.!?:;\n"“‘('})
"""What stands before a sentence, or its beginning."""
# A date, a time, a fraction or an amount is no group of a longer number.
_DIGIT_GROUPS = re.compile(r"(?<![\w.,:/-])\d+(?:[ \u00a0–—-]{1,3}\d+|, ?\d(?!\d))*(?![\w:/]|[.,]\d)")
SIGNS: dict[str, str] = {
    ".": "dot point punkt punto",
    "_": "underscore unterstrich souligne",
    "-": "dash hyphen minus bindestrich tiret guion",
    "@": "at arobase arroba klammeraffe",
}
"""A sign of an e-mail address -> the words that are said for it."""
_SPOKEN_SIGN = re.compile(
    rf"(?<![^\W_])(?:{'|'.join(' '.join(SIGNS.values()).split())})(?![^\W_])", re.IGNORECASE
)


class NormalisedText:
    """A text as it is read in one language.

    Args:
        text: at most `MOST` characters of it are looked at.
        quoted: it is no running text but values alone, which need no cue to be taken for what they are.
        language: in which numbers are spelled out.
    """

    def __init__(self, text: str, *, quoted: bool = False, language: str = "en") -> None:
        self.quoted = quoted
        self.language = language
        self.plain = plain_letters(text[:MOST])
        """without accents, with numbers as they are spelled"""
        self.text = numbers_in_digits(self.plain, language)
        """the same with numbers in digits"""

    @cached_property
    def _words(self) -> tuple[list[str], list[tuple[int, int]]]:
        texts: list[str] = []
        spans: list[tuple[int, int]] = []
        for match in _WORD.finditer(self.text):
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
        """Where they stand in `text`."""
        return self._words[1]

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """Word -> its positions in `words`."""
        positions: dict[str, list[int]] = {}
        for position, word in enumerate(self.words):
            positions.setdefault(word, []).append(position)
        return positions

    @cached_property
    def folded(self) -> str:
        """The text in one case."""
        return self.text.casefold()

    def is_proper_noun(self, position: int) -> bool:
        """Tell whether a word has a capital that no sentence asks for."""
        start = self.spans[position][0]
        between = self.text[max(0, start - 3) : start].rstrip(" ")
        return self.text[start].isupper() and between[-1:] not in _SENTENCE_STARTS

    @cached_property
    def searchable(self) -> SearchableText:
        """The text for finding whole words however they are grouped."""
        return SearchableText(self.text)

    @cached_property
    def searchable_mail(self) -> SearchableText:
        """The same without the spoken signs of an address: 'anna dot berg at example'."""
        return SearchableText(_SPOKEN_SIGN.sub(" ", self.text))

    @cached_property
    def digits(self) -> tuple[str, ...]:
        """All digits in a row, whatever stands between: with and without numbers in words."""
        return tuple(dict.fromkeys("".join(_SOME_DIGIT.findall(form)) for form in (self.plain, self.text)))

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Every number, in digits or in words."""
        # Hundreds and dozens are read from the English words themselves.
        text = self.plain if self.language == "en" else self.text
        return frozenset(number for number, _ in SearchableText(text).numbers)

    @cached_property
    def digit_groups(self) -> dict[str, list[tuple[int, int, tuple[int, ...]]]]:
        """Digits that belong together -> (start, end, sizes of the groups they are written in)."""
        found: dict[str, list[tuple[int, int, tuple[int, ...]]]] = {}
        for match in _DIGIT_GROUPS.finditer(self.text):
            groups = [group.span() for group in re.finditer(r"\d+", match[0])]
            for first in range(len(groups)):
                for last in range(first + 1, min(len(groups), first + 8) + 1):
                    part = groups[first:last]
                    digits = "".join(match[0][start:end] for start, end in part)
                    span = match.start() + part[0][0], match.start() + part[-1][1]
                    found.setdefault(digits, []).append((*span, tuple(end - start for start, end in part)))
        return found

    def around(self, start: int, end: int) -> tuple[str, str]:
        """What stands shortly before and after a place of `text`."""
        return self.text[max(0, start - _NEAR) : start], self.text[end : end + _NEAR]

    @cached_property
    def dates(self) -> frozenset[Day]:
        """Every date however written, and the parts of it that are said with it."""
        if not _SOME_DIGIT.search(self.text):
            return frozenset()
        has_months = not self.positions.keys().isdisjoint(_MONTH_NUMBERS)
        text = _SPOKEN_YEAR.sub(r"\1\2", self.text)
        return frozenset(_dates_in(text, quoted=self.quoted, has_months=has_months))


# ---- languages

_ENGLISH_WORDS_TOO = (
    "once un uno dos mil six seize cent zero million millions billion trillion sept elf null second premier"
)
_ENGLISH_TOO = frozenset(_ENGLISH_WORDS_TOO.split())
"""Number words of other languages that are words of an English request: alone they tell no language."""
_OTHER_WORDS = {
    "de": "und ist bitte fur mit nummer hausnummer punkt",
    "fr": "et est pour avec chez les numero rue arobase",
    "es": "y es para con los numero calle arroba",
}
_COMMON_WORDS = {
    language: (frozenset(map(plain_letters, MONTHS[language])) - MONTHS["en"].keys()) | set(words.split())
    for language, words in _OTHER_WORDS.items()
}
"""Language -> months and a few everyday words that hardly any English request holds, without accents."""


def read_in_every_language(text: str, *, quoted: bool = False) -> tuple[NormalisedText, ...]:
    """Return a text's readings: the English one, and one in each language whose number words it holds."""
    english = NormalisedText(text, quoted=quoted)
    others = [
        language for language in _spelled_languages(english.plain) if _is_spelled_in(english.plain, language)
    ]
    return english, *(NormalisedText(text, quoted=quoted, language=language) for language in others)


def _spelled_languages(text: str) -> list[str]:
    """The languages besides English in which something in a text without accents may be a number."""
    if _REPEATED_DIGIT.search(text):
        return list(LANGUAGES[1:])
    spelled = frozenset[str]().union(*map(_languages_of_number, _WORD.findall(text)))
    return [name for name in LANGUAGES[1:] if name in spelled or _OTHER_SPELLING[name].search(text)]


@lru_cache(maxsize=8192)
def _languages_of_number(word: str) -> frozenset[str]:
    """Languages in which a word alone is a number; a number of several words has at least one that is."""
    return frozenset(name for name in LANGUAGES[1:] if numbers_in_digits(word, name) != word)


def _is_spelled_in(text: str, language: str) -> bool:
    """Tell whether what may be numbers in a language is, and is no English words.

    Beside other words of the language any number word is one of it: 'el once de mayo', 'numéro sept'.
    """
    in_digits = numbers_in_digits(text, language)
    words = frozenset(_WORD.findall(text.casefold()))
    spelled = words - frozenset(_WORD.findall(in_digits.casefold()))
    return not spelled <= _ENGLISH_TOO or not words.isdisjoint(_COMMON_WORDS[language])


@lru_cache(maxsize=8192)
def normalised_words(value: str) -> tuple[str, ...]:
    """Return the words of a value as `NormalisedText.words` would have them."""
    return tuple(NormalisedText(value).words)
