"""What stands in a field that nobody edits comes back as it was, hidden characters included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("fastapi")

import orjson
from ptool.reviews.server.editable_text import is_seen, shown_json, shown_text, typed_text

ANY = st.text(alphabet=st.characters(exclude_categories=()))
ESCAPES = st.text(alphabet="\\u{}5c2e0\u202e\n\x00")


@given(st.one_of(ANY, ESCAPES))
def test_a_text_comes_back_through_a_browser(text: str) -> None:
    shown = shown_text(text)
    assert all(map(is_seen, shown))
    assert typed_text(shown.replace("\n", "\r\n")) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", r"a\u{202e}b"),
        ("a\tb\nc", "a\\u{9}b\nc"),
        (r"\u{41}", r"\u{5c}u{41}"),
        ("né 猫 🙂", "né 猫 🙂"),
    ],
)
def test_what_is_not_seen_is_written_out(text: str, shown: str) -> None:
    assert shown_text(text) == shown


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(), st.lists))
def test_json_shows_everything_and_reads_the_same(value: object) -> None:
    shown = shown_json(value)
    assert all(map(is_seen, shown))
    assert orjson.loads(shown) == value
