"""Whether another platform could have served a sample, and somebody would go there (Definition 3.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ...records.quality import Interchangeability
from ..gates.interchangeability import serving
from ..kept import Kept
from ..populations import Population
from .people import Place, wishes, worlds_by_place

Fans = Mapping[tuple[Place, str], Mapping[str, set[str]]]
"""(population and scenario, context) -> platform -> who prefers it."""


def interchangeability(kept: Sequence[Kept], populations: Sequence[Population]) -> Interchangeability:
    """Shares over all samples; only people who have samples themselves count as somebody else."""
    fans: dict[tuple[Place, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for wish in wishes(kept, populations):
        fans[wish.place, wish.context][wish.platform].add(wish.user)
    elsewhere = _elsewhere(kept, populations)
    count = max(len(kept), 1)
    return Interchangeability(
        served_elsewhere=sum(map(bool, elsewhere)) / count,
        other_user_elsewhere=sum(
            _somebody_goes(one, there, fans) for one, there in zip(kept, elsewhere, strict=True)
        )
        / count,
        twins=sum(bool(one.twin_of) for one in kept),
    )


def _elsewhere(kept: Sequence[Kept], populations: Sequence[Population]) -> list[tuple[str, ...]]:
    """For every sample the other platforms that offer everything it calls for; none for one without calls."""
    worlds = worlds_by_place(populations)
    known: dict[tuple[Place, frozenset[str]], tuple[str, ...]] = {}
    found: list[tuple[str, ...]] = []
    for one in kept:
        place, wanted = (one.population, one.scenario), frozenset(name for _, name in one.calls)
        key = place, wanted
        if key not in known:
            known[key] = serving(worlds[place], wanted) if wanted and place in worlds else ()
        found.append(tuple(name for name in known[key] if name != one.platform))
    return found


def _somebody_goes(one: Kept, platforms: Sequence[str], fans: Fans) -> bool:
    there = fans.get(((one.population, one.scenario), one.context), {})
    return any(there.get(platform, set()) - {one.user} for platform in platforms)
