"""Personal values written so that a plain search misses them, in four languages.

Every case is a profile of one value, and a request that shows the value in some other form. The number words
are spelled out here once more, so that the corpus does not take the word of the tables it measures.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class WrittenForms:
    """How one language writes what the disguises are made of; `{}` stands for the value."""

    units: str
    """zero to nine"""
    months: str
    dates: tuple[str, ...]
    """{d}: day, {dd} and {mm}: two digits, {yy}: two digits, {y}: year, {m}: month's name"""
    day_words: Callable[[int], str]
    spoken_dates: tuple[str, ...]
    """with {d} and {y} in words"""
    year_words: Callable[[int], str]
    at: str
    dot: str
    tails: tuple[str, ...]
    then: str
    number: str
    phones: tuple[str, ...]
    """country code, and a mask of the national digits as they are grouped there"""
    streets: tuple[tuple[str, str], ...]
    """a street, and a shorter or other way to write it"""
    carriers: tuple[str, ...]


_ENGLISH_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_GERMAN_SMALL = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn "
    "sechzehn siebzehn achtzehn neunzehn"
)
_GERMAN_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
_FRENCH_SMALL = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf"
)
_SPANISH_SMALL = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco "
    "veintiséis veintisiete veintiocho veintinueve"
)
_SPANISH_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa"


def english(number: int) -> str:
    """0 to 99 in words."""
    small, tens = _ENGLISH_SMALL.split(), _ENGLISH_TENS.split()
    if number < 20:
        return small[number]
    return tens[number // 10 - 2] + (f"-{small[number % 10]}" if number % 10 else "")


def german(number: int) -> str:
    """0 to 99 in words."""
    small, tens = _GERMAN_SMALL.split(), _GERMAN_TENS.split()
    if number < 20:
        return small[number]
    unit = "ein" if number % 10 == 1 else small[number % 10]
    return (f"{unit}und" if number % 10 else "") + tens[number // 10 - 2]


def french(number: int) -> str:
    """0 to 99 in words."""
    small = _FRENCH_SMALL.split()
    if number < 20:
        return small[number]
    if number >= 80:
        return f"quatre-vingt-{small[number - 80]}" if number > 80 else "quatre-vingts"
    tens = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 7: "soixante"}[
        number // 10
    ]
    rest = number - 60 if number >= 70 else number % 10
    return tens + (f" et {small[rest]}" if rest in (1, 11) else f"-{small[rest]}" if rest else "")


def spanish(number: int) -> str:
    """0 to 99 in words."""
    small, tens = _SPANISH_SMALL.split(), _SPANISH_TENS.split()
    if number < 30:
        return small[number]
    return tens[number // 10 - 3] + (f" y {small[number % 10]}" if number % 10 else "")


def _english_year(year: int) -> str:
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" and {english(rest)}" if rest else "")
    return f"{english(century)} " + (
        f"oh {english(rest)}" if 0 < rest < 10 else english(rest) if rest else "hundred"
    )


def _english_day(day: int) -> str:
    irregular = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}
    tens, unit = divmod(day, 10)
    if day in irregular:
        return irregular[day]
    if day < 20:
        return english(day) + "th"
    if not unit:
        return english(day)[:-1] + "ieth"
    return f"{english(tens * 10)}-{_english_day(unit)}"


def _german_year(year: int) -> str:
    century, rest = divmod(year, 100)
    tail = german(rest) if rest else ""
    return (f"{german(century)}hundert" if century < 20 else "zweitausend") + tail


def _german_day(day: int) -> str:
    irregular = {1: "erste", 3: "dritte", 7: "siebte", 8: "achte"}
    return irregular.get(day) or german(day) + ("te" if day < 20 else "ste")


def _french_year(year: int) -> str:
    rest = french(year % 100) if year % 100 else ""
    return (f"mille neuf cent {rest}" if year < 2000 else f"deux mille {rest}").strip()


def _spanish_year(year: int) -> str:
    rest = spanish(year % 100) if year % 100 else ""
    return (f"mil novecientos {rest}" if year < 2000 else f"dos mil {rest}").strip()


