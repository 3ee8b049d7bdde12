"""Errands, the queries composed from them, and the solutions code writes: they pass ptool's own checks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.agents import Observation, PhrasingUser
from ptool.environments import Case, World
from ptool.environments.checks import choose_checks
from ptool.environments.errand import LONGEST_WORDS, errand, errand_mentions, errand_options
from ptool.environments.gold_solution import gold_solution
from ptool.errors import ConfigError
from ptool.models import prompt_blocks as blocks
from ptool.models.request import NO_USAGE, Reply
from ptool.records import Query, TaskCall
from ptool.texts.search import searchable_text

STATED = ("item", "quantity", "milk", "day", "time", "gift")
ITEMS = [
    "flat white",
    "cup of tea",
    "Earl Grey (loose leaf)",
    "5 o'clock blend",
    "Käsekuchen",
    "2 shot latte",
]


def call(*stated: str, defaults: tuple[str, ...] = ()) -> TaskCall:
    return TaskCall(
        api="order_drink",
        capability="order",
        stated=stated,
        known={"address": "home_address"},
        defaults=defaults,
    )


def composed(world: World, task: Any, *said: dict[str, Any]) -> Query:
    """The query that a lean user's answers become, one for each call."""
    user = PhrasingUser(
        name="user", prompt="user_lean.jinja", output="ptool.records.Query",
        sees=["scenario", "errand", "errand.mentions", "errand.options", "feedback"],
    )  # fmt: skip
    answers = iter(said)

    async def ask(request: Any, *, accept: Any = None) -> Reply:
        del accept
        return Reply(request.output.model_validate(next(answers)), NO_USAGE)

    shown = {
        "scenario": {},
        "errand": errand(world, task),
        "errand.mentions": errand_mentions(world, task),
        "errand.options": errand_options(world, task),
        "feedback": [],
    }
    views = {name: blocks.dump(view) for name, view in shown.items()}
    observation = Observation(role="user", turn="t", seed=1, views=views)
    reply: Any = asyncio.run(user.respond(observation, ask))
    return reply.record


def test_an_errand_holds_what_to_say_and_nothing_of_the_profile(world, cafe):
    task = cafe.task.model_copy(update={"calls": (call(*STATED),)})
    shown = errand(world, task)
    [job] = shown["jobs"]
    assert list(job["say"]) == list(STATED)
    assert job["say"]["item"] == {"type": "string", "minLength": 2, "maxLength": LONGEST_WORDS}
    assert job["say"]["quantity"] == {"type": "integer", "minimum": 1, "maximum": 99}
    assert job["say"]["milk"]["const"] in ("oat", "cow")
    assert isinstance(job["say"]["gift"]["const"], bool)
    assert searchable_text(job["say"]["day"]["const"]).dates
    assert searchable_text(job["say"]["time"]["const"]).times
    assert (shown["need"]["name"], shown["purpose"]) == ("morning", False)
    assert not any(str(value) in json.dumps(shown) for value in cafe.profile.basic.values() if value != 3)
    assert "SENTINEL" not in json.dumps(shown)
    assert shown == errand(world, task)
    assert shown != errand(world, task.model_copy(update={"id": "cafe-u0001-0002"}))


def test_another_seed_of_the_run_draws_other_errands(world, cafe):
    tasks = [
        cafe.task.model_copy(update={"id": f"cafe-u0001-{n:04d}", "calls": (call(*STATED),)})
        for n in range(9)
    ]

    def drawn(seed: int) -> list[Any]:
        seeded = World(cafe.scenario, profiles=[cafe.profile], seed=seed)
        return [errand(seeded, task) for task in tasks]

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)
    assert all(one["jobs"] != other["jobs"] for one, other in zip(drawn(3), drawn(4), strict=True))


