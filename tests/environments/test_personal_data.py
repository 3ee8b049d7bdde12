"""Each way to tell a value without writing it, and what is one letter, digit or word short of it."""

from __future__ import annotations

import pytest
from ptool.environments.checks.leak.normalise import NormalisedText, is_misspelling
from ptool.environments.checks.leak.personal_data import patterns_for


def form(feature: str, value: str, text: str) -> str | None:
    """The first form in which the text shows the value."""
    normalised = NormalisedText(text)
    return next((form for form, matches in patterns_for(feature, value) if matches(normalised)), None)


LOCAL = "its part before the @"


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("an.b42@x.org", "an b forty-two", LOCAL),  # six characters with a digit are nobody else's
        ("a.b42@x.org", "a b forty-two", None),
        ("a.b42@x.org", "a dot b42", LOCAL),
        ("anna42@x.org", "anna 42", None),
        ("annaberg@x.org", "annaberg", None),
        ("annaberg@x.org", "annaberg@", LOCAL),
        ("annaberg@example.co.uk", "annaberg at example", LOCAL),
        ("annaberg@example.co.uk", "annaberg at co", None),
        ("annaberg@example.co.uk", "annaberg at uk", None),
        ("anna.berg@x.org", "anna point berg", LOCAL),
        ("anna.berg@x.org", "anna at berg", None),
        ("anna.berg@x.org", "anna and berg", None),
    ],
)
def test_mails(value: str, text: str, shown: str | None) -> None:
    assert form("contact", value, text) == shown


@pytest.mark.parametrize(
    ("feature", "value", "text", "shown"),
    [
        ("phone", "12345678", "1 then 2345 then 678", "its digits"),
        ("phone", "12345678", "2345 then 678", "its last seven digits"),
        ("phone", "12345678", "345 then 678", None),
        ("phone", "1234567", "12 then 34567", "its digits"),
        ("badge", "X 123456", "123 then 456", None),  # six digits come by chance
        ("account", "DE 12345678", "ending in 5678", "its last four digits"),
        ("account", "DE 12345678", "ending in 678", None),
        ("account", "DE 12345678", "ending in 45678", None),
        ("account", "DE 12345678", "**** 5678", "its last four digits"),
        ("account", "DE 12345678", "**** 678", None),
        ("payment", "Visa 994617", "**** 4617", "its digits"),
        ("payment", "Visa 994617", "**** 617", None),
        ("payment", "Visa 994617", "card 99 46 17", "its digits"),
        ("pin", "4617", "it is 4617", "it"),
        ("pin", "4617", "it is 4 6 1 7", "it"),
        ("pin", "4617", "it is 46 17", None),
        ("pin", "4617", "it is 461 7", None),
        ("pin", "46018", "it is 46 018", "it"),
        ("payment", "Visa 4617", "card 46 17", "its digits"),
        ("payment", "Visa 4617", "card 4 6 1 7", "its digits"),
        ("payment", "Visa 4617", "card 461 7", None),
        ("payment", "Visa 4617", "card 4 617", None),
        ("payment", "Visa 4617", "for 4617", None),
    ],
)
def test_digits(feature: str, value: str, text: str, shown: str | None) -> None:
    assert form(feature, value, text) == shown


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("ABC 12", "12, then ABC", "its parts"),
        ("AB 12", "12, then AB", None),  # two letters and two digits are words of any text
        ("AB 123 CD 4", "4 CD 123 AB", "its parts"),
        ("AB 1 CD 2 EFG", "EFG 2 CD 1 AB", None),
        ("8409 JYY", "JYY" + " so" * 11 + " 8409", "its parts"),  # twelve words on
        ("8409 JYY", "JYY" + " so" * 12 + " 8409", None),
        ("8409 JYY", "8409" + " so" * 11 + " JYY", "its parts"),
        ("8409 JYY", "8409" + " so" * 12 + " JYY", None),
        ("8409 JYY", "8409 JY", None),
    ],
)
def test_plates(value: str, text: str, shown: str | None) -> None:
    assert form("licence_plate", value, text) == shown


ROUND, APART, INITIAL, MISSPELT = (
    "its parts turned round",
    "its parts in two places",
    "its initial and surname",
    "a misspelt form of it",
)


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("Anna Keller", "Keller, Anna", ROUND),
        ("Anna Keller", "Anna M Keller", ROUND),
        ("Anna Keller", "Anna M N Keller", APART),
        ("Anna Keller", "Anna" + " so" * 24 + " Keller", APART),
        ("Anna Keller", "Anna" + " so" * 25 + " Keller", None),
        ("Keller", "Keler", None),  # one word may be any
        ("Li Wu", "Wu, Li", ROUND),
        ("A Keller", "Keller, an A", None),
        ("Anna K", "a K for Anna", None),
        ("Anna Anna", "for Anna", None),
        ("Anna Maria Keller", "Maria Keler", MISSPELT),
        ("Anna Maria Keller", "Anna Keler", MISSPELT),
        ("Anna Maria Keller", "Maria Kelerr", None),
        ("Anna Keller", "A. Keller comes", INITIAL),
        ("Anna Keller", "for A Keller", None),  # an article
        ("Sam Keller", "for S Keller", INITIAL),
        ("Sam Keller", "for s Keller", None),
        ("Ida Keller", "for I Keller", None),
        ("Sam Keller", "for A. Keller", None),
        ("Anna Keller", "Keller, (A.)", INITIAL),
        ("Anna Keller", "Keller,  (A.)", None),  # three characters apart at most
        ("Anna Keller", "Keller comes with Ana", None),
        ("Anna Keller", "Ana comes with Keller", None),
        ("Anna Bergs", "anna berks", MISSPELT),
        ("Anna Berg", "anna bery", None),  # short words need their capitals
        ("Anna Berg", "Anna Bery", MISSPELT),
        ("Anna " + "x" * 195, "x" * 195 + " Anna", ROUND),
        ("Anna " + "x" * 196, "x" * 196 + " Anna", None),  # nobody disguises that
    ],
)
def test_names(value: str, text: str, shown: str | None) -> None:
    assert form("full_name", value, text) == shown


@pytest.mark.parametrize(
    ("word", "correct", "slip"),
    [
        ("kelr", "keler", True),
        ("keller", "keler", True),
        ("kebler", "keller", True),
        ("klele", "kelle", True),  # two letters turned round
        ("keller", "keller", False),
        ("weller", "keller", False),  # the first letter is hardly ever mistyped
        ("kelr", "keller", False),
        ("keeeller", "keller", False),
        ("kebber", "keller", False),
        ("an", "ann", False),  # of three letters any word is a slip
        ("ana", "anna", True),
    ],
)
def test_a_slip_is_one_letter(word: str, correct: str, slip: bool) -> None:
    assert is_misspelling(word, correct) is slip
