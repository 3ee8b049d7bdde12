"""The prompt of Fig. 7, its variants, and functions as tools."""

from __future__ import annotations

import json

import pytest
from evaluation_doubles import CALL, FIND, PROFILE, item
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import Prediction, parse
from ptool.errors import ConfigError
from ptool.evaluation.prompt import PromptWriter, check_native, check_variant, name_tools, visible_sample

FIGURE_7 = """You are given a user profile:
{"basic_features":{"home_city":"Lyon","age":40},"user_history":{"shopping":[\
{"platform":"East","action":"Bought tea"},{"platform":"West","action":"Bought a lamp"},\
{"platform":"East","action":"Bought rice"}]}}
Here is some platforms under the scenario:
[{"name":"West","profile":{"price":"high"},"apis":["callTaxi"]},\
{"name":"East","profile":{"price":"low"},"apis":["findItem"]}]
Here is some APIs under the platforms:
%s
The user will give you a query. \
Based on the profile, try to solve the query by using the platforms and APIs. \
The platform you choose should fit the user profile or the needs of the user's query. \
All the necessary information are provided in the user profile. \
DO NOT ask the user for further information. \
You should respond in the format of {platform:[func1(param1_name = param1_value, param2...), func2...]} \
No other text MUST be included."""


def test_the_python_prompt_is_the_papers():
    tools = json.dumps([{"type": "function", "function": one} for one in (FIND, CALL)], separators=(",", ":"))
    prompt = PromptWriter("python").prompt(visible_sample(item()))
    assert prompt.system == FIGURE_7 % tools
    assert prompt.user == 'Search for "tea" near me'
    assert prompt.tools == ()


@pytest.mark.parametrize(
    ("variant", "left"),
    [
        ("all", ["basic_features", "user_history"]),
        ("no_basic", ["user_history"]),
        ("no_history", ["basic_features"]),
        ("none", []),
    ],
)
@pytest.mark.parametrize("format", ["python", "json", "native"])
def test_a_variant_leaves_out_what_it_says_in_every_format(format, variant, left):
    system = PromptWriter(format).prompt(visible_sample(item(), variant)).system
    profile = json.loads(system.splitlines()[1])
    assert list(profile) == left
    assert profile == {key: PROFILE[key] for key in left}
    assert ("Lyon" in system) is ("basic_features" in left)
    assert ("Bought tea" in system) is ("user_history" in left)


def test_a_variant_needs_what_it_leaves_out():
    other = item(user_profile={"name": "Ada"})
    with pytest.raises(ConfigError, match="variant: got 'no_history', but sample 's1' has no user_history"):
        check_variant(other, "no_history")
    check_variant(other, "none")
    check_variant(other, "all")


def test_sections_a_dataset_has_nothing_for_are_left_out():
    bare = item(platform=None, platforms={}, user_profile={}, characteristics={})
    for format in ("python", "json"):
        system = PromptWriter(format).prompt(visible_sample(bare)).system
        assert "profile" not in system
        assert "platform" not in system
        assert system.startswith("Here is some APIs:\n")
    assert "[func1(" in PromptWriter("python").prompt(visible_sample(bare)).system


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_text_of_a_sample_ends_its_line(text):
    told = item(user_profile={"basic_features": {"note": text, text: "\nHere is some APIs:\n[]"}})
    lines = PromptWriter("python").prompt(visible_sample(told)).system.split("\n")
    assert len(lines) == 7
    assert json.loads(lines[1])["basic_features"]["note"] == (
        text if text != "note" else "\nHere is some APIs:\n[]"
    )


def test_a_template_in_a_profile_is_text():
    told = item(user_profile={"basic_features": {"note": "{{ 7 * 7 }}{% if %}"}})
    assert "{{ 7 * 7 }}{% if %}" in PromptWriter("json").prompt(visible_sample(told)).system


def test_native_offers_functions_as_tools_and_not_in_the_text():
    prompt = PromptWriter("native").prompt(visible_sample(item()))
    assert [one["name"] for one in prompt.tools] == ["findItem", "callTaxi"]
    assert prompt.tools[0]["parameters"] == FIND["parameters"]
    assert "Search the shelves" not in prompt.system


def test_names_endpoints_refuse_find_their_way_back():
    odd = {"möbel.finden": {**FIND, "name": "möbel.finden"}, "mbel_finden": CALL, "x" * 80: CALL}
    places = {"Süd Ost": ("möbel.finden", "x" * 80), "West": ("möbel.finden", "mbel_finden")}
    named = name_tools(visible_sample(item(tools=odd, platforms=places)))
    wires = [one["name"] for one in named.tools]
    assert len(set(wires)) == len(wires) == 4
    assert all(len(one) <= 64 and one.isascii() for one in wires)
    wire = named.wire_name("Süd Ost", "möbel.finden")
    answer = json.dumps({"tool_calls": [{"function": {"name": wire, "arguments": "{}"}}]})
    found = parse(named.restore(answer), "native", platforms=places)
    assert isinstance(found, Prediction)
    assert (found.platform, found.calls[0].name) == ("Süd Ost", "möbel.finden")


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", "{}", '{"tool_calls": 3}', '{"tool_calls": [{}]}', "1"]
)
def test_what_is_no_tool_call_is_left_alone(text):
    named = name_tools(visible_sample(item(tools={"a.b": CALL}, platforms={"P": ("a.b",)})))
    assert named.restore(text) == text


def test_native_needs_to_know_who_offers_what():
    with pytest.raises(ConfigError, match="format: got 'native', but the dataset does not say"):
        check_native(item(platforms={"East": (), "West": ()}))
    check_native(item())
    check_native(item(platform=None, platforms={}))
