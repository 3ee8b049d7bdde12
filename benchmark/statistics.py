"""How sure a number is: intervals for one model, tests for two, and a correction for many.

It knows counts and p-values, not samples, models or reports. How users are resampled stands in
`user_resampling`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from statistics import NormalDist
from typing import Literal

from ..errors import ConfigError
from .items import SampleScore
from .metrics import SCORES, Counts, merge_counts
from .user_resampling import (
    RESAMPLES,
    Interval,
    PairedDifference,
    check_confidence,
    clustered_bootstrap,
    paired_bootstrap,
)

EXACT_BELOW = 25
"""Discordant pairs from which McNemar's test takes the chi-squared approximation (Edwards 1948)."""


@dataclass(frozen=True, slots=True)
class McNemar:
    """The outcome of McNemar's test; `statistic` is None where the exact binomial was used."""

    only_first: int
    only_second: int
    statistic: float | None
    p_value: float


def wilson(hits: int, total: int, confidence: float = 0.95) -> Interval | None:
    """Wilson's score interval of a share (Wilson 1927), without continuity correction.

    Args: hits: successes, 0 to `total`; total: trials; confidence: 0 to 1, both excluded.
    Returns None where there is nothing to count. Raises ValueError for impossible counts.
    """
    check_confidence(confidence)
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

FEW_USERS = 20
"""Users below which every report says how little so few can show."""


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
    """first minus second, user by user; None where not applicable or with fewer than two users"""
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
