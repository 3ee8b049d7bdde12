"""The populations of a run: its own people, and those held out with unseen scenarios (§5.1, §5.5).

A population has trees, profiles, histories and tasks of its own, so nothing of a held-out scenario can reach
the data to train on, not even as a feature. How large each is stands in its plan before there is anybody.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from ..environments.people import People
from ..environments.world import World
from ..models.event_loop import tasks_side_by_side
from ..models.seeds import derive
from ..models.tool_selection import ToolBound
from ..settings import Settings, UnseenSettings
from ..trees.api_tree import ApiTree
from ..trees.feature_tree import FeatureTree
from ..trees.layers import spread_evenly
from . import stages
from .context import RunContext
from .items import Items, PopulationItems
from .people_on_disk import PeopleOnDisk
from .task_file import TaskFile
from .tasks import QuerySlot, slots_by_scenario, slots_in_turn
from .tool_bounds import bound_worlds
from .worker_setup import SentPopulation

UNSEEN = "unseen"
"""Name of the held-out population, of its folder and of its ledger stages."""
SPARE = 1.25
"""How many times the samples wanted of a held-out scenario are asked for: some will be rejected."""


@dataclass(frozen=True)
class PopulationPlan:
    """How large a population is: who belongs to it, who of them acts, and how many queries they ask."""

    name: str
    """'' for the run's own, or `UNSEEN`"""
    first_user: int
    """number of its first user"""
    users: int
    """users with a profile"""
    active_users: int
    """of them, those who act and ask; all of them in a run, fewer where it is only tried"""
    scenarios: tuple[str, ...]
    queries: int | Mapping[str, int]
    """queries of each active user, or scenario -> queries they ask there together"""

    @property
    def histories(self) -> int:
        """(user, scenario) pairs."""
        return self.active_users * len(self.scenarios)

    @property
    def tasks(self) -> int:
        """Episodes there are at most: a user without a history in a scenario asks nothing there."""
        if isinstance(self.queries, int):
            return self.active_users * self.queries
        return sum(self.queries.values())

    def active(self, users: Sequence[str]) -> list[str]:
        """The users who act, evenly chosen from all."""
        return [users[place] for place in spread_evenly(self.active_users, len(users))]

    def query_slots(self, users: Sequence[str]) -> Iterator[QuerySlot]:
        """Who asks where, for the ids of those who do."""
        if isinstance(self.queries, int):
            return slots_in_turn(users, self.scenarios, self.queries)
        return slots_by_scenario(users, self.queries)


def population_plans(settings: Settings) -> list[PopulationPlan]:
    """The run's own population, and the one held out if there is any."""
    users, unseen = settings.users, settings.splits.unseen
    scenarios = tuple(scenario.name for scenario in settings.scenarios())
    plans = [PopulationPlan("", 1, users, users, scenarios, settings.queries_per_user)]
    if unseen:
        scenarios = tuple(scenario.name for scenario in unseen.scenario.scenarios())
        queries = {name: ceil(count * SPARE) for name, count in unseen.queries.items()}
        plans.append(PopulationPlan(UNSEEN, users + 1, unseen.users, unseen.users, scenarios, queries))
    return plans


def population_context(context: RunContext, plan: PopulationPlan) -> RunContext:
    """The context in which a population's stages run; `context` is that of the run's own."""
    unseen = context.settings.splits.unseen
    if plan.name != UNSEEN or unseen is None:
        return context
    return context.for_population(UNSEEN, _unseen_settings(context.settings, unseen))


def _unseen_settings(settings: Settings, unseen: UnseenSettings) -> Settings:
    """The run's settings as they are for the people held out; their draws have a seed of their own."""
    return settings.model_copy(
        update={
            "scenario": unseen.scenario,
            "seed": derive(settings.seed, UNSEEN),
            "tree": settings.tree.model_copy(update={"file": None}),
            "tools": settings.tools.model_copy(update={"file": None}),
        }
    )


@dataclass(frozen=True)
class Population:
    """People and the worlds they live in."""

    name: str
    """'' for the run's own, or `UNSEEN`"""
    worlds: Mapping[str, World]
    """scenario -> its world, with profiles and histories"""


@dataclass(frozen=True)
class PreparedPopulation(Population):
    """A population with everything that is made before anybody asks."""

    context: RunContext
    api_tree: ApiTree
    feature_tree: FeatureTree
    people: PeopleOnDisk
    tasks: TaskFile
    tools: Sequence[ToolBound]
    """how many of each scenario's tools solvers are shown"""


def share(items: Items, context: RunContext, worlds: Mapping[str, World]) -> None:
    """Have jobs find the worlds of a population. Args: items: of this process; context: the population's."""
    items[context.population] = PopulationItems(context, worlds)
    context.executor.extend(lambda: SentPopulation(context.population, context.settings, worlds))


async def prepare_population(context: RunContext, plan: PopulationPlan, items: Items) -> PreparedPopulation:
    """Make the trees, profiles, histories and tasks of a population.

    Args: context: that of the population; items: of this process, where jobs find it from then on.
    """
    api_tree = await stages.grow_api_tree(context)
    feature_tree = await stages.build_feature_tree(context, api_tree)
    people = PeopleOnDisk(
        await stages.assign_profiles(context, feature_tree, api_tree.worlds(), plan.users, plan.first_user)
    )
    active, seed = plan.active(people.users), context.settings.seed
    without_histories = build_worlds(api_tree, feature_tree, people, seed=seed)
    share(items, context, without_histories)
    async with tasks_side_by_side() as group:
        group.create_task(to_thread(stages.write_trees, context, api_tree, feature_tree))
        histories = await stages.play_histories(context, without_histories.values(), active)
    for history in histories():
        people.add(history)
    worlds = build_worlds(api_tree, feature_tree, people, seed=seed)
    tasks = stages.draw_tasks(context, worlds, histories(), plan.query_slots(active))
    worlds, tools = await bound_worlds(context, worlds, tasks)
    share(items, context, worlds)
    return PreparedPopulation(plan.name, worlds, context, api_tree, feature_tree, people, tasks, tools)


def build_worlds(
    api_tree: ApiTree, feature_tree: FeatureTree, people: People, *, seed: int = 0
) -> dict[str, World]:
    """Scenario -> its world with the links from parameters to features, and the people.

    Args: seed: the run's.
    """
    return {
        name: World(world, feature_of=_feature_links(name, api_tree, feature_tree), people=people, seed=seed)
        for name, world in api_tree.worlds().items()
    }


def _feature_links(
    scenario: str, api_tree: ApiTree, feature_tree: FeatureTree
) -> dict[tuple[str, str, str], str]:
    """(platform, API, parameter) -> the feature that can fill it; without those that are always said."""
    return {
        (platform.name, api.name, parameter): feature_tree.feature_of(
            scenario, platform.name, api.name, parameter
        )
        for platform in api_tree.platforms(scenario)
        for api in api_tree.apis(scenario, platform.name)
        for parameter in api.properties()
        if feature_tree.fills(scenario, platform.name, api.name, parameter)
    }
