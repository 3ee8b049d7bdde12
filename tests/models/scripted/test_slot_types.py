"""What a slot words, it parses again."""

import datetime as dt
import random

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

    assert len(words) in slot.ends(words, 0)
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
    assert list(FRUIT.ends("2 RED apples please", 2)) == [len("2 RED apples")]


@pytest.mark.parametrize(
    ("slot", "text", "wordings"),
    [
        (SLOTS[1], "the nearer", []),
        (FRUIT, "plum", []),
        (SLOTS[3], "12.34 euros", ["12.34", "12.3", "12", "1"]),
        (SLOTS[7], "plums, pears and apples and pears", ["plums, pears and apples"]),
        (SLOTS[7], "plums, pears", []),
        (ListSlot(ChoiceSlot({"": ("ham", "ham and eggs", "eggs")}), 2, 3), "ham and eggs and ham",
         ["ham and eggs and ham", "ham and eggs"]),
    ],
)  # fmt: skip
def test_wordings_at_the_beginning_of_a_text_are_found_the_longest_first(slot, text, wordings):
    assert [text[:end] for end in slot.ends(text, 0)] == wordings
