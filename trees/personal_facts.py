"""Facts about a person that functions of any scenario may need: how they are named, asked for and filled.

Profiles need something that a request leaves unsaid. Where a designer gives a function no such parameter, one
of these stands in; where a parameter is called like one of these, it is one. It knows no model.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_FIRST_NAMES = ("Amira", "Bruno", "Chioma", "Daniel", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas")
_LAST_NAMES = (
    "Adeyemi",
    "Bauer",
    "Costa",
    "Duarte",
    "Eriksen",
    "Fontaine",
    "Grgic",
    "Haddad",
    "Ito",
    "Jansen",
)
_STREETS = ("Chapel Lane", "Station Road", "Mill Street", "Harbour Row", "Orchard Close", "Victoria Square")
_CITIES = ("Leeds", "Porto", "Ghent", "Graz", "Malmo", "Cork", "Turin", "Utrecht")
_OWNERS = ("user", "users", "customer", "client", "contact", "account", "my", "your", "person", "personal")
"""Words before a parameter's name that do not change what it is."""


@dataclass(frozen=True)
class StandardFact:
    """One fact: its schema, its names on platforms, when a function needs it, and values of it."""

    name: str
    description: str
    names: tuple[str, ...]
    """what platforms call it; the first platform uses the first, and so on in turn"""
    needed_for: re.Pattern[str]
    """words in what a function does that say it needs this"""
    schema: Mapping[str, Any]
    draw: Callable[[random.Random], Any]
    """a value for somebody of whom nothing else is known"""
    of_one_person: bool = False
    """whether hardly two people have the same"""


def _words(*stems: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(stems)})", re.IGNORECASE)


def _person(draw: random.Random) -> str:
    return f"{draw.choice(_FIRST_NAMES)} {draw.choice(_LAST_NAMES)}"


def _email(draw: random.Random) -> str:
    return f"{_person(draw).lower().replace(' ', '.')}{draw.randrange(10, 100)}@example.org"


def _choice(*values: str) -> tuple[Mapping[str, Any], Callable[[random.Random], str]]:
    return {"type": "string", "enum": list(values)}, lambda draw: draw.choice(values)


_TEXT: Mapping[str, Any] = {"type": "string", "maxLength": 80}
STANDARD_FACTS: tuple[StandardFact, ...] = (
    StandardFact(
        "home_address",
        "Where the person lives: street, number and city.",
        ("delivery_address", "ship_to", "street_address", "home_address"),
        _words("deliver", "ship", "order", "buy", "purchas", "rent", "pick", "visit", "install", "send"),
        _TEXT,
        lambda draw: f"{draw.randrange(1, 200)} {draw.choice(_STREETS)}, {draw.choice(_CITIES)}",
        of_one_person=True,
    ),
    StandardFact(
        "payment_method",
        "How the person pays.",
        ("payment_method", "pay_with", "charge_to", "payment_type"),
        _words(
            "pay", "buy", "order", "purchas", "donat", "renew", "upgrad", "checkout", "bill", "reserv", "book"
        ),
        *_choice("credit card", "debit card", "PayPal", "bank transfer", "invoice"),
    ),
    StandardFact(
        "email",
        "The e-mail address of the person.",
        ("email", "contact_email", "email_address", "mail_to"),
        _words("regist", "sign", "subscri", "confirm", "receipt", "report", "share", "notif", "newsletter"),
        {"type": "string", "format": "email", "maxLength": 80},
        _email,
        of_one_person=True,
    ),
    StandardFact(
        "phone",
        "The mobile phone number of the person.",
        ("phone", "phone_number", "mobile", "call_back_number"),
        _words("call", "text", "remind", "alert", "schedul", "appoint", "contact", "track", "cancel"),
        {"type": "string", "maxLength": 20},
        lambda draw: f"+44 7700 900{draw.randrange(100, 1000)}",
        of_one_person=True,
    ),
    StandardFact(
        "membership_number",
        "The number of the person's account with loyalty programmes.",
        ("membership_number", "member_id", "loyalty_number", "account_number"),
        _words("track", "return", "review", "rate", "status", "histor", "point", "discount", "account"),
        {"type": "string", "maxLength": 20, "pattern": "^[A-Za-z]{0,4}-?[0-9]{4,12}$"},
        lambda draw: f"M-{draw.randrange(100000, 1000000)}",
        of_one_person=True,
    ),
    StandardFact(
        "city",
        "The city the person lives in.",
        ("city", "home_city", "town", "location_city"),
        _words("near", "local", "weather", "climate", "event", "search", "find", "look", "compar"),
        {"type": "string", "maxLength": 40},
        lambda draw: draw.choice(_CITIES),
    ),
    StandardFact(
        "full_name",
        "The full name of the person.",
        ("full_name", "name_on_file", "person_name", "recipient"),
        _words("certificat", "letter", "form", "apply", "licen", "enrol"),
        {"type": "string", "maxLength": 60},
        _person,
        of_one_person=True,
    ),
    StandardFact(
        "language",
        "The language the person wants to be addressed in.",
        ("language", "preferred_language", "reply_language", "locale_language"),
        _words("advice", "advis", "guide", "learn", "read", "explain", "question", "tip", "instruct", "plan"),
        *_choice("English", "French", "German", "Spanish", "Portuguese", "Dutch"),
    ),
)
BY_NAME: Mapping[str, StandardFact] = {fact.name: fact for fact in STANDARD_FACTS}
_BY_ALIAS = {
    **{alias: fact for fact in STANDARD_FACTS for alias in (fact.name, *fact.names)},
    "address": BY_NAME["home_address"],
    "shipping_address": BY_NAME["home_address"],
    "e_mail": BY_NAME["email"],
    "telephone": BY_NAME["phone"],
    "telephone_number": BY_NAME["phone"],
    "phone_no": BY_NAME["phone"],
    "mobile_number": BY_NAME["phone"],
    "payment": BY_NAME["payment_method"],
    "membership_id": BY_NAME["membership_number"],
    "member_number": BY_NAME["membership_number"],
    "account_id": BY_NAME["membership_number"],
    "id": BY_NAME["membership_number"],
}
"""Name of a parameter -> the fact it is; 'id' stands for `user_id` and `customer_id` (`recognise`)."""

