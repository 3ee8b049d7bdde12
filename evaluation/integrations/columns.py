"""The columns of a result from what a harness kept of each sample; the arithmetic is the core's.

A harness keeps a few plain numbers of a sample and wants one number of many back. It knows no harness.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...benchmark import Group, SampleScore, Scorer
from ...benchmark.metrics import SCORES, Section, broken_down

_PARAMETERS = {"query_params": "query_param", "profile_params": "profile_param"}
_BY_SAMPLE = "_by_sample"


@dataclass(frozen=True, slots=True)
class Part:
    """What one sample adds to one column."""

    hits: float
    """a fraction where a sample was asked several times"""
    total: int
    """0: the column is not applicable to the sample"""
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a result: a column of Table 1, for one section of the samples."""

    score: str
    """one of `ptool.benchmark.metrics.SCORES`"""
    section: Section

    def part(self, score: SampleScore) -> Part:
        """What a sample's score adds to it."""
        prefix = _PARAMETERS.get(self.score.removesuffix(_BY_SAMPLE))
        if prefix is not None:
            hits, total = getattr(score, f"{prefix}_hits"), getattr(score, f"{prefix}_total")
            return Part(hits, total, score.group)
        flag = getattr(score, self.score)
        return Part(0 if flag is None else +flag, int(flag is not None), score.group)

    def counts(self, part: Part) -> bool:
        """Whether a sample counts for it at all."""
        inside = {"all": True, "overall": part.group != "unseen"}.get(
            self.section, part.group == self.section
        )
        return inside and part.total > 0

    def weighed(self, part: Part) -> Part:
        """A part such that the column is the sum of all hits by the sum of all totals."""
        by_sample = self.score.endswith(_BY_SAMPLE) and part.total > 0
        return Part(part.hits / part.total, 1, part.group) if by_sample else part

    def value(self, parts: Iterable[Part], scorer: Scorer) -> float | None:
        """The number, as `ptool.evaluate` has it; None: not applicable.

        Args: scorer: whose weights are used where there are trained and untrained users.
        """
        rows = broken_down(map(self._score, parts)).rows(published=scorer == "official")
        return rows[self.section][self.score] if self.section in rows else None

    def _score(self, part: Part) -> SampleScore:
        """A score in which only this column counts."""
        flags: dict[str, Any] = dict.fromkeys(_FLAGS, part.hits) | {
            "platform": part.hits if part.total else None,
            **{f"{one}_{what}": 0 for one in _PARAMETERS.values() for what in ("hits", "total")},
        }
        prefix = _PARAMETERS.get(self.score.removesuffix(_BY_SAMPLE))
        if prefix is not None:
            flags |= {f"{prefix}_hits": part.hits, f"{prefix}_total": part.total}
        return SampleScore(id="", **flags, group=part.group)


_FLAGS = ("format_ok", "tool_name", "tool_param", "tool_value", "overall")


def columns(groups: Iterable[Group | None]) -> dict[str, Column]:
    """The numbers that samples of these groups have, by name: every column of Table 1, then overall by group.

    The columns are of every sample but those of unseen scenarios, as in Table 1; of all where all are unseen.
    """
    there = set(groups)
    main: Section = "all" if there == {"unseen"} else "overall"
    found = {score: Column(score, main) for score in SCORES}
    for group in ("trained", "untrained", "unseen"):  # equations 9 and 10, Table 4
        if group in there:
            found[f"overall_{group}"] = Column("overall", group)
    return found
