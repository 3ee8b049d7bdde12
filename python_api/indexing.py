"""One of many results that are read one at a time: by its position, a slice or its id."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Protocol, TypeVar


class _Identified(Protocol):
    @property
    def id(self) -> str:
        """What tells it from the others."""
        ...


Found = TypeVar("Found", bound=_Identified)


def picked(found: Iterable[Found], count: int, key: int | slice | str, absent: str) -> Found | list[Found]:
    """What stands at a position, in a slice or under an id; everything before it is read.

    Args: count: how many there are; absent: the message where there is no such id.
    Raises KeyError, IndexError, and TypeError for any other key.
    """
    if isinstance(key, slice):
        places = range(count)[key]
        wanted = set(places)
        by_place = {place: one for place, one in enumerate(found) if place in wanted}
        return [by_place[place] for place in places if place in by_place]
    if isinstance(key, str):
        for one in found:
            if one.id == key:
                return one
        raise KeyError(absent)
    if not isinstance(key, int):
        raise TypeError(f"{absent}, got a {type(key).__name__}; expected a position, a slice or a name")
    for one in islice(found, range(count)[key], None) if -count <= key < count else ():
        return one
    raise IndexError(f"no sample at position {key}; there are {count:,}")
