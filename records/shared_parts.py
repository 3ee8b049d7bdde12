"""What samples of one dataset have in common, kept once beside them and joined when they are read.

A sample shows all functions of its scenario and the whole profile of its user: tens of kilobytes. In the
shared form of a dataset its line leaves them out; `tools.jsonl` has them by scenario and `users.jsonl` by
user. A joined sample is the very sample that the inline form has. Lines are found by their place in the file,
so memory grows with the number of users by some bytes each, never with profiles.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from .sample import Sample
from .table_rows import from_row


class SharedFile(NamedTuple):
    """A file of shared parts."""

    name: str
    key: str
    """field of a sample that says which line is its own"""
    parts: tuple[str, ...]
    """fields of a sample that stand there"""

    @property
    def absent(self) -> Collection[str]:
        """Fields of a sample that do not stand there."""
        return Sample.model_fields.keys() - {self.key, *self.parts}


SHARED_FILES = (
    SharedFile("tools.jsonl", "scenario", ("platforms", "tools")),
    SharedFile("users.jsonl", "user_id", ("user_profile",)),
)
"""Every file of shared parts, beside the files of samples."""

SHARED = frozenset(part for file in SHARED_FILES for part in file.parts)
"""Fields that a line of the shared form leaves out."""
_FIELDS = tuple(Sample.model_fields)

_PARSED = 64
"""Parsed lines that are kept."""


class SharedParts:
    """Joins the samples of a folder with what they share; nothing is read before a sample needs it.

    Args: folder: where the samples lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[str, dict[str, tuple[int, int]]] = {}
        self._part = lru_cache(maxsize=_PARSED)(self._read_part)

    def join(self, sample: dict[str, Any]) -> dict[str, Any]:
        """The whole sample, its fields in the record's order; one that is whole is returned as it is.

        A row of a table is read as the sample that it holds. Raises ValueError, one line, where what a sample
        shares is not there, or a row holds no JSON.
        """
        sample = from_row(sample)
        if sample.keys() & SHARED or any(not isinstance(sample.get(file.key), str) for file in SHARED_FILES):
            return sample  # whole, or none of ours: its reader says what is wrong
        found = dict(sample)
        for file in SHARED_FILES:
            found |= self._part(file, sample[file.key])
        return {name: found.pop(name) for name in _FIELDS if name in found} | found

    def _read_part(self, file: SharedFile, key: str) -> dict[str, Any]:
        path = self._folder / file.name
        try:
            if file.name not in self._places:
                self._places[file.name] = dict(_places(path, file.key))
            if key not in self._places[file.name]:
                raise ValueError(f"{path}: no line for {file.key} {key[:80]!r}, which a sample needs")
            offset, size = self._places[file.name][key]
            with path.open("rb") as content:
                content.seek(offset)
                value = _object(content.read(size), path, offset)
        except FileNotFoundError:
            raise ValueError(
                f"{path}: no such file, and samples without {' and '.join(file.parts)}; "
                "keep it beside them, or write the dataset with dataset.tools=inline"
            ) from None
        except OSError as error:
            raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from None
        try:
            value = from_row(value)
        except ValueError as error:
            raise ValueError(f"{path}: {file.key} {key[:80]!r}: {error}") from None
        if any(part not in value for part in file.parts):
            raise ValueError(f"{path}: {file.key} {key[:80]!r} lacks one of {', '.join(file.parts)}")
        return {part: value[part] for part in file.parts}


def _places(path: Path, key: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The key of every line, with the line's offset and bytes."""
    offset = 0
    with path.open("rb") as lines:
        for line in lines:
            if line.strip():
                value = _object(line, path, offset).get(key)
                if not isinstance(value, str):
                    raise ValueError(f"{path}: byte {offset}: got {key} {str(value)[:80]!r}, expected text")
                yield value, (offset, len(line))
            offset += len(line)


def _object(line: bytes, path: Path, offset: int) -> dict[str, Any]:
    try:
        value = orjson.loads(line.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path}: byte {offset}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{path}: byte {offset}: got {type(value).__name__}, expected an object")
    return value
