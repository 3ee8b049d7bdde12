"""Floors and ceilings: what each of them may know, and what it does with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evaluation_doubles import PROFILE, item
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import GoldCall, Prediction, parse, score
from ptool.evaluation.baselines import BASELINES, Baselines, heuristic_task
from ptool.evaluation.prompt import visible_sample
from ptool.models.scripted import Library
from ptool.models.scripted.heuristic import HeuristicSolver

KITLESS = HeuristicSolver(Library({}))
FORMATS = ("python", "json", "native")


def baselines(format="python", variant="all", seed=0):
    return Baselines(KITLESS, variant, format, seed)


def read(name, sample, **options) -> Prediction:
    found = parse(baselines(**options).answer(name, sample), platforms=sample.platforms)
    assert isinstance(found, Prediction)
    return found


@pytest.mark.parametrize("format", FORMATS)
def test_gold_is_the_ceiling_in_every_format(format):
    assert score(item(), baselines(format).answer("gold", item()), format).overall


@pytest.mark.parametrize("name", sorted({*BASELINES} - {"gold"}))
@pytest.mark.parametrize("format", FORMATS)
def test_only_gold_knows_the_answer(name, format):
    other = replace(item(), calls=(GoldCall("callTaxi", {"x": (1,)}),), platform="West")
    assert baselines(format).answer(name, item()) == baselines(format).answer(name, other)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tools": {}, "platforms": {"East": (), "West": ()}},
        {"user_profile": {}, "query": ""},
        {"platform": None, "platforms": {}},
        {"user_profile": {"basic_features": None, "user_history": {"shopping": ["x", {"platform": []}]}}},
        {"user_profile": {"user_history": [1]}},
    ],
)
def test_every_baseline_answers_readably_whatever_a_sample_lacks(name, format, changes):
    sample = item(**changes)
    assert score(sample, baselines(format).answer(name, sample), format).format_ok


def test_majority_platform_goes_where_the_user_went_most():
    assert read("majority_platform", item()).platform == "East"
    west = {
        "a": [{"platform": "West"}] * 2,
        "b": [{"platform": "West"}] * 2,
        "c": [{"platform": "North"}] * 9,
    }
    moved = item(user_profile={**PROFILE, "user_history": west})
    assert read("majority_platform", moved).platform == "West"


def test_without_history_habit_is_worth_nothing():
    chosen = {read("majority_platform", item(id=f"s{n}"), variant="no_history").platform for n in range(20)}
    assert chosen == {"East", "West"}


def test_copy_profile_copies_what_is_named_alike_and_nothing_else():
    (call,) = read("copy_profile", item()).calls
    assert (call.name, call.arguments) == ("findItem", {"homeCity": "Lyon"})
    (blind,) = read("copy_profile", item(), variant="no_basic").calls
    assert blind.arguments == {}


def test_the_heuristic_takes_words_from_the_query_and_features_from_the_profile():
    (call,) = read("scripted", item()).calls
    assert (call.name, call.arguments) == ("findItem", {"keyword": "tea", "homeCity": "Lyon"})


def test_the_heuristic_sees_what_the_variant_leaves():
    question = heuristic_task(visible_sample(item(), "none"))
    assert (question.basic, question.history) == ({}, ())


def test_draws_derive_from_seed_and_sample():
    several = [item(id=f"s{n}") for n in range(30)]
    first, again, other = (
        [baselines(seed=seed).answer("random", one) for one in several] for seed in (1, 1, 2)
    )
    assert first == again != other
    assert [baselines(seed=1).answer("random", one) for one in reversed(several)] == first[::-1]


@given(st.dictionaries(st.text(max_size=5), st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
), max_size=4))  # fmt: skip
def test_no_schema_or_profile_upsets_the_heuristic(chaos):
    tool = {"name": "findItem", "parameters": {"properties": {"homeCity": chaos}, "required": ["homeCity"]}}
    sample = item(tools={"findItem": tool}, platforms={"East": ("findItem",)},
                  user_profile={"basic_features": chaos, "user_history": chaos})  # fmt: skip
    for name in BASELINES:
        assert score(sample, baselines("json").answer(name, sample), "json").platform is not None
