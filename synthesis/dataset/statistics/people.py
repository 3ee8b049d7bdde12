"""Who asks in a dataset, in which worlds, and which platform they prefer for which kind of need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ....environments.world import World
from ....records import Profile
from ...population import Population
from ..samples import CompactSample, WorldKey


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


def profiles_of(population: Population) -> dict[str, Profile]:
    """User -> profile, whatever worlds of the population they live in."""
    return {user: world.profile(user) for world in population.worlds.values() for user in world.users}


def asking_profiles(samples: Sequence[CompactSample], population: Population) -> list[Profile]:
    """The people of a population who have samples, by id."""
    asking = {sample.user for sample in samples if sample.population == population.name}
    return [profile for user, profile in sorted(profiles_of(population).items()) if user in asking]


def platform_preferences(
    samples: Sequence[CompactSample], populations: Sequence[Population]
) -> Iterator[PlatformPreference]:
    """What everybody who has samples prefers, in every scenario of their population."""
    asking = {(sample.population, sample.user) for sample in samples}
    for key, world in worlds_by_key(populations).items():
        for user in world.users:
            if (key[0], user) in asking:
                for history in world.histories(user):
                    if history.scenario == world.name:
                        for preference in history.preferences:
                            yield PlatformPreference(key, preference.context, user, preference.platform)
