"""How sure a number is: intervals for one model, tests for two, and a correction for many.

It knows counts and p-values, not samples, models or reports. Samples of one user are not independent (they
share a profile and a history), so everything resampled is resampled by user. numpy is imported by the
functions that draw.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

from ..errors import ConfigError
from .items import SampleScore
from .metrics import SCORES, Counts, merge_counts

if TYPE_CHECKING:
    import numpy as np


RESAMPLES = 10_000
"""Resamples of a bootstrap: its 95 % limits then move by about 1 % of their distance with the seed."""

EXACT_BELOW = 25
"""Discordant pairs from which McNemar's test takes the chi-squared approximation (Edwards 1948)."""

_CELLS = 4_000_000  # numbers drawn at once: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the limits it is given with."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class McNemar:
    """The outcome of McNemar's test; `statistic` is None where the exact binomial was used."""

    only_first: int
    only_second: int
    statistic: float | None
    p_value: float


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """First model minus second, with its interval and the two-sided p-value of no difference."""

    interval: Interval
    p_value: float


def wilson(hits: int, total: int, confidence: float = 0.95) -> Interval | None:
    """Wilson's score interval of a share (Wilson 1927), without continuity correction.

    Args: hits: successes, 0 to `total`; total: trials; confidence: 0 to 1, both excluded.
    Returns None where there is nothing to count. Raises ValueError for impossible counts.
    """
    _check_confidence(confidence)
    if not 0 <= hits <= total:
        raise ValueError(f"hits {hits!r} of {total!r}: expected 0 <= hits <= total")
    if total == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = hits / total, z * z / total
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    low = 0.0 if hits == 0 else min(centre - half, share)
    high = 1.0 if hits == total else max(centre + half, share)
    return Interval(share, low, high)


def clustered_bootstrap(
    clusters: Iterable[tuple[float, int]], seed: int, resamples: int = RESAMPLES, confidence: float = 0.95
) -> Interval | None:
    """Percentile interval of a micro average, whole users resampled with replacement.

    Args: clusters: (hits, total) of every user; seed: same seed, same limits, in whatever order users come.
    Returns None where nothing was counted or where one user is all there is: one cannot see how users differ.
    """
    rows = [(hits, total) for hits, total in clusters if total]
    if len(rows) < 2:
        return None
    low, high = _limits(_ratios(rows, seed, resamples), confidence)
    return Interval(math.fsum(hits for hits, _ in rows) / sum(total for _, total in rows), low, high)


