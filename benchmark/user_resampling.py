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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 10_000
"""Resamples of a bootstrap: its 95 % limits then move by about 1 % of their distance with the seed."""

_HALF_A_USER = 0.5
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
    most = max(1.0, *(hits / total for hits, total in rows))  # the official scorer counts beyond 100 %
    return _limits(rows, (0.0, most), 1.0, seed, resamples, confidence)


def paired_bootstrap(
    clusters: Iterable[tuple[float, float, int]],
    seed: int,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> PairedDifference | None:
    """PairedDifference of two models' micro averages on the same samples, user by user.

    The interval is that of `clustered_bootstrap`, with half a user imagined for whom one model has all right
    and the other nothing: these ends are twice as far apart as all and nothing. So it holds where few of all
    users make the whole difference, too: a jackknife with Student's quantile, or a studentised bootstrap,
    hold 75 % of the time then (six users). The p-value is of a wild bootstrap with the null imposed (Cameron,
    Gelbach & Miller 2008): the share of all ways to exchange both models, user by user, that differ as much.
    So few users cannot show much: it is never below 2^-(users - 1).

    Args: clusters: (hits of the first model, hits of the second, total) of every user; resamples: exchanges
    drawn where there are more users than can be gone through.
    Returns None as `clustered_bootstrap` does.
    """
    rows = sorted((first - second, total) for first, second, total in clusters if total)
    if len(rows) < 2:
        return None
    most = max(1.0, *(abs(value) / total for value, total in rows))
    turned = sorted((-value, total) for value, total in rows)  # the same draws whichever model is the first
    interval = _limits(max(rows, turned), (-most, most), _HALF_A_USER, seed, resamples, confidence)
    if turned > rows:
        interval = Interval(0.0 - interval.estimate, -interval.high, -interval.low)
    difference = abs(math.fsum(value for value, _ in rows))
    p_value = _exchange_p_value([abs(value) for value, _ in rows], difference, seed, resamples)
    return PairedDifference(interval, p_value)


def check_confidence(confidence: float) -> None:
    """Raises ValueError where a confidence is none."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence!r}: expected a number between 0 and 1")


def _limits(
    rows: Sequence[tuple[float, int]],
    ends: tuple[float, float],
    users: float,
    seed: int,
    resamples: int,
    confidence: float,
) -> Interval:
    """Limits of sum(values)/sum(totals), with as many users imagined at either end of what is possible."""
    check_confidence(confidence)
    estimate = math.fsum(value for value, _ in rows) / sum(total for _, total in rows)
    worst, best = _ratios(rows, ends, users, seed, resamples)
    low, high = _quantile(worst, (1 - confidence) / 2), _quantile(best, (1 + confidence) / 2)
    return Interval(estimate, min(low, estimate), max(high, estimate))


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


def _ratios(
    rows: Sequence[tuple[float, int]], ends: tuple[float, float], users: float, seed: int, resamples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Resampled sum(values)/sum(totals), with users imagined who have the least, or the most.

    Both of shape (resamples,).

    Users with equal rows are interchangeable, so kinds of rows are weighed (gamma) instead of users: the same
    distribution at a cost that does not grow with the number of users, and no order to depend on.
    """
    import numpy as np

    kinds = sorted(Counter(rows).items())
    table = np.array([row for row, _ in kinds], dtype=np.float64)
    counts = np.array([count for _, count in kinds], dtype=np.float64)
    mean = float(counts @ table[:, 1]) / len(rows)
    generator = np.random.default_rng(seed)
    parts = []
    for size in _batches(resamples, len(kinds)):
        sums = generator.gamma(counts, size=(size, len(kinds))) @ table
        imagined = mean * generator.gamma(users, size=size)
        totals = sums[:, 1] + imagined
        parts.append([(sums[:, 0] + end * imagined) / totals for end in ends])
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
