"""Whether differences between evaluations could be chance: every pair on the samples both answered (§5.2).

Two tests of each column: McNemar's, of samples, and the paired bootstrap, which resamples users. Holm's
correction is over the pairs of one column: one question, asked of many pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..benchmark import SampleScore
from ..benchmark.comparison import Compared, Comparison
from ..benchmark.intervals import PARTS
from ..benchmark.statistics import holm


@dataclass(frozen=True, slots=True)
class Test:
    """One column of one pair."""

    first: int
    """place of the first contestant"""
    second: int
    column: str
    compared: Compared
    bootstrap_holm: float | None
    mcnemar_holm: float | None


def pairs(ranked: Sequence[int], against: int | None) -> list[tuple[int, int]]:
    """The pairs to test: all of them, the better one first, or one against everybody.

    Args: ranked: places of the contestants, the best first; against: the place of the one.
    """
    if against is None:
        return list(combinations(ranked, 2))
    return [(against, one) for one in ranked if one != against]


def tested(
    samples: Iterable[Sequence[SampleScore]], tested: Sequence[tuple[int, int]], seed: int
) -> list[Test]:
    """Every column of every pair, column by column.

    Args: samples: for every sample, each contestant's score; seed: of the bootstrap.
    """
    found = {pair: Comparison() for pair in tested}
    for scores in samples:
        for (first, second), comparison in found.items():
            comparison.add(scores[first], scores[second])
    results = {pair: one.results(seed) for pair, one in found.items()}
    return [
        test for column in PARTS for test in _corrected(column, {p: r[column] for p, r in results.items()})
    ]


def _corrected(column: str, results: dict[tuple[int, int], Compared]) -> list[Test]:
    bootstrap = _holm([one.difference and one.difference.p_value for one in results.values()])
    mcnemar = _holm([one.mcnemar and one.mcnemar.p_value for one in results.values()])
    return [
        Test(*pair, column, one, by_users, by_samples)
        for (pair, one), by_users, by_samples in zip(results.items(), bootstrap, mcnemar, strict=True)
    ]


def _holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment of those that there are."""
    adjusted = iter(holm([one for one in p_values if one is not None]))
    return [None if one is None else next(adjusted) for one in p_values]
