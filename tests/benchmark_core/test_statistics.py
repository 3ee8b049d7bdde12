"""Intervals and tests give the values that scipy and statsmodels give, and behave as they must."""

import math
from itertools import product
from operator import mul

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ptool.benchmark.statistics import clustered_bootstrap, holm, mcnemar, paired_bootstrap, wilson
from ptool.benchmark.user_resampling import _batches
from scipy import stats

counts = st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
users = st.lists(
    st.integers(1, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.integers(0, n), st.just(n))),
    min_size=2,
    max_size=30,
)


@pytest.mark.parametrize(
    ("hits", "total", "confidence", "low", "high"),
    [  # statsmodels 0.15.0, proportion_confint(method="wilson")
        (10, 20, 0.95, 0.2992980081982123, 0.7007019918017877),
        (0, 10, 0.95, 0.0, 0.2775327998628892),
        (7, 7, 0.90, 0.7212373045474578, 1.0),
        (290, 1083, 0.95, 0.24225748380341558, 0.29493352421555213),
        (1, 1000, 0.99, 0.00011741635361832078, 0.008460566219981694),
    ],
)
def test_wilson_is_statsmodels(hits: int, total: int, confidence: float, low: float, high: float) -> None:
    interval = wilson(hits, total, confidence)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-12)


@settings(max_examples=50)
@given(counts)
def test_wilson_is_scipys_and_contains_the_estimate(count: tuple[int, int]) -> None:
    interval = wilson(*count)
    assert interval is not None
    expected = stats.binomtest(*count).proportion_ci(method="wilson")
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
    other = wilson(count[1] - count[0], count[1])
    assert other is not None
    assert (1 - other.high, 1 - other.low) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_no_trials_have_no_interval_and_impossible_counts_are_refused() -> None:
    assert wilson(0, 0) is None
    for hits, total in [(3, 2), (-1, 2), (1, 0)]:
        with pytest.raises(ValueError, match="expected 0 <= hits <= total"):
            wilson(hits, total)
    with pytest.raises(ValueError, match="confidence 95"):
        wilson(1, 2, confidence=95)


@pytest.mark.parametrize(
    ("first", "second", "statistic", "p_value"),
    [  # statsmodels 0.15.0, mcnemar(exact=True below 25 discordant pairs, else correction=True)
        (12, 5, None, 0.143463134765625),
        (0, 6, None, 0.03125),
        (10, 10, None, 1.0),
        (15, 9, None, 0.30745625495910645),
        (0, 0, None, 1.0),
        (15, 10, 0.64, 0.4237107971667936),
        (30, 31, 0.0, 1.0),
        (86, 150, 16.81779661016949, 4.114562281345944e-05),
        (121, 59, 20.67222222222222, 5.450094825427117e-06),
        (20, 20, 0.0, 1.0),  # statsmodels corrects beyond no difference at all: 0.025 and 0.874
    ],
)
def test_mcnemar_is_statsmodels(first: int, second: int, statistic: float | None, p_value: float) -> None:
    found = mcnemar(first, second)
    assert found.statistic == (None if statistic is None else pytest.approx(statistic))
    assert found.p_value == pytest.approx(p_value, rel=1e-9)


@settings(max_examples=50)
@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_does_not_care_which_model_is_first(first: int, second: int) -> None:
    assert mcnemar(first, second).p_value == mcnemar(second, first).p_value
    assert 0 < mcnemar(first, second).p_value <= 1


