"""Scores by group: trained, untrained and unseen (§5.1), and by scenario, platform, capability, user, number
of calls.

Overall is, as in Table 1, every sample but those of unseen scenarios (Table 4 shows them apart); `all` has
those too. A breakdown grows with users, platforms and capabilities, never with samples, and the order of
samples does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from .items import Group, SampleScore
from .metrics import Counts, merged, published_row, row

Section = Literal["overall", "trained", "untrained", "unseen", "all"]
"""Sets of samples that results are told for."""
SECTIONS: tuple[Section, ...] = get_args(Section)

_GROUPS: dict[Section, tuple[Group | None, ...]] = {
    "overall": ("trained", "untrained", None),
    "trained": ("trained",),
    "untrained": ("untrained",),
    "unseen": ("unseen",),
    "all": ("trained", "untrained", None, "unseen"),
}

DIMENSIONS = ("scenario", "platform", "capability", "user", "calls")
"""What samples are told apart by besides their section."""


class Breakdown:
    """Counts of every section and of every value of every dimension."""

    def __init__(self) -> None:
        self._users: dict[Group | None, dict[str, Counts]] = {}
        self._by: dict[str, dict[str, Counts]] = {one: {} for one in DIMENSIONS if one != "user"}

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
        return merged(self.users(section).values())

    def users(self, section: Section = "overall") -> dict[str, Counts]:
        """User -> counts within a section, sorted by user."""
        parts = [self._users.get(group, {}) for group in _GROUPS[section]]
        names = sorted({user for part in parts for user in part})
        return {user: merged(part[user] for part in parts if user in part) for user in names}

    def by(self, dimension: str) -> dict[str, Counts]:
        """Value -> counts over all samples, sorted; platforms and capabilities are 'scenario/name'."""
        if dimension == "user":
            return self.users("all")
        values = self._by[dimension]
        return {one: values[one] for one in sorted(values, key=_numbers_by_size)}

    def rows(self, published: bool = False) -> dict[Section, dict[str, float | None]]:
        """The columns of every section that has samples.

        Args: published: overall as the published code weighs it, where there are trained and untrained
        samples.
        """
        found: dict[Section, Counts] = {section: self.counts(section) for section in SECTIONS}
        rows: dict[Section, dict[str, float | None]] = {
            section: row(counts) for section, counts in found.items() if counts.samples
        }
        if published and "trained" in rows and "untrained" in rows:
            rows["overall"] = published_row(found["trained"], found["untrained"])
        return rows


def broken_down(scores: Iterable[SampleScore]) -> Breakdown:
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
