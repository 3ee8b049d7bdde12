"""The entries of a leaderboard: evaluations under names of their own, counted over the samples all share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..benchmark.metrics import Breakdown, Section
from ..benchmark.statistics import Estimate, estimates
from ..errors import ConfigError
from ..rendering.charts import Bar
from ..rendering.text import inert
from ..settings import CompareSettings
from .report_texts import VARIANTS, no_model, short_name, tool_bound
from .results import FinishedEvaluation

_SIZE = re.compile(r"(?<![A-Za-z0-9.])(\d{1,4}(?:\.\d{1,3})?)\s?([bm])(?![a-z])", re.IGNORECASE)
_NAME_LENGTH = 60
GROUPS: tuple[Section, ...] = ("trained", "untrained")
"""Sections whose overall stands beside the leaderboard's, as in Table 1."""


@dataclass(eq=False)
class LeaderboardEntry:
    """One evaluation among those compared."""

    evaluation: FinishedEvaluation
    name: str
    """who answered"""
    label: str
    """a name that no other one has"""
    size: float | None
    """billions of parameters; None: unknown"""
    breakdown: Breakdown = field(default_factory=Breakdown)
    """over the shared samples"""

    @property
    def variant(self) -> str:
        """What its answers were shown of a user."""
        return self.evaluation.evaluated["variant"]

    @property
    def tools(self) -> str | int | None:
        """How many tools its answers were shown; None: all."""
        return tool_bound(self.evaluation.evaluated)

    @property
    def by_rules(self) -> bool:
        """Whether no language model took part."""
        return no_model(self.evaluation.evaluated)

    @property
    def family(self) -> str:
        """Its name without its size, so that sizes of one model have one line."""
        return _SIZE.sub("*", self.name) if self.size else self.name

    def rows(self) -> dict[Section, dict[str, float | None]]:
        """Its columns by section, as its scorer weighs them."""
        return self.breakdown.rows(published=self.evaluation.evaluated["scorer"] == "official")

    def users(self) -> dict[Section, int]:
        """How many users each section has."""
        return self.breakdown.user_counts()

    def main_section(self) -> Section:
        """The section a result is first told for: overall, or all where every sample is unseen."""
        return "overall" if self.breakdown.users("overall") else "all"

    def estimates(self, seed: int, section: Section | None = None) -> dict[str, Estimate]:
        """Its columns with intervals, of a section that it has; None: of the main one."""
        section = section or self.main_section()
        column_estimates = estimates(self.breakdown.users(section), seed, section)
        weighed = self.rows()[section]
        return {
            column: estimate if weighed[column] == estimate.value else Estimate(weighed[column])
            for column, estimate in column_estimates.items()
        }


def build_entries(
    evaluations: Sequence[FinishedEvaluation], settings: CompareSettings
) -> list[LeaderboardEntry]:
    """Entries of evaluations, each with a label of its own.

    Raises ConfigError where labels or sizes do not fit, or scorers differ.
    """
    _check(evaluations, settings)
    names = [
        inert(short_name(str(evaluation.evaluated["answers"])), _NAME_LENGTH) for evaluation in evaluations
    ]
    if settings.labels is not None:
        names = [inert(label, _NAME_LENGTH) for label in settings.labels]
    labels = _distinct_labels(evaluations, names)
    sizes = settings.sizes or [None] * len(names)
    return [
        LeaderboardEntry(evaluation, name, label, size if size is not None else size_of(name))
        for evaluation, name, label, size in zip(evaluations, names, labels, sizes, strict=True)
    ]


@dataclass(frozen=True)
class RankedEntry:
    """An entry with its intervals."""

    entry: LeaderboardEntry
    estimates: Mapping[str, Estimate]
    groups: Mapping[Section, Estimate]
    """trained, untrained -> overall of those users, as far as there are any"""

    def bar(self, column: str, label: str) -> Bar:
        """One column as a bar."""
        estimate = self.estimates[column]
        limits = (estimate.interval.low, estimate.interval.high) if estimate.interval else (None, None)
        kind = "floor" if self.entry.by_rules else "answers"
        return Bar(label, estimate.value, *limits, kind)


def rank_entries(entries: Sequence[LeaderboardEntry], seed: int) -> list[RankedEntry]:
    """All entries, the best overall first."""
    ranked = [RankedEntry(entry, entry.estimates(seed), _groups(entry, seed)) for entry in entries]
    return sorted(
        ranked,
        key=lambda ranked_entry: (-(ranked_entry.estimates["overall"].value or 0), ranked_entry.entry.label),
    )


def _groups(entry: LeaderboardEntry, seed: int) -> dict[Section, Estimate]:
    return {
        group: entry.estimates(seed, group)["overall"] for group in GROUPS if entry.breakdown.users(group)
    }


def size_of(name: str) -> float | None:
    """Billions of parameters as a model's name says: 7 of 'Qwen2.5-7B-Instruct', 0.135 of 'SmolLM2-135M'."""
    sizes = _SIZE.findall(name)
    if len(sizes) != 1:
        return None
    number, unit = sizes[0]
    return (float(number) / (1_000 if unit in "mM" else 1)) or None


def _check(evaluations: Sequence[FinishedEvaluation], settings: CompareSettings) -> None:
    for key, given in (("labels", settings.labels), ("sizes", settings.sizes)):
        if given is not None and len(given) != len(evaluations):
            raise ConfigError(
                f"{key}: got {len(given)}, expected {len(evaluations)}, one for each evaluation"
            )
    first = evaluations[0]
    for evaluation in evaluations[1:]:
        mine, theirs = first.evaluated["scorer"], evaluation.evaluated["scorer"]
        if mine != theirs:
            raise ConfigError(
                f"evaluations: {first.folder} is scored {mine!r} and {evaluation.folder} {theirs!r}, "
                "expected one scorer; evaluate again with another scorer=, which asks nobody again"
            )


def _distinct_labels(evaluations: Sequence[FinishedEvaluation], names: Sequence[str]) -> list[str]:
    """Names, with what tells those apart that are equal: variant, tools, format, at last the folder."""
    distinctions: tuple[Callable[[FinishedEvaluation], str], ...] = (
        lambda evaluation: (
            VARIANTS.get(evaluation.evaluated["variant"], "")
            if evaluation.evaluated["variant"] != "all"
            else ""
        ),
        lambda evaluation: _tools_word(tool_bound(evaluation.evaluated)),
        lambda evaluation: str(evaluation.evaluated["format"]),
        lambda evaluation: inert(evaluation.folder.absolute().name, _NAME_LENGTH),
    )
    labels = list(names)
    for distinction in distinctions:
        more = [distinction(evaluation) for evaluation in evaluations]
        of_label: dict[str, set[str]] = {}
        for label, word in zip(labels, more, strict=True):
            of_label.setdefault(label, set()).add(word)
        for place, (label, word) in enumerate(zip(list(labels), more, strict=True)):
            if word and len(of_label[label]) > 1:
                labels[place] = f"{label}, {word}"
    return [
        f"{label} ({place + 1})" if labels.count(label) > 1 else label for place, label in enumerate(labels)
    ]


def _tools_word(bound: str | int | None) -> str:
    return f"{bound} tools" if isinstance(bound, int) else f"tools={bound}" if bound else ""
