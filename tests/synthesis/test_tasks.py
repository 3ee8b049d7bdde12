"""Tasks are drawn evenly, to the asked averages, and on the platform the user prefers for the need."""

import random
from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.environments.world import World
from ptool.records import Api, Characteristic, Context, History, Platform, Preference, Profile, ScenarioWorld
from ptool.settings import TaskSettings
from ptool.synthesis.tasks import TaskSampler, parameter_sources, slots_by_scenario, slots_in_turn

PLAN = {
    "plan": "guided",
    "parameters": 3.65,
    "profile_share": 0.6,
    "multi_call": 0.2,
    "repeat_call": 0.1,
    "default_rate": 0.3,
}
TEXT, FLAG, COUNT = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "default": 1}
PARAMETERS = {
    "what": TEXT,
    "count": COUNT,
    "address": TEXT,
    "gift": FLAG,
    "note": TEXT,
    "phone": TEXT,
    "email": TEXT,
    "size": {"type": "integer"},
}
LINKS = {"address": "home_address", "phone": "phone", "email": "email", "size": "clothing_size"}


def api(name: str, capability: str, **notes: str) -> Api:
    return Api(
        name=name,
        description="Does it.",
        capability=capability,
        parameters={"type": "object", "properties": PARAMETERS, "required": ["what", "count", "address"]}
        | notes,
        response={"type": "object", "properties": {}},
    )


def make_world(people: Sequence[Profile]) -> World:
    apis = {
        platform: (
            api(f"buy{platform}", "buy", **{"x-repeats": "what"}),
            api(f"find{platform}", "find"),
            api(f"swap{platform}", "swap"),
        )
        for platform in ("Ants", "Bees")
    }
    apis["Ants"] += (api("onlyAnts", "burrow"),)
    scenario = ScenarioWorld(
        name="garden",
        description="Two colonies.",
        contexts=(Context(name="day", description="d"), Context(name="night", description="n")),
        platforms=tuple(
            Platform(name=name, characteristics=(Characteristic(name="pace", text=name),)) for name in apis
        ),
        apis=apis,
    )
    links = {(p, one.name, k): v for p, ones in apis.items() for one in ones for k, v in LINKS.items()}
    return World(scenario, feature_of=links, profiles=people)


PEOPLE = [
    Profile(
        id=f"u{number:04}",
        basic={"home_address": "Elm 1", "phone": "+1 555", "email": "a@example.org", "clothing_size": "XL"},
        implicit={},
    )
    for number in range(1, 21)
]
WORLD = make_world(PEOPLE)
LIVED = [
    History(
        user_id=one.id,
        scenario="garden",
        preferences=(
            Preference(context="day", platform="Ants"),
            Preference(context="night", platform="Bees"),
        ),
        actions=(),
    )
    for one in PEOPLE
]


def drawn(seed=0, queries=50, lived=LIVED, **changes):
    plan = TaskSettings.model_validate(PLAN | changes)
    slots = slots_in_turn([one.user_id for one in lived], ["garden"], queries)
    return list(TaskSampler({"garden": WORLD}, lived, plan, seed).draw(slots))


def test_the_averages_come_out_as_asked_for():
    tasks = drawn(default_rate=1.0, multi_call=0.1, repeat_call=0.0)
    stated = sum(len(call.stated) for task in tasks for call in task.calls)
    known = sum(len(call.known) for task in tasks for call in task.calls)

    assert len(tasks) == 1000
    assert abs((stated + known) / len(tasks) - 3.65) < 0.1
    assert abs(known / (stated + known) - 0.6) < 0.03


def test_the_platform_is_the_one_preferred_for_the_need():
    assert {(task.context, task.platform) for task in drawn()} == {("day", "Ants"), ("night", "Bees")}


def test_what_only_one_platform_offers_is_never_asked_for():
    assert {call.capability for task in drawn() for call in task.calls} == {"buy", "find", "swap"}


def test_apis_are_used_evenly():
    used = Counter((task.platform, call.api) for task in drawn() for call in task.calls)

    for platform in ("Ants", "Bees"):
        counts = [count for (where, _), count in used.items() if where == platform]
        assert max(counts) - min(counts) <= 0.2 * max(counts)


