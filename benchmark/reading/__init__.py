"""Datasets and predictions as PTBench scores them: `items(path)` and `paired(items, path)`.

A kind of dataset is one module with `read(path, group)`; nothing here parses an answer or counts a hit. Files
are read line by line, so memory does not grow with their length (a published JSON array has to be held as a
whole).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import get_args

from ...errors import ConfigError, StoreError, names
from ..items import Group, Item, Source
from . import acebench, bfcl, ptool, published, toolspectrum
from .given_answers import GivenAnswer
from .predictions import answered, paired
from .raw_records import read_records

__all__ = ["KINDS", "GivenAnswer", "answered", "items", "kind_of", "paired"]

KINDS = get_args(Source)
"""The kinds of datasets, the names `items` takes."""

_READERS = {
    "ptool": ptool.read,
    "published": published.read,
    "acebench": acebench.read,
    "bfcl": bfcl.read,
    "toolspectrum": toolspectrum.read,
}


def items(path: Path | str, kind: str | None = None, group: Group | None = None) -> Iterator[Item]:
    """The items of a dataset, one by one.

    Args: path: a run folder, a dataset folder or a file; kind: one of KINDS, None: found out from the names
    of files and the keys of the first record; group: of items that do not say their own.
    Raises StoreError, one line with file and line, for what cannot be read; ConfigError for an unknown kind.
    """
    path = Path(path)
    if kind is not None and kind not in _READERS:
        raise ConfigError(f"data kind {kind!r}: there are {names(_READERS, kind)}")
    if not path.exists():
        raise StoreError(f"{path}: no such file or folder")
    return _READERS[kind or kind_of(path)](path, group)


_OURS = ("dataset/index.jsonl", "dataset/samples.jsonl", "samples.jsonl", "test.jsonl", "index.jsonl")
"""Files by which a folder is known for a run of ptool, or for the dataset of one."""


_RECORDS_TO_KNOW = 20
"""Records that may tell the kind of a file: the first may be an odd one."""


def kind_of(path: Path) -> Source:
    """Which kind of dataset a path holds. Raises StoreError where its names and first record tell none."""
    return (_kind_of_folder(path) if path.is_dir() else _kind_of_file(path)) or _unknown(path)


def _kind_of_folder(path: Path) -> Source | None:
    if any((path / name).is_file() for name in _OURS):
        return "ptool"
    if any(path.glob("BFCL_v*.json*")):
        return "bfcl"
    if any(path.glob("*normal_preference*.json*")):
        return "acebench"
    if toolspectrum.is_folder(path):
        return "toolspectrum"
    if (path / published.FILE).is_file() or any(path.glob(f"*/{published.FILE}")):
        return "published"
    return "ptool" if (path / "manifest.json").is_file() else None  # a run that left no dataset


def _kind_of_file(path: Path) -> Source | None:
    if path.name.startswith("BFCL_v"):
        return "bfcl"
    marks: tuple[tuple[Source, set[str]], ...] = (
        ("ptool", {"id", "user_id", "answer", "origins"}),
        ("published", {"user_profile", "answer", "query_params"}),
        ("toolspectrum", {"instruction", "toolCall"}),
        ("acebench", {"id", "question", "function", "profile"}),
    )
    record = None
    for record in islice(read_records(path), _RECORDS_TO_KNOW):
        for kind, needed in marks:
            if needed <= record.value.keys():
                return kind
    if record is None:
        raise StoreError(f"{path}: holds no records, expected at least one sample")
    return None


def _unknown(path: Path) -> Source:
    raise StoreError(
        f"{path}: no dataset that ptool knows; expected one of {', '.join(KINDS)} (say which with a kind)"
    )
