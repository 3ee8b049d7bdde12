"""The people of a population and what they did: on disk, and in memory where they were asked for lately.

A user and five histories are some 90 kB as records, so a hundred thousand of them have no room in memory. It
knows no world and no stage; records are read as they were put.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import islice
from typing import Any

from ..environments.people import People
from ..records import History, Profile
from ..store.disk_map import DiskMap

MOST_REMEMBERED = 128
"""Users whose records are in memory: more than have work under way at a time."""
_LEVEL = 1
"""Of zlib: the fastest, and it is most of what there is to gain."""


class PeopleOnDisk(People):
    """Users by id.

    Args: profiles: who they are, in their order.

    Raises:
        StoreError: the disk is full.
    """

    def __init__(self, profiles: Iterable[Profile] = ()) -> None:
        self._rows = DiskMap[int]()
        self._profiles: dict[str, int] = {}
        self._histories: dict[str, tuple[int, ...]] = {}
        self._read_profile = lru_cache(MOST_REMEMBERED)(self._profile_of)
        self._read_histories = lru_cache(MOST_REMEMBERED)(self._histories_of)
        for profile in profiles:
            self._profiles[profile.id] = self._put(profile.model_dump_json().encode())

    def __reduce__(self) -> tuple[Callable[..., PeopleOnDisk], tuple[Any, ...]]:
        """As they go to another process: packed, a tenth of what they take on disk."""
        rows = self._rows.values()
        blocks = iter(lambda: list(islice(rows, MOST_REMEMBERED)), [])
        packed = [zlib.compress(pickle.dumps(block), _LEVEL) for block in blocks]
        return _restored, (packed, self._profiles, self._histories)

    @property
    def users(self) -> tuple[str, ...]:
        """As `People.users`."""
        return tuple(self._profiles)

    def profile(self, user: str) -> Profile:
        """As `People.profile`. Raises StoreError where the disk cannot be read."""
        return self._read_profile(user)

    def histories(self, user: str) -> tuple[History, ...]:
        """As `People.histories`. Raises StoreError where the disk cannot be read."""
        return self._read_histories(user)

    def add(self, history: History) -> None:
        """Keep what a user did in one scenario more. Raises StoreError where the disk is full."""
        row = self._put(history.model_dump_json().encode())
        self._histories[history.user_id] = (*self._histories.get(history.user_id, ()), row)
        self._read_histories.cache_clear()

    def restore(
        self, packed: Iterable[bytes], profiles: dict[str, int], histories: dict[str, tuple[int, ...]]
    ) -> None:
        """Take over what `__reduce__` sent."""
        for block in packed:
            for row in pickle.loads(zlib.decompress(block)):  # noqa: S301 (of ptool's own)
                self._put(row)
        self._profiles, self._histories = profiles, histories

    def _put(self, record: bytes) -> int:
        row = len(self._rows)
        self._rows.put(row, record)
        return row

    def _profile_of(self, user: str) -> Profile:
        return Profile.model_validate_json(self._rows.get(self._profiles[user]))

    def _histories_of(self, user: str) -> tuple[History, ...]:
        places = self._histories.get(user, ())
        return tuple(History.model_validate_json(self._rows.get(place)) for place in places)


def _restored(*sent: Any) -> PeopleOnDisk:
    people = PeopleOnDisk()
    people.restore(*sent)
    return people
