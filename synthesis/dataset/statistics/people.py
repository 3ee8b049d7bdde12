"""Who asks in a dataset, in which worlds, and which platform they prefer for which kind of need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from ....environments.world import World
from ....records import Profile
from ...population import Population
from ..samples import CompactSample, WorldKey

Asking = AbstractSet[tuple[str, str]]
"""(population, user) of everybody who has samples."""


class PlatformPreference(NamedTuple):
    """Where somebody who asks goes for one kind of need; latent."""

    world_key: WorldKey
    context: str
    user: str
    platform: str


def worlds_by_key(populations: Sequence[Population]) -> Mapping[WorldKey, World]:
    """Every world by (population, scenario), in the order they are given."""
    return {
        (population.name, name): world
        for population in populations
        for name, world in population.worlds.items()
    }


class Profiles(Mapping[str, Profile]):
    """User -> profile, by id, each read when it is asked for, whatever worlds of a population they live in.

    Args: population: whose people they are; only: those who count; None: all.
    """

    def __init__(self, population: Population, only: Collection[str] | None = None) -> None:
        worlds = {user: world for world in population.worlds.values() for user in world.users}
        self._worlds = {user: worlds[user] for user in sorted(worlds) if only is None or user in only}

    def __getitem__(self, user: str) -> Profile:
        return self._worlds[user].profile(user)

    def __iter__(self) -> Iterator[str]:
        return iter(self._worlds)

    def __len__(self) -> int:
        return len(self._worlds)


def people_who_ask(samples: Iterable[CompactSample]) -> Asking:
    """Who has samples."""
    return {(sample.population, sample.user) for sample in samples}


def asking_profiles(asking: Asking, population: Population) -> Profiles:
    """The people of a population who have samples."""
    return Profiles(population, {user for name, user in asking if name == population.name})


def platform_preferences(asking: Asking, populations: Sequence[Population]) -> Iterator[PlatformPreference]:
    """What everybody who has samples prefers, in every scenario of their population."""
    for key, world in worlds_by_key(populations).items():
        for user in world.users:
            if (key[0], user) in asking:
                for history in world.histories(user):
                    if history.scenario == world.name:
                        for preference in history.preferences:
                            yield PlatformPreference(key, preference.context, user, preference.platform)
