"""Who is compared: an evaluation under a name of its own, with its counts over the samples that all share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from ..benchmark import SampleScore
from ..benchmark.metrics import Breakdown, Section
from ..benchmark.statistics import PARTS, Compared, Comparison, Estimate, estimates, holm
from ..errors import ConfigError
from ..rendering.text import inert
from ..settings import CompareSettings
from .caveats import no_model
from .report import short_name
from .results import Kept

VARIANTS = {"all": "All", "no_basic": "w/o Basic", "no_history": "w/o History", "none": "w/o Basic&History"}
"""Variant -> its name in Table 2 and Figure 3."""

_SIZE = re.compile(r"(?<![A-Za-z0-9.])(\d{1,4}(?:\.\d{1,3})?)\s?([bm])(?![a-z])", re.IGNORECASE)
_NAME = 60


@dataclass(eq=False)
class Contestant:
    """One evaluation among those compared."""

    evaluation: Kept
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

    def main(self) -> Section:
        """The section a result is first told for: overall, or all where every sample is unseen."""
        return "overall" if self.breakdown.users("overall") else "all"

    def estimates(self, seed: int) -> dict[str, Estimate]:
        """Its columns with intervals, of the main section."""
        section = self.main()
        found = estimates(self.breakdown.users(section), seed, section)
        weighed = self.rows()[section]
        return {
            column: one if weighed[column] == one.value else Estimate(weighed[column])
            for column, one in found.items()
        }


def contestants(evaluations: Sequence[Kept], settings: CompareSettings) -> list[Contestant]:
    """Name everybody. Raises ConfigError where labels or sizes do not fit, or scorers differ."""
    _check(evaluations, settings)
    names = [inert(short_name(str(one.evaluated["answers"])), _NAME) for one in evaluations]
    if settings.labels is not None:
        names = [inert(one, _NAME) for one in settings.labels]
    labels = _told_apart(evaluations, names)
    sizes = settings.sizes or [None] * len(names)
    return [
        Contestant(one, name, label, size if size is not None else size_of(name))
        for one, name, label, size in zip(evaluations, names, labels, sizes, strict=True)
    ]


def size_of(name: str) -> float | None:
    """Billions of parameters as a model's name says: 7 of 'Qwen2.5-7B-Instruct', 0.135 of 'SmolLM2-135M'."""
    found = _SIZE.findall(name)
    if len(found) != 1:
        return None
    number, unit = found[0]
    return (float(number) / (1_000 if unit in "mM" else 1)) or None


def _check(evaluations: Sequence[Kept], settings: CompareSettings) -> None:
    for key, given in (("labels", settings.labels), ("sizes", settings.sizes)):
        if given is not None and len(given) != len(evaluations):
            raise ConfigError(
                f"{key}: got {len(given)}, expected {len(evaluations)}, one for each evaluation"
            )
    first = evaluations[0]
    for one in evaluations[1:]:
        mine, theirs = first.evaluated["scorer"], one.evaluated["scorer"]
        if mine != theirs:
            raise ConfigError(
                f"evaluations: {first.folder} is scored {mine!r} and {one.folder} {theirs!r}, expected one "
                "scorer; evaluate again with another scorer=, which asks nobody again"
            )


def _told_apart(evaluations: Sequence[Kept], names: Sequence[str]) -> list[str]:
    """Names, with what tells those apart that are equal: variant, format, at last the folder."""
    said: tuple[Callable[[Kept], str], ...] = (
        lambda one: VARIANTS.get(one.evaluated["variant"], "") if one.evaluated["variant"] != "all" else "",
        lambda one: str(one.evaluated["format"]),
        lambda one: inert(one.folder.absolute().name, _NAME),
    )
    labels = list(names)
    for say in said:
        more = [say(one) for one in evaluations]
        of_label: dict[str, set[str]] = {}
        for label, word in zip(labels, more, strict=True):
            of_label.setdefault(label, set()).add(word)
        for place, (label, word) in enumerate(zip(list(labels), more, strict=True)):
            if word and len(of_label[label]) > 1:
                labels[place] = f"{label}, {word}"
    return [f"{one} ({place + 1})" if labels.count(one) > 1 else one for place, one in enumerate(labels)]


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
