"""Intervals beside scores, and two models side by side."""

import pytest
from benchmark_fixtures import score
from ptool.benchmark.metrics import break_down
from ptool.benchmark.statistics import compare_scores, estimates, wilson
from ptool.errors import ConfigError


def scores(right: str, users: int = 4) -> list:
    """One score per letter, '+' wholly right and '-' wholly wrong, users in turn."""
    return [
        score(
            f"s{number}",
            "fpntvo" if mark == "+" else "f",
            user=f"u{number % users}",
            query_param_hits=int(mark == "+"),
            query_param_total=1,
        )
        for number, mark in enumerate(right)
    ]


def test_each_score_has_the_interval_that_suits_it() -> None:
    found = estimates(break_down(scores("++--" * 5 + "+-")).users(), seed=1)
    assert {column: one.method for column, one in found.items()} == {
        "format_ok": "wilson",
        "platform": "wilson",
        "query_params": "bootstrap",
        "profile_params": None,
        "tool_name": "wilson",
        "tool_param": "wilson",
        "tool_value": "wilson",
        "overall": "bootstrap",
        "query_params_by_sample": None,
        "profile_params_by_sample": None,
    }
    assert found["tool_name"].interval == wilson(11, 22)
    assert found["profile_params"].value is None
    overall = found["overall"].interval
    assert overall is not None
    # two of four users are never served: nearly Clopper's and Pearson's interval of 2 of 4
    assert (overall.low, overall.high) == pytest.approx((0.0676, 0.9324), abs=0.04)
    assert estimates(break_down(reversed(scores("++--" * 5 + "+-"))).users(), seed=1) == found


def test_every_use_of_a_seed_has_its_own() -> None:
    users = break_down(scores("+--+-++" * 30, users=37)).users()
    draws = [estimates(users, seed, name, resamples=99) for seed, name in [(1, "a"), (1, "b"), (2, "a")]]
    assert len({one["overall"] for one in draws}) == 3
    assert draws[0]["overall"].interval != draws[0]["query_params"].interval


def test_one_user_gets_wilsons_interval_and_none_for_parameters() -> None:
    found = estimates(break_down(scores("+-", users=1)).users(), seed=1)
    assert (found["overall"].method, found["overall"].interval) == ("wilson", wilson(1, 2))
    assert (found["query_params"].value, found["query_params"].interval) == (0.5, None)


def test_two_models() -> None:
    found = compare_scores(scores("++++++--"), scores("+++----+")).results(seed=0)
    assert (found["overall"].first, found["overall"].second) == (6 / 8, 4 / 8)
    test, difference = found["overall"].mcnemar, found["overall"].difference
    assert test is not None
    assert (test.only_first, test.only_second, test.p_value) == (3, 1, 0.625)
    assert difference is not None
    assert difference.interval.estimate == 0.25
    assert found["format_ok"].mcnemar is not None
    assert found["format_ok"].mcnemar.p_value == 1
    assert found["query_params"].mcnemar is None
    assert found["query_params"].difference is not None
    assert (found["profile_params"].first, found["profile_params"].difference) == (None, None)


def test_swapping_the_models_swaps_everything() -> None:
    one = compare_scores(scores("++++++--"), scores("+++----+")).results(seed=0)["overall"]
    other = compare_scores(scores("+++----+"), scores("++++++--")).results(seed=0)["overall"]
    assert one.difference is not None
    assert other.difference is not None
    assert one.difference.p_value == other.difference.p_value
    assert one.difference.interval.low == pytest.approx(-other.difference.interval.high)


def test_other_samples_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"got 's0' and 's1', expected the same samples"):
        compare_scores(scores("++"), reversed(scores("++")))
    with pytest.raises(ConfigError, match="the second evaluation ends after 1 samples"):
        compare_scores(scores("++"), scores("+"))