@settings(max_examples=50)
@given(st.integers(0, 24).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_small_mcnemar_is_the_binomial_test(pair: tuple[int, int]) -> None:
    first, pairs = pair
    expected = stats.binomtest(first, pairs).pvalue if pairs else 1.0
    assert mcnemar(first, pairs - first).p_value == pytest.approx(expected)


def test_holm_is_statsmodels() -> None:
    # statsmodels 0.15.0, multipletests(method="holm")
    assert holm([0.01, 0.04, 0.03, 0.005, 0.5, 0.04]) == pytest.approx([0.05, 0.12, 0.12, 0.03, 0.5, 0.12])
    assert holm([]) == []
    with pytest.raises(ValueError, match="from 0 to 1"):
        holm([0.2, math.nan])


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), max_size=20), st.randoms(use_true_random=False))
def test_holm_only_raises_and_keeps_order(values: list[float], random) -> None:
    adjusted = holm(values)
    assert all(before <= after <= 1 for before, after in zip(values, adjusted, strict=True))
    order = list(range(len(values)))
    random.shuffle(order)
    assert holm([values[one] for one in order]) == pytest.approx([adjusted[one] for one in order])
    ranked = sorted(zip(values, adjusted, strict=True))
    assert [after for _, after in ranked] == sorted(adjusted)


def test_bootstrap_finds_the_known_spread_of_equal_users() -> None:
    # 40 users with one sample each, half right: Clopper's and Pearson's interval of 20 of 40
    interval = clustered_bootstrap([(one % 2, 1) for one in range(40)], seed=1)
    assert interval is not None
    assert interval.estimate == 0.5
    exact = stats.binomtest(20, 40).proportion_ci()
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), abs=0.01)


@pytest.mark.parametrize(
    ("users", "low"), [(3, 0.025 ** (1 / 3)), (6, 0.025 ** (1 / 6)), (80, 0.025 ** (1 / 80))]
)
def test_users_without_a_spread_leave_what_they_cannot_exclude(users: int, low: float) -> None:
    perfect = clustered_bootstrap([(5, 5)] * users, seed=1)
    nothing = clustered_bootstrap([(0, 5)] * users, seed=1)
    assert perfect is not None
    assert nothing is not None
    assert (perfect.low, perfect.high) == (pytest.approx(low, abs=0.01), 1)
    assert (nothing.low, nothing.high) == (0, pytest.approx(1 - low, abs=0.01))


def test_users_who_differ_by_all_or_nothing_are_counted_exactly() -> None:
    found = paired_bootstrap([(1, 0, 1)] * 30 + [(0, 1, 1)] * 10, seed=3)  # 30 of 40 for the first model
    assert found is not None
    # half a user is what Jeffreys adds to either side of a share
    limits = (2 * stats.beta.ppf(0.025, 30, 10.5) - 1, 2 * stats.beta.ppf(0.975, 30.5, 10) - 1)
    assert (found.interval.low, found.interval.high) == pytest.approx(limits, abs=0.01)
    assert found.interval.estimate == 0.5


@pytest.mark.parametrize(("users", "unseen"), [(3, 0.5950), (6, 0.3532), (20, 0.1194), (74, 0.0335)])
def test_users_who_do_not_differ_leave_those_who_may(users: int, unseen: float) -> None:
    found = paired_bootstrap([(3, 3, 5)] * users, seed=0)  # unseen: the quantile of a beta(1/2, users)
    assert found is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((-unseen, unseen), rel=0.03)


def test_exchanges_are_gone_through_or_drawn_to_the_same_end() -> None:
    rows = [(5, 1, 6), (4, 2, 6), (3, 2, 9), (1, 3, 4), (6, 2, 8)]  # differences 4, 2, 1, -2, 4: together 9
    few = paired_bootstrap(rows, seed=0)
    assert few is not None
    sums = [abs(sum(map(mul, signs, (4, 2, 1, -2, 4)))) for signs in product((1, -1), repeat=5)]
    exact = sum(one >= 9 for one in sums) / 32
    assert few.p_value == exact
    as_many = paired_bootstrap(rows, seed=0, resamples=32)
    assert as_many is not None
    assert as_many.p_value == exact
    many = paired_bootstrap([*rows, *([(1, 1, 3)] * 20)], seed=0)  # users without a difference change nothing
    assert many is not None
    assert many.p_value == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize(
    ("resamples", "kinds", "batches"),
    [
        (10_000, 3, [10_000]),
        (4, 2_000_000, [2, 2]),
        (5, 2_000_000, [2, 2, 1]),
        (2, 5_000_000, [1, 1]),
        (1, 1, [1]),
    ],
)
def test_resamples_are_drawn_in_pieces_that_fit(resamples: int, kinds: int, batches: list[int]) -> None:
    assert list(_batches(resamples, kinds)) == batches


