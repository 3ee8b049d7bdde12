"""How far people agree: raw, Cohen's kappa with its interval, Krippendorff's alpha (nominal).

Kappa is of two annotators, its standard error that of Fleiss, Cohen and Everitt (1969); alpha is of any
number of them, each of whom may have reviewed some samples only (Krippendorff 2011). Where all say the same
throughout, chance cannot be told from agreement: both are undefined, and raw agreement says what there is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

from .catalogue import Catalogue
from .records import CRITERIA, CriteriaReview, OriginReview, Review

Z_95 = 1.959964
"""Standard errors on each side of a 95 % interval."""
CODE = "as recorded"
"""Who labels origins beside people: the sample itself."""


class Kappa(NamedTuple):
    """Cohen's kappa of two annotators, and its 95 % interval."""

    value: float
    low: float | None
    """None, as `high`: there is no variation from which an error could be told"""
    high: float | None

    def interval(self) -> str:
        """The interval as text; empty where there is none."""
        return "" if self.low is None or self.high is None else f"{self.low:.2f} to {self.high:.2f}"


class AgreementRow(NamedTuple):
    """How far people agree on one thing."""

    measure: str
    """query, platform, calls, origins; 'origins, people and code'"""
    units: int
    """samples, or arguments, that at least two judged"""
    annotators: tuple[str, ...]
    """who judged some of them"""
    raw: float | None
    """share of the pairs of judgements of one unit that are equal; None: there are no pairs"""
    kappa: Kappa | None
    """of two annotators; None: others than two, or undefined"""
    alpha: float | None
    """Krippendorff's; None: undefined"""


class AgreementTable(NamedTuple):
    """How far the people of a review agree."""

    rows: tuple[AgreementRow, ...]
    """of all annotators together"""
    pairs: tuple[AgreementRow, ...]
    """of every two of them, where they are more than two"""
    reviewed: int
    """samples that somebody marked"""
    overlapping: int
    """of them, those that several people marked"""
    seconds: float | None
    """median of what one sample took; None: nobody knows"""


Judgements = Mapping[Hashable, Mapping[str, str]]
"""unit -> annotator -> what was said."""


def raw_agreement(judgements: Judgements) -> float | None:
    """Share of the pairs of judgements of one unit that are equal; None where no unit has two."""
    pairs = [
        first == second for said in judgements.values() for first, second in combinations(said.values(), 2)
    ]
    return sum(pairs) / len(pairs) if pairs else None


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> Kappa | None:
    """Cohen's kappa of two annotators, with the 95 % interval of its large-sample standard error.

    Args: pairs: what both said of each unit. Returns None where it is undefined: all say one thing.
    """
    n = len(pairs)
    if not n:
        return None
    counts = Counter(pairs)
    shares = {pair: count / n for pair, count in counts.items()}
    names = sorted({name for pair in pairs for name in pair})
    rows = {name: sum(share for (first, _), share in shares.items() if first == name) for name in names}
    columns = {name: sum(share for (_, second), share in shares.items() if second == name) for name in names}
    observed = sum(shares.get((name, name), 0.0) for name in names)
    expected = sum(rows[name] * columns[name] for name in names)
    if math.isclose(expected, 1.0):
        return None
    kappa = (observed - expected) / (1 - expected)
    diagonal = sum(
        shares.get((name, name), 0.0) * (1 - (rows[name] + columns[name]) * (1 - kappa)) ** 2
        for name in names
    )
    beside = (1 - kappa) ** 2 * sum(
        share * (columns[first] + rows[second]) ** 2
        for (first, second), share in shares.items()
        if first != second
    )
    variance = diagonal + beside - (kappa - expected * (1 - kappa)) ** 2
    if variance < 1e-12:
        return Kappa(kappa, None, None)
    error = math.sqrt(variance / n) / (1 - expected)
    return Kappa(kappa, max(kappa - Z_95 * error, -1.0), min(kappa + Z_95 * error, 1.0))


def krippendorff_alpha(judgements: Judgements) -> float | None:
    """Krippendorff's alpha for nominal data; units that fewer than two judged do not count.

    Returns None where it is undefined: nobody to compare, or all say one thing.
    """
    weights: dict[tuple[str, str], float] = {}
    for said in judgements.values():
        values = list(said.values())
        for place, first in enumerate(values):
            for other, second in enumerate(values):
                if place != other:
                    key = first, second
                    weights[key] = weights.get(key, 0.0) + 1 / (len(values) - 1)
    totals: dict[str, float] = {}
    for (first, _), weight in weights.items():
        totals[first] = totals.get(first, 0.0) + weight
    n = sum(totals.values())
    expected = n * n - sum(total * total for total in totals.values())
    if not n or math.isclose(expected, 0.0):
        return None
    observed = sum(weight for (first, second), weight in weights.items() if first != second)
    return 1 - (n - 1) * observed / expected


