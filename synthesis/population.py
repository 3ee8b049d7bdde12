"""The people of a run: its own, and those held out with scenarios that nothing else has seen (§5.1, §5.5).

A population has trees, profiles, histories and tasks of its own, so nothing of a held-out scenario can reach
the data to train on, not even as a feature.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from ..environments.world import World
from ..models.seeds import derive
from ..records import History, Profile, Task
from ..settings import Settings, UnseenSettings
from ..trees.api_tree import ApiTree
from ..trees.feature_tree import FeatureTree
from . import stages
from .context import Studio
from .tasks import Visit, counted, in_turn

UNSEEN = "unseen"
"""Name of the held-out population, of its folder and of its ledger stages."""


@dataclass(frozen=True)
class Population:
    """People and the worlds they live in."""

    name: str
    """'' for the run's own, or `UNSEEN`"""
    worlds: Mapping[str, World]
    """scenario -> its world, with profiles and histories"""


SPARE = 1.25
"""How many times the samples wanted of a held-out scenario are asked for: some will be rejected."""


@dataclass(frozen=True)
class Peopled:
    """One population with everything that was made before anybody asks."""

    studio: Studio
    """at work for it"""
    population: Population
    tree: ApiTree
    features: FeatureTree
    people: Sequence[Profile]
    lived: Sequence[History]
    drawn: Sequence[Task]

    @property
    def worlds(self) -> dict[str, World]:
        """Scenario -> its world, with profiles and histories."""
        return dict(self.population.worlds)


async def populations(studio: Studio) -> list[Peopled]:
    """The run's own people, and those held out with scenarios of their own, if any."""
    settings, unseen = studio.settings, studio.settings.splits.unseen
    own = await _peopled(studio, 1)
    if unseen is None:
        return [own]
    apart = studio.of(UNSEEN, settings_of_unseen(settings, unseen))
    return [own, await _peopled(apart, settings.users + 1, unseen)]


async def _peopled(studio: Studio, first: int, unseen: UnseenSettings | None = None) -> Peopled:
    """Args: first: number of the first user; unseen: of the people held out, what is wanted of them."""
    tree = await stages.api_tree(studio)
    features = await stages.feature_tree(studio, tree)
    people = await stages.profiles(studio, features, tree.worlds(), first)
    lived = await stages.histories(studio, worlds_of(tree, features, people).values(), people)
    worlds = worlds_of(tree, features, people, lived)
    drawn = stages.tasks(studio, worlds, lived, _visits(studio.settings, people, unseen))
    return Peopled(studio, Population(studio.population, worlds), tree, features, people, lived, drawn)


def _visits(settings: Settings, people: Sequence[Profile], unseen: UnseenSettings | None) -> Iterator[Visit]:
    users = [one.id for one in people]
    if unseen is None:
        return in_turn(users, [one.name for one in settings.scenarios()], settings.queries_per_user)
    return counted(users, asked_of(unseen))


def asked_of(unseen: UnseenSettings) -> dict[str, int]:
    """Held-out scenario -> how many queries are asked there, so that enough of them are kept."""
    return {name: ceil(count * SPARE) for name, count in unseen.queries.items()}


def worlds_of(
    tree: ApiTree, features: FeatureTree, people: Iterable[Profile], lived: Iterable[History] = ()
) -> dict[str, World]:
    """Scenario -> its world with the links from parameters to features, the people and their histories."""
    people, lived = tuple(people), tuple(lived)
    return {
        name: World(bare, feature_of=_links(name, tree, features), profiles=people, histories=lived)
        for name, bare in tree.worlds().items()
    }


def _links(scenario: str, tree: ApiTree, features: FeatureTree) -> dict[tuple[str, str, str], str]:
    """(platform, API, parameter) -> the feature that can fill it."""
    return {
        (platform.name, api.name, parameter): features.feature_of(
            scenario, platform.name, api.name, parameter
        )
        for platform in tree.platforms(scenario)
        for api in tree.apis(scenario, platform.name)
        for parameter in api.properties()
    }


def settings_of_unseen(settings: Settings, unseen: UnseenSettings) -> Settings:
    """The run's settings as they are for the people held out; their draws have a seed of their own."""
    queries = ceil(sum(unseen.queries.values()) * SPARE / unseen.users)
    return settings.model_copy(
        update={
            "scenario": unseen.scenario,
            "users": unseen.users,
            "queries_per_user": queries,
            "seed": derive(settings.seed, UNSEEN),
            "tree": settings.tree.model_copy(update={"file": None}),
        }
    )
