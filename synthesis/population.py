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
from .context import RunContext
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
class PreparedPopulation:
    """One population with everything that was made before anybody asks."""

    context: RunContext
    """at work for it"""
    population: Population
    tree: ApiTree
    features: FeatureTree
    people: Sequence[Profile]
    histories: Sequence[History]
    tasks: Sequence[Task]

    @property
    def worlds(self) -> dict[str, World]:
        """Scenario -> its world, with profiles and histories."""
        return dict(self.population.worlds)


async def populations(context: RunContext) -> list[PreparedPopulation]:
    """The run's own people, and those held out with scenarios of their own, if any."""
    settings, unseen = context.settings, context.settings.splits.unseen
    own = await _peopled(context, 1)
    if unseen is None:
        return [own]
    apart = context.of(UNSEEN, unseen_settings(settings, unseen))
    return [own, await _peopled(apart, settings.users + 1, unseen)]


async def _peopled(
    context: RunContext, first: int, unseen: UnseenSettings | None = None
) -> PreparedPopulation:
    """Args: first: number of the first user; unseen: of the people held out, what is wanted of them."""
    tree = await stages.grow_api_tree(context)
    features = await stages.build_feature_tree(context, tree)
    people = await stages.assign_profiles(context, features, tree.worlds(), first)
    histories = await stages.play_histories(context, build_worlds(tree, features, people).values(), people)
    worlds = build_worlds(tree, features, people, histories)
    tasks = stages.draw_tasks(context, worlds, histories, _visits(context.settings, people, unseen))
    return PreparedPopulation(
        context, Population(context.population, worlds), tree, features, people, histories, tasks
    )


def _visits(settings: Settings, people: Sequence[Profile], unseen: UnseenSettings | None) -> Iterator[Visit]:
    users = [one.id for one in people]
    if unseen is None:
        return in_turn(users, [one.name for one in settings.scenarios()], settings.queries_per_user)
    return counted(users, unseen_queries(unseen))


def unseen_queries(unseen: UnseenSettings) -> dict[str, int]:
    """Held-out scenario -> how many queries are asked there, so that enough of them are kept."""
    return {name: ceil(count * SPARE) for name, count in unseen.queries.items()}


def build_worlds(
    tree: ApiTree, features: FeatureTree, people: Iterable[Profile], histories: Iterable[History] = ()
) -> dict[str, World]:
    """Scenario -> its world with the links from parameters to features, the people and their histories."""
    people, histories = tuple(people), tuple(histories)
    return {
        name: World(bare, feature_of=_links(name, tree, features), profiles=people, histories=histories)
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


def unseen_settings(settings: Settings, unseen: UnseenSettings) -> Settings:
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
