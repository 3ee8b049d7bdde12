"""Which reviews people gave independently, so that comparing them says how far people agree.

A review is independent where it is what somebody said first of a sample, and nothing they had saved before
shows that they knew more: the recorded origins, which are shown once labels are saved, or what others said.
Whatever they change afterwards counts for what becomes of the sample alone. It knows no coefficient.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .database import ReviewRow
from .records import ReviewTask

ReviewKey = tuple[str, ReviewTask, str]
"""Sample, task and annotator."""

_INFORMED_OF: Mapping[ReviewTask, tuple[ReviewTask, ...]] = {
    "criteria": ("origins",),
    "origins": (),
    "adjudication": ("criteria", "origins"),
}
"""Task -> the other tasks whose answers its page shows: recorded origins beside marks, what others said
beside an adjudication."""


def key_of(row: ReviewRow) -> ReviewKey:
    """Of what somebody said, whatever the version."""
    return row.sample, row.task, row.annotator


def independent_reviews(rows: Iterable[ReviewRow]) -> dict[ReviewKey, ReviewRow]:
    """The version of every review that was given independently; a review without one has no entry.

    What was taken back is among them: its annotator knows more since.

    Args: rows: every version of everything, of the samples as they are now, in the order it was saved.
    """
    first: dict[ReviewKey, ReviewRow] = {}
    informed: set[ReviewKey] = set()
    for row in rows:
        key = key_of(row)
        if row.status == "done" and row.task != "adjudication" and key not in informed:
            first.setdefault(key, row)
        informed |= {(row.sample, task, row.annotator) for task in _INFORMED_OF[row.task]}
    return first
