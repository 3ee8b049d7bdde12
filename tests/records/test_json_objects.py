"""A JSON object that a model writes as text is read as what it says, or refused; never as half of it."""

import pytest
from ptool.records import Call
from pydantic import ValidationError


def read(text):
    return Call(api="f", arguments=text).arguments


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "b": [{"a": 2}]}', {"a": 1, "b": [{"a": 2}]}),
        ('{"a": 1, "a": 1}', {"a": 1}),
        ('{"a": 1, "b": 2,}', {"a": 1, "b": 2}),
        ('{"a": "1", "A": "2"}', {"a": "1", "A": "2"}),
    ],
)
def test_an_object_as_text_is_the_object(text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"city": "Lyon", "city": "Paris"}', "the key 'city' stands twice"),
        ('{"a": [{"b": {"c": 1, "c": "1"}}]}', "the key 'c' stands twice"),
        ("Lyon", "not a JSON object"),
        ('{"a": 1', "not a JSON object"),
        ("[1]", "valid dictionary"),
        ('{"a": "\\ud800",}', "not a JSON object"),  # mended it would be half a character
        (f'{{"a": {10**30},}}', "not a JSON object"),
        ('{"a":' * 2000 + "1" + "}" * 2000, "nest"),
    ],
)
def test_what_is_none_or_says_two_things_is_refused(text, why):
    with pytest.raises(ValidationError, match=why):
        read(text)
