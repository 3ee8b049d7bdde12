"""The people of a population and what they did: on disk, and in memory where they were asked for lately.

A user and five histories are some 90 kB as records, so a hundred thousand of them have no room. It knows no
world and no stage; records are read as they were put.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any

from ..records import History, Profile
from ..store.disk_map import DiskMap

_MOST_REMEMBERED = 128
"""Users whose records are in memory: more than have work under way at a time."""


class People:
    """Users by id.

    Args:
        profiles: who they are, in their order.
        histories: what they did, one history a user and scenario.

    Raises:
        StoreError: the disk is full.
    """

    def __init__(self, profiles: Iterable[Profile] = (), histories: Iterable[History] = ()) -> None:
        self._rows = DiskMap[int]()
        self._profiles: dict[str, int] = {}
        self._histories: dict[str, tuple[int, ...]] = {}
        self._remember()
        for profile in profiles:
            self._profiles[profile.id] = self._put(profile.model_dump_json())
        for history in histories:
            self.add(history)

    def __reduce__(self) -> tuple[Callable[..., People], tuple[Any, ...]]:
        """As it goes to another process."""
        return _restored, (list(self._rows.values()), self._profiles, self._histories)

    def add(self, history: History) -> None:
        """Keep what a user did in one scenario more. Raises StoreError where the disk is full."""
        row = self._put(history.model_dump_json())
        self._histories[history.user_id] = (*self._histories.get(history.user_id, ()), row)
        self.histories.cache_clear()

    @property
    def users(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(self._profiles)

    def _put(self, text: str) -> int:
        row = len(self._rows)
        self._rows.put(row, text.encode())
        return row

    def _remember(self) -> None:
        self.profile = lru_cache(_MOST_REMEMBERED)(partial(_profile, self._rows, self._profiles))
        """the profile of a user; KeyError where there is none"""
        self.histories = lru_cache(_MOST_REMEMBERED)(partial(_histories, self._rows, self._histories))
        """what a user did, one history a scenario; empty before there is any"""


def _profile(rows: DiskMap[int], places: dict[str, int], user: str) -> Profile:
    return Profile.model_validate_json(rows.get(places[user]))


def _histories(rows: DiskMap[int], places: dict[str, tuple[int, ...]], user: str) -> tuple[History, ...]:
    return tuple(History.model_validate_json(rows.get(row)) for row in places.get(user, ()))


def _restored(
    rows: Iterable[bytes], profiles: dict[str, int], histories: dict[str, tuple[int, ...]]
) -> People:
    people = People()
    for number, row in enumerate(rows):
        people._rows.put(number, row)
    people._profiles, people._histories = profiles, histories
    people._remember()
    return people