def agreement_row(measure: str, judgements: Judgements) -> AgreementRow:
    """How far people agree on one thing; units that one of them judged alone do not count."""
    compared = {unit: said for unit, said in judgements.items() if len(said) > 1}
    annotators = tuple(sorted({name for said in compared.values() for name in said}))
    kappa = None
    if len(annotators) == 2:
        first, second = annotators
        kappa = cohen_kappa([(said[first], said[second]) for said in compared.values()])
    return AgreementRow(
        measure, len(compared), annotators, raw_agreement(compared), kappa, krippendorff_alpha(compared)
    )


def agreement_table(reviews: Iterable[Review], catalogue: Catalogue) -> AgreementTable:
    """How far the people of a review agree, per criterion and for the origins of arguments.

    Args: reviews: what stands; adjudications, and reviews of earlier versions of a sample, do not count.
    """
    measures: dict[str, dict[Hashable, dict[str, str]]] = {criterion: {} for criterion in CRITERIA}
    origins: dict[Hashable, dict[str, str]] = {}
    seconds: dict[str, float] = {}
    for review in reviews:
        entry = catalogue.entries.get(review.sample)
        if entry is None or review.status != "done" or review.digest != entry.digest:
            continue
        if isinstance(review.content, CriteriaReview):
            for criterion in CRITERIA:
                said = measures[criterion].setdefault(review.sample, {})
                said[review.annotator] = getattr(review.content, criterion)
        elif isinstance(review.content, OriginReview):
            for label in review.content.labels:
                unit = review.sample, label.call, label.parameter
                origins.setdefault(unit, {})[review.annotator] = label.origin
        if review.seconds:
            seconds[review.sample] = seconds.get(review.sample, 0.0) + review.seconds
    measures["origins"] = origins
    rows = [agreement_row(measure, judgements) for measure, judgements in measures.items()]
    rows.append(_people_and_code(origins, catalogue))
    marked = measures[CRITERIA[0]]
    return AgreementTable(
        rows=tuple(rows),
        pairs=tuple(_pairs(measures)),
        reviewed=len(marked),
        overlapping=sum(len(said) > 1 for said in marked.values()),
        seconds=median(seconds.values()) if seconds else None,
    )


def _pairs(measures: Mapping[str, Judgements]) -> Iterable[AgreementRow]:
    for measure, judgements in measures.items():
        people = sorted({name for said in judgements.values() for name in said})
        for pair in combinations(people, 2) if len(people) > 2 else ():
            row = agreement_row(measure, {unit: _of(said, pair) for unit, said in judgements.items()})
            if row.units:
                yield row


def _of(said: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in said.items() if name in names}


def _people_and_code(origins: Mapping[Hashable, Mapping[str, str]], catalogue: Catalogue) -> AgreementRow:
    """Labels on which people are at one, against the origins that the samples record."""
    agreed = {
        unit: next(iter(said.values())) for unit, said in origins.items() if len(set(said.values())) == 1
    }
    recorded: dict[Hashable, str] = {}
    for sample in dict.fromkeys(unit[0] for unit in agreed if isinstance(unit, tuple)):
        for each in catalogue.sample(sample).origins:
            recorded[sample, each.call, each.parameter] = each.origin
    both = {
        unit: {"people": label, CODE: recorded[unit]} for unit, label in agreed.items() if unit in recorded
    }
    return agreement_row("origins, people and code", both)


def markdown_rows(table: AgreementTable) -> list[str]:
    """The table for a dataset card, a line each; names of people are left out."""
    lines = [
        "| what | compared | annotators | raw | Cohen's kappa (95 %) | Krippendorff's alpha |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in table.rows:
        kappa = f"{row.kappa.value:.2f}" if row.kappa else "n/a"
        kappa += f" ({row.kappa.interval()})" if row.kappa and row.kappa.interval() else ""
        raw, alpha = _percent(row.raw), _two_digits(row.alpha)
        people = len([name for name in row.annotators if name not in ("people", CODE)])
        lines.append(f"| {row.measure} | {row.units:,} | {people or '-'} | {raw} | {kappa} | {alpha} |")
    return lines


def _percent(share: float | None) -> str:
    return "n/a" if share is None else f"{100 * share:.1f} %"


def _two_digits(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"
