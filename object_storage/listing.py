"""objects.json: what a folder in object storage holds, and whether that is all of it.

An object that it lists is absent or has these bytes, at any moment: what changes is deleted before a new list
says what it will be. So whoever goes on with an upload needs to look at sizes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from ..errors import StoreError
from .urls import is_name

LIST = "objects.json"
FORMAT = 1
_MOST, _LARGEST = 1_000_000, 1 << 50
"""Objects of a list, and bytes of an object, that are believed."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object, as it was uploaded or shall be."""

    size: int
    """bytes"""
    sha256: str


@dataclass(frozen=True)
class ObjectList:
    """The objects of a folder."""

    identity: Mapping[str, str]
    """of the run, so that no other one is mixed into it"""
    complete: bool = False
    """whether every object is there"""
    objects: Mapping[str, StoredObject] = field(default_factory=dict)
    """name below the folder -> object"""

    @property
    def size(self) -> int:
        """Bytes of all objects."""
        return sum(one.size for one in self.objects.values())

    def encoded(self) -> bytes:
        """The list as JSON."""
        listed = {name: {"bytes": one.size, "sha256": one.sha256} for name, one in self.objects.items()}
        body = {"format": FORMAT, "identity": dict(self.identity), "complete": self.complete}
        return orjson.dumps({**body, "objects": listed}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def parse_list(content: bytes, where: str) -> ObjectList:
    """The list in a file, which anybody may have written. Raises StoreError where it is none."""
    try:
        body = orjson.loads(content)
        if body["format"] != FORMAT:
            raise StoreError(
                f"{where}: got format {body['format']!r:.40}, expected {FORMAT}; use a newer ptool"
            )
        objects = {name: _entry(name, entry) for name, entry in body["objects"].items()}
        identity = {str(key): str(value) for key, value in body["identity"].items()}
        complete = body["complete"] is True
        if len(objects) > _MOST:
            raise ValueError
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError):
        raise StoreError(
            f"{where}: damaged, or not written by ptool; remove it, or choose another URL"
        ) from None
    return ObjectList(identity, complete, objects)


def _entry(name: str, entry: Mapping[str, object]) -> StoredObject:
    size, sha256 = entry["bytes"], entry["sha256"]
    if not is_name(name) or name == LIST or not isinstance(sha256, str):
        raise ValueError
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _LARGEST:
        raise ValueError
    return StoredObject(size, sha256)