NEEDS, PLACES = ("day", "night", "dusk", "dawn", "noon"), ("Ants", "Bees", "Cats")


def skewed(users: int) -> list[History]:
    """Histories of nothing but preferences: half of the people prefer ants, a third bees, the others cats."""
    rng = random.Random(1)
    return [
        History(
            user_id=PEOPLE[number].id,
            scenario="garden",
            preferences=tuple(
                Preference(context=need, platform=rng.choices(PLACES, (3, 2, 1))[0]) for need in NEEDS
            ),
            actions=(),
        )
        for number in range(users)
    ]


def test_a_need_leads_to_every_platform_as_often_whatever_most_people_prefer():
    lived = skewed(20)
    liked = Counter((one.context, one.platform) for history in lived for one in history.preferences)
    asked = Counter((task.context, task.platform) for task in drawn(lived=lived, queries=60, plan="free"))

    assert len(liked) == len(asked) == 15
    assert max(liked.values()) == 6 * min(liked.values())
    assert max(asked.values()) <= 2 * min(asked.values())


def test_a_user_still_asks_for_every_kind_of_need():
    lived = skewed(20)
    needs = Counter((task.user_id, task.context) for task in drawn(lived=lived, queries=60, plan="free"))

    for one in lived:
        own = [needs[one.user_id, need] for need in NEEDS]
        assert min(own) >= 1, own
        assert max(own) <= 30, own  # never more than half of the sixty


def test_who_prefers_nothing_asks_nothing():
    nothing = History(user_id="u0002", scenario="garden", preferences=(), actions=())
    assert {task.user_id for task in drawn(lived=[LIVED[0], nothing], queries=3)} == {"u0001"}


@given(users=st.integers(1, 9), places=st.integers(1, 4), queries=st.integers(1, 30))
def test_everybody_goes_round_the_scenarios(users, places, queries):
    names = [f"s{number}" for number in range(places)]
    slots = list(slots_in_turn([f"u{number}" for number in range(users)], names, queries))

    assert len(slots) == len(set(slots)) == users * queries
    asked = Counter((visit.user, visit.scenario) for visit in slots)
    for user in range(users):
        counts = [asked[f"u{user}", name] for name in names]
        assert (sum(counts), max(counts) - min(counts) <= 1) == (queries, True)


@given(users=st.integers(1, 9), counts=st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_counted_visits_are_as_many_as_asked_for_and_everybody_makes_as_many(users, counts):
    queries = {f"s{number}": count for number, count in enumerate(counts)}
    slots = list(slots_by_scenario([f"u{number}" for number in range(users)], queries))

    assert len(slots) == len(set(slots))
    assert Counter(visit.scenario for visit in slots) == queries
    of_users = Counter(visit.user for visit in slots)
    assert max(of_users.values()) - min(of_users[f"u{number}"] for number in range(users)) <= 1


def test_a_profile_value_that_breaks_the_schema_fills_nothing():
    blanks = parameter_sources(PEOPLE[0], WORLD, WORLD.tools["Ants", "buyAnts"])

    assert "size" in blanks.may_state  # 'XL' is no integer
    assert blanks.known == {"address": "home_address"}
    assert blanks.defaulted == ("count",)
    assert blanks.stated == ("what",)


def test_the_same_seed_draws_the_same_and_another_one_does_not():
    assert drawn(3) == drawn(3) != drawn(4)


def test_a_free_plan_leaves_the_calls_open():
    assert {task.calls for task in drawn(plan="free")} == {()}


@settings(max_examples=25)
@given(seed=st.integers(0, 2**62), repeat=st.sampled_from([0.0, 1.0]), default=st.sampled_from([0.0, 1.0]))
def test_every_call_can_be_made(seed, repeat, default):
    for task in drawn(seed, queries=3, repeat_call=repeat, default_rate=default, multi_call=0.0):
        assert len(task.calls) == (2 if repeat else 1)
        assert not repeat or {call.capability for call in task.calls} == {"buy"}
        for call in task.calls:
            said, known, left = set(call.stated), set(call.known), set(call.defaults)
            assert not (said & known or said & left or known & left)
            assert {"what", "count", "address"} <= said | known | left <= set(PARAMETERS)
            assert left == ({"count"} if default else set())
            assert known