def test_at_least_one_resample_is_drawn() -> None:
    with pytest.raises(ValueError, match="resamples 0: expected at least 1"):
        clustered_bootstrap([(1, 2), (2, 2)], 0, resamples=0)


def test_the_best_user_imagined_is_as_good_as_the_best_there_is() -> None:
    interval = clustered_bootstrap([(12, 10), (8, 10)], 0)  # the official scorer counts beyond all
    assert interval is not None
    assert interval.high == pytest.approx(1.194, abs=0.01)  # 1.156 where nobody is better than all right


def test_samples_of_one_user_are_not_independent_evidence() -> None:
    # the same 200 samples: as 200 users, and as 10 users who always or never are served well
    many = clustered_bootstrap([(one % 2, 1) for one in range(200)], seed=1)
    few = clustered_bootstrap([(20 * (one % 2), 20) for one in range(10)], seed=1)
    assert many is not None
    assert few is not None
    assert few.high - few.low > 3 * (many.high - many.low)


@settings(max_examples=50)
@given(users, st.integers(0, 2**40), st.randoms(use_true_random=False))
def test_bootstrap_depends_on_the_seed_alone_and_stays_in_range(rows, seed: int, random) -> None:
    clusters = [(first, total) for first, _, total in rows]
    interval = clustered_bootstrap(clusters, seed, resamples=200)
    random.shuffle(clusters)
    assert clustered_bootstrap(clusters, seed, resamples=200) == interval
    assert interval is not None
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1


@settings(max_examples=50)
@given(users, st.integers(0, 99))
def test_swapping_two_models_turns_the_difference_round(rows, seed: int) -> None:
    one = paired_bootstrap(rows, seed, resamples=200)
    other = paired_bootstrap([(second, first, total) for first, second, total in rows], seed, resamples=200)
    assert one is not None
    assert other is not None
    assert one.interval.estimate == pytest.approx(-other.interval.estimate)
    assert 0 < one.p_value <= 1
    differences = sorted((first - second, total) for first, second, total in rows)
    assume(differences != sorted((-value, total) for value, total in differences))
    assert one.p_value == other.p_value
    limits = (one.interval.low, one.interval.high)
    assert limits == pytest.approx((-other.interval.high, -other.interval.low))


def test_paired_bootstrap_sees_a_difference_and_none() -> None:
    same = paired_bootstrap([(3, 3, 5), (1, 1, 4), (2, 2, 2)], seed=0)
    better = paired_bootstrap([(5, 1, 6)] * 20, seed=0)
    assert same is not None
    assert better is not None
    assert (same.interval.estimate, same.p_value) == (0, 1)
    assert same.interval.low == pytest.approx(-same.interval.high) == pytest.approx(-0.61, abs=0.02)
    assert better.p_value == pytest.approx(1 / 10_001)
    assert 0.45 < better.interval.low < 4 / 6 < better.interval.high < 0.75


@pytest.mark.parametrize("clusters", [[], [(3, 7)], [(0, 0), (1, 2)]])
def test_one_user_tells_nothing_of_others(clusters: list[tuple[int, int]]) -> None:
    assert clustered_bootstrap(clusters, seed=0) is None


def test_many_users_cost_no_more_than_their_kinds() -> None:
    clusters = [(one % 7, 10) for one in range(200_000)]
    interval = clustered_bootstrap(clusters, seed=3)
    assert interval is not None
    assert interval.low < 0.3 < interval.high
    assert interval.high - interval.low < 0.002


@pytest.mark.parametrize("confidence", [-0.5, 0, 1, 95])
def test_a_confidence_is_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValueError, match="expected a number between 0 and 1"):
        clustered_bootstrap([(1, 2), (2, 2)], 0, confidence=confidence)
    with pytest.raises(ValueError, match="expected a number between 0 and 1"):
        paired_bootstrap([(1, 0, 2), (2, 1, 2)], 0, confidence=confidence)
