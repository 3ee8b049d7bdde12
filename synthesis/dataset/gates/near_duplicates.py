"""No two queries of a scenario are nearly the same, whoever asks and in whatever part of the dataset.

What nearly the same means is defined in `synthesis/dataset/near_duplicates.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar

from ....records import Reason
from ..near_duplicates import DuplicateIndex
from .gate import Candidate, Gate


class NearDuplicateGate(Gate):
    """No query let through before, in the same scenario, is nearly the same."""

    codes: ClassVar = {"gate.near_duplicates": "an earlier query of the scenario is nearly the same"}
    compares = True

    def __init__(self) -> None:
        self._indexes = defaultdict[str, DuplicateIndex](DuplicateIndex)

    def run(self, candidate: Candidate) -> Iterator[Reason]:
        """Name the earlier query, or remember this one."""
        episode, text = candidate.episode, candidate.case.query.text
        index = self._indexes[episode.task.scenario]
        earlier = next(index.find(text), None)
        if earlier is None:
            index.add(episode.id, text)
            return
        message = f"{earlier!r} asks nearly the same"
        yield Reason(code="gate.near_duplicates", blames="query", path="query.text", message=message)
