"""What is wrong with a field is said as what was got and what to type, whatever a schema holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.environments.world import Tool
from ptool.records import Api, Call
from ptool.reviews import Correction, CriteriaReview
from ptool.reviews.corrections import parse_value
from ptool.reviews.expectations import argument_errors, expected_of, record_errors
from pydantic import ValidationError

INTEGERS = {"type": "array", "items": {"type": "integer"}}
ADDRESS = {"type": "object", "properties": {"city": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "typed", "fault"),
    [
        ({"type": "integer"}, "many", "got 'many', expected a whole number, such as 3"),
        ({"type": "number"}, "1,5", "got '1,5', expected a number, such as 2.5"),
        ({"type": "boolean"}, "yes", "got 'yes', expected true or false"),
        ({"type": "array"}, "tea", """got 'tea', expected a list, such as ["one", "two"]"""),
        (INTEGERS, "1, 2", "got '1, 2', expected a list in [ ], each a whole number, such as 3"),
        (ADDRESS, "Lyon", """got 'Lyon', expected an object, {city: …}"""),
        ({"type": ["integer", "null"]}, "no", "got 'no', expected a whole number, such as 3 or null"),
        ({"type": "integer"}, "9" * 30, f"got '{'9' * 30}', expected a 64-bit number"),
        ({}, "[1", "got '[1', expected a value"),
        ({"type": "string"}, "[1", None),
    ],
)
def test_a_value_that_cannot_be_read(schema: dict[str, Any], typed: str, fault: str | None) -> None:
    assert parse_value(typed, schema)[1] == fault


PARAMETERS = {
    "type": "object",
    "required": ["count"],
    "properties": {
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "when": {"type": "string", "format": "date"},
        "sort": {"enum": ["price", "rating"]},
        "stops": {"type": "array", "items": ADDRESS},
    },
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "path", "message"),
    [
        ({}, "count", "got nothing, expected a whole number, such as 3, >= 1, <= 9; it is required"),
        ({"count": 12}, "count", "got 12, expected a whole number, such as 3, >= 1, <= 9"),
        ({"count": "2"}, "count", "got '2', expected a whole number, such as 3, >= 1, <= 9"),
        ({"count": 1, "when": "soon"}, "when", "got 'soon', expected a date, such as 2026-11-29"),
        ({"count": 1, "sort": "age"}, "sort", "got 'age', expected one of price, rating"),
        ({"count": 1, "stops": [{"city": 3}]}, "stops[0].city", "got 3, expected a text"),
        ({"count": 1, "cuont": 2}, "cuont",
         "got a parameter that find has not, expected one of 'count', 'sort', 'stops', 'when' "
         "(did you mean 'count'?)"),
    ],
)  # fmt: skip
def test_an_argument_that_its_schema_refuses(arguments: dict[str, Any], path: str, message: str) -> None:
    api = Api.model_construct(
        name="find", description="", capability="find", parameters=PARAMETERS, response={"type": "object"}
    )
    (error,) = argument_errors(Call(api="find", arguments=arguments), Tool("Shop", api), "calls[0].arguments")
    assert (error.path, error.message) == (f"calls[0].arguments.{path}", message)


@pytest.mark.parametrize(
    ("given", "path", "message"),
    [
        ({"query": "x" * 4_001}, "query", "got 4,001 characters, expected at most 4,000"),
        ({"calls": [{"api": "a", "arguments": {}}] * 17}, "calls", "got 17 of them, expected at most 16"),
        (
            {"calls": [{"api": "a", "arguments": 3}]},
            "calls[0].arguments",
            "got 3, expected a valid dictionary",
        ),
        ({"words": {"a": 3}}, "words.a", "got 3, expected a valid string"),
    ],
)
def test_a_record_that_cannot_be(given: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Correction.model_validate(given)
    (error,) = record_errors(refused.value)
    assert (error.path, error.message) == (path, message)


def test_a_word_that_is_none() -> None:
    with pytest.raises(ValidationError) as refused:
        CriteriaReview.model_validate({"query": "good", "platform": "ok", "calls": "ok"})
    (error,) = record_errors(refused.value)
    assert (error.path, error.message) == ("query", "got 'good', expected 'ok', 'fix' or 'reject'")


KEYWORDS = st.sampled_from(
    [
        "type",
        "enum",
        "const",
        "anyOf",
        "oneOf",
        "items",
        "properties",
        "format",
        "pattern",
        "minimum",
        "maxItems",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(KEYWORDS, JSON | st.sampled_from(["array", "object", "string"]), max_size=6))
def test_whatever_stands_in_a_schema_there_are_words(schema: dict[str, Any]) -> None:
    assert expected_of(schema)
