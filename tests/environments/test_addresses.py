"""Street and number are one address as far as they stand together, and no further."""

from __future__ import annotations

import pytest
from ptool.environments.checks.leak.addresses import names_street, street_of
from ptool.environments.checks.leak.normalise import NormalisedText


def found(address: str, text: str) -> bool:
    street = street_of(address)
    return street is not None and names_street(street, NormalisedText(text))


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("5 Mill Lane", True),
        ("Mill Lane 5", True),
        ("5 and a b Mill Lane", True),  # three words between
        ("5 and a b c Mill Lane", False),
        ("Mill Lane and a b 5", True),
        ("Mill Lane and a b c 5", False),
        ("go to 5 Mill Lane now", True),
        ("go to Mill Lane 5 now", True),
        ("5 Mill", False),
        ("Lane 5", False),
        ("at 5 Oak Road", False),
        ("15 Mill Lane, 51 Mill Lane", False),
        ("5 Mil Lane", True),
        ("5 Mill Lanne", True),
        ("5 Mil Lanne", False),  # one word may be misspelt
        ("5 Mill Ln", True),
    ],
)
def test_street_and_number_stand_at_most_three_words_apart(text: str, near: bool) -> None:
    assert found("5 Mill Lane", text) is near


@pytest.mark.parametrize(
    ("address", "text", "told"),
    [
        ("Calle Tolosana 4", "Tolosana 4", True),  # eight letters are a name of their own
        ("Calle Tolosan 4", "Tolosan 4", False),
        ("Calle Tolosan 4", "Calle Tolosan 4", True),
        ("Calle Ciro Mata 4", "Ciro Mata 4", True),  # and so are two words
        ("Pasadizo Ciro Mata 4", "Ciro Mata 4", True),  # a kind of street that no table has
        ("Pasadizo Ciro 4", "Ciro 4", False),
        ("Tolosana 4", "Tolosana 4", True),
        ("4 A Street", "A St, 4", True),
        ("4 Mill Lane 46018 Lyon", "4 Mill Lane", True),  # the name ends where digits begin
        ("Krebsstr. 98", "98 Krebsstrasse", True),
        ("Flat 3", "Flat 3", False),
        ("3 Flat", "3 Flat", False),
        ("4", "4", False),
        ("Mill Lane", "Mill Lane", False),
    ],
)
def test_what_is_enough_of_an_address(address: str, text: str, told: bool) -> None:
    assert found(address, text) is told
