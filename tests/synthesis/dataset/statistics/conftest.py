"""A garden with three platforms and two kinds of need, where every figure can be counted by hand.

Ants, Bees and Cats all sell (`buy`); Ants and Bees swap (`swap`); only Ants dig (`dig`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from ptool.environments.world import World
from ptool.records import (
    Action,
    Api,
    Characteristic,
    Context,
    History,
    Platform,
    Preference,
    Profile,
    ScenarioWorld,
)
from ptool.synthesis.dataset.samples import Argument, CompactSample
from ptool.synthesis.population import Population

OFFERS = {"Ants": ("buy", "swap", "dig"), "Bees": ("buy", "swap"), "Cats": ("buy",)}
PARAMETERS = {
    "what": {"type": "string"},
    "currency": {"type": "string", "default": "EUR"},
    "address": {"type": "string"},
    "gift": {"type": "boolean"},
    "way": {"type": "string", "enum": ["van"]},
    "lots": {"type": "integer", "minimum": 1, "maximum": 1},
}

Visit = tuple[str, str, str]
"""platform, context, what was done."""


def api(platform: str, capability: str) -> Api:
    return Api(
        name=f"{capability}{platform}",
        description="Does it.",
        capability=capability,
        parameters={"type": "object", "properties": PARAMETERS, "required": ["what"]},
        response={"type": "object", "properties": {}},
    )


def make_scenario(name: str) -> ScenarioWorld:
    return ScenarioWorld(
        name=name,
        description="People garden.",
        contexts=(Context(name="flowers", description="roses"), Context(name="tools", description="spades")),
        platforms=tuple(
            Platform(name=one, characteristics=(Characteristic(name="speed", text="fast"),)) for one in OFFERS
        ),
        apis={one: tuple(api(one, capability) for capability in offered) for one, offered in OFFERS.items()},
    )


def history(
    user: str, prefers: Mapping[str, str], visits: Iterable[Visit], scenario: str = "garden"
) -> History:
    return History(
        user_id=user,
        scenario=scenario,
        preferences=tuple(Preference(context=need, platform=where) for need, where in prefers.items()),
        actions=tuple(Action(platform=where, context=need, action=text) for where, need, text in visits),
    )


def population(
    people: Mapping[str, Mapping[str, Any]] | Iterable[str],
    histories: Iterable[History] = (),
    name: str = "",
    scenarios: tuple[str, ...] = ("garden",),
) -> Population:
    """People by their basic features or ids alone, and what they did."""
    people = people if isinstance(people, Mapping) else {user: {} for user in people}
    profiles = [Profile(id=user, basic=dict(basic), implicit={}) for user, basic in people.items()]
    lived = list(histories)
    return Population(
        name, {one: World(make_scenario(one), profiles=profiles, histories=lived) for one in scenarios}
    )


def sample(id: str, user: str, platform: str = "Ants", query: str = "", **more: Any) -> CompactSample:
    """A sample that buys; `capability` says otherwise, `known` is parameter -> (feature, value)."""
    capability, known = more.pop("capability", "buy"), more.pop("known", {})
    arguments = tuple(
        Argument(0, parameter, "profile", feature, orjson.dumps(value).decode())
        for parameter, (feature, value) in known.items()
    )
    fields: dict[str, Any] = {"population": "", "scenario": "garden", "context": "flowers"} | more
    calls = ((f"{capability}{platform}", capability),)
    return CompactSample(
        id=id, user=user, platform=platform, query=query, calls=calls, arguments=arguments, **fields
    )


@pytest.fixture
def garden() -> SimpleNamespace:
    """The pieces above; tests are no package, so they are handed over instead of imported."""
    return SimpleNamespace(history=history, population=population, sample=sample)
