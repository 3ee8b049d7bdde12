"""Another platform could have served, and somebody else would have gone there."""

from __future__ import annotations

import pytest
from ptool.environments.checks import trace
from ptool.environments.checks.case import Case
from ptool.records import Call, Episode, Query, Solution, Task, Usage
from ptool.synthesis.dataset.gates.gate import Candidate
from ptool.synthesis.dataset.gates.necessity import InterchangeabilityGate, serving
from ptool.synthesis.dataset.statistics.necessity import InterchangeabilityCount
from ptool.synthesis.dataset.statistics.people import people_who_ask


def rates(kept, populations):
    count = InterchangeabilityCount(people_who_ask(kept), populations)
    for sample in kept:
        count.add(sample)
    return count.figures()


def candidate(garden, platform: str, *apis: str) -> Candidate:
    world = garden.population({"u1": {}}).worlds["garden"]
    task = Task(
        id="t", scenario="garden", user_id="u1", context="flowers", platform=platform, plan="free", calls=()
    )
    query = Query(text="Do it", intents=())
    solution = Solution(platform=platform, calls=tuple(Call(api=api, arguments={}) for api in apis))
    case = Case(world, world.profile("u1"), (), task, query, solution)
    episode = Episode(
        id="t", task=task, status="accepted", query=query, solution=solution, rounds=0, reasons=(), turns=(),
        usage=Usage(),
    )  # fmt: skip
    return Candidate(episode, case, trace(case))


@pytest.mark.parametrize(
    ("platform", "apis", "objected"),
    [
        ("Ants", ["buyAnts"], False),
        ("Bees", ["swapBees", "buyBees"], False),  # Ants have both
        ("Ants", ["digAnts"], True),  # nobody else digs
        ("Ants", ["digAnts", "buyAnts"], True),  # others do one of them, which is not enough
        ("Ants", [], True),
        ("Ants", ["digAnts", "unheardOf"], True),
        ("Ants", ["buyAnts", "unheardOf"], True),
    ],
)
def test_some_other_platform_offers_everything(garden, platform, apis, objected):
    reasons = list(InterchangeabilityGate().run(candidate(garden, platform, *apis)))
    assert [one.code for one in reasons] == (["gate.interchangeability"] if objected else [])


def test_who_serves_what(garden):
    world = garden.population({}).worlds["garden"]
    assert serving(world, ["buy"]) == ("Ants", "Bees", "Cats")
    assert serving(world, ["buy", "swap"]) == ("Ants", "Bees")
    assert serving(world, ["swap", "fly"]) == ()


def test_rates_by_counting(garden):
    prefers = {"u1": "Ants", "u2": "Bees", "u3": "Ants", "idle": "Cats"}
    lived = [garden.history(user, {"flowers": where}, []) for user, where in prefers.items()]
    people = garden.population(list(prefers), lived)
    kept = [
        garden.sample("a", "u1", "Ants"),  # u2 would go to Bees
        garden.sample("b", "u2", "Bees", twin_of="a"),  # u1 would go to Ants
        garden.sample("c", "u3", "Ants", capability="dig"),  # no other platform digs
        garden.sample("d", "u3", "Ants", context="tools"),  # nobody prefers anything for tools
        garden.sample("e", "u2", "Ants"),  # the only one who would go to Bees is the asker
    ]
    found = rates(kept, [people])
    assert (found.served_elsewhere, found.other_user_elsewhere, found.twins) == (4 / 5, 2 / 5, 1)


def test_people_of_another_population_do_not_count(garden):
    own = garden.population({"u1": {}}, [garden.history("u1", {"flowers": "Ants"}, [])])
    others = garden.population({"u2": {}}, [garden.history("u2", {"flowers": "Bees"}, [])], "unseen")
    kept = [garden.sample("a", "u1"), garden.sample("b", "u2", "Bees", population="unseen")]
    found = rates(kept, [own, others])
    assert (found.served_elsewhere, found.other_user_elsewhere) == (1.0, 0.0)


def test_nothing_gives_zeros(garden):
    assert set(rates([], [garden.population({})]).model_dump().values()) == {0}
    # A world nobody knows serves nothing.
    assert rates([garden.sample("a", "u1", scenario="moon")], []).served_elsewhere == 0.0
