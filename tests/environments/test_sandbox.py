"""The sandbox answers by the schema, by nothing but its input, and remembers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.environments import SandboxState, World, execute_call
from ptool.environments.mock_responses import value_for_schema
from ptool.environments.world import compile_schema
from ptool.records import Api, Call, Characteristic, Context, Platform, ScenarioWorld

NAMES = st.sampled_from(["order_id", "item", "count", "status", "price", "when", "note", "entries"])
BOUNDS = st.tuples(st.integers(-50, 50), st.integers(0, 40))


def numbers(kind):
    return BOUNDS.map(lambda b: {"type": kind, "minimum": b[0], "maximum": b[0] + b[1]})


LEAVES = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "boolean"}),
    st.just({"type": ["string", "null"]}),
    st.just({"const": 4}),
    st.just({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2}),
    st.just({"type": "number", "multipleOf": 0.5, "minimum": 0.2}),
    st.builds(
        lambda n, m: {"type": "string", "minLength": n, "maxLength": n + m},
        st.integers(0, 30),
        st.integers(0, 9),
    ),
    st.sampled_from(["date", "time", "date-time", "email", "uri", "uuid"]).map(
        lambda one: {"type": "string", "format": one}
    ),
    st.lists(st.sampled_from(["a", "b", 3, None]), min_size=1, max_size=4).map(lambda some: {"enum": some}),
    numbers("integer"),
    numbers("number"),
)


def nested(inner):
    return st.one_of(
        st.builds(
            lambda items, least, more: {
                "type": "array",
                "items": items,
                "minItems": least,
                "maxItems": least + more,
            },
            inner,
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        st.dictionaries(NAMES, inner, max_size=4).map(
            lambda parts: {"type": "object", "properties": parts, "required": sorted(parts)[:2]}
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda some: {"anyOf": some}),
    )


SCHEMAS = st.dictionaries(NAMES, st.recursive(LEAVES, nested, max_leaves=8), max_size=5).map(
    lambda parts: {"type": "object", "properties": parts, "required": sorted(parts)}
)


@settings(max_examples=150)
@given(SCHEMAS, st.integers(0, 2**60))
def test_every_answer_conforms_to_its_schema(schema, key):
    made = value_for_schema(schema, key, {}, ())
    assert compile_schema(schema).is_valid(made), list(compile_schema(schema).iter_errors(made))
    assert value_for_schema(schema, key, {}, ()) == made


def order(item):
    return Call(api="order_drink", arguments={"item": item, "quantity": 1, "address": "home"})


def test_an_answer_repeats_the_arguments_and_has_an_id_of_its_own(world):
    _, first = execute_call(SandboxState(), world, "BeanBar", order("tea"))
    _, again = execute_call(SandboxState(), world, "BeanBar", order("tea"))
    _, other = execute_call(SandboxState(), world, "BeanBar", order("mocha"))
    assert first == again
    assert (first.ok, first.value["item"], first.value["status"]) == (True, "tea", "confirmed")
    assert first.value["order_id"] != other.value["order_id"]


def test_what_was_created_is_found_later(world):
    state, first = execute_call(SandboxState(), world, "BeanBar", order("tea"))
    state, second = execute_call(state, world, "BeanBar", order("mocha"))
    _, listed = execute_call(state, world, "BeanBar", Call(api="list_orders", arguments={}))
    assert listed.value["count"] == 2
    assert listed.value["orders"] == [
        {"order_id": one.value["order_id"], "item": one.value["item"]} for one in (first, second)
    ]


def test_a_refused_call_changes_nothing(world):
    state = SandboxState()
    for call in (Call(api="brew", arguments={}), Call(api="order_drink", arguments={"item": 3})):
        after, outcome = execute_call(state, world, "BeanBar", call)
        assert (after, outcome.ok) == (state, False)
        assert outcome.value["error"]


def platform(response, parameters=None):
    """A world of one platform with the functions `place` and `track`, whose answers have this schema."""
    apis = tuple(
        Api(
            name=name,
            description=name,
            capability=name,
            parameters=parameters or {"type": "object"},
            response=response,
        )
        for name in ("place", "track")
    )
    shop = Platform(name="Shop", characteristics=(Characteristic(name="speed", text="fast"),))
    contexts = (Context(name="any", description="any"),)
    scenario = ScenarioWorld(
        name="s", description="s", contexts=contexts, platforms=(shop,), apis={"Shop": apis}
    )
    return World(scenario, feature_of={}, profiles=[], histories=[])


PARCEL = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("parcel_id", "item", "label")},
    "required": ["parcel_id", "item"],
}


@pytest.mark.parametrize("name", ["parcel_id", "parcelId", "parcelID"])
def test_a_follow_up_by_id_is_about_the_thing_that_was_created(name):
    schema = {
        **PARCEL,
        "properties": {name: {"type": "string"}, "item": {"type": "string"}},
        "required": [name, "item"],
    }
    world, state, made = platform(schema), SandboxState(), {}
    for item in ("tea", "lamp", "rice"):
        state, made[item] = execute_call(state, world, "Shop", Call(api="place", arguments={"item": item}))
    for item, placed in made.items():
        _, found = execute_call(state, world, "Shop", Call(api="track", arguments={name: placed.value[name]}))
        assert found.value == {name: placed.value[name], "item": item}


def test_what_is_no_id_or_another_id_finds_nothing():
    world = platform(PARCEL)
    state, placed = execute_call(
        SandboxState(), world, "Shop", Call(api="place", arguments={"item": "tea", "label": "A"})
    )
    for arguments in ({"label": "A"}, {"parcel_id": "other"}, {"id": placed.value["parcel_id"]}):
        _, found = execute_call(state, world, "Shop", Call(api="track", arguments=arguments))
        assert found.value["item"] != "tea"


def test_the_latest_of_two_things_with_one_id_is_found():
    world, state = platform(PARCEL), SandboxState()
    for item in ("tea", "lamp"):
        arguments = {"parcel_id": "P1", "item": item}
        state, _ = execute_call(state, world, "Shop", Call(api="place", arguments=arguments))
    _, found = execute_call(state, world, "Shop", Call(api="track", arguments={"parcel_id": "P1"}))
    assert found.value["item"] == "lamp"


def test_a_refusal_names_the_function_or_the_first_fault(world):
    _, unknown = execute_call(SandboxState(), world, "BeanBar", Call(api="x" * 200, arguments={}))
    assert unknown.value == {"error": f"BeanBar has no function {'x' * 100}"}
    wrong = Call(api="order_drink", arguments={"item": 3, "quantity": 1, "address": "home"})
    _, invalid = execute_call(SandboxState(), world, "BeanBar", wrong)
    assert invalid.value == {"error": '3 is not of type "string"'}


def test_where_repeated_values_break_the_schema_a_second_try_repeats_nothing():
    """The argument fits the property, but not what the whole response has to be."""
    response = {
        "type": "object",
        "properties": {"item": {"type": "string"}},
        "required": ["item"],
        "not": {"properties": {"item": {"const": "tea"}}},
    }
    world = platform(response)
    state, first = execute_call(SandboxState(), world, "Shop", Call(api="place", arguments={"item": "tea"}))
    assert first.ok
    assert first.value["item"] != "tea"
    assert len(state.entities) == 1


def test_a_response_that_nothing_fits_is_a_refusal():
    world = platform({"type": "object", "properties": {"item": {"type": "string"}}, "not": {}})
    state, outcome = execute_call(SandboxState(), world, "Shop", Call(api="place", arguments={"item": "tea"}))
    assert (state, outcome.ok) == (SandboxState(), False)
    assert outcome.value == {"error": "place: the platform has no answer that fits its own response schema"}
