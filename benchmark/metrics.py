"""Equations 2–11 of the paper over any number of scores, in memory that does not grow with them.

`Counts` adds up; every equation is one function of it, named after it. A share of nothing is None, "not
applicable", never 0. `Breakdown`
keeps the counts of sections (groups of users) and of dimensions (scenario, platform, …). How an answer was
scored is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from .items import Group, SampleScore

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


def count_scores(scores: Iterable[SampleScore]) -> Counts:
    """The counts of some scores."""
    counts = Counts()
    for score in scores:
        counts.add(score)
    return counts


def merge_counts(parts: Iterable[Counts]) -> Counts:
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


def overall_accuracy(counts: Counts) -> float | None:
    """Equations 9, 10 and 11: wholly right samples, of all; of trained, of untrained and of both users."""
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


def metric_row(counts: Counts) -> dict[str, float | None]:
    """All columns of SCORES for one set of samples."""
    return {name: score(counts) for name, score in SCORES.items()}


def published_metric_row(trained: Counts, untrained: Counts) -> dict[str, float | None]:
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
    samples = sum(count for _, count in shares.values())
    return ratio(math.fsum(hits / total for total, (hits, _) in sorted(shares.items())), samples)


Section = Literal["overall", "trained", "untrained", "unseen", "all"]
"""Sets of samples that results are given for."""
SECTIONS: tuple[Section, ...] = get_args(Section)

_GROUPS: dict[Section, tuple[Group | None, ...]] = {
    "overall": ("trained", "untrained", None),
    "trained": ("trained",),
    "untrained": ("untrained",),
    "unseen": ("unseen",),
    "all": ("trained", "untrained", None, "unseen"),
}

DIMENSIONS = ("scenario", "platform", "capability", "user", "calls")
"""What a breakdown is by, besides sections."""


class Breakdown:
    """Counts of every section and of every value of every dimension."""

    def __init__(self) -> None:
        self._users: dict[Group | None, dict[str, Counts]] = {}
        self._by: dict[str, dict[str, Counts]] = {
            dimension: {} for dimension in DIMENSIONS if dimension != "user"
        }

    def add(self, score: SampleScore) -> None:
        """Count one score wherever it belongs. A sample with several capabilities counts once for each."""
        by = self._by
        _add(self._users.setdefault(score.group, {}), score.user, score)
        _add(by["scenario"], score.scenario, score)
        _add(by["calls"], str(score.n_calls), score)
        if score.gold_platform is not None:
            _add(by["platform"], f"{score.scenario}/{score.gold_platform}", score)
        for capability in dict.fromkeys(score.capabilities):
            _add(by["capability"], f"{score.scenario}/{capability}", score)

    def counts(self, section: Section = "overall") -> Counts:
        """Everything of one section together."""
        return merge_counts(self.users(section).values())

    def users(self, section: Section = "overall") -> dict[str, Counts]:
        """User -> counts within a section, sorted by user."""
        parts = [self._users.get(group, {}) for group in _GROUPS[section]]
        names = sorted({user for part in parts for user in part})
        return {user: merge_counts(part[user] for part in parts if user in part) for user in names}

    def user_counts(self) -> dict[Section, int]:
        """How many users each section has."""
        return {section: len(self.users(section)) for section in SECTIONS}

    def by(self, dimension: str) -> dict[str, Counts]:
        """Value -> counts over all samples, sorted; platforms and capabilities are 'scenario/name'."""
        if dimension == "user":
            return self.users("all")
        values = self._by[dimension]
        return {value: values[value] for value in sorted(values, key=_numbers_by_size)}

    def rows(self, published: bool = False) -> dict[Section, dict[str, float | None]]:
        """The columns of every section that has samples.

        Args: published: overall as the published code weighs it, where there are trained and untrained
        samples.
        """
        by_section: dict[Section, Counts] = {section: self.counts(section) for section in SECTIONS}
        rows: dict[Section, dict[str, float | None]] = {
            section: metric_row(counts) for section, counts in by_section.items() if counts.samples
        }
        if published and "trained" in rows and "untrained" in rows:
            rows["overall"] = published_metric_row(by_section["trained"], by_section["untrained"])
        return rows


def break_down(scores: Iterable[SampleScore]) -> Breakdown:
    """The breakdown of some scores."""
    breakdown = Breakdown()
    for score in scores:
        breakdown.add(score)
    return breakdown


def _add(kept: dict[str, Counts], key: str, score: SampleScore) -> None:
    counts = kept.get(key)
    if counts is None:
        counts = kept[key] = Counts()
    counts.add(score)


def _numbers_by_size(name: str) -> tuple[int, str]:
    return (len(name) if name.isdecimal() else 0, name)
