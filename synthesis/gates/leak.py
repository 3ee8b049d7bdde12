"""Being built."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import Reason
from .candidate import Candidate


def leak(candidate: Candidate) -> Iterable[Reason]:
    """Being built."""
    del candidate
    return ()
