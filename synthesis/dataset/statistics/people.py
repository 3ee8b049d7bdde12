"""Who asks in a dataset, where, and which platform they would go to for which kind of need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ....environments.world import World
from ....records import Profile
from ...population import Population
from ..kept_sample import Kept

Place = tuple[str, str]
"""(population, scenario)."""


class Wish(NamedTuple):
    """One preference of somebody who asks; latent."""

    place: Place
    context: str
    user: str
    platform: str


def worlds_by_place(populations: Sequence[Population]) -> Mapping[Place, World]:
    """Every world by (population, scenario), in the order they are given."""
    return {(one.name, name): world for one in populations for name, world in one.worlds.items()}


def askers(kept: Sequence[Kept], population: Population) -> list[Profile]:
    """The people of a population who have samples, by id."""
    asking = {one.user for one in kept if one.population == population.name}
    known = {user: world for world in population.worlds.values() for user in world.users}
    return [known[user].profile(user) for user in sorted(asking & known.keys())]


def wishes(kept: Sequence[Kept], populations: Sequence[Population]) -> Iterator[Wish]:
    """What everybody who has samples prefers, in every scenario of their population."""
    asking = {(one.population, one.user) for one in kept}
    for place, world in worlds_by_place(populations).items():
        for user in world.users:
            if (place[0], user) in asking:
                for history in world.histories(user):
                    if history.scenario == world.name:
                        for one in history.preferences:
                            yield Wish(place, one.context, user, one.platform)
