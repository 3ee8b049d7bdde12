"""What several people said of one sample, side by side: for adjudication, and for the loser of a race."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...records import Sample
from ...rendering.text import inert, inert_lines, json_text
from ..evidence import argument_evidence
from ..records import (
    CRITERIA,
    Adjudication,
    Content,
    Correction,
    CriteriaReview,
    OriginReview,
    Review,
    ReviewDraft,
)

_TEXT = 4_000
CRITERION_NAMES = {
    "query": "Query reasonableness",
    "platform": "Platform consistency",
    "calls": "Tool invocation accuracy",
}
"""Appendix B.1."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one person said."""

    title: str
    about: str
    changes: tuple[tuple[str, str], ...]
    """what a correction changes, and to what"""
    comment: str
    seq: int = 0
    """of the review, by which a form starts from it; 0: it is none yet"""


@dataclass(frozen=True, slots=True)
class SideRow:
    """One thing that all of them speak of: a criterion, or an argument's label."""

    name: str
    said: tuple[str, ...]
    """by side, '' where somebody said nothing of it"""

    @property
    def differs(self) -> bool:
        """Whether they disagree."""
        return len({each for each in self.said if each}) > 1


@dataclass(frozen=True, slots=True)
class Sides:
    """Several people on one sample."""

    sides: tuple[Side, ...]
    rows: tuple[SideRow, ...]


def compare_sides(reviews: Sequence[tuple[str, Review | ReviewDraft]], sample: Sample) -> Sides:
    """Reviews side by side.

    Args: reviews: what each is called, and what it says.
    """
    contents = [review.content for _, review in reviews]
    sides = tuple(_side(title, review) for title, review in reviews)
    rows = [
        SideRow(CRITERION_NAMES[name], tuple(_mark(content, name) for content in contents))
        for name in CRITERIA
    ]
    rows += [
        SideRow(
            f"{inert(argument.api, 80)} · {inert(argument.parameter, 80)}",
            tuple(_label(content, argument.call, argument.parameter) for content in contents),
        )
        for argument in argument_evidence(sample)
    ]
    return Sides(sides, tuple(row for row in rows if any(row.said)))


def criteria_of(content: Content | None) -> CriteriaReview | None:
    """The marks in what somebody said."""
    content = content.criteria if isinstance(content, Adjudication) else content
    return content if isinstance(content, CriteriaReview) else None


def labels_of(content: Content | None) -> OriginReview | None:
    """The labels in what somebody said."""
    content = content.origins if isinstance(content, Adjudication) else content
    return content if isinstance(content, OriginReview) else None


def _mark(content: Content | None, name: str) -> str:
    criteria = criteria_of(content)
    return getattr(criteria, name) if criteria else ""


def _label(content: Content | None, call: int, parameter: str) -> str:
    labels = labels_of(content)
    found = (each.origin for each in (labels.labels if labels else ()))
    keys = ((each.call, each.parameter) for each in (labels.labels if labels else ()))
    return next((origin for key, origin in zip(keys, found, strict=True) if key == (call, parameter)), "")


def _side(title: str, review: Review | ReviewDraft) -> Side:
    criteria = criteria_of(review.content)
    at = f"saved {review.at.replace('T', ' ').removesuffix('Z')} UTC" if isinstance(review, Review) else ""
    parts = [inert(review.annotator, 60), "skipped" if review.status == "skipped" else "", at]
    return Side(
        title=title,
        about=", ".join(part for part in parts if part and part != title),
        changes=tuple(_changes(criteria.correction if criteria else None)),
        comment=inert_lines(review.comment, _TEXT),
        seq=review.seq if isinstance(review, Review) else 0,
    )


def _changes(correction: Correction | None) -> list[tuple[str, str]]:
    if correction is None:
        return []
    changes = [("query", correction.query), ("platform", correction.platform)]
    for number, call in enumerate(correction.calls or (), 1):
        arguments = ", ".join(f"{name}={json_text(value)}" for name, value in call.arguments.items())
        changes.append((f"call {number}", f"{call.api}({arguments})"))
    changes += [(f"words for {path}", words) for path, words in correction.words.items()]
    return [(inert(name, 200), inert_lines(text, _TEXT)) for name, text in changes if text is not None]
