"""The folder of an export: files that stream, appear together at the end, and are listed in manifest.json.

It refuses to replace what it did not write: a folder of something else, a file that the manifest does not
know, or one that was changed since. It knows no format.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from ..errors import StoreError
from ..store import RunFolder, atomic
from ..store.files import describe_error
from ..store.run_folder import LOCK, MARKER

MANIFEST = "manifest.json"
FORMAT = 1


class OutputFile:
    """One file while it is written: bytes go through, counted and hashed.

    Args: file: where they go.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.records = 0
        """lines, rows or array members so far"""
        self.size = 0
        """bytes so far"""
        self.closed = False
        """never while it is open; a writer of Parquet asks"""

    def write(self, content: bytes) -> int:
        """Write some bytes; returns how many."""
        self._hash.update(content)
        size = len(content)
        self.size += size
        self._file.write(content)
        return size

    def line(self, record: bytes) -> None:
        """Write one record as a line."""
        self.write(record)
        self.write(b"\n")
        self.records += 1

    def tell(self) -> int:
        """Bytes so far."""
        return self.size

    def flush(self) -> None:
        """Nothing: what is written is flushed at the end."""

    def settle(self) -> None:
        """Bring everything to the disk, so that no file of an export appears where another has no room."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def entry(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {"records": self.records, "bytes": self.size, "sha256": self._hash.hexdigest()}


class ExportFolder:
    """The files of an export under way; made by `open_export`.

    Args: folder: locked, and of this export alone. known: the files an export left there before.
        files: keeps what is written until all of it is there.
    """

    def __init__(self, folder: RunFolder, known: Collection[str], files: ExitStack) -> None:
        self.path = folder.path
        self.files: dict[str, OutputFile] = {}
        """name -> file, those created so far"""
        self.counts: dict[str, int] = {}
        """what else was counted, for the manifest"""
        self._folder, self._known, self._stack = folder, known, files

    def create(self, name: str) -> OutputFile:
        """A new file, `part.jsonl` or `folder/part.jsonl`. Raises StoreError where another one is there."""
        place = self._folder / name
        if place.exists() and name not in self._known:
            raise StoreError(f"{place}: is there and not of an export; remove it, or choose another out")
        file = self.files[name] = OutputFile(self._stack.enter_context(atomic(place)))
        return file

    def write(self, name: str, content: str) -> None:
        """Write a small text file at once."""
        self.create(name).write(content.encode())

    @property
    def records(self) -> int:
        """Records in all files so far."""
        return sum(file.records for file in self.files.values())

    def manifest(self, about: Mapping[str, Any]) -> bytes:
        """What manifest.json says: what was exported, every file, and what else was counted."""
        listed = {name: file.entry() for name, file in sorted(self.files.items())}
        body = {"format": FORMAT, **about, "files": listed}
        body |= {"counts": dict(sorted(self.counts.items()))} if self.counts else {}
        return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@contextmanager
def open_export(
    path: Path, digest: str, about: Mapping[str, Any], url: str | None = None
) -> Iterator[ExportFolder]:
    """Open the folder of an export; at the end of the block all files appear, and none where it fails.

    Args: path: where; made where there is none. digest: of everything the export depends on.
        about: what the manifest says of the whole. url: a folder in object storage for the files as well.
    Raises StoreError: the folder is of something else, in use, or holds what this export did not write; or a
    file cannot be written.
    """
    with RunFolder(path, {"export": digest}, setting="out", url=url) as locked:
        try:
            known = _written_before(path)
            with ExitStack() as files:
                manifest = files.enter_context(atomic(path / MANIFEST))  # renamed after all others
                folder = ExportFolder(locked, known, files)
                yield folder
                for file in folder.files.values():
                    file.settle()
                manifest.write(folder.manifest(about))
        finally:
            if not (path / MANIFEST).is_file():  # nothing was exported: no mark of it stays
                for name in (MARKER, LOCK):
                    (path / name).unlink(missing_ok=True)
                _remove_empty(path)


def _remove_empty(folder: Path) -> None:
    for inner in folder.iterdir():
        if inner.is_dir():
            _remove_empty(inner)
    if not any(folder.iterdir()):
        folder.rmdir()


def _written_before(path: Path) -> set[str]:
    """The files an export left here. Raises StoreError where one of them is another one by now."""
    manifest = path / MANIFEST
    if not manifest.is_file():
        return set()
    try:
        files = dict(orjson.loads(manifest.read_bytes())["files"])
        for name, entry in files.items():
            place = path / name
            if place.is_file() and _digest(place) != entry["sha256"]:
                raise StoreError(
                    f"{place}: was changed since it was exported; remove it, or choose another out"
                )
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {describe_error(error)}; choose another out") from None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise StoreError(f"{manifest}: is not of an export; remove it, or choose another out") from None
    return set(files)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
