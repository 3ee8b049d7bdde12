"""What a sample of users says of others: limits of a micro average, and of the difference of two models.

It knows sums of users, not samples, models or columns. Samples of one user are not independent (they share a
profile and a history), so users are resampled, not samples. Made for few users: limits of 95 % hold with
three as with eighty (`tests/benchmark_core/test_user_coverage.py`). numpy is imported by the functions that
draw.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 10_000
"""Resamples of a bootstrap: its 95 % limits then move by about 1 % of their distance with the seed."""

_CELLS = 4_000_000  # numbers drawn at once: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the limits it is given with."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """First model minus second, with its interval and the two-sided p-value of no difference."""

    interval: Interval
    p_value: float


def clustered_bootstrap(
    clusters: Iterable[tuple[float, int]], seed: int, resamples: int = RESAMPLES, confidence: float = 0.95
) -> Interval | None:
    """Interval of a micro average by a Bayesian bootstrap over users (Rubin 1981) with one imagined user.

    The lower limit imagines one more user of mean size for whom nothing is right, the upper one a user for
    whom everything is (Gaffke 2005). Where every user is one or the other, that is the interval of Clopper
    and Pearson.

    Args: clusters: (hits, total) of every user; seed: same seed, same limits, in whatever order users come.
    Returns None where nothing was counted or where one user is all there is: one cannot see how users differ.
    """
    rows = [(hits, total) for hits, total in clusters if total]
    if len(rows) < 2:
        return None
    check_confidence(confidence)
    estimate = math.fsum(hits for hits, _ in rows) / sum(total for _, total in rows)
    worst, best = _ratios(rows, seed, resamples)
    low, high = _quantile(worst, (1 - confidence) / 2), _quantile(best, (1 + confidence) / 2)
    return Interval(estimate, min(low, estimate), max(high, estimate))


def paired_bootstrap(
    clusters: Iterable[tuple[float, float, int]],
    seed: int,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> PairedDifference | None:
    """PairedDifference of two models' micro averages on the same samples, user by user.

    The interval is Student's, with the error of a jackknife that leaves out a user at a time, and the degrees
    of freedom of as many users of one size as weigh as much (Carter, Schnepel & Steigerwald 2017). The
    p-value is of a wild bootstrap with the null imposed (Cameron, Gelbach & Miller 2008): the share of all
    ways to exchange both models, user by user, that differ as much. So few users cannot show much: it is
    never below 2^-(users - 1).

    Args: clusters: (hits of the first model, hits of the second, total) of every user; resamples: exchanges
    drawn where there are more users than can be gone through.
    Returns None as `clustered_bootstrap` does.
    """
    rows = sorted((first - second, total) for first, second, total in clusters if total)
    if len(rows) < 2:
        return None
    check_confidence(confidence)
    totals = sum(total for _, total in rows)
    estimate = math.fsum(value for value, _ in rows) / totals
    alike = -(-(totals**2) // sum(total**2 for _, total in rows))  # how many users of one size weigh as much
    half = _jackknife_error(rows, estimate) * student_quantile((1 + confidence) / 2, max(alike - 1, 1))
    low, high = max(-1.0, estimate - half), min(1.0, estimate + half)
    if len({value / total for value, total in rows}) == 1:  # no spread is no certainty: one imagined user
        share = 1 - ((1 - confidence) / 2) ** (1 / len(rows))
        low, high = estimate - share * (1 + estimate), estimate + share * (1 - estimate)
    p_value = _exchange_p_value([abs(value) for value, _ in rows], abs(estimate) * totals, seed, resamples)
    return PairedDifference(Interval(estimate, low, high), p_value)


def check_confidence(confidence: float) -> None:
    """Raises ValueError where a confidence is none."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence!r}: expected a number between 0 and 1")


