"""The samples of a dataset as records, one at a time; as a table of pandas, as a dataset of `datasets`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, overload

from ..records import Sample
from ..records.table_rows import columns, to_row
from ..rendering.text import counted, inert
from ..store import read_samples
from ..store.dataset_index import check_dataset
from . import html
from .extras import extra_library
from .indexing import picked

_SHOWN = 3


class Samples:
    """The samples of a dataset, of one part or of several; `path` is the file, or the folder of the parts.

    `for sample in samples` gives every `ptool.records.Sample`, one at a time, whichever form the dataset has:
    tools and profiles that are kept beside the samples are joined to them. What is read is compared with the
    digests of the dataset's index first, where there is one.

    Args: place: the file, or the folder of the parts; files: name of each part -> its file, in their order.
    """

    def __init__(self, place: Path, files: Mapping[str, Path]) -> None:
        self.path = place
        """the file, or the folder"""
        self._given = dict(files)
        self._checked = False

    @property
    def _files(self) -> dict[str, Path]:
        """Name of each part -> its file, in their order."""
        return self._given

    @property
    def parts(self) -> dict[str, Samples]:
        """Name -> the samples of one part: `samples`, or `train`, `test`, `unseen`, `twins`, `reserve`."""
        return {name: Samples(file, {name: file}) for name, file in self._files.items()}

    def __iter__(self) -> Iterator[Sample]:
        """Every sample, in the dataset's order.

        Raises:
            StoreError: a line is none of ptool's samples, or not what the run wrote.
        """
        self._check()
        return chain.from_iterable(map(read_samples, self._files.values()))

    def __len__(self) -> int:
        """How many samples there are."""
        return sum(map(self._length, self._files))

    @overload
    def __getitem__(self, key: int) -> Sample: ...
    @overload
    def __getitem__(self, key: slice) -> list[Sample]: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...
    def __getitem__(self, key: int | slice | str) -> Sample | list[Sample] | Samples:
        """The samples of the part of a name, the sample of an id or at a position, or those of a slice.

        Raises:
            KeyError: there is no such part or sample; says which parts there are.
            IndexError: there is no such position; says how many there are.
            StoreError: as of iterating.
        """
        if isinstance(key, str) and key in self._files:
            return self.parts[key]
        parts = ", ".join(self._files) or "none"
        return picked(self, len(self), key, f"no part and no sample {key!r:.80}; the parts are {parts}")

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`: a row a sample, a column for its `part` and for each field of `Sample`.

        Lists and mappings stay Python's.

        Raises:
            ConfigError: pandas is not installed.
            StoreError: as of iterating.
        """
        pandas = extra_library("pandas", "to_pandas()")
        self._check()
        rows = [
            {"part": name, **sample.model_dump(mode="json")}
            for name, file in self._files.items()
            for sample in read_samples(file)
        ]
        return pandas.DataFrame(rows, columns=["part", *columns()])

    def to_datasets(self) -> Any:
        """A `datasets.DatasetDict`: each part as a `datasets.Dataset`, in memory.

        Its columns are texts, as in `dataset/tables/`: fields that are no text hold JSON, because no type of
        a table fits values that differ from tool to tool.

        Raises:
            ConfigError: `datasets` is not installed.
            StoreError: as of iterating.
        """
        datasets = extra_library("datasets", "to_datasets()")
        self._check()
        return datasets.DatasetDict(
            {name: self._dataset(datasets, file) for name, file in self._files.items()}
        )

    @staticmethod
    def _dataset(datasets: Any, file: Path) -> Any:
        rows = [to_row(sample.model_dump(mode="json"), columns()) for sample in read_samples(file)]
        texts = datasets.Features({name: datasets.Value("string") for name in columns()})
        return datasets.Dataset.from_dict(
            {name: [row[name] for row in rows] for name in columns()}, features=texts
        )

    def _check(self) -> None:
        """Raise StoreError where a sample is not what the run wrote; looked at once."""
        if not self._checked:
            check_dataset(self.path)
            self._checked = True

    def _length(self, part: str) -> int:
        with self._files[part].open("rb") as lines:
            return sum(bool(line.strip()) for line in lines)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {self._length(name):,}" for name in self._files)
        return f"{type(self).__name__}({inert(str(self.path))!r}, {parts or 'empty'})"

    def _repr_html_(self) -> str:
        """What a notebook shows: how many there are, and the first three."""
        return html.paragraph(f"{counted(len(self), 'sample')} in {self.path}") + self._first_as_html()

    def _first_as_html(self) -> str:
        rows = [(sample.id, sample.query, sample.answer) for sample in islice(self, _SHOWN)]
        return html.table(rows, ("id", "query", "answer")) if rows else ""
