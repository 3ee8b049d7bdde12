"""JSON from files nobody vouches for: a value at a time, with the place it stands at, bounded.

A file is JSON lines or, as published datasets are, one JSON array. Knows nothing of what the values mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ...errors import StoreError

MAX_LINE = 64 * 1024 * 1024
"""Bytes one line may have; a longer one is no sample."""

MAX_ARRAY = 2 * 1024 * 1024 * 1024
"""Bytes a file that is one JSON array may have: it has to be held as a whole."""

_SHOWN = 60  # characters of a bad value that a message shows


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a file; `place` is 'file:line', or 'file[position]' in an array, positions from 0."""

    place: str
    value: dict[str, Any]

    def get(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """The value of a key that must be there. Raises StoreError where it is missing or of another kind."""
        if key not in self.value:
            have = ", ".join(repr(one)[:_SHOWN] for one in list(self.value)[:12]) or "no keys"
            raise StoreError(f"{self.place}: no {key!r}; it has {have}")
        got = self.value[key]
        if not isinstance(got, kind) or (isinstance(got, bool) and kind is int):
            raise self.wrong(key, got, _named(kind))
        return got

    def wrong(self, where: str, got: Any, expected: str) -> StoreError:
        """The error for a value that is not what it must be, shown shortened."""
        return StoreError(f"{self.place}: {where}: got {shown(got)}, expected {expected}")


def entries(path: Path) -> Iterator[Entry]:
    """The JSON objects of a file, lazily for JSON lines; empty lines are skipped.

    Raises StoreError, one line with the place, for what cannot be read or is no JSON object.
    """
    try:
        with path.open("rb") as file:
            start = _first_byte(file)
            if start == b"[":
                yield from _array(path, file.read(MAX_ARRAY + 1))
                return
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise StoreError(f"{path}:{number}: longer than {MAX_LINE} bytes, expected a JSON object")
                if line.strip():
                    yield _entry(f"{path}:{number}", _value(line, f"{path}:{number}"))
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error


def shown(value: Any) -> str:
    """A value as a message shows it: its start, on one line."""
    if isinstance(value, list | dict | tuple):
        return f"{_named(type(value))} of {len(value)}"
    text = repr(value if not isinstance(value, str) else value[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _first_byte(file: Any) -> bytes:
    """The first byte that is not white space (or a byte order mark); the file stands at its start again."""
    while (byte := file.read(1)) and (byte.isspace() or byte in b"\xef\xbb\xbf"):
        pass
    file.seek(0)
    return byte


def _array(path: Path, content: bytes) -> Iterator[Entry]:
    if len(content) > MAX_ARRAY:
        raise StoreError(f"{path}: longer than {MAX_ARRAY} bytes as one array; write it as JSON lines")
    values = _value(content, str(path))
    for position, value in enumerate(values):
        yield _entry(f"{path}[{position}]", value)


def _entry(place: str, value: Any) -> Entry:
    if not isinstance(value, dict):
        raise StoreError(f"{place}: got {shown(value)}, expected a JSON object")
    return Entry(place, value)


def _value(text: bytes, place: str) -> Any:
    try:
        return orjson.loads(text.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise StoreError(f"{place}: not JSON: {error}") from None


def _named(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    words = {str: "text", dict: "an object", list: "a list", tuple: "a list", int: "a whole number"}
    return " or ".join(words.get(one, one.__name__) for one in kinds)
