"""A shop with two platforms, one accepted episode there, and a way to change any part of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ptool.environments import Case, World, trace
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
)
from ptool.synthesis.dataset.gates import Candidate

BUY = {
    "type": "object",
    "properties": {
        "item": {"type": "string"},
        "count": {"type": "integer"},
        "size": {"type": "string"},
        "to": {"type": "string"},
        "wrap": {"type": "boolean", "default": False},
        "speed": {"type": "string", "enum": ["fast", "slow"]},
    },
    "required": ["item"],
}
PROFILE = Profile(
    id="u0001",
    basic={
        "home_address": "Calle Mayor 4, 46018 Valencia",
        "full_name": "Severo Nebot",
        "clothing_size": "XL",
        "contact": {"name": "Ada Bell", "colours": ["red", "green"]},
    },
    implicit={"style": "Writes short notes.", "mood": "calm", "mark": "SENTINEL-7f3a"},
)
ARGUMENTS = {"item": "red socks", "count": 2, "to": PROFILE.basic["home_address"], "wrap": False}
TEXT = "Please get me two pairs of red socks, brought to my home."


@pytest.fixture(scope="session")
def shop() -> World:
    """Two platforms with the same API."""
    api = Api(
        name="buy",
        description="buy",
        capability="buy",
        parameters=BUY,  # type: ignore[arg-type]
        response={"type": "object", "properties": {}},
    )
    platforms = tuple(
        Platform(name=name, characteristics=(Characteristic(name="speed", text=f"{name} speed"),))
        for name in ("SockBox", "Hosier")
    )
    scenario = ScenarioWorld(
        name="shop",
        description="People buy.",
        contexts=(Context(name="gifts", description="for others"),),
        platforms=platforms,
        apis={one.name: (api,) for one in platforms},
    )
    links = {(one.name, "buy", "to"): "home_address" for one in platforms}
    return World(scenario, feature_of=links, profiles=[PROFILE])


@pytest.fixture
def candidate(shop: World) -> Callable[..., Candidate]:
    """Make an accepted episode; whatever is not said is faultless."""

    def make(
        text: str = TEXT,
        *,
        id: str = "shop-u0001-0001",
        scenario: str = "shop",
        arguments: dict[str, Any] | None = None,
        origins: Callable[[tuple[Any, ...]], tuple[Any, ...]] = lambda found: found,
        **stated: Any,
    ) -> Candidate:
        stated = stated or {"item": "red socks", "count": 2}
        words = {"item": "red socks", "count": "two"}
        phrases = tuple(Phrase(parameter=name, words=words.get(name, "")) for name in stated)
        query = Query(text=text, intents=(Intent(api="buy", stated=stated, phrases=phrases),))
        call = TaskCall(
            api="buy",
            capability="buy",
            stated=tuple(stated),
            known={"to": "home_address"},
            defaults=("wrap",),
        )
        task = Task(
            id=id,
            scenario=scenario,
            user_id="u0001",
            context="gifts",
            platform="SockBox",
            plan="guided",
            calls=(call,),
        )
        calls = [{"api": "buy", "arguments": ARGUMENTS if arguments is None else arguments}]
        solution = Solution.model_validate({"platform": "SockBox", "calls": calls})
        case = Case(shop, PROFILE, (), task, query, solution)
        traced = trace(case)
        traced = SimpleNamespace(origins=origins(traced.origins), untraced=traced.untraced)
        episode = Episode.model_construct(id=id, task=task, status="accepted", query=query, solution=solution)
        return Candidate(episode, case, traced)  # type: ignore[arg-type]

    return make
