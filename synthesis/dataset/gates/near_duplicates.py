"""No two queries of a scenario are nearly the same, whoever asks and in whatever part of the dataset.

What nearly the same means is defined in `synthesis/dataset/near_duplicates.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from ....records import Reason
from ..kept_sample import Kept
from ..near_duplicates import Likeness
from .gate import Candidate, Gate


class NearDuplicateGate(Gate):
    """No query let through before, in the same scenario, is nearly the same."""

    codes: ClassVar = {"gate.near_duplicates": "an earlier query of the scenario is nearly the same"}
    compares = True

    def __init__(self) -> None:
        self._kept: dict[str, Likeness] = {}
        self._ids: dict[str, list[str]] = {}

    def run(self, candidate: Candidate) -> Iterator[Reason]:
        """Name the earlier query, or remember this one."""
        episode, text = candidate.episode, candidate.case.query.text
        scenario = episode.task.scenario
        kept = self._kept.setdefault(scenario, Likeness())
        ids = self._ids.setdefault(scenario, [])
        if (earlier := next(kept.alike(text), None)) is not None:
            message = f"{ids[earlier]!r} asks nearly the same"
            yield Reason(
                code="gate.near_duplicates",
                blames="query",
                path="query.text",
                message=message,
            )
            return
        kept.add(text)
        ids.append(episode.id)


def alike_pairs(texts: Sequence[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Find all near-duplicates, for the statistics.

    Args:
        texts: (id, scenario, text) in the order of the dataset.

    Returns:
        (earlier id, later id), in the order of the later one, then of the earlier one.
    """
    kept: dict[str, Likeness] = {}
    ids: dict[str, list[str]] = {}
    pairs: list[tuple[str, str]] = []
    for name, scenario, text in texts:
        likeness, earlier = kept.setdefault(scenario, Likeness()), ids.setdefault(scenario, [])
        pairs += [(earlier[place], name) for place in likeness.alike(text)]
        likeness.add(text)
        earlier.append(name)
    return pairs


def alike_samples(kept: Sequence[Kept]) -> list[tuple[str, str]]:
    """The same for kept samples; a sample and its twin, or two twins of one sample, are none."""
    original = {sample.id: sample.twin_of or sample.id for sample in kept}
    pairs = alike_pairs([(sample.id, sample.scenario, sample.query) for sample in kept])
    return [(earlier, later) for earlier, later in pairs if original[earlier] != original[later]]
