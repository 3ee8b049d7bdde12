"""A miniature world of two cafés, one user, one task, and what a faultless user and assistant say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ptool.environments import Case, World
from ptool.records import (
    Action,
    Api,
    Characteristic,
    Context,
    History,
    Intent,
    Phrase,
    Platform,
    Preference,
    Profile,
    Query,
    ScenarioWorld,
    Solution,
    Task,
    TaskCall,
)

ORDER = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "item": {"type": "string"},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 99},
        "milk": {"type": "string", "enum": ["oat", "cow"]},
        "day": {"type": "string", "format": "date"},
        "time": {"type": "string", "format": "time"},
        "gift": {"type": "boolean"},
        "address": {"type": "string"},
        "currency": {"type": "string", "default": "EUR"},
    },
    "required": ["item", "quantity", "address"],
}
ORDERED = {
    "type": "object",
    "properties": {"order_id": {"type": "string"}, "item": {"type": "string"}, "status": {"type": "string"}},
    "required": ["order_id"],
}
LISTED = {
    "type": "object",
    "properties": {
        "orders": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"order_id": {"type": "string"}, "item": {"type": "string"}},
            },
        },
        "count": {"type": "integer"},
    },
    "required": ["orders", "count"],
}


def api(name: str, capability: str, parameters: dict, response: dict) -> Api:
    return Api(name=name, description=name, capability=capability, parameters=parameters, response=response)


NO_PARAMETERS = {"type": "object", "additionalProperties": False, "properties": {}}
SCENARIO = ScenarioWorld(
    name="cafe",
    description="People order coffee.",
    contexts=(Context(name="morning", description="in a hurry"), Context(name="party", description="many")),
    platforms=tuple(
        Platform(name=name, characteristics=(Characteristic(name="speed", text=f"{name} speed"),))
        for name in ("BeanBar", "SlowCup")
    ),
    apis={
        "BeanBar": (
            api("order_drink", "order", ORDER, ORDERED),
            api("list_orders", "list", NO_PARAMETERS, LISTED),
        ),
        "SlowCup": (api("brew", "order", ORDER, ORDERED), api("orders", "list", NO_PARAMETERS, LISTED)),
    },
)
PROFILE = Profile(
    id="u0001",
    basic={
        "full_name": "Anna Keller",
        "email": "anna.keller@example.org",
        "home_address": "5 Mill Lane, SW1A1AA",
        "city": "London",
        "cups_a_day": 3,
        "languages": ["English", "German"],
    },
    implicit={"pace": "wants it quick", "secret": "SENTINEL-7f3a"},
)
HISTORY = History(
    user_id="u0001",
    scenario="cafe",
    preferences=(Preference(context="morning", platform="BeanBar"),),
    actions=(Action(platform="BeanBar", action="Ordered a flat white", context="morning"),),
)
TASK = Task(
    id="cafe-u0001-0001",
    scenario="cafe",
    user_id="u0001",
    context="morning",
    platform="BeanBar",
    plan="guided",
    calls=(
        TaskCall(
            api="order_drink",
            capability="order",
            stated=("item", "quantity"),
            known={"address": "home_address"},
            defaults=(),
        ),
    ),
)
TEXT = "Could you get me two flat whites brought to my home?"


def query(text: str = TEXT, *, api: str = "order_drink", words: dict | None = None, **stated) -> Query:
    """A query with one intent; by default two flat whites."""
    stated = stated or {"item": "flat whites", "quantity": 2}
    words = words or {"item": "flat whites", "quantity": "two"}
    phrases = tuple(Phrase(parameter=name, words=one) for name, one in words.items())
    return Query(text=text, intents=(Intent(api=api, stated=stated, phrases=phrases),))


def solution(*, platform: str = "BeanBar", api: str = "order_drink", **changed) -> Solution:
    """The faultless solution with some arguments changed; None leaves one out."""
    arguments = {"item": "flat whites", "quantity": 2, "address": "5 Mill Lane, SW1A1AA", **changed}
    arguments = {name: value for name, value in arguments.items() if value is not None}
    return Solution.model_validate({"platform": platform, "calls": [{"api": api, "arguments": arguments}]})


@pytest.fixture(scope="session")
def world() -> World:
    links = {
        ("BeanBar", "order_drink", "address"): "home_address",
        ("SlowCup", "brew", "address"): "home_address",
    }
    return World(SCENARIO, feature_of=links, profiles=[PROFILE], histories=[HISTORY])


@pytest.fixture(scope="session")
def cafe() -> SimpleNamespace:
    """The pieces above; tests are no package, so they are handed over instead of imported."""
    return SimpleNamespace(
        scenario=SCENARIO,
        profile=PROFILE,
        history=HISTORY,
        task=TASK,
        text=TEXT,
        query=query,
        solution=solution,
    )


@pytest.fixture
def make_case(world):
    def make(query: Query, solution: Solution | None = None, task: Task = TASK) -> Case:
        return Case(world, PROFILE, (HISTORY,), task, query, solution)

    return make
