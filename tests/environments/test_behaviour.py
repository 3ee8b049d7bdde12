"""Histories follow preferences without stating them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.agents import Role
from ptool.agents.autogen import make_agents
from ptool.environments import Behaviour, World
from ptool.environments.runner import run_behaviour
from ptool.errors import ModelError
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import Gateway
from ptool.records import Action, Actions, Conflict, History, Preference, Preferences

SEES = {
    "chooser": ["scenario", "contexts", "platforms", "profile.basic", "profile.implicit"],
    "actor": ["scenario", "platforms", "profile.basic", "profile.implicit", "visits"],
}
CHOSEN = Preferences(
    preferences=(
        Preference(context="morning", platform="BeanBar"),
        Preference(context="party", platform="SlowCup"),
    )
)


def did(*actions):
    return Actions(actions=actions or tuple(f"Ordered drink {index}" for index in range(8)))


def wrong(world, *actions):
    behaviour = Behaviour(world, sees=SEES, seed=1, actions_per_context=4, max_rounds=0, loyalty=0.75)
    state = behaviour.apply(behaviour.reset("u0001"), "chooser", CHOSEN)
    return [reason.code for reason in behaviour.apply(state, "actor", did(*actions)).reasons]


@given(st.integers(1, 9), st.floats(0, 1), st.integers(0, 5))
def test_the_preferred_platform_has_the_strict_majority_of_its_context(each, loyalty, seed):
    world = World(SCENARIO[0], profiles=())
    behaviour = Behaviour(world, sees=SEES, seed=seed, actions_per_context=each, loyalty=loyalty)
    visits = behaviour.apply(behaviour.reset("u0001"), "chooser", CHOSEN).visits
    for one in CHOSEN.preferences:
        found = Counter(visit.platform for visit in visits if visit.context == one.context)
        assert found.total() == each
        assert found[one.platform] > each / 2


SCENARIO: list = []


@pytest.fixture(autouse=True, scope="module")
def _scenario(world):
    SCENARIO.append(world.scenario)


@given(st.integers(1, 9), st.floats(0, 1), st.integers(0, 5))
def test_a_taste_that_changed_comes_after_the_former_one(each, loyalty, seed):
    how = {"seed": seed, "actions_per_context": each, "loyalty": loyalty, "format": "chronological"}
    behaviour = Behaviour(World(SCENARIO[0], profiles=()), sees=SEES, **how)
    visits = behaviour.apply(behaviour.reset("u0001"), "chooser", CHOSEN).visits
    assert Counter(visit.context for visit in visits) == {"morning": each, "party": each}
    for one in CHOSEN.preferences:
        went = [visit.platform for visit in visits if visit.context == one.context]
        former = [platform for platform in went if platform != one.platform]
        assert went == former + [one.platform] * (each - len(former))
        assert len(set(former)) <= 1 and len(former) < each / 2


@pytest.mark.parametrize(
    ("format", "shown"),
    [
        ("plain", [("BeanBar", None), ("SlowCup", None), ("BeanBar", None)]),
        ("preferred_only", [("BeanBar", None), ("SlowCup", None), ("BeanBar", None)]),
        ("rating_integrated", [("BeanBar", "liked"), ("SlowCup", "disliked"), ("BeanBar", "disliked")]),
        ("chronological", [("BeanBar", "2025-01-06"), ("SlowCup", "2025-01-09"), ("BeanBar", "2025-01-12")]),
    ],
)
def test_what_a_history_shows_of_its_actions(format, shown):
    """The same platform is liked for one kind of need and disliked for another; what is latent stays so."""
    done = [("BeanBar", "morning"), ("SlowCup", "morning"), ("BeanBar", "party")]
    actions = tuple(Action(platform=name, action="Went", context=need) for name, need in done)
    history = History(
        user_id="u", scenario="s", preferences=CHOSEN.preferences, actions=actions, format=format
    )
    beside = {"rating_integrated": "rating", "chronological": "date"}.get(format, "none")
    assert [(one["platform"], one.get(beside)) for one in history.visible()] == shown
    assert {key for one in history.visible() for key in one} <= {"platform", "action", beside}
    assert History.model_validate_json(history.model_dump_json()) == history
    assert ("format" in history.model_dump()) == (format != "plain")  # as it was before there were others


def test_a_plan_depends_on_the_seed_alone(world):
    def plan(seed):
        behaviour = Behaviour(world, sees=SEES, seed=seed, actions_per_context=4, loyalty=0.75)
        return behaviour.apply(behaviour.reset("u0001"), "chooser", CHOSEN).visits

    assert plan(1) == plan(1) != plan(2)


@pytest.mark.parametrize(
    ("action", "found"),
    [
        ("Ordered a mocha", []),
        ("Ordered a mocha, my favourite", ["history.reveals"]),
        ("Preferred a mocha", ["history.reveals"]),
        ("Ordered; WANTS it, quick", ["history.reveals"]),
        ("Wanted it quickly", []),
        (" ", ["history.length"]),
        ("x" * 301, ["history.length"]),
        ("two\nlines", []),
        ("1. Ordered a mocha", []),
    ],
)
def test_actions_show_and_do_not_tell(world, action, found):
    assert wrong(world, action, *did().actions[1:]) == found


def test_an_action_that_contradicts_the_profile_is_sent_back(world):
    conflict = Conflict(feature="city", value="London", words=("mocha",))
    scenario = world.scenario.model_copy(update={"conflicts": (conflict,)})
    careful = World(scenario, profiles=[world.profile("u0001")])
    assert wrong(careful, "Ordered two mochas", *did().actions[1:]) == ["history.contradicts"]
    assert wrong(careful, "Ordered a drink without mocha", *did().actions[1:]) == []


def test_no_action_is_there_twice_whatever_its_case_and_punctuation(world):
    first, _, *rest = did().actions
    assert wrong(world, first, f" {first.upper()}!", *rest) == ["history.repeated"]
    assert wrong(world, first, f"{first} again", *rest) == []
    assert wrong(world, "\N{SLIGHTLY SMILING FACE}", "\N{UPSIDE-DOWN FACE}", *rest) == []


def test_as_many_actions_as_visits(world):
    assert wrong(world, "Ordered a mocha") == ["history.count"]


@pytest.mark.parametrize(
    ("preferences", "code"),
    [
        (CHOSEN.preferences[:1], "history.preferences"),
        (
            (CHOSEN.preferences[0], Preference(context="party", platform="Nowhere")),
            "history.unknown_platform",
        ),
    ],
)
def test_preferences_are_one_a_context_on_platforms_that_exist(world, preferences, code):
    behaviour = Behaviour(world, sees=SEES, seed=1, max_rounds=0, actions_per_context=4, loyalty=0.75)
    state = behaviour.apply(behaviour.reset("u0001"), "chooser", Preferences(preferences=preferences))
    assert [one.code for one in state.reasons] == [code]
    with pytest.raises(ModelError, match="cafe-u0001: no behaviour history"):
        behaviour.history(state)


@pytest.mark.parametrize("driver", ["loop", "round_robin"])
async def test_a_history_is_played_through_the_agents(world, driver):
    def answer(role, blocks, seed):
        return CHOSEN if role == "chooser" else did()

    roles = {
        name: Role(name, name, f"ptool.records.{output}", SEES[name])
        for name, output in (("chooser", "Preferences"), ("actor", "Actions"))
    }
    gateway = Gateway({"default": Endpoint(FakeModel(answer))}, concurrency=2)
    behaviour = Behaviour(world, sees=SEES, seed=3, actions_per_context=4, loyalty=0.75)
    history = await run_behaviour(behaviour, "u0001", make_agents(roles, gateway.ask), seed=3, driver=driver)
    assert len(history.actions) == 8
    assert set(history.visible()[0]) == {"platform", "action"}
    assert history.preferences == CHOSEN.preferences


def lenient(world, **options):
    options = {"max_rounds": 0, "strict": False} | options
    return Behaviour(world, sees=SEES, seed=1, actions_per_context=4, loyalty=0.75, **options)


@pytest.mark.parametrize(
    ("more", "mended"),
    [
        (CHOSEN.preferences[:1], ["surplus"]),
        ((Preference(context="partys", platform="BeanBar"),), ["near_name", "surplus"]),
        ((Preference(context="moon", platform="BeanBar"),), ["surplus"]),
    ],
)
def test_preferences_too_many_or_nearly_right_are_mended_at_once(world, more, mended):
    behaviour = lenient(world, strict=True)
    given = (CHOSEN.preferences[0], Preference(context="Party", platform="slow cup"), *more)
    state = behaviour.apply(behaviour.reset("u0001"), "chooser", Preferences(preferences=given))
    assert (state.phase, state.preferences) == ("actions", CHOSEN.preferences)
    assert state.repairs == tuple(("chooser", "mended", kind) for kind in ("near_name", *mended))


def test_actions_are_mended_at_once(world):
    behaviour = lenient(world, strict=True)
    state = behaviour.apply(behaviour.reset("u0001"), "chooser", CHOSEN)
    said = ("- Ordered a\tmocha", *did().actions[1:], "One more")
    state = behaviour.apply(state, "actor", did(*said))
    assert state.phase == "accepted"
    assert state.actions == ("Ordered a mocha", *did().actions[1:])
    assert sorted(kind for _, _, kind in state.repairs) == ["list_mark", "surplus", "unprintable"]


def test_good_actions_of_a_refused_answer_are_kept(world):
    behaviour = lenient(world, strict=True, max_rounds=1)
    state = behaviour.apply(behaviour.reset("u0001"), "chooser", CHOSEN)
    first, second = list(did().actions), [f"Bought cake {index}" for index in range(8)]
    first[3], second[5] = "My favourite drink", "Prefers cake"
    state = behaviour.apply(state, "actor", did(*first))
    state = behaviour.apply(state, "actor", did(*second))
    assert state.phase == "accepted"
    assert state.actions == (*second[:5], "Ordered drink 5", *second[6:])
    assert state.repairs == (("actor", "mended", "from_another_answer"),)


@pytest.mark.parametrize(
    ("actions", "filled"),
    [
        ((), 8),
        (("My favourite drink",) * 8, 8),
        (("Ordered tea", *["Ordered tea"] * 7), 7),
        (did().actions[:6], 2),
    ],
)
def test_actions_nobody_writes_are_filled_from_what_the_platforms_do_unless_it_is_strict(
    world, actions, filled
):
    for strict in (True, False):
        behaviour = lenient(world, strict=strict)
        state = behaviour.apply(behaviour.reset("u0001"), "chooser", CHOSEN)
        state = behaviour.apply(state, "actor", Actions(actions=actions))
        assert state.phase == ("rejected" if strict else "accepted")
    assert state.repairs == (("actor", "degraded", "actions"),) * filled
    assert len({action.lower() for action in state.actions}) == 8
    assert len(behaviour.history(state).actions) == 8


def test_a_person_who_chooses_nothing_gets_a_choice_that_depends_on_the_seed_alone(world):
    behaviour = lenient(world)
    states = [
        behaviour.apply(behaviour.reset("u0001"), "chooser", Preferences(preferences=CHOSEN.preferences[1:]))
        for _ in range(2)
    ]
    assert states[0] == states[1]
    assert states[0].preferences[1] == CHOSEN.preferences[1]
    assert states[0].repairs == (("chooser", "degraded", "preferences"),)


async def test_models_without_a_usable_answer_end_no_history_and_what_was_filled_is_told(world):
    gateway = Gateway({"default": Endpoint(FakeModel(lambda *_: "I will not."))}, concurrency=2)
    roles = {
        name: Role(name, name, f"ptool.records.{output}", SEES[name])
        for name, output in (("chooser", "Preferences"), ("actor", "Actions"))
    }
    notes = []
    history = await run_behaviour(
        lenient(world),
        "u0001",
        make_agents(roles, gateway.ask),
        seed=3,
        note=lambda *note: notes.append(note),
    )
    assert len(history.actions) == 8
    assert notes == [("chooser", "degraded", {"preferences": 2}), ("actor", "degraded", {"actions": 8})]
    with pytest.raises(ModelError, match="gave no usable Preferences"):
        await run_behaviour(lenient(world, strict=True), "u0001", make_agents(roles, gateway.ask), seed=3)
