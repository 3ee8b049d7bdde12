"""Limits of 95 % hold in 93 of 100 simulated worlds and more, and no difference is rarely taken for one."""

import numpy as np
import pytest
from interval_coverage import DIFFERENCES, SAMPLES, Draw, difference_figures
from ptool.benchmark.statistics import clustered_bootstrap, paired_bootstrap

SHARES: dict[str, tuple[float, Draw]] = {
    "all alike": (0.6, lambda draw, users: np.full(users, 0.6)),
    "spread": (0.5, lambda draw, users: draw.beta(2, 2, users)),
    "all or nothing": (0.5, lambda draw, users: draw.beta(0.25, 0.25, users)),
    "nearly perfect": (0.97, lambda draw, users: draw.beta(4.85, 0.15, users)),
    "nearly nothing": (0.03, lambda draw, users: draw.beta(0.15, 4.85, users)),
    "some served badly": (0.8525, lambda draw, users: np.where(draw.random(users) < 0.85, 0.95, 0.3)),
    "some served well": (0.107, lambda draw, users: np.where(draw.random(users) < 0.85, 0.02, 0.6)),
}
"""name -> the mean share of all users that there could be, and how users are drawn from them"""


def coverage(name: str, sizes: str, users: int, worlds: int) -> float:
    """How often the limits hold the mean share."""
    draw = np.random.default_rng([users, worlds])
    mean, shares = SHARES[name]
    held = 0
    for world in range(worlds):
        totals = SAMPLES[sizes](draw, users)
        hits = draw.binomial(totals, shares(draw, users))
        rows = zip(hits.tolist(), totals.tolist(), strict=True)
        limits = clustered_bootstrap(rows, seed=world, resamples=1_000)
        assert limits is not None
        held += limits.low <= mean <= limits.high
    return held / worlds


@pytest.mark.parametrize("users", [3, 6])
def test_few_skewed_users_are_covered(users: int) -> None:
    assert coverage("some served badly", "unequal", users, worlds=150) >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SAMPLES)
@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("users", [3, 6, 16, 80])
def test_every_kind_of_users_is_covered(users: int, name: str, sizes: str) -> None:
    assert coverage(name, sizes, users, worlds=500) >= 0.93


@pytest.mark.parametrize("users", [3, 6])
def test_a_difference_that_few_users_make_is_covered(users: int) -> None:
    figures = difference_figures("some served badly", users, worlds=150, resamples=400)
    assert figures.held >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SAMPLES)
@pytest.mark.parametrize("name", DIFFERENCES)
@pytest.mark.parametrize("users", [3, 6, 16, 80])
def test_every_kind_of_difference_is_covered_and_none_is_rarely_found(
    users: int, name: str, sizes: str
) -> None:
    figures = difference_figures(name, users, worlds=500, resamples=400, sizes=sizes)
    assert figures.held >= 0.93
    assert figures.found <= 0.06 or DIFFERENCES[name][0] != 0


@pytest.mark.parametrize(("users", "floor"), [(2, 0.5), (3, 0.25), (6, 2**-5), (12, 2**-11)])
def test_few_users_cannot_bring_a_p_value_down(users: int, floor: float) -> None:
    found = paired_bootstrap([(9, 0, 10), (8, 1, 9)] * (users // 2) + [(7, 1, 8)] * (users % 2), seed=0)
    assert found is not None
    assert found.p_value == floor
