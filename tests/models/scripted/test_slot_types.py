"""What a slot words, it parses again."""

import datetime as dt
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.models.scripted.slot_types import (
    ChoiceSlot,
    CodeSlot,
    DateSlot,
    EnumSlot,
    ListSlot,
    NumberSlot,
    TimeSlot,
)

FRUIT = ChoiceSlot({"": ("red apples", "apples", "pears", "plums")})
SLOTS = [
    FRUIT,
    EnumSlot({"cheap": ("the cheapest", "what costs least"), "near": ("the nearest",)}),
    NumberSlot({"": (1, 40, 1)}, integer=True),
    NumberSlot({"": (2.5, 99, 0.25)}, integer=False),
    DateSlot(dt.date(2027, 1, 1), dt.date(2027, 12, 31)),
    TimeSlot(0, 24 * 60 - 1, 7),
    CodeSlot("ORD-@@-####"),
    ListSlot(FRUIT, 2, 3),
]


@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: type(slot).__name__)
@given(seed=st.integers(0, 2**32))
def test_words_mean_the_value_they_were_drawn_for(slot, seed):
    value, words = slot.sample(random.Random(seed), "")

    assert re.fullmatch(slot.pattern, words, re.IGNORECASE)
    assert slot.parse(words) == value
    assert slot.parse(words.upper() if isinstance(slot, ChoiceSlot) else words) == value


@pytest.mark.parametrize(
    ("slot", "words", "value"),
    [
        (SLOTS[2], "twelve", 12),
        (SLOTS[4], "February 3, 2027", "2027-02-03"),
        (SLOTS[4], "3 February 2027", "2027-02-03"),
        (SLOTS[5], "12 am", "00:00"),
        (SLOTS[5], "12:05 pm", "12:05"),
        (SLOTS[5], "7:30 pm", "19:30"),
        (SLOTS[7], "red apples, pears and plums", ["red apples", "pears", "plums"]),
    ],
)
def test_parsing(slot, words, value):
    assert slot.parse(words) == value


def test_a_longer_word_is_not_cut_to_the_shorter_one_in_it():
    assert re.match(FRUIT.pattern, "red apples please")[0] == "red apples"
