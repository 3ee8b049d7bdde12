"""What is exported: the chosen parts of a dataset, their samples checked and drawn as they are read.

A run's dataset has parts, one file each; any other dataset is one part. Nothing here knows a format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, tee
from pathlib import Path
from typing import Any, get_args

from ..benchmark import Item
from ..benchmark.reading import items, kind_of
from ..benchmark.reading.ptool import read_samples, samples_file
from ..errors import ConfigError, StoreError, names
from ..evaluation.prompt import check_variant
from ..evaluation.sampling import check_ids, draw_samples
from ..settings import ExportSettings
from ..settings.export import Part
from ..store.dataset_index import check_dataset

_DEFAULT_PARTS = ("samples", "train", "test", "unseen")


@dataclass(frozen=True, slots=True)
class PartFile:
    """One part of a dataset."""

    name: str
    path: Path
    """its file; of other data than ptool's, perhaps a folder"""


class ExportSource:
    """The samples to export.

    Args: settings: which they are. Raises PtoolError where there is nothing of the kind.
    """

    def __init__(self, settings: ExportSettings) -> None:
        self.settings = settings
        path = settings.source
        if not path.exists():
            raise StoreError(f"{path}: no such file or folder")
        check_dataset(path)
        self.kind = settings.kind or kind_of(path)
        """which kind of dataset it is"""
        self.parts = tuple(_parts(path, self.kind, settings))
        """the chosen ones, in the dataset's order"""
        if next(chain.from_iterable(map(self._checked, self.parts)), None) is None:
            raise ConfigError(f"data: {path} holds no samples, expected at least one")
        self._drawn: frozenset[str] | None = None
        if settings.n is not None:
            whole = chain.from_iterable(map(self._read, self.parts))
            draw = draw_samples(whole, str(path), settings.n, settings.seed, self._check)
            self._drawn = draw.drawn

    def items(self, part: PartFile) -> Iterator[Item]:
        """The samples of a part. Raises PtoolError for one that cannot be exported so."""
        checked = check_ids(self._checked(part), str(part.path))
        return (item for item in checked if self._drawn is None or item.id in self._drawn)

    def records(self, part: PartFile) -> Iterator[dict[str, Any]]:
        """The samples of a part of a run, as its file has them."""
        read, again = tee(read_samples(part.path, self.settings.group))
        checked = check_ids((self._check(item) for _, item in again), str(part.path))
        for (record, _), item in zip(read, checked, strict=True):
            if self._drawn is None or item.id in self._drawn:
                yield record

    def _checked(self, part: PartFile) -> Iterator[Item]:
        return map(self._check, self._read(part))

    def _read(self, part: PartFile) -> Iterator[Item]:
        return items(part.path, self.kind, self.settings.group)

    def _check(self, item: Item) -> Item:
        check_variant(item, self.settings.variant)
        if self.settings.answer_format == "native" and item.platform is not None:
            self._check_owners(item)
        return item

    def _check_owners(self, item: Item) -> None:
        if not any(item.platforms.values()):
            settings = self.settings
            got = "answer: got 'native'" if settings.answer else f"format: got {settings.format!r}"
            raise ConfigError(
                f"{got}, but the dataset does not say which platform offers which function "
                f"(sample {item.id!r:.80}), so tool calls could not name one; expected answer=python or "
                "json, with format=messages, sharegpt or trl"
            )


def _parts(path: Path, kind: str, settings: ExportSettings) -> Iterator[PartFile]:
    """The chosen parts. Raises ConfigError for one that is not there."""
    folder = path / "dataset" if (path / "dataset").is_dir() else path
    if kind != "ptool" or not path.is_dir():
        if settings.parts is not None:
            got = ", ".join(settings.parts)
            raise ConfigError(f"parts: got {got}, but {path} is one file; expected a run folder, or no parts")
        yield PartFile(path.stem if path.stem in get_args(Part) else "samples", path)
        return
    there = [name for name in get_args(Part) if (folder / f"{name}.jsonl").is_file()]
    for name in settings.parts or ():
        if name not in there:
            raise ConfigError(f"parts: got {name!r}, {folder} has {names(there, name)}")
    if settings.parts is None and settings.format == "lm_eval":
        yield PartFile(samples_file(path).stem, samples_file(path))
        return
    chosen = settings.parts or [name for name in there if name in _DEFAULT_PARTS] or there
    if not chosen:
        samples_file(path)  # says what is expected
    yield from (PartFile(name, folder / f"{name}.jsonl") for name in there if name in chosen)
