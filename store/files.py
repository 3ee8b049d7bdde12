"""Files that are either the old one or the whole new one, whenever the process dies.

A file is written under a temporary name in its own folder, fsynced, renamed over the old one, and the folder
is fsynced. It knows nothing of what the bytes mean, beyond one JSON value a line.
"""

from __future__ import annotations

import errno
import os
import tempfile
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from ..errors import StoreError

MAX_LINE = 64 * 1024 * 1024
"""Bytes a line of JSON may have when read; a longer one is not ours."""


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """Open `path` for writing; it appears, complete and durable, when the block ends without an error.

    Raises StoreError where the folder cannot be written or the disk is full.
    """
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {describe_error(error)}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def describe_error(error: OSError) -> str:
    """What went wrong, in words for people."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"disk full ({error.strerror}); free some space, and the same command goes on from there"
    return error.strerror or str(error)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file at once, atomically. Raises StoreError."""
    with atomic(path) as file:
        file.write(content)


def write_json(path: Path, value: Any) -> None:
    """Write one value as indented JSON with sorted keys, atomically. Raises StoreError."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    write_bytes(path, orjson.dumps(value, option=options))


def write_jsonl(path: Path, records: Iterable[bytes]) -> int:
    """Write serialised records, a line each, as they come; returns how many. Raises StoreError.

    Args: records: JSON texts without line breaks; they are never held all at once.
    """
    with jsonl_writer(path) as write:
        return sum(1 for _ in map(write, records))


@contextmanager
def jsonl_writer(path: Path) -> Iterator[Callable[[bytes], None]]:
    """What writes one serialised record as a line; the file appears when the block ends without an error.

    Raises StoreError: it cannot be written, or a record holds a line break.
    """
    count = 0
    with atomic(path) as file:

        def write(record: bytes) -> None:
            nonlocal count
            count += 1
            if b"\n" in record:
                raise StoreError(f"{path}: record {count} holds a line break, expected JSON on one line")
            file.write(record)
            file.write(b"\n")

        yield write


def read_jsonl(path: Path, max_line: int = MAX_LINE) -> Iterator[Any]:
    """The values of a JSONL file, one by one; empty lines are skipped.

    Args: max_line: bytes a line may have. Raises StoreError that names the file and the line.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(max_line + 1):
                number += 1
                if len(line) > max_line:
                    raise StoreError(f"{path}:{number}: longer than {max_line} bytes")
                if number == 1:
                    line = line.removeprefix(BOM_UTF8)
                if line.strip():
                    yield _value(line, path, number)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error


def _value(line: bytes, path: Path, number: int) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise StoreError(f"{path}:{number}: not JSON: {error}") from None


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened, and a rename is durable by itself
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
