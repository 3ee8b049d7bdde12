"""Equations 2–11 on counts small enough to check by hand, and what no order of samples may change."""

from fractions import Fraction

import pytest
from benchmark_fixtures import score
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.benchmark import CodedError, SampleScore
from ptool.benchmark.errors_taxonomy import ErrorCounts
from ptool.benchmark.metrics import (
    SCORES,
    Breakdown,
    Counts,
    break_down,
    count_scores,
    merge_counts,
    metric_row,
    published_metric_row,
)


def params(query: tuple[int, int], profile: tuple[int, int]) -> dict[str, int]:
    """Hits and totals as fields of a score."""
    return {
        "query_param_hits": query[0],
        "query_param_total": query[1],
        "profile_param_hits": profile[0],
        "profile_param_total": profile[1],
    }


def test_every_equation_by_hand() -> None:
    scores = [
        score("right", "fpntvo", **params((1, 1), (2, 2))),
        score("wrong platform", "fntv", **params((3, 3), (1, 1))),
        score("wrong value", "fpnt", **params((0, 2), (1, 4))),
        score("unreadable", "", **params((0, 4), (0, 1))),
        score("no parameters", "fpn", **params((0, 0), (0, 0))),
    ]
    assert metric_row(count_scores(scores)) == {
        "format_ok": 4 / 5,
        "platform": 3 / 5,
        "query_params": 4 / 10,  # micro: 1 + 3 + 0 + 0 of 1 + 3 + 2 + 4
        "profile_params": 4 / 8,
        "tool_name": 4 / 5,
        "tool_param": 3 / 5,
        "tool_value": 2 / 5,
        "overall": 1 / 5,
        "query_params_by_sample": 2 / 4,  # (1 + 1 + 0 + 0) / 4: the fifth has none
        "profile_params_by_sample": 2.25 / 4,
    }


def test_nothing_is_not_zero() -> None:
    assert set(metric_row(Counts()).values()) == {None}
    platformless = metric_row(count_scores([score("a", "fntvo", platform=None)]))
    assert platformless["platform"] is None
    assert platformless["query_params"] is None
    assert platformless["overall"] == 1
    assert metric_row(count_scores([score("a", "f")]))["platform"] == 0


def test_published_overall_weighs_every_column_by_the_published_sizes() -> None:
    trained = count_scores([score("a", "fpntvo", **params((1, 1), (0, 0)))])
    untrained = count_scores(
        [score("b", "f", **params((0, 1), (0, 0))), score("c", "", **params((0, 1), (0, 0)))]
    )
    found = published_metric_row(trained, untrained)
    assert found["format_ok"] == pytest.approx((609 * 0.5 + 474 * 1) / 1083)
    assert found["overall"] == pytest.approx(474 / 1083)
    assert found["query_params"] == pytest.approx(474 / 1083)  # not 1 of 3
    assert found["profile_params"] is None


def test_sections_are_told_apart() -> None:
    scores = [
        score("a", "fpntvo", user="u1", group="trained"),
        score("b", "f", user="u1", group="trained"),
        score("c", "f", user="u2", group="untrained"),
        score("d", "fpntvo", user="u3", group="unseen"),
    ]
    breakdown = break_down(scores)
    overall = {section: found["overall"] for section, found in breakdown.rows().items()}
    assert overall == {"overall": 1 / 3, "trained": 1 / 2, "untrained": 0, "unseen": 1, "all": 1 / 2}
    assert breakdown.rows(published=True)["overall"]["overall"] == pytest.approx(474 * 0.5 / 1083)
    assert breakdown.rows(published=True)["all"] == breakdown.rows()["all"]
    assert list(breakdown.users("overall")) == ["u1", "u2"]
    assert {user: counts.samples for user, counts in breakdown.by("user").items()} == {
        "u1": 2, "u2": 1, "u3": 1,
    }  # fmt: skip
    assert breakdown.user_counts() == {"overall": 2, "trained": 1, "untrained": 1, "unseen": 1, "all": 3}


def test_published_weights_need_both_groups() -> None:
    for group in ("trained", "untrained"):
        rows = break_down([score("a", "fpntvo", group=group), score("b", "f", group=group)]).rows(
            published=True
        )
        assert rows["overall"] == rows[group]
        assert rows["overall"]["overall"] == 0.5


def test_names_that_are_numbers_come_by_size_behind_the_others() -> None:
    breakdown = break_down([score(name, "f", scenario=name) for name in ("10", "b", "9")])
    assert list(breakdown.by("scenario")) == ["b", "9", "10"]


def test_without_groups_everything_is_overall() -> None:
    rows = break_down([score("a", "fpntvo"), score("b", "f")]).rows(published=True)
    assert rows.keys() == {"overall", "all"}
    assert rows["overall"]["overall"] == 0.5


