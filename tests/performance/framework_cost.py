"""What the framework itself costs: agents, environment, checks and sandbox, with models that answer at once.

    python tests/performance/framework_cost.py [conversations]

Plays conversations of three calls (user, assistant, verifier) about two tool calls in a world of three
platforms with 24 APIs each, and prints the median CPU a conversation and how much memory they left behind.
The bar: 2 ms CPU a conversation on the quiet machine it was set on, where it took 1.3, and no growth over
10,000. A yardstick in the same run says how slow another machine is, or its neighbours make it; they take the
caches that code stands in as well, which the yardstick does not feel: a quarter more is allowed there.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from pathlib import Path

import orjson
from autogen_core.models import CreateResult, RequestUsage
from measures import resident, yardstick
from ptool.agents import Role
from ptool.agents.autogen import RoleAgent, make_agents
from ptool.environments import Dialogue, World
from ptool.environments.runner import run_dialogue
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import Gateway
from ptool.models.seeds import derive
from ptool.records import Api, Characteristic, Context, Platform, Profile, ScenarioWorld, Task, TaskCall

MOST_CPU, MOST_GROWTH = 2.0, 10.0  # milliseconds a conversation, MB over all of them
BESIDE_NEIGHBOURS = 1.25
PLATFORMS, APIS, USERS, BATCH = 3, 24, 80, 250
SEES = {
    "user": "scenario platform task task.apis profile.basic profile.implicit feedback",
    "assistant": "scenario platforms apis profile.basic profile.implicit query feedback",
    "verifier": "scenario platforms solution.apis profile.basic profile.implicit query "
    "solution solution.responses",
}
OUTPUT = {"user": "Query", "assistant": "Solution", "verifier": "Verdict"}


class InstantModel(FakeModel):
    """Answers by seed from a table, so that nothing but the framework is measured."""

    def __init__(self) -> None:
        super().__init__(lambda *_: "")
        self.table: dict[int, str] = {}

    async def create(self, _messages, **options) -> CreateResult:
        """Look the answer up."""
        content = self.table[options["extra_create_args"]["seed"]]
        usage = RequestUsage(prompt_tokens=1, completion_tokens=1)
        return CreateResult(finish_reason="stop", content=content, usage=usage, cached=False)


def make_world() -> World:
    """Three platforms, 24 APIs each, with the kinds of parameters tools have."""
    parameters = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "item": {"type": "string", "description": "what is wanted, in a few words"},
            "quantity": {"type": "integer", "minimum": 1, "maximum": 99, "description": "how many pieces"},
            "day": {"type": "string", "format": "date", "description": "the day of delivery"},
            "speed": {"type": "string", "enum": ["normal", "express"], "description": "how fast"},
            "address": {"type": "string", "description": "where it is delivered"},
            "email": {"type": "string", "format": "email", "description": "where the receipt goes"},
        },
        "required": ["item", "quantity", "address"],
    }
    response = {
        "type": "object",
        "properties": {
            "order_id": {"type": "string"},
            "status": {"type": "string"},
            "item": {"type": "string"},
            "total": {"type": "number", "minimum": 0},
            "entries": {
                "type": "array",
                "items": {"type": "object", "properties": {"order_id": {"type": "string"}}},
            },
        },
        "required": ["order_id", "status"],
    }
    names = [f"Platform{letter}" for letter in "ABC"[:PLATFORMS]]
    traits = ("delivery", "price", "selection", "service", "loyalty_program")
    scenario = ScenarioWorld(
        name="bench",
        description="People order things of every kind from competing platforms.",
        contexts=tuple(Context(name=f"need_{i}", description=f"needs of kind {i}") for i in range(4)),
        platforms=tuple(
            Platform(
                name=name,
                characteristics=tuple(
                    Characteristic(name=one, text=f"{name} and its {one}.") for one in traits
                ),
            )
            for name in names
        ),
        apis={
            name: tuple(
                Api(
                    name=f"{name.lower()}_call_{index}",
                    description=f"Carries out function {index} of the platform for the customer.",
                    capability=f"capability_{index}",
                    parameters=parameters,
                    response=response,
                )
                for index in range(APIS)
            )
            for name in names
        },
    )
    links = {
        (name, api.name, parameter): feature
        for name in names
        for api in scenario.apis[name]
        for parameter, feature in (("address", "home_address"), ("email", "email"))
    }
    return World(scenario, feature_of=links, profiles=[_profile(index) for index in range(USERS)])


def _profile(index: int) -> Profile:
    basic = {f"fact_{number}": f"value {number} of {index}" for number in range(20)}
    basic |= {
        "home_address": f"{index + 1} Example Street, Springfield",
        "email": f"user{index}@example.org",
        "full_name": f"Person Number{index}",
    }
    implicit = {f"taste_{number}": f"taste {number} of {index}" for number in range(20)}
    return Profile(id=f"u{index:04}", basic=basic, implicit=implicit)


def make_task(index: int) -> Task:
    """A task of two calls, four parameters of which the query states and two the profile fills."""
    calls = tuple(
        TaskCall(
            api=f"platforma_call_{(index + shift) % APIS}",
            capability="capability",
            stated=("item", "quantity"),
            known={"address": "home_address"} | ({"email": "email"} if shift else {}),
            defaults=(),
        )
        for shift in (0, 1)
    )
    return Task(
        id=f"bench-u{index % USERS:04}-{index}",
        scenario="bench",
        user_id=f"u{index % USERS:04}",
        context=f"need_{index % 4}",
        platform="PlatformA",
        plan="guided",
        calls=calls,
    )


def answers(world: World, task: Task, index: int) -> dict[int, str]:
    """What the three roles say about a task, keyed by their seeds."""
    text = (
        f"Please get me {index % 90 + 2} bags of coffee number {index} to my home address, and "
        f"then {index % 7 + 2} boxes of green tea number {index}, with the receipt to my usual mail."
    )
    said = [
        {"item": f"coffee number {index}", "quantity": index % 90 + 2},
        {"item": f"green tea number {index}", "quantity": index % 7 + 2},
    ]
    query = {
        "text": text,
        "intents": [
            {
                "api": call.api,
                "stated": stated,
                "phrases": [
                    {"parameter": "item", "words": stated["item"]},
                    {"parameter": "quantity", "words": str(stated["quantity"])},
                ],
            }
            for call, stated in zip(task.calls, said, strict=True)
        ],
    }
    basic = world.profile(task.user_id).basic
    solution = {
        "platform": task.platform,
        "calls": [
            {
                "api": call.api,
                "arguments": stated | {name: basic[feature] for name, feature in call.known.items()},
            }
            for call, stated in zip(task.calls, said, strict=True)
        ],
    }
    replies = {"user": query, "assistant": solution, "verifier": {"ok": True, "reasons": []}}
    return {
        derive(0, "episodes", task.id, role, 0): orjson.dumps(reply).decode()
        for role, reply in replies.items()
    }


async def play(dialogue: Dialogue, agents: dict[str, RoleAgent], model: InstantModel, first: int) -> float:
    """Play one batch and return its CPU seconds a conversation."""
    tasks = [make_task(index) for index in range(first, first + BATCH)]
    model.table = {
        seed: text
        for index, task in enumerate(tasks, first)
        for seed, text in answers(dialogue.world, task, index).items()
    }
    begin = time.process_time()
    for task in tasks:
        episode = await run_dialogue(dialogue, task, agents, seed=0)
        if episode.status != "accepted":
            raise SystemExit(f"{task.id}: {episode.reasons}")
    return (time.process_time() - begin) / BATCH


async def measure(conversations: int) -> tuple[float, float, float]:
    """Median milliseconds of a conversation, how slow the machine was, the megabytes that all left behind."""
    world, model = make_world(), InstantModel()
    roles = {name: Role(name, name, f"ptool.records.{OUTPUT[name]}", SEES[name].split()) for name in SEES}
    gateway = Gateway({"default": Endpoint(model)}, concurrency=64)
    agents, dialogue = (
        make_agents(roles, gateway.ask),
        Dialogue(world, sees={n: r.sees for n, r in roles.items()}),
    )
    for warm_up in range(4):
        await play(dialogue, agents, model, warm_up * BATCH)
    yardstick()  # what it reads is made now
    gc.collect()
    before = resident()
    costs, slow = [], []
    for first in range(0, conversations, BATCH):
        costs.append(await play(dialogue, agents, model, first))
        slow.append(yardstick())
    gc.collect()
    return statistics.median(costs) * 1000, statistics.median(slow), resident() - before


def probe(size: int, _folder: Path) -> dict[str, float]:
    """What the framework itself costs; size: conversations."""
    cost, _, left = asyncio.run(measure(size))
    return {"CPU, ms a conversation": cost, "memory left behind, MB": left}


def main(conversations: int) -> int:
    """Measure, print, and return 1 where a bar is missed three times: neighbours come and go."""
    print(f"{conversations} conversations of 3 calls")
    for _ in range(3):
        cost, slow, growth = asyncio.run(measure(conversations))
        most = MOST_CPU * (slow * BESIDE_NEIGHBOURS if slow > 1 else 1)
        print(f"median CPU: {cost:.2f} ms a conversation (wanted at most {MOST_CPU:g}, here {most:.2f})")
        print(f"memory left behind: {growth:+.1f} MB (wanted at most {MOST_GROWTH:g})")
        if cost <= most and growth <= MOST_GROWTH:
            return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