LANGUAGES: dict[str, WrittenForms] = {
    "en": WrittenForms(
        units="zero one two three four five six seven eight nine",
        months="January February March April May June July August September October November December",
        dates=(
            "{d} {m}", "{m} {d}", "{dd}/{mm}/{yy}", "{mm}/{dd}/{y}", "{d} {m} {y}", "the {d}th of {m3} {y}",
            "{m} {y}",
        ),
        day_words=_english_day,
        spoken_dates=("the {d} of {m}", "{m} the {d}", "the {d} of {m}, {y}"),
        year_words=_english_year,
        at="at",
        dot="dot",
        tails=("ending in {}", "the last four digits are {}", "xxxx {}"),
        then=" then ",
        number=", no. ",
        phones=("44", "#### ######"),
        streets=(("Mill Lane", "Mill Ln"), ("Harbour Street", "harbour st"), ("Abbey Road", "Abbey Rd")),
        carriers=("Bring tea, {} for me", "It is {}, and it rains", "Book it at noon: {}", "Cakes for {}"),
    ),
    "de": WrittenForms(
        units="null eins zwei drei vier fünf sechs sieben acht neun",
        months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        dates=("{d}. {m}", "{dd}.{mm}.{yy}", "{dd}.{mm}.{y}", "{d}. {m} {y}", "{d}. {m3}. {y}", "{m} {y}"),
        day_words=_german_day,
        spoken_dates=("der {d} {m}", "am {d}n {m}", "der {d} {m} {y}"),
        year_words=_german_year,
        at="at",
        dot="Punkt",
        tails=("die auf {} endet", "die letzten vier Ziffern sind {}", "Karte mit der Endung {}"),
        then=" dann ",
        number=", Hausnummer ",
        phones=("49", "#### ######"),
        streets=(("Mühlenweg", "Muehlenweg"), ("Hauptstraße", "Hauptstr."), ("Krebsstrasse", "Krebsstr")),
        carriers=("Bitte Tee bringen, {} für mich", "Es ist {}, und es regnet", "Buche das für mittags: {}"),
    ),
    "fr": WrittenForms(
        units="zéro un deux trois quatre cinq six sept huit neuf",
        months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        dates=("{d} {m}", "le {d} {m} {y}", "{dd}/{mm}/{yy}", "{dd}.{mm}.{y}", "{d} {m} {yy}", "{m} {y}"),
        day_words=lambda day: "premier" if day == 1 else french(day),
        spoken_dates=("le {d} {m}", "le {d} {m} {y}"),
        year_words=_french_year,
        at="arobase",
        dot="point",
        tails=("qui se termine par {}", "les quatre derniers chiffres sont {}", "carte finissant par {}"),
        then=" puis ",
        number=", numéro ",
        phones=("33", "# ## ## ## ##"),
        streets=(
            ("Rue du Bachelier", "r. du Bachelier"),
            ("Avenue Gaston Morel", "av. Gaston Morel"),
            ("Boulevard Neyret", "Bd Neyret"),
        ),
        carriers=("Apporte du thé, {} pour moi", "C'est {}, et il pleut", "Réserve pour midi : {}"),
    ),
    "es": WrittenForms(
        units="cero uno dos tres cuatro cinco seis siete ocho nueve",
        months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        dates=(
            "{d} de {m}", "el {d} de {m} de {y}", "{dd}/{mm}/{yy}", "{dd}-{mm}-{y}", "{d} {m3} {y}",
            "{m} de {y}",
        ),
        day_words=lambda day: "primero" if day == 1 else spanish(day),
        spoken_dates=("el {d} de {m}", "el {d} de {m} de {y}"),
        year_words=_spanish_year,
        at="arroba",
        dot="punto",
        tails=("que termina en {}", "los últimos cuatro dígitos son {}", "tarjeta acabada en {}"),
        then=" luego ",
        number=", número ",
        phones=("34", "### ## ## ##"),
        streets=(
            ("Calle Loida Saez", "C/ Loida Saez"),
            ("Avenida de Inés Tolosa", "Avda. Inés Tolosa"),
            ("Rambla Ariel Cantón", "rambla Ariel Canton"),
        ),
        carriers=("Trae té, {} para mí", "Es {}, y llueve", "Reserva al mediodía: {}"),
    ),
}  # fmt: skip
SPELLED: dict[str, Callable[[int], str]] = {"en": english, "de": german, "fr": french, "es": spanish}
GIVEN_NAMES = ("Severo", "Ángela", "Xavier", "Macaria", "Yuki", "Oluwaseun", "Bronisława", "Jürgen", "Élodie")
SURNAMES = ("Nebot", "Cazorla", "Pintor", "Tanaka", "Adeyemi", "Żukowska", "Lindqvist", "Großmann", "Lefèvre")


@dataclass(frozen=True)
class Disguised:
    """A profile of one value, and a request that shows it in disguise."""

    kind: str
    basic: dict[str, str]
    text: str


def disguised_values(
    language: str, count: int, seed: int = 0, carrier: str | None = None
) -> Iterator[Disguised]:
    """Yield cases of a language, the same ones for the same seed.

    Args:
        language: 'en', 'de', 'fr' or 'es'.
        count: how many cases.
        seed: of the draws.
        carrier: language of the sentences around the values; None for the values' own.
    """
    rng = random.Random(f"{language} {seed}")
    words = LANGUAGES[language]
    for number in range(count):
        kind, draw = DRAWS[number % len(DRAWS)]
        basic, shown = draw(rng, words, SPELLED[language])
        yield Disguised(kind, basic, rng.choice(LANGUAGES[carrier or language].carriers).replace("{}", shown))


