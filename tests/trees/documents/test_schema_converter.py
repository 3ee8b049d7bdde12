"""Schemas of documents become self-contained ones that allow nothing the document does not."""

import copy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.trees.documents.references import BrokenDocument, UnusableSchema
from ptool.trees.documents.schema_converter import SchemaConverter


def converted(schema: Any, root: Any = None, *, dialect_3_0: bool = False) -> Any:
    return SchemaConverter({} if root is None else root, dialect_3_0).convert(schema, "#")


STRING = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True, "example": "a"}, STRING),
        ({"type": ["string", "null"]}, STRING),
        ({"anyOf": [STRING, {"type": "null"}], "default": None}, STRING),
        (
            {"oneOf": [{"type": "null"}, {"type": "string", "maxLength": 3}]},
            {"type": "string", "maxLength": 3},
        ),
        ({"type": "string", "enum": ["a", None, "b"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"const": "a"}, {"enum": ["a"]}),
        (
            {"type": "integer", "minimum": 3, "exclusiveMinimum": True},
            {"type": "integer", "minimum": 3, "exclusiveMinimum": 3},
        ),
        (
            {"allOf": [{"type": "number", "minimum": 1}, {"type": "integer", "minimum": 2}]},
            {"type": "integer", "minimum": 2},
        ),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, {"enum": ["b"]}),
        ({"type": "integer", "enum": [1, True, 2]}, {"type": "integer", "enum": [1, 2]}),
        ({"type": "string", "default": 3}, STRING),
        ({"type": "string", "description": "a\u202eb \n c"}, {"type": "string", "description": "ab c"}),
    ],
)
def test_what_a_schema_means_is_written_out(schema: Any, expected: Any) -> None:
    assert converted(schema) == expected


def test_what_contains_itself_is_cut_where_it_may_be_missing() -> None:
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": STRING, "children": {"type": "array", "items": {"$ref": "#/Tree"}}},
    }
    root = {"Tree": tree}
    converter = SchemaConverter(root)
    plain = converter.convert({"$ref": "#/Tree"}, "#/here")
    assert plain == {
        "type": "object",
        "properties": {"name": STRING},
        "required": ["name"],
        "additionalProperties": False,
    }
    assert converter.cut == [("#/Tree/properties/children/items", "$ref '#/Tree' contains itself")]
    tree["required"].append("children")
    with pytest.raises(UnusableSchema, match="contains itself"):
        converted({"$ref": "#/Tree"}, root)


def test_all_of_closes_what_one_of_them_closes() -> None:
    one = {"type": "object", "properties": {"a": STRING}, "additionalProperties": False}
    other = {"type": "object", "properties": {"a": {"minLength": 2}, "b": STRING}}
    assert converted({"allOf": [one, other]}) == {
        "type": "object",
        "properties": {"a": {"type": "string", "minLength": 2}},
        "additionalProperties": False,
    }
    with pytest.raises(UnusableSchema, match="nothing may stand there"):
        converted({"allOf": [one, {**other, "required": ["b"]}]})


def test_what_is_read_only_is_neither_sent_nor_required() -> None:
    given = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {**STRING, "readOnly": True}, "name": STRING},
    }
    assert converted(given)["required"] == ["name"]
    assert list(converted(given)["properties"]) == ["name"]


def test_beside_a_reference_openapi_3_0_says_nothing() -> None:
    root, schema = {"a": {"type": "integer"}}, {"$ref": "#/a", "maximum": 3}
    assert converted(schema, root) == {"type": "integer", "maximum": 3}
    assert converted(schema, root, dialect_3_0=True) == {"type": "integer"}


@pytest.mark.parametrize(
    ("schema", "where", "why"),
    [
        ({"type": "strng"}, "#/type", "expected a type of JSON Schema"),
        ({"allOf": {"type": "string"}}, "#/allOf", "expected a list"),
        ({"properties": ["a"]}, "#/properties", "expected schemas by name"),
        ({"type": "object", "required": "a"}, "#/required", "expected a list of names"),
        ({"properties": {"a": 3}}, "#/properties/a", "got 3, expected a schema"),
        ({"items": {"$ref": "#/none"}}, "#/items/$ref", "'#/none' leads nowhere"),
    ],
)
def test_what_is_no_schema_is_refused_with_its_place(schema: Any, where: str, why: str) -> None:
    with pytest.raises(BrokenDocument) as refused:
        converted(schema)
    assert (refused.value.pointer, why in refused.value.reason) == (where, True)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "null"},
        {"anyOf": [{"type": "null"}]},
        {"type": "string", "enum": [None]},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"type": "string", "format": "binary"},
        {"type": "array", "prefixItems": [STRING]},
        {"oneOf": [STRING, {"type": "string", "format": "binary"}]},
        {"not": {"$ref": "#"}},
        {"$dynamicRef": "#x"},
    ],
)
def test_what_cannot_be_had_is_left_out(schema: Any) -> None:
    with pytest.raises(UnusableSchema):
        converted(schema)


def test_a_schema_that_grows_without_end_is_given_up_soon() -> None:
    root = {
        f"s{n}": {
            "type": "object",
            "required": ["a"],
            "properties": {name: {"$ref": f"#/s{n + 1}"} for name in "abcdefgh"},
        }
        for n in range(30)
    } | {"s30": STRING}
    converter = SchemaConverter(root)
    with pytest.raises(UnusableSchema):
        converter.convert({"$ref": "#/s0"}, "#")
    assert converter._steps > -100


LEAVES = st.sampled_from(
    [
        STRING,
        {"type": "integer", "minimum": 2},
        {"type": "string", "enum": ["a", "b"]},
        {"type": ["string", "null"]},
        {"$ref": "#/$defs/d"},
        {"type": "boolean"},
        {"const": 1},
    ]
)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    return st.builds(
        lambda props, required, closed: {
            "type": "object",
            "properties": props,
            "required": required,
            **closed,
        },
        properties,
        st.lists(st.sampled_from("abc"), unique=True, max_size=2),
        st.sampled_from([{}, {"additionalProperties": False}, {"additionalProperties": STRING}]),
    )


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: (
        _objects(inner)
        | st.builds(
            lambda key, several: {key: several},
            st.sampled_from(["allOf", "anyOf", "oneOf"]),
            st.lists(inner, min_size=1, max_size=3),
        )
        | st.builds(lambda items: {"type": "array", "items": items}, inner)
    ),
    max_leaves=8,
)
VALUES = st.recursive(
    st.sampled_from(["a", "x", 1, 2, True, None]),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)


@given(SCHEMAS, SCHEMAS, st.lists(VALUES, min_size=5, max_size=25))
@settings(max_examples=150)
def test_nothing_is_allowed_that_the_document_does_not_allow(
    schema: Any, shared: Any, values: list[Any]
) -> None:
    root = {**copy.deepcopy(schema), "$defs": {"d": copy.deepcopy(shared)}}
    try:
        plain = jsonschema_rs.validator_for(converted(root, root))
    except UnusableSchema:
        return
    original = jsonschema_rs.Draft202012Validator(root)
    assert [value for value in values if plain.is_valid(value) and not original.is_valid(value)] == []
