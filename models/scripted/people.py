"""The scripted model's own tables, the same in every scenario, and how its YAML is read.

YAML is read safely, and in C where PyYAML was built with it (30 times faster).
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from faker import Faker

_HERE = Path(__file__).parent
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; raises FileNotFoundError or yaml.YAMLError."""
    loader = _Loader(path.read_text("utf-8"))
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


@lru_cache(maxsize=1)
def people() -> dict[str, Any]:
    """What people are described by, and what their lives are made of."""
    return read_yaml(_HERE / "people.yaml")


@lru_cache(maxsize=1)
def countries() -> dict[str, dict[str, Any]]:
    """Country -> its locale, money, time, phone mask and cities."""
    return read_yaml(_HERE / "countries.yaml")


@lru_cache(maxsize=1)
def frames() -> dict[str, list[str]]:
    """How a request is framed around what it asks for."""
    return read_yaml(_HERE / "frames.yaml")


@lru_cache(maxsize=1)
def mentions() -> dict[str, tuple[str, ...]]:
    """Basic feature -> common ways to ask for it without giving its value."""
    return {name: tuple(feature["mention"]) for name, feature in people()["basic"].items()}


_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "ı": "i", "đ": "d", "þ": "th"})


@dataclass(frozen=True)
class Sketch:
    """What is settled of a person before the details."""

    country: str
    city: str
    occupation: str
    age: int

    @classmethod
    def draw(cls, rng: random.Random, said: str = "") -> Sketch:
        """Take what a text already says of the person and draw the rest."""
        country = _named(said, list(countries())) or rng.choice(list(countries()))
        cities = list(countries()[country]["cities"])
        age = re.search(r"\b(\d\d)-year-old\b", said)
        return cls(
            country,
            _named(said, cities) or rng.choice(cities),
            _named(said, list(people()["occupations"])) or rng.choice(list(people()["occupations"])),
            int(age[1]) if age else rng.randint(19, 74),
        )

    @property
    def archetype(self) -> str:
        """What a persona says; city and age are left to the layers below."""
        article = "An" if self.occupation[0] in "aeiou" else "A"
        return f"{article} {self.occupation} from {self.country}."

    def __str__(self) -> str:
        return f"A {self.age}-year-old {self.occupation} from {self.city}, {self.country}."


def _named(text: str, known: list[str]) -> str | None:
    return next((name for name in known if re.search(rf"\b{re.escape(name)}\b", text)), None)


@lru_cache(maxsize=32)
def _faker(locale: str) -> Faker:
    return Faker(locale)


def fill(mask: str, rng: random.Random) -> str:
    """Replace '#' by digits and '@' by capital letters."""
    return "".join(
        str(rng.randint(0, 9)) if c == "#" else rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") if c == "@" else c
        for c in mask
    )


def ascii_letters(text: str) -> str:
    """A name as it may stand in an e-mail address."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return re.sub(r"[^a-z]", "", plain)


def person(sketch: Sketch, rng: random.Random) -> dict[str, Any]:
    """Every basic feature of one person, consistent with the sketch."""
    land = countries()[sketch.country]
    postcode_mask, airport = land["cities"][sketch.city]
    faker = _faker(land["locale"])
    faker.seed_instance(rng.getrandbits(32))
    gender = rng.choice(("female", "male"))
    first = faker.first_name_female() if gender == "female" else faker.first_name_male()
    last = faker.last_name_female() if gender == "female" else faker.last_name_male()
    handle = f"{ascii_letters(first)}.{ascii_letters(last)}"
    field, employer = people()["occupations"][sketch.occupation]
    street, postcode = f"{faker.street_name()} {rng.randint(1, 140)}", fill(postcode_mask, rng)
    office = f"{faker.street_name()} {rng.randint(1, 90)}"
    devices = rng.sample(people()["devices"], rng.randint(2, 3))
    domain = re.sub(r"[^a-z]+", "-", employer.casefold()).strip("-")
    born = f"{2026 - sketch.age}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return {
        "full_name": f"{first} {last}",
        "username": f"{ascii_letters(first)}_{rng.choice(people()['handles'])}{rng.randint(10, 99)}",
        "birth_date": born,
        "age": sketch.age,
        "gender": gender,
        "nationality": land["nationality"],
        "passport_number": fill("@@#######", rng),
        "email": f"{handle}{rng.randint(1, 99)}@example.org",
        "phone": fill(land["phone"], rng),
        "emergency_contact": {"name": f"{faker.first_name()} {last}", "phone": fill(land["phone"], rng)},
        "home_address": f"{street}, {postcode} {sketch.city}",
        "postcode": postcode,
        "city": sketch.city,
        "country": sketch.country,
        "household_size": rng.randint(1, 6),
        "language": land["language"],
        "time_zone": land["time_zone"],
        "currency": land["currency"],
        "measurement_system": land["units"],
        "occupation": sketch.occupation,
        "employer": f"{employer} {sketch.city}",
        "work_email": f"{handle}@{domain}.example.com",
        "work_address": f"{office}, {fill(postcode_mask, rng)} {sketch.city}",
        "payment_method": f"{rng.choice(people()['cards'])} ending in {fill('####', rng)}",
        "bank_account": fill(land["account"], rng),
        "billing_address": {
            "street": street,
            "city": sketch.city,
            "postcode": postcode,
            "country": sketch.country,
        },
        "annual_income": rng.randint(22, 140) * 1000,
        "tax_id": fill("###-###-###", rng),
        "allergies": rng.sample(people()["allergens"], rng.randint(1, 3)),
        "dietary_preference": rng.choice(people()["diets"]),
        "height_cm": rng.randint(152, 198),
        "weight_kg": rng.randint(50, 105),
        "clothing_size": rng.choice(people()["sizes"]),
        "shoe_size": rng.randint(36, 47),
        "preferred_device": devices[0],
        "devices": devices,
        "car_model": rng.choice(people()["cars"]),
        "licence_plate": fill(land["plate"], rng),
        "home_airport": airport,
        "frequent_flyer_number": fill("FF-########", rng),
        "seat_preference": rng.choice(("aisle", "window")),
        "education_level": rng.choice(people()["degrees"]),
        "field_of_study": field,
        "subtitles": rng.random() < 0.5,
        "marketing_consent": rng.random() < 0.5,
    }