Spell = Callable[[int], str]
Drawn = tuple[dict[str, str], str]


def _name(rng: random.Random, words: WrittenForms, _: Spell) -> Drawn:
    given, surname = rng.choice(GIVEN_NAMES), rng.choice(SURNAMES)
    forms = (
        f"{surname} {given}",
        f"{given[0]}. {surname}",
        f"{surname}, {given}",
        f"{given} {surname[:2]}{surname[3:]}",
        f"{given} {surname}".upper(),
    )
    return {"full_name": f"{given} {surname}"}, rng.choice(forms)


def _address(rng: random.Random, words: WrittenForms, spell: Spell) -> Drawn:
    street, other = rng.choice(words.streets)
    number = rng.randint(1, 99)
    forms = (
        f"{number} {street}",
        f"{street}{words.number}{number}",
        f"{other} {number}",
        f"{street}{words.number}{spell(number)}",
        f"{number}, {street[:-3]}{street[-2:]}",
    )
    return {"home_address": f"{street} {number}, 46018 Valencia"}, rng.choice(forms)


def _phone(rng: random.Random, words: WrittenForms, spell: Spell) -> Drawn:
    code, mask = words.phones
    grouped = "".join(str(rng.randint(0, 9)) if sign == "#" else sign for sign in mask)
    grouped = str(rng.randint(1, 9)) + grouped[1:]
    digits = grouped.replace(" ", "")
    cut = "".join(digit + rng.choice(("", " ", "-", " / ", ".", words.then)) for digit in digits[:-1])
    forms = (
        cut + digits[-1],
        f"0{grouped}",
        f"00{code} {grouped}",
        f"+{code} (0){grouped}",
        f"0{grouped.replace(' ', '/', 1)}",
        _one_by_one(digits, words),
        _in_pairs(digits, words, spell),
        digits[-7:],
    )
    return {"phone": f"+{code} {grouped}"}, rng.choice(forms)


def _one_by_one(digits: str, words: WrittenForms) -> str:
    """'698' as 'six nine eight'."""
    units = words.units.split()
    return " ".join(units[int(digit)] for digit in digits)


def _in_pairs(digits: str, words: WrittenForms, spell: Spell) -> str:
    """'69805' as 'sixty-nine, eighty, five'; a pair that begins with zero digit by digit."""
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return ", ".join(
        _one_by_one(pair, words) if pair[0] == "0" or len(pair) == 1 else spell(int(pair)) for pair in pairs
    )


def _email(rng: random.Random, words: WrittenForms, spell: Spell) -> Drawn:
    given, surname = rng.choice(("severo", "xavier", "yuki")), rng.choice(("nebot", "tanaka", "pintor"))
    number = rng.randint(10, 99)
    local = f"{given}.{surname}{number}"
    spoken = f"{given} {words.dot} {surname} {number} {words.at} example {words.dot} org"
    forms = (local, spoken, f"{local} @ example.org", spoken.replace(str(number), spell(number)))
    return {"email": f"{local}@example.org"}, rng.choice(forms)


def _account(rng: random.Random, words: WrittenForms, spell: Spell) -> Drawn:
    digits = "".join(str(rng.randint(1, 9)) for _ in range(12))
    last = digits[-4:]
    tails = (last, " ".join(last), _one_by_one(last, words), f"{spell(int(last[:2]))} {spell(int(last[2:]))}")
    tail = rng.choice(words.tails).replace("{}", rng.choice(tails))
    forms = (_one_by_one(digits, words), _in_pairs(digits, words, spell), tail)
    return {"bank_account": f"ES22 {digits}"}, rng.choice(forms)


def _date(rng: random.Random, words: WrittenForms, _: Spell) -> Drawn:
    day = date(1910, 1, 1) + timedelta(days=rng.randint(0, 40_000))
    month = words.months.split()[day.month - 1]
    if rng.random() < 0.5:
        digits = {"d": day.day, "dd": f"{day:%d}", "mm": f"{day:%m}", "yy": f"{day:%y}", "y": day.year}
        shown = rng.choice(words.dates).format(**digits, m=month, m3=month[:3])
    else:
        spoken = {"d": words.day_words(day.day), "y": words.year_words(day.year), "m": month}
        shown = rng.choice(words.spoken_dates).format(**spoken)
    return {"birth_date": day.isoformat()}, shown


DRAWS: tuple[tuple[str, Callable[[random.Random, WrittenForms, Spell], Drawn]], ...] = (
    ("name", _name),
    ("address", _address),
    ("phone", _phone),
    ("email", _email),
    ("account", _account),
    ("date", _date),
)