def student_quantile(probability: float, degrees: int) -> float:
    """The quantile of Student's t, of a probability from one half, for whole degrees of freedom.

    By the closed form of its distribution; from 1,000 degrees by the first expansion around the normal one.
    """
    normal = NormalDist().inv_cdf(probability)
    if degrees >= 1_000:
        return normal + (normal**3 + normal) / (4 * degrees)
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _within(middle, degrees) > 2 * probability - 1 else (middle, high)
    return math.sqrt(degrees) * math.tan(low)


def _within(angle: float, degrees: int) -> float:
    """The share of Student's t within ±sqrt(degrees)·tan(angle) (Abramowitz & Stegun 26.7.3-4)."""
    odd = degrees % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for step in range(degrees // 2):
        total += term
        first = 2 * step + 1 + odd
        term *= first / (first + 1) * math.cos(angle) ** 2
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total


def _jackknife_error(rows: Sequence[tuple[float, int]], estimate: float) -> float:
    """Standard error of sum(values)/sum(totals) from leaving out one user at a time."""
    totals = sum(total for _, total in rows)
    squares = (((value - estimate * total) / (totals - total)) ** 2 for value, total in rows)
    return math.sqrt((len(rows) - 1) / len(rows) * math.fsum(squares))


def _exchange_p_value(differences: Sequence[float], observed: float, seed: int, resamples: int) -> float:
    """How often the sum of differences with random signs is as far from 0 as what was observed.

    All signs are gone through where there are at most `resamples` of them, else drawn. Users who differ as
    much are interchangeable: only how many of them have a plus is drawn, whatever their number.
    """
    import numpy as np

    enough = observed - 1e-9
    if 2 ** len(differences) <= resamples:
        sums = np.zeros(1)
        for value in differences:
            sums = np.concatenate((sums + value, sums - value))
        return float((np.abs(sums) >= enough).mean())
    sizes, counts = np.unique(np.array(differences, dtype=np.float64), return_counts=True)
    generator, beyond = np.random.default_rng(seed), 0
    for size in _batches(resamples, len(sizes)):
        plus = generator.binomial(counts, 0.5, size=(size, len(sizes)))
        beyond += int((np.abs((2 * plus - counts) @ sizes) >= enough).sum())
    return (beyond + 1) / (resamples + 1)


def _ratios(rows: Sequence[tuple[float, int]], seed: int, resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """Resampled sum(values)/sum(totals), with the worst and the best user imagined.

    Both of shape (resamples,).

    Users with equal rows are interchangeable, so kinds of rows are weighed (gamma) instead of users: the same
    distribution at a cost that does not grow with the number of users, and no order to depend on.
    """
    import numpy as np

    kinds = sorted(Counter(rows).items())
    table = np.array([row for row, _ in kinds], dtype=np.float64)
    counts = np.array([count for _, count in kinds], dtype=np.float64)
    mean = float(counts @ table[:, 1]) / len(rows)
    most = max(1.0, float((table[:, 0] / table[:, 1]).max()))  # the official scorer counts beyond 100 %
    generator = np.random.default_rng(seed)
    parts = []
    for size in _batches(resamples, len(kinds)):
        sums = generator.gamma(counts, size=(size, len(kinds))) @ table
        imagined = mean * generator.gamma(1.0, size=size)
        totals = sums[:, 1] + imagined
        parts.append((sums[:, 0] / totals, (sums[:, 0] + most * imagined) / totals))
    worst, best = zip(*parts, strict=True)
    return np.concatenate(worst), np.concatenate(best)


def _batches(resamples: int, kinds: int) -> Iterator[int]:
    """`resamples` in pieces that fit in memory."""
    if resamples < 1:
        raise ValueError(f"resamples {resamples!r}: expected at least 1")
    step = max(1, _CELLS // kinds)
    for start in range(0, resamples, step):
        yield min(step, resamples - start)


def _quantile(values: np.ndarray, probability: float) -> float:
    import numpy as np

    return float(np.quantile(values, probability))
