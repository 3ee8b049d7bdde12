"""How far people agree: raw, Cohen's kappa and Krippendorff's alpha (nominal), both with intervals.

Kappa is of two annotators; alpha is of any number of them, each of whom may have reviewed some samples only
(Krippendorff 2011). Where all say the same throughout, chance cannot be told from agreement: both are
undefined, and raw agreement says what there is. `agreement_intervals` tells how far they may be off.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from itertools import combinations
from statistics import median
from typing import NamedTuple

from .agreement_intervals import AgreementEstimate, alpha_estimate, kappa_estimate
from .catalogue import Catalogue
from .database import ReviewDatabase
from .independence import independent_reviews, key_of
from .records import CRITERIA, CriteriaReview, OriginReview

_AND_CODE = "origins, people and code"
CODE = "as recorded"
"""Who labels origins beside people: the sample itself."""


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
    kappa: AgreementEstimate | None
    """Cohen's, of two annotators; None: others than two, or undefined"""
    alpha: AgreementEstimate | None
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
    not_compared: int
    """reviews that stand, and differ from what was said independently, or were not"""


Judgements = Mapping[Hashable, Mapping[str, str]]
"""unit -> annotator -> what was said; a unit is a sample, or begins with one."""


def raw_agreement(judgements: Judgements) -> float | None:
    """Share of the pairs of judgements of one unit that are equal; None where no unit has two."""
    pairs = [
        first == second for said in judgements.values() for first, second in combinations(said.values(), 2)
    ]
    return sum(pairs) / len(pairs) if pairs else None


def agreement_row(measure: str, judgements: Judgements) -> AgreementRow:
    """How far people agree on one thing; units that one of them judged alone do not count."""
    compared = {unit: said for unit, said in judgements.items() if len(said) > 1}
    annotators = tuple(sorted({name for said in compared.values() for name in said}))
    by_sample: dict[Hashable, list[Mapping[str, str]]] = {}
    for unit, said in compared.items():
        by_sample.setdefault(unit[0] if isinstance(unit, tuple) else unit, []).append(said)
    samples = list(by_sample.values())
    kappa = kappa_estimate(samples, annotators) if len(annotators) == 2 else None
    return AgreementRow(
        measure, len(compared), annotators, raw_agreement(compared), kappa, alpha_estimate(samples)
    )


def agreement_table(
    database: ReviewDatabase, catalogue: Catalogue, samples: Collection[str]
) -> AgreementTable:
    """How far the people of a review agree, per criterion and for the origins of arguments.

    Of what was said independently and not taken back since (`independence`); adjudications, and reviews of a
    sample as it was before, do not count.

    Args: samples: ids of those that are compared.
    """
    digests = {id: catalogue.entry(id).digest for id in samples}
    rows = [row for row in database.rows_since(0) if row.sample in digests]
    latest = {key_of(row): row for row in rows if row.task != "adjudication"}
    standing = {
        key: row for key, row in latest.items() if row.status == "done" and row.digest == digests[row.sample]
    }
    independent = independent_reviews(row for row in rows if row.digest == digests[row.sample])
    compared = {row.seq for key, row in independent.items() if key in standing}
    timed = {row.seq for row in standing.values()}
    measures: dict[str, dict[Hashable, dict[str, str]]] = {criterion: {} for criterion in CRITERIA}
    origins: dict[Hashable, dict[str, str]] = {}
    seconds: dict[str, float] = {}
    for review in database.all_reviews():
        if review.seq in timed and review.seconds:
            seconds[review.sample] = seconds.get(review.sample, 0.0) + review.seconds
        if review.seq not in compared:
            continue
        if isinstance(review.content, CriteriaReview):
            for criterion in CRITERIA:
                said = measures[criterion].setdefault(review.sample, {})
                said[review.annotator] = getattr(review.content, criterion)
        elif isinstance(review.content, OriginReview):
            for label in review.content.labels:
                unit = review.sample, label.call, label.parameter
                origins.setdefault(unit, {})[review.annotator] = label.origin
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
        not_compared=sum(
            key not in independent or row.said != independent[key].said for key, row in standing.items()
        ),
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
        for (call, parameter), origin in catalogue.recorded_origins(str(sample)).items():
            recorded[sample, call, parameter] = origin
    both = {
        unit: {"people": label, CODE: recorded[unit]} for unit, label in agreed.items() if unit in recorded
    }
    return agreement_row(_AND_CODE, both)


def markdown_rows(table: AgreementTable) -> list[str]:
    """The table for a dataset card, a line each; names of people are left out."""
    lines = [
        "| what | compared | annotators | raw | Cohen's kappa (95 %) | Krippendorff's alpha (95 %) |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in table.rows:
        raw, kappa, alpha = _percent(row.raw), _with_interval(row.kappa), _with_interval(row.alpha)
        people = 0 if row.measure == _AND_CODE else len(row.annotators)
        lines.append(f"| {row.measure} | {row.units:,} | {people or '-'} | {raw} | {kappa} | {alpha} |")
    return lines


def _percent(share: float | None) -> str:
    return "n/a" if share is None else f"{100 * share:.1f} %"


def _with_interval(estimate: AgreementEstimate | None) -> str:
    return "n/a" if estimate is None else f"{estimate.value:.2f} ({estimate.interval()})"
