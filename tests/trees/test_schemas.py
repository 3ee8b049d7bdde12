"""Leaves of the API tree are valid, bounded, self-contained function schemas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.errors import TreeError
from ptool.trees.schemas import check_function, inlined
from tree_fakes import make_api


def parameters(**properties):
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "search-products"}, "expected an identifier"),
        ({"name": "search\n"}, "expected an identifier"),
        ({"name": "x" * 65}, "expected an identifier"),
        ({"name": "größe"}, "expected an identifier"),
        ({"description": "  "}, "text of 1 to 1000 characters"),
        ({"description": "x" * 1001}, "text of 1 to 1000 characters"),
        ({"parameters": {"type": "string"}}, "expected a schema of type 'object'"),
        ({"parameters": {"type": "object"}}, "no properties"),
        ({"parameters": parameters(**{"two words": {}})}, "expected an identifier"),
        ({"parameters": parameters(a=True)}, "expected a schema object"),
        ({"parameters": parameters(a={}) | {"required": ["b"]}}, "required 'b' is no property; there is 'a'"),
        ({"parameters": parameters(a={}) | {"required": "a"}}, "not valid JSON Schema"),
        ({"parameters": parameters(a={"type": "strnig"})}, "not valid JSON Schema"),
        ({"parameters": parameters(a={"type": "string", "pattern": "("})}, "not valid JSON Schema"),
        ({"parameters": parameters(**{f"p{n}": {} for n in range(33)})}, "got 33 parameters"),
        ({"parameters": parameters(a={"$ref": "https://example.org/a"})}, "is not local"),
        ({"parameters": parameters(a={"$ref": "other.json#/a"})}, "is not local"),
        ({"parameters": parameters(a={"$ref": "#/$defs/none"})}, "points nowhere"),
        ({"parameters": parameters(a={"$ref": "#/properties/a"})}, "contains itself"),
        ({"parameters": parameters(a={"$ref": "#"})}, "contains itself"),
        ({"parameters": parameters(a={"$id": "https://example.org/"})}, "is not allowed"),
        ({"parameters": parameters(a={"maximum": 2**64})}, "finite 64-bit"),
        ({"response": {"type": "array"}}, "response: got type 'array'"),
        (
            {"response": {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}}},
            "is not local",
        ),
    ],
)
def test_a_bad_function_is_refused_in_one_line(changes, complaint):
    with pytest.raises(TreeError) as refusal:
        check_function(make_api("search").model_copy(update=changes), "shopping/Shop/search")
    assert complaint in str(refusal.value)
    assert str(refusal.value).startswith("shopping/Shop/search")
    assert "\n" not in str(refusal.value)


def test_a_reference_within_the_schema_is_written_out():
    schema = {
        "type": "object",
        "$defs": {"a/b": {"type": "string", "format": "date"}},
        "properties": {"day": {"$ref": "#/$defs/a~1b", "description": "when"}},
    }
    check_function(make_api("book", parameters=schema), "book")
    assert inlined(schema, "book") == {
        "type": "object",
        "properties": {"day": {"type": "string", "format": "date", "description": "when"}},
    }


def test_a_property_called_definitions_is_kept():
    schema = {"type": "object", "properties": {"definitions": {"type": "string"}}}
    assert inlined(schema, "x") == schema


def test_references_that_multiply_are_bounded():
    layers = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 8} for n in range(10)}
    schema = parameters(a={"$ref": "#/$defs/l0"}) | {"$defs": layers | {"l10": {"type": "string"}}}
    with pytest.raises(TreeError, match="too large"):
        check_function(make_api("bomb", parameters=schema), "bomb")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "properties", "$ref", "items", "required", "a"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_a_model_writes_is_accepted_or_refused_but_never_crashes(value):
    api = make_api("odd").model_copy(update={"parameters": {"type": "object", "properties": {"a": value}}})
    try:
        check_function(api, "odd")
    except TreeError:
        return
    assert isinstance(value, dict)
