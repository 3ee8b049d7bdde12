"""Plans of visits: drawn by seed and user, out of what the platform's own functions say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ptool.environments import Behaviour, World
from ptool.environments.behaviour import PlannedVisit
from ptool.environments.visit_plan import MOST_DETAILS, visit_plan
from ptool.records import Actions, Preference, Preferences, ScenarioWorld

VISITS = [
    PlannedVisit(platform, context) for platform in ("BeanBar", "SlowCup") for context in ("morning", "party")
] * 5


def seeded(cafe: Any, seed: int = 0) -> World:
    links = {
        ("BeanBar", "order_drink", "address"): "home_address",
        ("SlowCup", "brew", "address"): "home_address",
    }
    return World(cafe.scenario, feature_of=links, profiles=[cafe.profile], seed=seed)


def test_a_plan_names_a_function_of_the_platform_and_values_of_its_schema(cafe):
    world = seeded(cafe)
    plans = visit_plan(world, "u0001", VISITS)
    for plan, visit in zip(plans, VISITS, strict=True):
        tools = {
            tool.api.description: tool for (where, _), tool in world.tools.items() if where == visit.platform
        }
        tool = tools[plan["job"]]
        assert tool.some_arguments.is_valid(plan["details"])
        assert len(plan["details"]) <= MOST_DETAILS
        assert (
            not {"address", "currency"} & plan["details"].keys()
        )  # the profile's, and nothing usual is known
        assert (plan["need"]["name"], plan["platform"]) == (visit.context, visit.platform)
    assert len({plan["plain"] for plan in plans}) == len(plans)
    assert any("milk" in plan["details"] for plan in plans)
    assert any(plan["think_up"] == ["item"] for plan in plans)
    assert "Mill Lane" not in str(plans)
    assert "SENTINEL" not in str(plans)


def test_a_plan_depends_on_the_seed(cafe):
    assert visit_plan(seeded(cafe, 3), "u0001", VISITS) == visit_plan(seeded(cafe, 3), "u0001", VISITS)
    assert visit_plan(seeded(cafe, 3), "u0001", VISITS) != visit_plan(seeded(cafe, 4), "u0001", VISITS)


def test_examples_of_a_schema_come_first_and_only_functions_for_the_need_are_drawn(cafe):
    scenario = cafe.scenario.model_dump(mode="json")
    order, listing = scenario["apis"]["BeanBar"]
    order["parameters"]["properties"]["item"]["examples"] = ["flat white"]
    listing["parameters"]["x-contexts"] = ["party"]
    world = seeded(SimpleNamespace(scenario=ScenarioWorld.model_validate(scenario), profile=cafe.profile))
    plans = visit_plan(world, "u0001", [PlannedVisit("BeanBar", "morning")] * 9)
    assert {plan["job"] for plan in plans} == {"order_drink"}
    assert all(plan["details"]["item"] == "flat white" and plan["think_up"] == [] for plan in plans)


def test_the_plans_own_sentences_are_accepted_and_counted_as_mended(cafe):
    world = seeded(cafe)
    sees = {"chooser": ["contexts"], "actor": ["scenario", "visits.plan"]}
    behaviour = Behaviour(world, sees=sees, seed=1, actions_per_context=2, loyalty=0.75)
    chosen = tuple(Preference(context=name, platform="BeanBar") for name in ("morning", "party"))
    state = behaviour.apply(behaviour.reset("u0001"), "chooser", Preferences(preferences=chosen))
    plain = [plan["plain"] for plan in behaviour.observe(state, "actor")["visits.plan"]]
    done = behaviour.apply(state, "actor", Actions(actions=(*plain[:-1], "Ordered tea")))
    assert done.phase == "accepted"
    assert done.repairs == (("actor", "mended", "plain_sentence"),) * 3