@pytest.mark.parametrize(("need", "milks"), [("oat_drinks", {"oat"}), ("goats", {"oat", "cow"})])
def test_an_option_that_names_the_need_is_drawn_before_others(world, cafe, need, milks):
    drawn = set()
    for n in range(20):
        asked = {"id": f"cafe-u0001-{n:04d}", "context": need, "calls": (call("milk"),)}
        [job] = errand(world, cafe.task.model_copy(update=asked))["jobs"]
        drawn.add(job["say"]["milk"]["const"])
    assert drawn == milks


def test_the_options_of_an_errand_are_those_of_its_parameters(world, cafe):
    task = cafe.task.model_copy(update={"calls": (call("item", "milk"), call("item"))})
    assert errand_options(world, task) == [{"milk": ["oat", "cow"]}, {}]


def test_a_purpose_is_asked_for_where_no_words_tell_the_need(world, cafe):
    task = cafe.task.model_copy(update={"calls": (call("quantity", "milk"),)})
    assert errand(world, task)["purpose"]


def test_only_what_nobody_would_miss_is_alluded_to(world, cafe):
    assert errand_mentions(world, cafe.task) == [[]]  # an order without an address is none
    optional = call("item", "quantity").model_copy(update={"known": {"milk": "home_address"}})
    assert errand_mentions(world, cafe.task.model_copy(update={"calls": (optional,)})) == [["home address"]]


def test_a_free_plan_has_no_errand(world, cafe):
    with pytest.raises(ConfigError, match="roles=paper"):
        errand(world, cafe.task.model_copy(update={"plan": "free", "calls": ()}))


optional = st.sets(st.sampled_from(("milk", "day", "time", "gift")))
calls = st.lists(optional.map(lambda names: call("item", "quantity", *sorted(names))), min_size=1, max_size=2)


@settings(max_examples=60)
@given(calls, st.integers(0, 10**6), st.permutations(ITEMS), st.integers(1, 99), st.sampled_from(("", "s")))
def test_whatever_the_errand_its_query_and_solution_pass_the_checks(
    world, cafe, calls, number, items, quantity, ending
):
    task = cafe.task.model_copy(update={"id": f"cafe-u0001-{number}", "calls": tuple(calls)})
    jobs = errand(world, task)["jobs"]
    # of what code drew, and of the number, the text says nothing
    said = [
        {
            "values": {
                "job_1": dict.fromkeys(job["say"], "left to code") | {"item": item, "quantity": quantity}
            },
            "text": f"order me the {item}{ending if item[-1].isalnum() else ''}",
        }
        for job, item in zip(jobs, items, strict=False)
    ]
    query = composed(world, task, *said)
    case = Case(world, cafe.profile, (cafe.history,), task, query)
    checks = choose_checks(
        ["text", "stated", "platform_named", "tools", "arguments", "duplicate", "grounding", "agreement"]
    )
    assert checks.of_query(case) == ()
    solved = Case(world, cafe.profile, (cafe.history,), task, query, gold_solution(case))
    assert checks.of_solution(solved) == ()


def test_a_gold_solution_takes_each_value_from_where_it_is(world, cafe, make_case):
    task = cafe.task.model_copy(update={"calls": (call("item", "quantity", defaults=("currency",)),)})
    solution = gold_solution(make_case(cafe.query(), task=task))
    assert solution.platform == "BeanBar"
    assert solution.calls[0].arguments == {
        "item": "flat whites", "quantity": 2, "address": "5 Mill Lane, SW1A1AA", "currency": "EUR",
    }  # fmt: skip


def test_gold_calls_keep_the_order_in_which_the_text_asks(world, cafe, make_case):
    listing = TaskCall(api="list_orders", capability="list", stated=(), known={}, defaults=())
    task = cafe.task.model_copy(update={"calls": (cafe.task.calls[0], listing)})
    intents = ({"api": "list_orders", "stated": {}, "phrases": ()}, cafe.query().intents[0].model_dump())
    query = Query.model_validate({"text": f"What did I order? {cafe.text}", "intents": intents})
    case = make_case(query, gold_solution(make_case(query, task=task)), task)
    assert [one.api for one in case.calls] == ["list_orders", "order_drink"]
    assert choose_checks(["agreement", "grounding", "arguments"]).of_solution(case) == ()
