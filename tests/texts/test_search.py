"""Values are found as people write them, and never inside something else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.texts.search import SearchableText, find_quote, states_value
from ptool.texts.values import same, within


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("I need 25 of them", 5, None),
        ("I need 25.5 of them", 25, None),
        ("I need 1,250 of them", 1250, "1,250"),
        ("I need 1,250 of them", 250, None),
        ("for someone", 1, None),
        ("for one", 1, "one"),
        ("twenty-five bags", 25, "twenty-five"),
        ("twenty-five bags", 5, None),
        ("two hundred and five", 205, "two hundred and five"),
        ("half a dozen eggs", 6, "half a dozen"),
        ("half a dozen eggs", 12, None),
        ("3 dozen eggs", 36, "3 dozen"),
        ("it is -4 outside", -4, "-4"),
        ("16GB of memory", 16, "16"),
        ("version A25", 25, None),
        ("a cone", "one", None),
        ("send it to SW1A 1AA please", "SW1A1AA", "SW1A 1AA"),
        ("a wi-fi router", "wifi", "wi-fi"),
        ("the Wi Fi-Router", "WI-FI ROUTER", "Wi Fi-Router"),
        ("on 14 March 2027", "2027-03-14", "14 March 2027"),
        ("on March 14th, 2027", "2027-03-14", "March 14th, 2027"),
        ("on the 14th of march 2027", "2027-03-14", "14th of march 2027"),
        ("on 14 March", "2027-03-14", None),
        ("on 14 March 2026", "2027-03-14", None),
        ("at 6:30 pm", "18:30", "6:30 pm"),
        ("at 6:30 am", "18:30", None),
        ("at 6 p.m. sharp", "18:00", "6 p.m"),
        ("at noon", "12:00", "noon"),
        # letters that only look like s and i to `re.IGNORECASE`
        ("on 3 \u017feptember 2027", "2027-09-03", None),
        ("at m\u0131dday", "12:00", None),
        ("5 thou\u017fand", 5000, None),
        ("5 Thousand", 5000, "5 Thousand"),
        ("at MIDDAY", "12:00", "MIDDAY"),
        ("14 March 2027 at 18:30", "2027-03-14T18:30:00", "14 March 2027 at 18:30"),
        ("milk and eggs", ["eggs", "milk"], "milk and eggs"),
        ("milk and legs", ["eggs", "milk"], None),
        ("我想要咖啡", "咖啡", "咖啡"),
        ("yes", True, None),
        ("", "", None),
        ("nothing", [], None),
    ],
)
def test_locate(text, value, found):
    span = SearchableText(text).locate(value)
    assert (text[span[0] : span[1]] if span else None) == found


@pytest.mark.parametrize(
    ("words", "value", "schema", "said"),
    [
        ("as fast as you can", "express", {"enum": ["express", "normal"]}, True),
        ("wrapped, please", True, {"type": "boolean"}, True),
        (" ", True, {"type": "boolean"}, False),
        ("a table", 1, {"type": "integer"}, True),
        ("a table", 2, {"type": "integer"}, False),
        ("from Rome to Bern", {"from": "Rome", "to": "Bern"}, {}, True),
        ("from Rome to Bernau", {"from": "Rome", "to": "Bern"}, {}, False),
        ("tea", [], {"type": "array"}, False),
    ],
)
def test_states_value(words, value, schema, said):
    assert states_value(words, value, schema) is said


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [(5, 5.0, True), (1, True, False), (" Anna  K ", "anna k", True), ("5", 5, False), ([1], [1, 2], False)],
)
def test_same(one, other, equal):
    assert same(one, other) is equal


@pytest.mark.parametrize(
    ("words", "text", "start"),
    [
        ("2", "Take 12 cups, 2.5 l at 2:30 and 2 plates", 32),
        ("2", "Take 12 cups at 2:30", None),
        ("2 cups", "Take 12 cups", None),
        ("two", "Twofold, or for two", 16),
        ("red", "A redder one", 2),
        ("5.", "I need 5. Thanks", 7),
        ("茶", "我要茶和2杯", 2),
        ("2杯", "我要12杯", None),
        ("🎂 2", "👩‍👩‍👧 🎂 2", 6),
        ("", "x", None),
        (" ", "a b", None),
        ("tea", "", None),
    ],
)
def test_quoted_words_stand_for_themselves(words, text, start):
    assert find_quote(words, text) == (None if start is None else (start, start + len(words)))


def test_a_span_is_counted_in_the_text_itself():
    """Some letters are longer in lower case."""
    text = "Straße İß 12: 洗洁精"
    start, end = SearchableText(text).locate("洁精") or (0, 0)
    assert text[start:end] == "洁精"


def test_within():
    assert within("German", ["English", "German"])
    assert within({"zip": "1"}, {"zip": "1", "city": "X"})
    assert not within("Germ", ["English", "German"])
    assert not within([], ["English"])


@given(st.integers(0, 10**6), st.text(max_size=30), st.text(max_size=30))
def test_a_number_set_apart_is_always_found(number, before, after):
    assert SearchableText(f"{before} ; {number} ; {after}").locate(number)


def test_searching_hostile_text_is_linear():
    begin = time.process_time()
    text = SearchableText("one and " * 20_000 + "1,1" * 20_000 + "may 1 " * 20_000)
    assert text.locate(987_654) is None
    assert text.locate("2027-03-14") is None
    assert text.locate("one zzz") is None
    assert time.process_time() - begin < 3


def test_words_that_stand_twice_stand_for_two_things():
    text = "Take 2 cups, and 2 plates"
    first = find_quote("2", text)
    second = find_quote("2", text, {first})
    assert (first, second) == ((5, 6), (17, 18))
    assert find_quote("2", text, {first, second}) == first  # nothing else is left
