"""Equations 2–11 of the paper over any number of scores, in memory that does not grow with them.

`Counts` adds up; every equation is one function of it, named after it. A share of nothing is None, "not
applicable", never 0. Knows nothing of how an answer was scored, and nothing of groups of samples (`groups`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .items import SampleScore

TRAINED_WEIGHT, UNTRAINED_WEIGHT = 474, 609
"""The published code's fixed weights: samples of trained and untrained users in the published PTBench."""


@dataclass(slots=True)
class Counts:
    """What the equations divide: numerators and denominators over a set of samples."""

    samples: int = 0
    format_ok: int = 0
    platform: int = 0
    platform_total: int = 0
    """samples whose dataset has platforms"""
    tool_name: int = 0
    tool_param: int = 0
    tool_value: int = 0
    overall: int = 0
    query_hits: int = 0
    query_total: int = 0
    profile_hits: int = 0
    profile_total: int = 0
    query_shares: dict[int, list[int]] = field(default_factory=dict)
    """query-related parameters of a sample -> [hits, samples], for the sample-weighted average"""
    profile_shares: dict[int, list[int]] = field(default_factory=dict)

    def add(self, score: SampleScore) -> None:
        """Count one score."""
        self.samples += 1
        self.format_ok += score.format_ok
        self.tool_name += score.tool_name
        self.tool_param += score.tool_param
        self.tool_value += score.tool_value
        self.overall += score.overall
        if score.platform is not None:
            self.platform_total += 1
            self.platform += score.platform
        if score.query_param_total:
            self.query_hits += score.query_param_hits
            self.query_total += score.query_param_total
            _share(self.query_shares, score.query_param_total, score.query_param_hits, 1)
        if score.profile_param_total:
            self.profile_hits += score.profile_param_hits
            self.profile_total += score.profile_param_total
            _share(self.profile_shares, score.profile_param_total, score.profile_param_hits, 1)

    def merge(self, other: Counts) -> None:
        """Count everything another one has counted."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mine, theirs in (
            (self.query_shares, other.query_shares),
            (self.profile_shares, other.profile_shares),
        ):
            for total, (hits, samples) in theirs.items():
                _share(mine, total, hits, samples)


_NUMBERS = tuple(name for name in Counts.__slots__ if not name.endswith("_shares"))


def counted(scores: Iterable[SampleScore]) -> Counts:
    """The counts of some scores."""
    counts = Counts()
    for score in scores:
        counts.add(score)
    return counts


def merged(parts: Iterable[Counts]) -> Counts:
    """The counts of several together."""
    whole = Counts()
    for part in parts:
        whole.merge(part)
    return whole


def format_accuracy(counts: Counts) -> float | None:
    """Equation 2: samples that could be parsed, of all."""
    return ratio(counts.format_ok, counts.samples)


def platform_accuracy(counts: Counts) -> float | None:
    """Equation 3: samples with the right platform, of all that have platforms."""
    return ratio(counts.platform, counts.platform_total)


def query_param_accuracy(counts: Counts) -> float | None:
    """Equation 4: right query-related values, of all query-related parameters (micro average)."""
    return ratio(counts.query_hits, counts.query_total)


def profile_param_accuracy(counts: Counts) -> float | None:
    """Equation 5: right profile-related values, of all profile-related parameters (micro average)."""
    return ratio(counts.profile_hits, counts.profile_total)


def query_param_accuracy_by_sample(counts: Counts) -> float | None:
    """Beside equation 4: every sample's own share weighs the same, however many parameters it has."""
    return _average(counts.query_shares)


def profile_param_accuracy_by_sample(counts: Counts) -> float | None:
    """Beside equation 5: every sample's own share weighs the same, however many parameters it has."""
    return _average(counts.profile_shares)


def tool_name_accuracy(counts: Counts) -> float | None:
    """Equation 6: samples with the right functions, of all."""
    return ratio(counts.tool_name, counts.samples)


def tool_param_accuracy(counts: Counts) -> float | None:
    """Equation 7: samples with the right parameters too, of all."""
    return ratio(counts.tool_param, counts.samples)


def tool_value_accuracy(counts: Counts) -> float | None:
    """Equation 8: samples with the right values too, of all."""
    return ratio(counts.tool_value, counts.samples)


def trained_overall_accuracy(trained: Counts) -> float | None:
    """Equation 9: wholly right samples, of all samples of trained users."""
    return ratio(trained.overall, trained.samples)


def untrained_overall_accuracy(untrained: Counts) -> float | None:
    """Equation 10: wholly right samples, of all samples of untrained users."""
    return ratio(untrained.overall, untrained.samples)


def overall_accuracy(counts: Counts) -> float | None:
    """Equation 11: wholly right samples, of all."""
    return ratio(counts.overall, counts.samples)


SCORES: dict[str, Callable[[Counts], float | None]] = {
    "format_ok": format_accuracy,
    "platform": platform_accuracy,
    "query_params": query_param_accuracy,
    "profile_params": profile_param_accuracy,
    "tool_name": tool_name_accuracy,
    "tool_param": tool_param_accuracy,
    "tool_value": tool_value_accuracy,
    "overall": overall_accuracy,
    "query_params_by_sample": query_param_accuracy_by_sample,
    "profile_params_by_sample": profile_param_accuracy_by_sample,
}
"""The columns of a result, in Table 1's order; the last two are ours."""


def row(counts: Counts) -> dict[str, float | None]:
    """All columns of SCORES for one set of samples."""
    return {name: score(counts) for name, score in SCORES.items()}


def published_row(trained: Counts, untrained: Counts) -> dict[str, float | None]:
    """What the published code calls overall: (609·untrained + 474·trained)/1083 of every column, whatever was
    scored.

    A column that is not applicable to one of both is not applicable.
    """
    pairs = {name: (score(trained), score(untrained)) for name, score in SCORES.items()}
    return {name: _weighted(*pair) for name, pair in pairs.items()}


def ratio(hits: float, total: int) -> float | None:
    """`hits / total`; None of nothing."""
    return hits / total if total else None


def _weighted(trained: float | None, untrained: float | None) -> float | None:
    if trained is None or untrained is None:
        return None
    weighted = UNTRAINED_WEIGHT * untrained + TRAINED_WEIGHT * trained
    return weighted / (UNTRAINED_WEIGHT + TRAINED_WEIGHT)


def _share(shares: dict[int, list[int]], total: int, hits: int, samples: int) -> None:
    kept = shares.get(total)
    if kept is None:
        shares[total] = [hits, samples]
    else:
        kept[0] += hits
        kept[1] += samples


def _average(shares: dict[int, list[int]]) -> float | None:
    """Mean share of the samples; summed exactly, so that no order of samples changes a digit."""
    samples = sum(one[1] for one in shares.values())
    return ratio(math.fsum(hits / total for total, (hits, _) in sorted(shares.items())), samples)
