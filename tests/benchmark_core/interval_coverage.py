"""How often the limits of a difference hold it, in simulated worlds: the table of docs/benchmark.md.

    python tests/benchmark_core/interval_coverage.py [worlds]

Every world draws users, their samples and two models' hits from its own seed. It takes minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ptool.benchmark.statistics import paired_bootstrap

Draw = Callable[[np.random.Generator, int], np.ndarray]
DrawTwo = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]

SAMPLES: dict[str, Draw] = {
    "equal": lambda draw, users: np.full(users, 15),
    "unequal": lambda draw, users: np.maximum(2, draw.lognormal(2.5, 0.8, users).astype(int)),
}
"""name -> how many samples each user has"""


def _some_served_badly(share: float) -> DrawTwo:
    """Two models that are alike but for a share of users, with whom the second has 0.3 right, not 0.95."""
    return lambda draw, users: (np.full(users, 0.95), np.where(draw.random(users) < share, 0.3, 0.95))


def _related(draw: np.random.Generator, users: int) -> tuple[np.ndarray, np.ndarray]:
    shares = draw.beta(2, 2, users) * 0.8 + 0.1
    first, second = np.clip(shares + draw.normal(0, 0.03, (2, users)), 0, 1)
    return first, second


def _better(draw: np.random.Generator, users: int) -> tuple[np.ndarray, np.ndarray]:
    shares = draw.beta(8, 8, users) * 0.8
    return shares + 0.1, shares


DIFFERENCES: dict[str, tuple[float, DrawTwo]] = {
    "unrelated": (0.0, lambda draw, users: (draw.beta(2, 2, users), draw.beta(2, 2, users))),
    "related": (0.0, _related),
    "nearly perfect": (0.0, lambda draw, users: (draw.beta(9, 1, users),) * 2),
    "all or nothing": (0.0, lambda draw, users: (draw.beta(0.25, 0.25, users), draw.beta(0.25, 0.25, users))),
    "one is better": (0.1, _better),
    "many served badly": (0.3 * 0.65, _some_served_badly(0.3)),
    "some served badly": (0.15 * 0.65, _some_served_badly(0.15)),
    "few served badly": (0.05 * 0.65, _some_served_badly(0.05)),
}
"""name -> the mean difference of all users that there could be, and how both models' shares are drawn"""


@dataclass(frozen=True)
class Figures:
    """What came out of many worlds."""

    held: float
    """how often the limits held the difference"""
    found: float
    """how often p was 0.05 or less"""
    width: float
    """mean distance of the limits"""


def difference_figures(
    name: str, users: int, worlds: int, resamples: int = 1_000, sizes: str = "unequal"
) -> Figures:
    """What becomes of a kind of difference. Args: name: in `DIFFERENCES`; sizes: in `SAMPLES`."""
    draw = np.random.default_rng([users, worlds])
    mean, shares = DIFFERENCES[name]
    held = found = width = 0.0
    for world in range(worlds):
        totals = SAMPLES[sizes](draw, users)
        first, second = (draw.binomial(totals, share) for share in shares(draw, users))
        rows = zip(first.tolist(), second.tolist(), totals.tolist(), strict=True)
        difference = paired_bootstrap(rows, seed=world, resamples=resamples)
        assert difference is not None
        held += difference.interval.low <= mean <= difference.interval.high
        found += difference.p_value <= 0.05
        width += difference.interval.high - difference.interval.low
    return Figures(held / worlds, found / worlds, width / worlds)


def main(worlds: int, users: tuple[int, ...] = (6, 10, 20, 74)) -> None:
    """Print the table, a row a kind of difference."""
    print(f"| held, ± in points | {' | '.join(f'{count} users' for count in users)} |")
    print("| --- |" + " --- |" * len(users))
    for name in DIFFERENCES:
        row = [difference_figures(name, count, worlds, resamples=400) for count in users]
        cells = (f"{100 * one.held:.1f} %, ±{50 * one.width:.0f}" for one in row)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2] or ["2000"]))
