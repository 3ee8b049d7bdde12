"""What became of a sample: the reviews of several people, taken together.

    adjudicated  what the adjudication says
    agreed       everybody who reviewed it said the same
    conflict     they did not

A review of an earlier version of the sample (another digest) counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import orjson

from .database import ReviewRow
from .records import Adjudication, Content, Correction, CriteriaReview, OriginReview, Review

State = Literal["unreviewed", "conflict", "second_look", "accepted", "corrected", "rejected"]
"""unreviewed: nobody marked it; second_look: one person did and asks for another; accepted, corrected: it is
in the verified dataset."""
VERIFIED: tuple[State, ...] = ("accepted", "corrected")


def said_of(content: Content | None) -> str:
    """A short text that is equal where two people said the same; of marks and corrections it shows the marks.

    'ok,fix,ok:3f…' of marks and a correction, '5a…' of labels, 'ok,ok,ok|5a…' of an adjudication.
    """
    match content:
        case CriteriaReview(query=query, platform=platform, calls=calls, correction=correction):
            return f"{query},{platform},{calls}" + (f":{_digest(correction)}" if correction else "")
        case OriginReview(labels=labels):
            said = sorted((label.call, label.parameter, label.origin) for label in labels)
            return _digest_of(said)
        case Adjudication(criteria=criteria, origins=origins):
            return f"{said_of(criteria)}|{said_of(origins)}"
        case None:
            return ""


def _digest(correction: Correction) -> str:
    """Of what is changed; the words that show it may be chosen differently."""
    return _digest_of(correction.model_dump(mode="json", exclude={"words"}))


def _digest_of(value: object) -> str:
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()


def state_of(rows: Iterable[ReviewRow], digest: str) -> State:
    """What became of a sample.

    Args: rows: what stands of it; digest: of the sample as it is now.
    """
    done = [row for row in rows if row.status == "done" and row.digest == digest]
    adjudicated = next((row.said for row in done if row.task == "adjudication"), "|")
    last_criteria, _, last_origins = adjudicated.partition("|")
    criteria = {last_criteria} if last_criteria else {row.said for row in done if row.task == "criteria"}
    origins = {last_origins} if last_origins else {row.said for row in done if row.task == "origins"}
    if len(criteria) > 1 or len(origins) > 1:
        return "conflict"
    if not criteria:
        return "unreviewed"
    marked_by = {row.annotator for row in done if row.task == "criteria"}
    if any(row.second_look for row in done) and not last_criteria and len(marked_by) < 2:
        return "second_look"
    marks, _, correction = criteria.pop().partition(":")
    if "reject" in marks.split(","):
        return "rejected"
    return "corrected" if correction else "accepted"


@dataclass(frozen=True)
class HumanVerdict:
    """What became of a sample, with what was said."""

    state: State
    criteria: CriteriaReview | None
    """the marks and the correction that hold; None: nobody marked it, or a conflict"""
    origins: OriginReview | None
    """the labels that hold; None: nobody labelled it, or a conflict"""
    reviews: tuple[Review, ...]
    """everything that counts, in the order it was saved"""

    @property
    def annotators(self) -> tuple[str, ...]:
        """Who had a part in it, in the order of their reviews."""
        return tuple(dict.fromkeys(review.annotator for review in self.reviews))


def verdict_of(reviews: Iterable[Review], digest: str) -> HumanVerdict:
    """What became of a sample, with the marks and labels that hold.

    Args: reviews: what stands of it; digest: of the sample as it is now.
    """
    done = tuple(review for review in reviews if review.status == "done" and review.digest == digest)
    last = next((each.content for each in done if isinstance(each.content, Adjudication)), Adjudication())
    state = state_of((_row(review) for review in done), digest)
    criteria = [each.content for each in done if isinstance(each.content, CriteriaReview)]
    origins = [each.content for each in done if isinstance(each.content, OriginReview)]
    return HumanVerdict(
        state=state,
        criteria=last.criteria or (criteria[0] if len({said_of(each) for each in criteria}) == 1 else None),
        origins=last.origins or (origins[0] if len({said_of(each) for each in origins}) == 1 else None),
        reviews=done,
    )


def _row(review: Review) -> ReviewRow:
    return ReviewRow(
        review.seq,
        review.sample,
        "",
        review.task,
        review.version,
        review.status,
        review.second_look,
        review.annotator,
        review.digest,
        said_of(review.content),
    )