_USUAL_VALUES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"(?:^|_)device(?:_type)?$"), ("phone", "tablet", "laptop", "desktop computer", "e-reader")),
    (
        re.compile(r"(?:^|_)(?:diet|dietary_\w+)$"),
        ("no restrictions", "vegetarian", "vegan", "pescatarian", "gluten-free", "lactose-free", "halal"),
    ),
    (re.compile(r"^(?:preferred_)?(?:(?:measurement|unit)_system|units)$"), ("metric", "imperial")),
    (re.compile(r"(?:^|_)currency$"), ("EUR", "GBP", "USD", "CHF", "SEK", "PLN", "CAD", "AUD")),
    (re.compile(r"(?:clothing|clothes|shirt|dress|garment)_size$"), ("XS", "S", "M", "L", "XL", "XXL")),
    (re.compile(r"^seat(?:ing)?(?:_preference)?$"), ("aisle", "window")),
)
"""Name of a fact about a person -> what it usually is: a small model takes words from the traits above it."""


def usual_values(fact: str) -> tuple[str, ...]:
    """What a fact about a person usually is, such as phone and tablet of `preferred_device`; (): anything."""
    return next((values for name, values in _USUAL_VALUES if name.search(fact)), ())


def recognise(parameter: str) -> StandardFact | None:
    """The standard fact that a parameter is called like, such as `customer_email`; None: another thing."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", parameter).lower())
    owned = bool(words) and words[0] in _OWNERS
    name = "_".join(words)
    if owned and name not in _BY_ALIAS:
        name = "_".join(words[1:])
    return None if name == "id" and not owned else _BY_ALIAS.get(name)


def choose_fact(does: str, number: int, taken: Iterable[str] = ()) -> StandardFact:
    """The standard fact that fits best what a function does.

    Args:
        does: what it does, in words.
        number: of the function on its platform: where nothing fits, they take turns.
        taken: names of facts it has already; one of the others is chosen.
    """
    free = [fact for fact in STANDARD_FACTS if fact.name not in set(taken)] or list(STANDARD_FACTS)
    fitting = [fact for fact in free if fact.needed_for.search(does.replace("_", " "))]
    return fitting[0] if fitting else free[number % len(free)]
