"""How functions that are brought along are asked for where the lexicon does not say it."""

import pytest
from ptool.models.scripted.tool_kit import _request


@pytest.mark.parametrize(
    ("description", "asked"),
    [
        ("Create an issue", "create an issue"),
        ("Creates an event.", "create an event"),
        ("Searches for rooms", "search for rooms"),
        ("List repository issues", "list repository issues"),
        ("Set", None),  # nothing is said of what
        ("The current weather", None),
        ("Rental of bikes", None),
        ("Get v2 {of} it", None),
        ("Find a room. Prices are in EUR.", None),
        ("Get all the many things that anybody could ever want from us here today", None),
    ],
)
def test_a_description_that_tells_what_to_do_is_how_it_is_asked_for(
    description: str, asked: str | None
) -> None:
    assert _request(description) == asked