def paired_bootstrap(
    clusters: Iterable[tuple[float, float, int]],
    seed: int,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> PairedDifference | None:
    """PairedDifference of two models' micro averages on the same samples, whole users resampled.

    Args: clusters: (hits of the first model, hits of the second, total) of every user. The p-value is twice
    the smaller share of resamples at or beyond no difference, never below 2/(resamples + 1).
    Returns None as `clustered_bootstrap` does.
    """
    rows = sorted((first - second, total) for first, second, total in clusters if total)
    if len(rows) < 2:
        return None
    turned = sorted((-value, total) for value, total in rows)
    sign = -1 if turned < rows else 1  # one of both directions is drawn: swapping the models swaps the result
    ratios = sign * _ratios(min(rows, turned), seed, resamples)
    estimate = math.fsum(value for value, _ in rows) / sum(total for _, total in rows)
    beyond = min(int((ratios <= 0).sum()), int((ratios >= 0).sum()))
    p_value = min(1.0, 2 * (beyond + 1) / (resamples + 1))
    return PairedDifference(Interval(estimate, *_limits(ratios, confidence)), p_value)


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """McNemar's test of two models' answers to the same samples (McNemar 1947).

    Args: only_first: samples only the first model has right; only_second: only the second. Exact (two-sided
    binomial) below 25 discordant pairs, else chi-squared with Edwards' continuity correction.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"discordant pairs {only_first!r} and {only_second!r}: expected counts from 0")
    pairs = only_first + only_second
    if pairs < EXACT_BELOW:
        tail = sum(math.comb(pairs, k) for k in range(min(only_first, only_second) + 1))
        return McNemar(only_first, only_second, None, min(1.0, 2 * tail / 2**pairs))
    statistic = max(0, abs(only_first - only_second) - 1) ** 2 / pairs
    return McNemar(only_first, only_second, statistic, math.erfc(math.sqrt(statistic / 2)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment of many tests (Holm 1979), in the order given.

    Raises ValueError for a value outside 0 to 1. An adjusted value below alpha is rejected at family-wise
    alpha.
    """
    if any(not 0 <= value <= 1 for value in p_values):
        raise ValueError(f"p-values {list(p_values)!r}: expected numbers from 0 to 1")
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def _ratios(rows: Sequence[tuple[float, int]], seed: int, resamples: int) -> np.ndarray:
    """Resampled sum(values)/sum(totals), shape (resamples,).

    Users with equal rows are interchangeable, so kinds of rows are drawn (multinomial) instead of users: the
    same distribution at a cost that does not grow with the number of users, and no order to depend on.
    """
    import numpy as np

    kinds = sorted(Counter(rows).items())
    table = np.array([row for row, _ in kinds], dtype=np.float64)
    shares = np.array([count for _, count in kinds], dtype=np.float64) / len(rows)
    generator = np.random.default_rng(seed)
    parts = [
        generator.multinomial(len(rows), shares, size=size) @ table for size in _sizes(resamples, len(kinds))
    ]
    sums = np.concatenate(parts)
    return sums[:, 0] / sums[:, 1]


def _sizes(resamples: int, kinds: int) -> Iterator[int]:
    """`resamples` in pieces that fit in memory."""
    if resamples < 1:
        raise ValueError(f"resamples {resamples!r}: expected at least 1")
    step = max(1, _CELLS // kinds)
    for start in range(0, resamples, step):
        yield min(step, resamples - start)


def _limits(values: Any, confidence: float) -> tuple[float, float]:
    import numpy as np

    _check_confidence(confidence)
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence!r}: expected a number between 0 and 1")


Method = Literal["wilson", "bootstrap"]

FRACTIONS: dict[str, Callable[[Counts], tuple[int, int]]] = {
    "format_ok": lambda counts: (counts.format_ok, counts.samples),
    "platform": lambda counts: (counts.platform, counts.platform_total),
    "query_params": lambda counts: (counts.query_hits, counts.query_total),
    "profile_params": lambda counts: (counts.profile_hits, counts.profile_total),
    "tool_name": lambda counts: (counts.tool_name, counts.samples),
    "tool_param": lambda counts: (counts.tool_param, counts.samples),
    "tool_value": lambda counts: (counts.tool_value, counts.samples),
    "overall": lambda counts: (counts.overall, counts.samples),
}
"""Column -> its numerator and denominator."""

BY_USER = ("query_params", "profile_params", "overall")
"""Columns whose interval resamples users."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One column of a result; no interval where none can be given, no value where it is not applicable."""

    value: float | None
    interval: Interval | None = None
    method: Method | None = None


def estimates(
    users: Mapping[str, Counts],
    seed: int,
    name: str = "overall",
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> dict[str, Estimate]:
    """Every column with its interval.

    Args: users: user -> counts (`Breakdown.users`); seed and name (of the section): the same two give the
    same limits. Where there is only one user, overall falls back to Wilson's interval and the micro averages
    have none.
    """
    whole, results = merge_counts(users.values()), {}
    for column, score in SCORES.items():
        value, interval, method = score(whole), None, None
        if value is not None and column in BY_USER:
            clusters = (FRACTIONS[column](counts) for counts in users.values())
            drawn = clustered_bootstrap(clusters, derive_seed(seed, name, column), resamples, confidence)
            interval, method = drawn, "bootstrap" if drawn else None
        if value is not None and interval is None and column in FRACTIONS and not column.endswith("_params"):
            interval, method = wilson(*FRACTIONS[column](whole), confidence), "wilson"
        results[column] = Estimate(value, interval, method)
    return results


def derive_seed(seed: int, *names: str) -> int:
    """A seed of its own for every use of one seed."""
    text = "/".join((str(seed), *names)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest())


FLAGS = ("format_ok", "platform", "tool_name", "tool_param", "tool_value", "overall")
"""What one sample has right or wrong: the columns McNemar's test is for."""


@dataclass(frozen=True, slots=True)
class ColumnComparison:
    """One column of two models."""

    first: float | None
    second: float | None
    difference: PairedDifference | None
    """first minus second, users resampled; None where not applicable or with fewer than two users"""
    mcnemar: McNemar | None
    """None for the micro averages of parameters, and where not applicable"""


class Comparison:
    """Adds up two models' scores pair by pair, in memory that grows with users only."""

    def __init__(self) -> None:
        self._users: dict[str, tuple[Counts, Counts]] = {}
        self._only: dict[str, list[int]] = {flag: [0, 0] for flag in FLAGS}

    def add(self, first: SampleScore, second: SampleScore) -> None:
        """Count one sample. Raises ConfigError where the two scores are of different samples."""
        if first.id != second.id:
            got = f"got {first.id!r:.80} and {second.id!r:.80}"
            expected = "expected the same samples in one order"
            raise ConfigError(f"comparison: {got}, {expected}; evaluate both on the same data")
        pair = self._users.setdefault(first.user, (Counts(), Counts()))
        pair[0].add(first)
        pair[1].add(second)
        for flag, only in self._only.items():
            mine, theirs = getattr(first, flag), getattr(second, flag)
            only[0] += bool(mine and not theirs)
            only[1] += bool(theirs and not mine)

    def results(
        self, seed: int, resamples: int = RESAMPLES, confidence: float = 0.95
    ) -> dict[str, ColumnComparison]:
        """Every column of both models, their difference and its tests."""
        wholes = [merge_counts(pair[side] for pair in self._users.values()) for side in (0, 1)]
        results = {}
        for column, fraction in FRACTIONS.items():
            values = [SCORES[column](whole) for whole in wholes]
            pairs = [(fraction(first), fraction(second)) for first, second in self._users.values()]
            clusters = [(mine[0], theirs[0], mine[1]) for mine, theirs in pairs]
            difference = paired_bootstrap(clusters, derive_seed(seed, column), resamples, confidence)
            applies = column in self._only and None not in values
            test = mcnemar(*self._only[column]) if applies else None
            results[column] = ColumnComparison(values[0], values[1], difference, test)
        return results


def compare_scores(first: Iterable[SampleScore], second: Iterable[SampleScore]) -> Comparison:
    """The comparison of two evaluations. Raises ConfigError where they are not of the same samples in one
    order."""
    comparison = Comparison()
    for number, (mine, theirs) in enumerate(zip_longest(first, second)):
        if mine is None or theirs is None:
            short = "first" if mine is None else "second"
            raise ConfigError(
                f"comparison: the {short} evaluation ends after {number} samples, the other goes on"
            )
        comparison.add(mine, theirs)
    return comparison
