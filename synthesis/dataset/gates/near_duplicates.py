"""No two queries of a scenario are nearly the same, whoever asks and in whatever part of the dataset.

The definition lives in `synthesis/dataset/near_duplicates.py`; here is who came first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....records import Reason
from ..kept_sample import Kept
from ..near_duplicates import Likeness
from .candidate import Candidate


class NearDuplicates:
    """A gate that remembers what it let through; candidates come in the order of the dataset.

    A counterfactual twin repeats its query on purpose: whoever makes twins does not show them here.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Likeness] = {}
        self._ids: dict[str, list[str]] = {}

    def __call__(self, candidate: Candidate) -> Iterator[Reason]:
        """Object where an earlier kept query of the scenario is nearly the same, and name it."""
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
                source="near_duplicates",
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
    family = {one.id: one.twin_of or one.id for one in kept}
    found = alike_pairs([(one.id, one.scenario, one.query) for one in kept])
    return [(one, other) for one, other in found if family[one] != family[other]]
