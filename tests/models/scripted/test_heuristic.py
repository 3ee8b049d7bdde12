"""The scripted model answers PTBench: from the prompt alone, in the format asked for."""

from __future__ import annotations

import json
from pathlib import Path

import ptool
import pytest
from autogen_core.models import SystemMessage, UserMessage
from ptool.errors import UnknownPartError
from ptool.models.scripted import Library, ScriptedModel

TINY = str(Path(ptool.__file__).parent / "environments" / "scenarios" / "tiny")
PLACES = [{"name": "Alpha", "apis": ["bookTable"]}, {"name": "Beta", "apis": ["orderMeal", "bookDesk"]}]
TOOLS = [
    {
        "name": "bookTable",
        "description": "Reserve a table.",
        "parameters": {
            "properties": {
                "guests": {"type": "integer"},
                "phoneNumber": {"type": "string"},
                "mood": {"enum": ["quiet", "loud"]},
                "day": {"type": "string", "format": "date"},
            },
            "required": ["guests", "phoneNumber"],
        },
    },
    {"name": "orderMeal", "description": "Have a meal brought.", "parameters": {}},
    {"name": "bookDesk"},
]
PROFILE = {
    "basic_features": {"phone": "+33 1", "city": "Lyon"},
    "user_history": {"x": [{"platform": "Beta", "action": "Ordered soup"}] * 3
                     + [{"platform": "Alpha", "action": "Booked a table for friends"}]},
}  # fmt: skip
QUERY = "Book a table for 4 on 2026-05-01, somewhere quiet please"
ARGUMENTS = {"guests": 4, "phoneNumber": "+33 1", "mood": "quiet", "day": "2026-05-01"}


def system(end: str, *, profile=PROFILE, places=PLACES, tools=TOOLS) -> str:
    parts = ["You are given a user profile:", json.dumps(profile)]
    parts += ["Here is some platforms under the scenario:", json.dumps(places)] if places else []
    listed = [{"type": "function", "function": tool} for tool in tools]
    parts += ["Here is some APIs under the platforms:", json.dumps(listed)]
    return "\n".join([*parts, end])


def answered(text: str, query: str = QUERY, seed: int = 0) -> str:
    return ScriptedModel(Library({})).answer([text, query], seed)


def test_it_answers_as_figure_7_asks():
    arguments = ", ".join(f"{key}={value!r}" for key, value in ARGUMENTS.items())
    assert (
        answered(system("respond in the format of {platform:[…]}")) == f"{{Alpha: [bookTable({arguments})]}}"
    )


def test_it_answers_in_json_where_json_is_asked_for():
    told = json.loads(answered(system('in the format of {"platform": "platform", "functions": […]}')))
    assert told == {"platform": "Alpha", "functions": [{"name": "bookTable", "parameters": ARGUMENTS}]}


async def test_it_calls_tools_where_tools_are_offered():
    text = system("respond by calling the tools", tools=[])
    messages = [SystemMessage(content=text), UserMessage(content=QUERY, source="u")]
    result = await ScriptedModel(Library({})).create(messages, tools=TOOLS)  # type: ignore[arg-type]
    (call,) = json.loads(str(result.content))["tool_calls"]
    assert call["function"]["name"] == "bookTable"
    assert json.loads(call["function"]["arguments"]) == ARGUMENTS


def test_the_platform_follows_behaviour_in_similar_needs_and_else_habit():
    assert "Alpha" in answered(system("{platform:"))
    assert "Beta" in answered(system("{platform:"), "Have a meal brought")
    assert {answered(system("{platform:", profile={}), seed=seed)[1:3] for seed in range(20)} == {"Al", "Be"}


def test_a_kit_it_knows_is_understood_by_its_own_phrases():
    library = Library({"tiny": TINY})
    names = list(library.kit("tiny").platforms)
    assert library.scenario_of(names) == library.scenario_of(names[:1]) == "tiny"
    assert library.scenario_of([*names, "Elsewhere"]) is None
    assert library.scenario_of([]) is None


@pytest.mark.parametrize(
    "text",
    [
        "Tell me a story.",
        "You are given a user profile:\nnot JSON\nHere is some APIs:\n[]",
        "Here is some APIs:\n[{}]",
        "Here is some APIs:\n3",
        "Here is some platforms under the scenario:\n[3]\nHere is some APIs:\n[]",
    ],
)
def test_what_is_no_prompt_of_the_benchmark_is_refused_as_before(text):
    with pytest.raises(UnknownPartError, match="needs 'Role: <name>'"):
        answered(text)
