"""No two queries of a scenario are nearly the same, whoever asks and in whatever part of the dataset.

What nearly the same means is defined in `synthesis/dataset/near_duplicates.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar

from ....environments.world import World
from ....records import Reason
from ..near_duplicates import DuplicateIndex, Sketch, sketch_of
from ..samples import CompactSample
from .gate import SampleGate


class NearDuplicateGate(SampleGate):
    """No query let through before, in the same scenario, is nearly the same."""

    codes: ClassVar = {"gate.near_duplicates": "an earlier query of the scenario is nearly the same"}
    compares = True

    def __init__(self) -> None:
        self._indexes = defaultdict[str, DuplicateIndex](DuplicateIndex)

    def prepare(self, sample: CompactSample) -> Sketch:
        """What like queries are found by."""
        return sketch_of(sample.query)

    def run_sample(self, sample: CompactSample, world: World) -> Iterator[Reason]:
        """Name the earlier query, or remember this one."""
        return self.run_prepared(sample, world, self.prepare(sample))

    def run_prepared(self, sample: CompactSample, world: World, prepared: Sketch) -> Iterator[Reason]:  # noqa: ARG002
        """As `run_sample`."""
        index = self._indexes[sample.scenario]
        earlier = next(index.find(sample.query, prepared), None)
        if earlier is None:
            index.add(sample.id, sample.query, prepared)
            return
        message = f"{earlier!r} asks nearly the same"
        yield Reason(code="gate.near_duplicates", blames="query", path="query.text", message=message)
