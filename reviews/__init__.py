"""Review by people (Appendix B): what they judge, correct and label, kept beside a run and exported from it.

The store needs the standard library alone; the server that shows it to people is an extra (`ptool[review]`).
"""

from .records import (
    CRITERIA,
    Adjudication,
    Content,
    Correction,
    CriteriaReview,
    Criterion,
    FieldError,
    Mark,
    OriginLabel,
    OriginReview,
    Review,
    ReviewDraft,
    ReviewTask,
)
from .store import ReviewStore

__all__ = [
    "CRITERIA",
    "Adjudication",
    "Content",
    "Correction",
    "CriteriaReview",
    "Criterion",
    "FieldError",
    "Mark",
    "OriginLabel",
    "OriginReview",
    "Review",
    "ReviewDraft",
    "ReviewStore",
    "ReviewTask",
]
