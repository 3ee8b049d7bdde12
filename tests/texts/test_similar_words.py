"""Words of a text are found in another number, order or spelling, and no others are."""

import pytest
from ptool.texts.similar_words import near, stem, stretch


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("jeans, shirt", "Compare the shirts and jeans.", "shirts and jeans"),
        (
            "baking soda, baking powder",
            "Is baking soda or baking powder cheaper?",
            "baking soda or baking powder",
        ),
        ("clothes and shoes to wear", "Deals on shoes I want to wear.", None),
        ("green tea", "A bag that has to be green, please, and some more tea.", None),
        ("tea", "A steak.", None),
    ],
)
def test_a_stretch_holds_nearly_all_words_of_a_value(value: str, text: str, found: str | None) -> None:
    assert stretch(value, text) == found


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("trail shoe", "Find me Trail Shoes, please.", "Trail Shoes"),
        ("tea", "I want a steak.", None),
        (" ", "Anything.", None),
    ],
)
def test_near_words_are_whole_ones(value: str, text: str, found: str | None) -> None:
    assert near(value, text, 85) == found


@pytest.mark.parametrize(
    ("word", "root"),
    [
        ("Berries", "berry"),
        ("boxes", "box"),
        ("glasses", "glass"),
        ("glass", "glass"),
        ("gas", "gas"),
        ("Criteria", "criterion"),
    ],
)
def test_a_stem_is_the_singular_where_the_ending_tells(word: str, root: str) -> None:
    assert stem(word) == root
