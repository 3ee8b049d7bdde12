"""Made-up people: personas and their basic features, drawn from tables that are the same in every scenario.

`people.yaml` says what a person is described by, `countries.yaml` where people live, `sentence_frames.yaml`
how they begin and end a request.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from faker import Faker

from ...settings.texts import read_yaml

Drawn = TypeVar("Drawn")

_FOLDER = Path(__file__).parent
_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "ı": "i", "đ": "d", "þ": "th"})


@lru_cache(maxsize=1)
def people() -> dict[str, Any]:
    """Basic features, habits and themes that describe people, and what their lives are made of."""
    return read_yaml(_FOLDER / "people.yaml")


@lru_cache(maxsize=1)
def countries() -> dict[str, dict[str, Any]]:
    """Country -> its locale, money, time, phone mask and cities."""
    return read_yaml(_FOLDER / "countries.yaml")


@lru_cache(maxsize=1)
def sentence_frames() -> dict[str, list[str]]:
    """Sentences around what a request asks for: openers, follow-ups, tails and joints."""
    return read_yaml(_FOLDER / "sentence_frames.yaml")


@lru_cache(maxsize=1)
def mentions() -> dict[str, tuple[str, ...]]:
    """Basic feature -> common ways to ask for it without giving its value."""
    return {name: tuple(feature["mention"]) for name, feature in people()["basic"].items()}


_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def draw_until(draw: Callable[[], Drawn], accepted: Callable[[Drawn], bool]) -> Drawn:
    """Draw until something is accepted; after 20 more draws the last one is taken as it is."""
    drawn = draw()
    for _ in range(20):
        if accepted(drawn):
            break
        drawn = draw()
    return drawn


@dataclass(frozen=True)
class Persona:
    """What is settled of a person before the details."""

    country: str
    city: str
    occupation: str
    age: int

    @classmethod
    def draw(cls, rng: random.Random, known: str = "") -> Persona:
        """Take over what a text says of the person already and draw the rest."""
        country = _name_in(known, countries()) or rng.choice(list(countries()))
        cities = countries()[country]["cities"]
        age = re.search(r"\b(\d\d)-year-old\b", known)
        return cls(
            country,
            _name_in(known, cities) or rng.choice(list(cities)),
            _name_in(known, people()["occupations"]) or rng.choice(list(people()["occupations"])),
            int(age[1]) if age else rng.randint(19, 74),
        )

    @property
    def archetype(self) -> str:
        """What a whole group of people shares, without city and age: 'A nurse from Spain.'"""
        article = "An" if self.occupation[0] in "aeiou" else "A"
        return f"{article} {self.occupation} from {self.country}."

    def __str__(self) -> str:
        return f"A {self.age}-year-old {self.occupation} from {self.city}, {self.country}."


def _name_in(text: str, names: Iterable[str]) -> str | None:
    return next((name for name in names if re.search(rf"\b{re.escape(name)}\b", text)), None)


def draw_basic_features(persona: Persona, rng: random.Random) -> dict[str, Any]:
    """Every basic feature of one person: name -> value, consistent with the persona."""
    country = countries()[persona.country]
    postcode_mask, airport = country["cities"][persona.city]
    faker = _faker(country["locale"])
    faker.seed_instance(rng.getrandbits(32))
    gender = rng.choice(("female", "male"))
    first = faker.first_name_female() if gender == "female" else faker.first_name_male()
    last = faker.last_name_female() if gender == "female" else faker.last_name_male()
    handle = f"{_ascii_letters(first)}.{_ascii_letters(last)}"
    field, employer = people()["occupations"][persona.occupation]
    street, postcode = f"{faker.street_name()} {rng.randint(1, 140)}", _fill_mask(postcode_mask, rng)
    office = f"{faker.street_name()} {rng.randint(1, 90)}"
    devices = rng.sample(people()["devices"], rng.randint(2, 3))
    domain = re.sub(r"[^a-z]+", "-", employer.casefold()).strip("-")
    born = f"{2026 - persona.age}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return {
        "full_name": f"{first} {last}",
        "username": f"{_ascii_letters(first)}_{rng.choice(people()['handles'])}{rng.randint(10, 99)}",
        "birth_date": born,
        "age": persona.age,
        "gender": gender,
        "nationality": country["nationality"],
        "passport_number": _fill_mask("@@#######", rng),
        "email": f"{handle}{rng.randint(1, 99)}@example.org",
        "phone": _fill_mask(country["phone"], rng),
        "emergency_contact": {
            "name": f"{faker.first_name()} {last}",
            "phone": _fill_mask(country["phone"], rng),
        },
        "home_address": f"{street}, {postcode} {persona.city}",
        "postcode": postcode,
        "city": persona.city,
        "country": persona.country,
        "household_size": rng.randint(1, 6),
        "language": country["language"],
        "time_zone": country["time_zone"],
        "currency": country["currency"],
        "measurement_system": country["units"],
        "occupation": persona.occupation,
        "employer": f"{employer} {persona.city}",
        "work_email": f"{handle}@{domain}.example.com",
        "work_address": f"{office}, {_fill_mask(postcode_mask, rng)} {persona.city}",
        "payment_method": f"{rng.choice(people()['cards'])} ending in {_fill_mask('####', rng)}",
        "bank_account": _fill_mask(country["account"], rng),
        "billing_address": {
            "street": street,
            "city": persona.city,
            "postcode": postcode,
            "country": persona.country,
        },
        "annual_income": rng.randint(22, 140) * 1000,
        "tax_id": _fill_mask("###-###-###", rng),
        "allergies": rng.sample(people()["allergens"], rng.randint(1, 3)),
        "dietary_preference": rng.choice(people()["diets"]),
        "height_cm": rng.randint(152, 198),
        "weight_kg": rng.randint(50, 105),
        "clothing_size": rng.choice(people()["sizes"]),
        "shoe_size": rng.randint(36, 47),
        "preferred_device": devices[0],
        "devices": devices,
        "car_model": rng.choice(people()["cars"]),
        "licence_plate": _fill_mask(country["plate"], rng),
        "home_airport": airport,
        "frequent_flyer_number": _fill_mask("FF-########", rng),
        "seat_preference": rng.choice(("aisle", "window")),
        "education_level": rng.choice(people()["degrees"]),
        "field_of_study": field,
        "subtitles": rng.random() < 0.5,
        "marketing_consent": rng.random() < 0.5,
    }


@lru_cache(maxsize=1)
def feature_types() -> dict[str, str]:
    """Basic feature -> the JSON type of its values, such as 'object' of a billing address."""
    rng = random.Random(0)
    drawn = draw_basic_features(Persona.draw(rng), rng)
    return {name: _JSON_TYPES[type(value)] for name, value in drawn.items()}


@lru_cache(maxsize=32)
def _faker(locale: str) -> Faker:
    return Faker(locale)


def _fill_mask(mask: str, rng: random.Random) -> str:
    """Replace '#' by digits and '@' by capital letters."""
    return "".join(
        str(rng.randint(0, 9)) if c == "#" else rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") if c == "@" else c
        for c in mask
    )


def _ascii_letters(text: str) -> str:
    """A name as it may stand in an e-mail address."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return re.sub(r"[^a-z]", "", plain)
