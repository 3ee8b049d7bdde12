"""The stages of a run in their order, each records in and records out, each leaving one readable file.

    api_tree -> feature_tree -> profiles -> histories -> tasks -> episodes -> dataset

Every answer a stage waits for is an item of the ledger, so a run that was ended goes on where it was: what is
in the ledger is not asked again. Files are derived from records at the end of a stage.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from loguru import logger

from ..environments.behaviour import Behaviour
from ..environments.dialogue import Dialogue
from ..environments.runner import run_behaviour, run_dialogue
from ..environments.world import World
from ..errors import UnreachableModelError, UnusableHistoryError
from ..records import Bundles, Clusters, Episode, Expansion, History, Profile, ScenarioWorld, Task
from ..settings import Settings
from ..store import write_bytes, write_jsonl
from ..trees.api_tree import ApiTree
from ..trees.assignment import assign_values
from ..trees.clustering import Limits, cluster_features
from ..trees.feature_tree import FeatureTree
from ..trees.graph_io import to_graphml, to_json
from ..trees.growth import Shape, grow_tree
from ..trees.svg import draw_tree
from .context import RunContext, run_concurrently
from .tasks import TaskSampler, Visit

UNREACHABLE = "episodes without a model"
"""Stage of the episodes that ended because a model could not be asked: the next start plays them again."""


def tree_shape(settings: Settings) -> Shape:
    """How large every scenario of the API tree is to be."""
    tree = settings.tree
    return Shape(settings.platforms, settings.apis, tree.depth, tree.branching)


def clustering_limits(settings: Settings) -> Limits:
    """How wide the feature tree may be."""
    one = settings.features
    return Limits(batch=one.batch, max_parents=one.max_parents, max_themes=one.max_themes)


async def grow_api_tree(context: RunContext) -> ApiTree:
    """Grow the API tree depth first through the designer, or take the one given (§4.1)."""
    settings = context.settings
    scenarios = {one.name: one.description for one in settings.scenarios()}

    def show(view: dict[str, Any]) -> dict[str, Any]:
        name = view["path"][0]
        return {"expansion": view, "scenario": {"name": name, "description": scenarios[name]}}

    def save(tree: ApiTree) -> None:
        write_bytes(context.file("api_tree.json"), to_json(tree.graph))

    with context.stage("api tree") as bar:
        tree = context.given_tree
        if tree is None:
            designer = context.asker("api_tree", "designer", Expansion, bar, show)
            tree = await grow_tree(ApiTree(), scenarios, tree_shape(settings), designer, save=save)
        _leave_graph(context, "api_tree", tree.graph, "API tree")
    return tree


async def build_feature_tree(context: RunContext, apis: ApiTree) -> FeatureTree:
    """Cluster platform characteristics and tool parameters into user features (§4.2, bottom-up)."""
    with context.stage("feature tree") as bar:
        clusterer = context.asker(
            "feature_tree", "clusterer", Clusters, bar, lambda view: {"clustering": view}
        )
        tree = await cluster_features(apis, clusterer, clustering_limits(context.settings))
        _leave_graph(context, "feature_tree", tree.graph, "Feature tree")
    return tree


async def assign_profiles(
    context: RunContext, tree: FeatureTree, worlds: dict[str, ScenarioWorld], first: int = 1
) -> list[Profile]:
    """Give every user a value for every feature (§4.2, top-down).

    Args: first: number of the first user.
    """
    settings = context.settings
    with context.stage("profiles") as bar:
        writer = context.asker("profiles", "profile_writer", Bundles, bar, lambda view: {"layer": view})
        assigned = await assign_values(
            tree, writer, settings.users, settings.assignment, worlds=worlds, first=first
        )
        write_jsonl(context.file("profiles.jsonl"), (one.model_dump_json().encode() for one in assigned))
    return [one.profile for one in assigned]


async def play_histories(
    context: RunContext, worlds: Iterable[World], people: Sequence[Profile]
) -> list[History]:
    """Let every user act in every scenario (§4.2)."""
    settings, agents = context.settings, context.participants.agents
    behaviours = {
        world.name: Behaviour(
            world,
            sees=context.participants.sees("chooser", "actor"),
            seed=settings.seed,
            actions_per_context=settings.history.actions_per_context,
            loyalty=settings.history.loyalty,
            max_rounds=settings.max_rounds,
        )
        for world in worlds
    }
    wanted = [(name, one.id) for one in people for name in behaviours]

    async def live(pair: tuple[str, str]) -> None:
        scenario, user = pair

        def make() -> Awaitable[History]:
            return run_behaviour(
                behaviours[scenario], user, agents, seed=settings.seed, driver=settings.conversation
            )

        try:
            await context.kept("histories", f"{scenario}-{user}", History, make)
        except UnusableHistoryError as error:
            logger.warning("{}; this user asks nothing in {}", error, scenario)
        bar.advance()

    with context.stage("histories", len(wanted)) as bar:
        await run_concurrently(wanted, live, settings.concurrency)
        histories = [
            context.read(History, body, f"histories/{name}")
            for name, body in context.ledger.items("histories")
        ]
        write_jsonl(context.file("histories.jsonl"), (one.model_dump_json().encode() for one in histories))
    return histories


def draw_tasks(
    context: RunContext,
    worlds: Mapping[str, World],
    histories: Sequence[History],
    visits: Iterable[Visit],
) -> list[Task]:
    """Draw what every user will ask for (§4.3).

    Args: visits: who asks where, and for the how manieth time.
    """
    settings = context.settings
    with context.stage("tasks") as bar:
        drawer = TaskSampler(worlds, histories, settings.task, settings.seed)
        tasks = sorted(drawer.draw(visits), key=lambda task: task.id)
        bar.advance(len(tasks))
        write_jsonl(context.file("tasks.jsonl"), (task.model_dump_json().encode() for task in tasks))
    return tasks


async def play_episodes(context: RunContext, worlds: Mapping[str, World], tasks: Sequence[Task]) -> None:
    """Play every task: query, solution, verdicts (§4.3). The episodes are in the ledger afterwards."""
    settings, participants = context.settings, context.participants
    speakers = ("user", "assistant", *settings.query_gate, *settings.judges)
    dialogues = {
        name: Dialogue(
            world,
            sees=participants.sees(*speakers),
            judges=settings.judges,
            query_judges=settings.query_gate,
            checks=context.checks,
            max_rounds=settings.max_rounds,
        )
        for name, world in worlds.items()
    }

    finished = frozenset(context.ledger.ids("episodes"))
    written: deque[Future[None]] = deque()

    async def play(task: Task) -> None:
        if task.id not in finished:
            episode = await run_dialogue(
                dialogues[task.scenario],
                task,
                participants.agents,
                seed=settings.seed,
                driver=settings.conversation,
            )
            stage = UNREACHABLE if _unreachable(episode) else "episodes"
            # The next one begins meanwhile: were this one lost, it would be played again from kept answers.
            written.append(context.ledger.submit(stage, task.id, episode.model_dump_json().encode()))
            while written and written[0].done():
                written.popleft().result()
        bar.advance()

    with context.stage("episodes", len(tasks)) as bar:
        await run_concurrently(tasks, play, settings.concurrency)
        for one in written:
            await asyncio.wrap_future(one)
        write_jsonl(context.file("episodes.jsonl"), episode_lines(context, tasks))


def _unreachable(episode: Episode) -> bool:
    return any(reason.code == f"model.{UnreachableModelError.code}" for reason in episode.reasons)


def episode_lines(context: RunContext, tasks: Iterable[Task]) -> Iterator[bytes]:
    """The episodes of some tasks, in their order, as JSON."""
    for task in tasks:
        yield context.ledger.get("episodes", task.id) or context.ledger.get(UNREACHABLE, task.id) or b""


def load_episode(context: RunContext, task: Task) -> Episode:
    """The episode of one task, from the ledger."""
    return context.read(Episode, next(episode_lines(context, (task,))), f"episodes/{task.id}")


def _leave_graph(context: RunContext, name: str, graph: Any, title: str) -> None:
    write_bytes(context.file(f"{name}.json"), to_json(graph))
    write_bytes(context.file(f"{name}.graphml"), to_graphml(graph))
    write_bytes(context.file(f"{name}.svg"), draw_tree(graph, title))