def test_dimensions() -> None:
    facts = {"scenario": "shop", "gold_platform": "Mega"}
    breakdown = break_down(
        [
            score("a", "fpntvo", n_calls=2, capabilities=("buy", "ship", "buy"), **facts),
            score("b", "f", n_calls=10, capabilities=("buy",), **facts),
            score("c", "f", n_calls=2, scenario="travel", gold_platform="Mega"),
            score("d", "f", n_calls=0, scenario="bfcl", platform=None),
        ]
    )
    shares = {
        dimension: {key: SCORES["overall"](one) for key, one in breakdown.by(dimension).items()}
        for dimension in ("scenario", "platform", "capability", "calls")
    }
    assert shares == {
        "scenario": {"bfcl": 0, "shop": 0.5, "travel": 0},
        "platform": {"shop/Mega": 0.5, "travel/Mega": 0},
        "capability": {"shop/buy": 0.5, "shop/ship": 1},
        "calls": {"0": 0, "2": 0.5, "10": 0},
    }
    assert list(shares["calls"]) == ["0", "2", "10"]


totals = st.integers(0, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
any_score = st.builds(
    lambda passed, query, profile, user, group, platform: score(
        "s", passed, user=user, group=group, gold_platform=platform, **params(query, profile)
    ),
    st.sampled_from(["", "f", "fp", "fpn", "fnt", "fntv", "fpntvo"]),
    totals,
    totals,
    st.sampled_from("uvw"),
    st.sampled_from([None, "trained", "untrained", "unseen"]),
    st.sampled_from([None, "Mega", "Mini"]),
)


@settings(max_examples=50)
@given(st.lists(any_score, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_samples_changes_no_digit(scores: list[SampleScore], random) -> None:
    before = break_down(scores)
    random.shuffle(scores)
    after = break_down(scores)
    assert after.rows() == before.rows()
    assert [after.by(one) for one in ("user", "platform")] == [before.by(one) for one in ("user", "platform")]


@settings(max_examples=50)
@given(st.lists(any_score, max_size=30), st.integers(0, 30))
def test_parts_merge_to_the_whole(scores: list[SampleScore], cut: int) -> None:
    assert merge_counts([count_scores(scores[:cut]), count_scores(scores[cut:])]) == count_scores(scores)
    assert break_down(scores).counts("all") == count_scores(scores)


@settings(max_examples=50)
@given(st.lists(any_score, min_size=1, max_size=30))
def test_shares_are_exact(scores: list[SampleScore]) -> None:
    found = metric_row(count_scores(scores))
    assert all(value is None or 0 <= value <= 1 for value in found.values())
    shares = [
        Fraction(one.query_param_hits, one.query_param_total) for one in scores if one.query_param_total
    ]
    expected = float(sum(shares) / len(shares)) if shares else None
    assert found["query_params_by_sample"] == (
        expected if expected is None else pytest.approx(expected, abs=1e-15)
    )


def test_many_scores_take_the_room_of_one() -> None:
    breakdown, one = Breakdown(), score("s", "fpntvo", user="u", **params((1, 2), (3, 4)))
    for _ in range(20_000):
        breakdown.add(one)
    counts = breakdown.counts()
    assert (counts.samples, counts.query_shares) == (20_000, {2: [20_000, 20_000]})


def mistake(code: str, path: str = "") -> CodedError:
    return CodedError(code, path)  # type: ignore[arg-type]


def test_errors_are_counted_once_an_answer_and_on_readable_answers_only() -> None:
    errors = ErrorCounts(examples=2)
    wrong = "parameter.wrong"
    errors.add(
        score("c", "fp", errors=(mistake(wrong, "f.x"), mistake(wrong, "f.y"), mistake("origin.query")))
    )
    errors.add(score("a", "fp", errors=(mistake(wrong, "f.z"), mistake("tool.missing"))))
    errors.add(score("b", "fp", errors=(mistake(wrong, "f.w"), mistake("platform"))))
    errors.add(score("d", "", errors=(mistake("parse"),)))
    assert (errors.parsed, errors.unparsed) == (3, 1)
    assert (errors.answers[wrong], errors.mistakes[wrong]) == (3, 4)
    shares = errors.shares()
    assert shares is not None
    assert {code: share for code, share in shares.items() if share} == {wrong: 3 / 4, "tool.missing": 1 / 4}
    assert [(sample, error.path) for sample, error in errors.examples(wrong)] == [("a", "f.z"), ("b", "f.w")]


def test_no_mistakes_have_no_pie() -> None:
    assert ErrorCounts().shares() is None
