"""What a review came to: what became of every sample, how far people agree, what they found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from .agreement import AgreementTable, agreement_table
from .catalogue import CatalogueEntry
from .corrections import CorrectedSample, applied, corrected_sample
from .findings import Findings, HumanFinding, codes_of, findings_of
from .retrace import answer_of
from .store import ReviewStore
from .verdicts import VERIFIED, HumanVerdict, verdict_of

ENDED = (*VERIFIED, "rejected")
"""States of samples that people have come to an end with."""


@dataclass(frozen=True)
class ReviewedSample:
    """One sample with what became of it."""

    entry: CatalogueEntry
    verdict: HumanVerdict
    corrected: CorrectedSample | None
    """None: as it was, or nobody has come to an end with it"""
    codes: tuple[str, ...]
    """what people found wrong with it"""


@dataclass(frozen=True)
class ReviewSummary:
    """What a review came to."""

    states: Counter[str]
    """state -> samples"""
    agreement: AgreementTable
    findings: Findings
    outdated: int
    """reviews of samples that the run has made anew since, or no longer has"""


def summarise(store: ReviewStore) -> ReviewSummary:
    """Count what a review came to. Raises StoreError where a sample was changed since."""
    states: Counter[str] = Counter()
    found: list[HumanFinding] = []
    for each in reviewed_samples(store):
        states[each.verdict.state] += 1
        if each.verdict.state in ENDED:
            found.append(HumanFinding(each.entry.id, each.verdict.state, each.codes))
    agreement = agreement_table(store.database, store.catalogue, store.assignment.order)
    findings = findings_of(found, store.catalogue)
    return ReviewSummary(states, agreement, findings, store.outdated())


def reviewed_samples(store: ReviewStore) -> Iterator[ReviewedSample]:
    """Every sample that was drawn, in the order of the index; one that nobody changed is not read."""
    said = {row.sample for row in store.database.rows_since(0)}
    drawn = frozenset(store.assignment.order)
    for id, entry in store.catalogue.entries.items():
        if id not in drawn:
            continue
        verdict = verdict_of(store.reviews(id) if id in said else (), entry.digest)
        if verdict.state not in ENDED or (
            verdict.state == "accepted" and not _relabelled(store, id, verdict)
        ):
            yield ReviewedSample(entry, verdict, None, ())
        else:
            yield _changed(store, entry, verdict)


def _relabelled(store: ReviewStore, id: str, verdict: HumanVerdict) -> bool:
    """Whether people say of an argument that it comes from elsewhere than the sample records."""
    if verdict.origins is None:
        return False
    recorded = store.catalogue.recorded_origins(id)
    return any(recorded.get((each.call, each.parameter)) != each.origin for each in verdict.origins.labels)


def _changed(store: ReviewStore, entry: CatalogueEntry, verdict: HumanVerdict) -> ReviewedSample:
    sample = store.sample(entry.id)
    criteria = verdict.criteria if verdict.state != "rejected" else None
    corrected = corrected_sample(sample, criteria, verdict.origins, store.trees)
    before = answer_of(sample)
    after = applied(before, criteria.correction if criteria else None)
    relabelled = before == after and any(each["field"].startswith("origins.") for each in corrected.changes)
    return ReviewedSample(entry, verdict, corrected, codes_of(verdict, before, after, relabelled))
