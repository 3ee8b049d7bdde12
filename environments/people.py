"""Who lives in a world, and what they did: what a world asks of whoever keeps them.

Some are kept here, as they are; a run has its own on disk, which a world knows nothing of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ..records import History, Profile


class People(Protocol):
    """Users by id."""

    @property
    def users(self) -> Sequence[str]:
        """Their ids, in their order."""
        ...

    def profile(self, user: str) -> Profile:
        """Return a user's profile. Raises KeyError where there is no such user."""
        ...

    def histories(self, user: str) -> Sequence[History]:
        """Return what a user did, one history a scenario; empty before there is any."""
        ...


class FewPeople(People):
    """People who all have room in memory. Args: as of `World`."""

    def __init__(self, profiles: Iterable[Profile], histories: Iterable[History]) -> None:
        self._profiles = {profile.id: profile for profile in profiles}
        self._histories: dict[str, list[History]] = {}
        for history in histories:
            self._histories.setdefault(history.user_id, []).append(history)

    @property
    def users(self) -> tuple[str, ...]:
        return tuple(self._profiles)

    def profile(self, user: str) -> Profile:
        return self._profiles[user]

    def histories(self, user: str) -> Sequence[History]:
        return self._histories.get(user, ())
