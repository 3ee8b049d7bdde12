"""A sample as a line of the dataset, with its digest: made in any process, as soon as its group is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ...environments.world import World
from ...records.sample import Group, SampleEncoder
from ...records.shared_parts import SHARED
from ...settings import Settings
from ...store.dataset_index import line_digest
from .samples import CompactSample, SampleBuilder, WorldKey


class DatasetLine(NamedTuple):
    """What the files of the dataset hold of one sample."""

    line: bytes
    digest: str
    """of the whole sample, whatever the line leaves out"""


class DatasetLines:
    """Makes the lines of samples; of one scenario or user after the other it is quickest.

    Args:
        worlds: (population, scenario) -> its world, with profiles and histories.
        settings: of the run.
    """

    def __init__(self, worlds: Mapping[WorldKey, World], settings: Settings) -> None:
        self._builder = SampleBuilder(worlds, settings.assistant)
        self._encoder = SampleEncoder()
        self._shared = settings.shares_tools

    def line(self, sample: CompactSample, group: Group | None) -> DatasetLine:
        """The line of a sample, without what is in the files of shared parts. Args: group: its user's."""
        record = self._builder.build(sample, group)
        whole = self._encoder.encode(record)
        return DatasetLine(
            self._encoder.encode(record, SHARED) if self._shared else whole, line_digest(whole)
        )
