"""A miniature world of two cafés and two users, and one faultless episode of two calls in it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ptool.environments import World
from ptool.records import (
    Api,
    Characteristic,
    Context,
    Episode,
    Intent,
    Phrase,
    Platform,
    Profile,
    Query,
    ScenarioWorld,
    Solution,
    Task,
    TaskCall,
    Usage,
)
from ptool.synthesis.dataset.audit.samples import AuditSample, audit_samples


def schema(item: str, address: str, snacks: str) -> dict[str, Any]:
    """Parameters of an order, under a café's own names."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            item: {"type": "string"},
            "quantity": {"type": "integer", "minimum": 1, "maximum": 3},
            "hot": {"type": "boolean"},
            address: {"type": "string", "maxLength": 60},
            snacks: {"type": "array", "items": {"enum": ["nuts", "figs", "dates"]}, "minItems": 1},
            "milk": {"enum": ["oat", "cow"]},
        },
        "required": [item, "quantity", address],
    }


def api(name: str, capability: str, parameters: dict[str, Any]) -> Api:
    return Api(
        name=name,
        description=name,
        capability=capability,
        parameters=parameters,
        response={"type": "object", "properties": {}},
    )


EMPTY = {"type": "object", "additionalProperties": False, "properties": {}}
APIS = {
    "BeanBar": (
        api("order_drink", "order", schema("item", "address", "snacks")),
        api("list_orders", "list", EMPTY),
        api("rate_visit", "rate", {"type": "object", "properties": {"stars": {"type": "integer"}}}),
    ),
    "SlowCup": (
        api("brew", "order", schema("what", "bringTo", "bites")),
        api("orders", "list", EMPTY),
    ),
}
BASIC = {"home_address": "5 Mill Lane", "favourite_snacks": ["nuts", "figs"], "motto": "Slow down"}
OTHER = {"home_address": "12 Elm Row", "favourite_snacks": ["dates"], "motto": "Hurry up"}
LINKS = {
    ("BeanBar", "order_drink", "address"): "home_address",
    ("SlowCup", "brew", "bringTo"): "home_address",
    ("BeanBar", "order_drink", "snacks"): "favourite_snacks",
    ("SlowCup", "brew", "bites"): "favourite_snacks",
}
TEXT = "Two hot mochas please, with my snacks, and then show me what I ordered."
ORDER = {
    "item": "hot mochas",
    "quantity": 2,
    "hot": True,
    "address": "5 Mill Lane",
    "snacks": ["nuts", "figs"],
}
STATED = {"item": "hot mochas", "quantity": 2, "hot": True}


def make_world(people: int = 2, platforms: tuple[str, ...] = ("BeanBar", "SlowCup")) -> World:
    scenario = ScenarioWorld(
        name="cafe",
        description="People order coffee.",
        contexts=(Context(name="morning", description="in a hurry"),),
        platforms=tuple(
            Platform(name=name, characteristics=(Characteristic(name="speed", text=f"{name} speed"),))
            for name in platforms
        ),
        apis={name: APIS[name] for name in platforms},
    )
    profiles = [
        Profile(id=f"u{number}", basic=basic, implicit={}) for number, basic in enumerate((BASIC, OTHER), 1)
    ]
    return World(scenario, feature_of=LINKS, profiles=profiles[:people])


def make_episode(calls: int = 2, number: int = 1) -> Episode:
    known = {"address": "home_address", "snacks": "favourite_snacks"}
    task = Task(
        id=f"cafe-u1-{number:04}",
        scenario="cafe",
        user_id="u1",
        context="morning",
        platform="BeanBar",
        plan="guided",
        calls=(
            TaskCall(api="order_drink", capability="order", stated=tuple(STATED), known=known),
            TaskCall(api="list_orders", capability="list", stated=(), known={}),
        )[:calls],
    )
    phrases = {"item": "hot mochas", "quantity": "Two", "hot": "hot"}
    intents = (
        Intent(
            api="order_drink",
            stated=STATED,
            phrases=tuple(Phrase(parameter=name, words=words) for name, words in phrases.items()),
        ),
        Intent(api="list_orders", stated={}, phrases=()),
    )
    made = [{"api": "order_drink", "arguments": ORDER}, {"api": "list_orders", "arguments": {}}]
    return Episode(
        id=task.id,
        task=task,
        status="accepted",
        query=Query(text=TEXT, intents=intents[:calls]),
        solution=Solution.model_validate({"platform": "BeanBar", "calls": made[:calls]}),
        rounds=0,
        reasons=(),
        turns=(),
        usage=Usage(),
    )


def make_sample(calls: int = 2, **of_world: Any) -> AuditSample:
    return audit_samples({"cafe": make_world(**of_world)}, [make_episode(calls)])[0]


@pytest.fixture
def cafe() -> SimpleNamespace:
    """The pieces above; tests are no package, so they are handed over instead of imported."""
    return SimpleNamespace(world=make_world, episode=make_episode, sample=make_sample, order=ORDER, text=TEXT)
