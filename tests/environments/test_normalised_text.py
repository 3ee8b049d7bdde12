"""The normal form of a text: its words, numbers, dates and languages, to the character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.environments.checks.leak.normalise import (
    NormalisedText,
    numbers_in_digits,
    plain_letters,
    read_in_every_language,
)


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("born" + " " * 40 + "1955", {(1955, None, None)}),  # forty characters are near
        ("born" + " " * 41 + "1955", set()),
        ("1955" + " " * 40 + "born", {(1955, None, None)}),
        ("1955" + " " * 41 + "born", set()),
        ("birthday 4/25", {(None, 4, 25), (None, 25, 4)}),
        ("4/25", set()),
        ("1955-04-25", {(1955, 4, 25)}),
        ("19550425", {(1955, 4, 25)}),
        ("25.4.55", {(55, 4, 25), (55, 25, 4)}),
        ("25 4 1955", {(1955, 4, 25), (1955, 25, 4)}),
        ("25 April '55", {(55, 4, 25)}),
        ("April 1955", {(1955, 4, None)}),
        ("no date", set()),
    ],
)
def test_dates(text: str, dates: set) -> None:
    assert NormalisedText(text).dates == dates


@pytest.mark.parametrize(
    ("value", "dates"),
    [
        ("1955-04-25", {(1955, 4, 25), (None, 4, 25), (1955, 4, None), (1955, None, None)}),
        ("25 April", {(None, 4, 25)}),
        ("April 1955", {(1955, 4, None), (1955, None, None)}),
        ("4/25", {(None, 4, 25), (None, 25, 4)}),
        ("1955", {(1955, None, None)}),
    ],
)
def test_a_value_alone_says_its_parts(value: str, dates: set) -> None:
    assert NormalisedText(value, quoted=True).dates == dates


def test_digits_that_belong_together_are_known_with_their_place_and_groups() -> None:
    groups = NormalisedText("is 46 17 ok").digit_groups
    assert groups == {"46": [(3, 5, (2,))], "17": [(6, 8, (2,))], "4617": [(3, 8, (2, 2))]}
    nine = NormalisedText("1 2 3 4 5 6 7 8 9").digit_groups
    assert {"12345678", "23456789"} <= nine.keys()
    assert "123456789" not in nine  # at most eight groups


@pytest.mark.parametrize(
    ("text", "proper"),
    [("a Nice", True), ("in Nice", True), ("in  Nice", True), ("in   Nice", False), ("in nice", False),
     ("now. Nice", False), ("now.  Nice", False), ("Nice", False), ("“Nice", False), ("now, Nice", True)],
)  # fmt: skip
def test_a_capital_that_no_sentence_asks_for(text: str, proper: bool) -> None:
    normalised = NormalisedText(text)
    assert normalised.is_proper_noun(len(normalised.words) - 1) is proper


def test_words_are_known_by_their_places_and_surroundings() -> None:
    normalised = NormalisedText("Rue de la Paix, rue")
    assert normalised.words == ["rue", "paix", "rue"]
    assert normalised.spans == [(0, 3), (10, 14), (16, 19)]
    assert normalised.positions == {"rue": [0, 2], "paix": [1]}
    assert NormalisedText("ab cd").around(3, 5) == ("ab ", "")
    assert NormalisedText("x" * 50 + "cd" + "y" * 50).around(50, 52) == ("x" * 40, "y" * 40)


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [("en", "two dozen", 24), ("en", "three hundred and five", 305), ("en", "4.5 kilos", 4.5),
     ("fr", "quarante", 40), ("de", "dreiundvierzig", 43)],
)  # fmt: skip
def test_numbers_in_digits_or_words(language: str, text: str, number: float) -> None:
    assert number in NormalisedText(text, language=language).numbers


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [("en", "double five", "55"), ("en", "triple five", "555"), ("en", "six oh five", "605"),
     ("en", "five-star", "5 star"), ("fr", "neuf", "9"), ("es", "neuf", "neuf"), ("de", "fuenf", "5")],
)  # fmt: skip
def test_spelled_numbers_stand_in_digits(language: str, text: str, digits: str) -> None:
    assert numbers_in_digits(text, language).replace(" ", "") == digits.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("Ring six nine eight", ["en"]),  # six is French, too
        ("Once more", ["en"]),
        ("el once de mayo", ["en", "es"]),
        ("Ruf sechs neun", ["en", "de"]),
        ("numero sept", ["en", "fr"]),
        ("the seven", ["en"]),
        ("", ["en"]),
    ],
)
def test_a_text_is_read_in_every_language_whose_numbers_it_spells(text: str, languages: list[str]) -> None:
    readings = read_in_every_language(text)
    assert [one.language for one in readings] == languages
    assert not any(one.quoted for one in readings)
    assert all(one.quoted for one in read_in_every_language(text, quoted=True))


_NUMBER_WORDS = {
    "de": "null ein zwei fünf sieben zwölf zwanzig dreihundertzwanzig millionen und komma erste halb",
    "fr": "zéro un deux neuf vingt cents mille millions et virgule premier seconde soixante",
    "es": "cero uno dos nueve veinte cientos doscientos mil millones y coma primer décimo",
}


@given(data=st.data(), language=st.sampled_from(sorted(_NUMBER_WORDS)))
def test_a_number_of_several_words_has_one_that_is_a_number_alone(data: st.DataObject, language: str) -> None:
    some = st.sampled_from([*_NUMBER_WORDS[language].split(), "the", "book", "12,5"])
    text = plain_letters(" ".join(data.draw(st.lists(some, max_size=7))))

    changed = [word for word in text.split() if numbers_in_digits(word, language) != word]

    assert bool(changed) == (numbers_in_digits(text, language) != text)
