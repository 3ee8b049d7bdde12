"""Which samples a trial is made from: evenly over scenarios and users, half of them of several calls.

It looks at ids and counts alone, so the samples themselves need not be in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from ...models.seeds import derive
from ...records import Episode
from ..kept import Kept


class Entry(NamedTuple):
    """What the choice needs to know of a sample."""

    id: str
    scenario: str
    user: str
    calls: int
    """how many"""

    @classmethod
    def of(cls, one: Kept | Episode) -> Entry:
        """The entry of a kept sample or of an episode."""
        if isinstance(one, Episode):
            calls = len(one.solution.calls) if one.solution else 0
            return cls(one.id, one.task.scenario, one.task.user_id, calls)
        return cls(one.id, one.scenario, one.user, len(one.calls))


def choose(there: Iterable[Kept | Episode | Entry], samples: int, seed: int) -> tuple[str, ...]:
    """Choose samples evenly over (scenario, one or several calls), and within them over users.

    Where a stratum has too few, the others make up for it.

    Args:
        there: every sample there is, in any order.
        samples: how many to choose, >= 0; all there are, if there are fewer.
        seed: the run's; the same seed chooses the same.

    Returns:
        Their ids, sorted.
    """
    entries = [one if isinstance(one, Entry) else Entry.of(one) for one in there]
    entries.sort(key=lambda one: (derive(seed, "audit", one.id), one.id))
    of_users = _in_turns(entries, lambda one: (one.scenario, one.calls > 1, one.user))
    of_strata = _in_turns(of_users, lambda one: (one.scenario, one.calls > 1))
    return tuple(sorted(one.id for one in of_strata[:samples]))


def _in_turns(entries: Iterable[Entry], group: Callable[[Entry], Hashable]) -> list[Entry]:
    """The first of every group, then the second of every group, and so on."""
    taken: Counter[Hashable] = Counter()
    turns: list[tuple[int, Entry]] = []
    for one in entries:
        turns.append((taken[group(one)], one))
        taken[group(one)] += 1
    return [one for _, one in sorted(turns, key=lambda pair: pair[0])]
