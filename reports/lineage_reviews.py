"""What people said of a sample (Appendix B), as its lineage tells it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..reviews.database import FILE, standing_reviews
from ..reviews.records import Review
from ..reviews.verdicts import verdict_of


@dataclass(frozen=True)
class HumanReviews:
    """What became of a sample among people, and what each of them said."""

    state: str
    """unreviewed, conflict, second_look, accepted, corrected, rejected"""
    reviews: tuple[dict[str, Any], ...]
    """annotator, task, version, at, content, comment; `earlier`: of an earlier version of the sample"""


def human_reviews(run: Path, id: str, digest: str) -> HumanReviews | None:
    """What people said of a sample; None where nobody said anything.

    Args: digest: of the sample as it is now. Raises StoreError: the database cannot be read.
    """
    found = standing_reviews(run / FILE, id)
    if not found:
        return None
    verdict = verdict_of(found, digest)
    return HumanReviews(verdict.state, tuple(_as_dict(review, digest) for review in found))


def _as_dict(review: Review, digest: str) -> dict[str, Any]:
    kept = ("annotator", "task", "version", "at", "status", "content", "comment", "second_look", "seconds")
    return review.model_dump(mode="json", include=set(kept)) | {"earlier": review.digest != digest}
