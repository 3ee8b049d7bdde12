"""Limits of 95 % hold in 93 of 100 simulated worlds and more, and no difference is rarely taken for one."""

from collections.abc import Callable

import numpy as np
import pytest
from ptool.benchmark.statistics import clustered_bootstrap, paired_bootstrap

Draw = Callable[[np.random.Generator, int], np.ndarray]

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

SAMPLES: dict[str, Draw] = {
    "equal": lambda draw, users: np.full(users, 15),
    "unequal": lambda draw, users: np.maximum(2, draw.lognormal(2.5, 0.8, users).astype(int)),
}


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


DIFFERENCES: dict[str, Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]] = {
    "unrelated": lambda draw, users: (draw.beta(2, 2, users), draw.beta(2, 2, users)),
    "related": lambda draw, users: tuple(
        np.clip(draw.beta(2, 2, users) * 0.8 + 0.1 + draw.normal(0, 0.03, (2, users)), 0, 1)
    ),
    "nearly perfect": lambda draw, users: (draw.beta(9, 1, users),) * 2,
}
"""name -> the shares of two models without a difference, user by user"""


def difference_figures(name: str, sizes: str, users: int, worlds: int) -> tuple[float, float]:
    """How often the limits hold no difference, and how often p <= 0.05."""
    draw = np.random.default_rng([users, worlds])
    held = alarms = 0
    for world in range(worlds):
        totals = SAMPLES[sizes](draw, users)
        first, second = (draw.binomial(totals, shares) for shares in DIFFERENCES[name](draw, users))
        rows = zip(first.tolist(), second.tolist(), totals.tolist(), strict=True)
        found = paired_bootstrap(rows, seed=world, resamples=1_000)
        assert found is not None
        held += found.interval.low <= 0 <= found.interval.high
        alarms += found.p_value <= 0.05
    return held / worlds, alarms / worlds


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SAMPLES)
@pytest.mark.parametrize("name", DIFFERENCES)
@pytest.mark.parametrize("users", [3, 6, 16, 80])
def test_no_difference_is_rarely_taken_for_one(users: int, name: str, sizes: str) -> None:
    held, alarms = difference_figures(name, sizes, users, worlds=1_000)
    assert held >= 0.92
    assert alarms <= 0.06


@pytest.mark.parametrize(("users", "floor"), [(2, 0.5), (3, 0.25), (6, 2**-5), (12, 2**-11)])
def test_few_users_cannot_bring_a_p_value_down(users: int, floor: float) -> None:
    found = paired_bootstrap([(9, 0, 10), (8, 1, 9)] * (users // 2) + [(7, 1, 8)] * (users % 2), seed=0)
    assert found is not None
    assert found.p_value == floor
