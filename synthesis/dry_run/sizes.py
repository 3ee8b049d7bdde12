"""The populations of a run in numbers, known before there is anybody: whole, and as they are rehearsed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from ...settings import Settings, UnseenSettings
from ..population import UNSEEN, unseen_queries
from ..tasks import Visit, counted, in_turn

PEOPLE = 100
"""Most users of a population whose profiles are rehearsed."""
USERS = 10
"""Users whose histories and episodes are rehearsed, more of them where they ask fewer queries."""
TASKS = 100
"""Episodes of a population that are rehearsed, about."""
AUDITED = 20
"""Most samples whose trial is rehearsed."""


@dataclass(frozen=True)
class Size:
    """How large a population is, or how much of it is rehearsed."""

    first: int
    """number of its first user"""
    people: int
    """users with a profile"""
    users: int
    """of them, those who act and ask"""
    scenarios: tuple[str, ...]
    queries: int | Mapping[str, int]
    """that each of the users asks, or scenario -> how many they ask there together"""

    @property
    def histories(self) -> int:
        """(user, scenario) pairs."""
        return self.users * len(self.scenarios)

    @property
    def tasks(self) -> int:
        """Episodes there are at most: a user without a history in a scenario asks nothing there."""
        if isinstance(self.queries, int):
            return self.users * self.queries
        return sum(self.queries.values())

    def visits(self, users: Sequence[str]) -> Iterator[Visit]:
        """Who asks where, for the ids of those who do."""
        if isinstance(self.queries, int):
            return in_turn(users, self.scenarios, self.queries)
        return counted(users, self.queries)

    def small(self) -> Size:
        """A few of its people who ask a few queries; the whole where that is few."""
        users = min(self.users, max(USERS, ceil(TASKS * self.users / self.tasks)))
        if isinstance(self.queries, int):
            queries: int | Mapping[str, int] = min(self.queries, ceil(TASKS / users))
        else:
            share = min(1.0, TASKS / self.tasks)
            queries = {name: ceil(count * share) for name, count in self.queries.items()}
        people = min(self.people, max(users, PEOPLE))
        return Size(self.first, people, users, self.scenarios, queries)


def sizes(settings: Settings) -> dict[str, Size]:
    """Population -> how large it is in the whole run."""
    own = tuple(one.name for one in settings.scenarios())
    found = {"": Size(1, settings.users, settings.users, own, settings.queries_per_user)}
    if unseen := settings.splits.unseen:
        found[UNSEEN] = _unseen(unseen, settings.users + 1)
    return found


def _unseen(unseen: UnseenSettings, first: int) -> Size:
    names = tuple(one.name for one in unseen.scenario.scenarios())
    return Size(first, unseen.users, unseen.users, names, unseen_queries(unseen))
