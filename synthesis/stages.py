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
from ..environments.runner import behave, converse
from ..environments.world import World
from ..errors import UnreachableModelError, UnusableHistoryError
from ..records import Bundles, Clusters, Episode, Expansion, History, Profile, ScenarioWorld, Task
from ..settings import Settings
from ..store import write_bytes, write_jsonl
from ..trees.api_tree import ApiTree
from ..trees.assignment import assign
from ..trees.clustering import Limits, cluster
from ..trees.feature_tree import FeatureTree
from ..trees.graph_io import to_graphml, to_json
from ..trees.growth import Shape, grow
from ..trees.svg import draw
from .context import Studio, sliding
from .tasks import Drawer, Visit

UNREACHABLE = "episodes without a model"
"""Stage of the episodes that ended because a model could not be asked: the next start plays them again."""


def shape(settings: Settings) -> Shape:
    """How large every scenario of the API tree is to be."""
    tree = settings.tree
    return Shape(settings.platforms, settings.apis, tree.depth, tree.branching)


def limits(settings: Settings) -> Limits:
    """How wide the feature tree may be."""
    one = settings.features
    return Limits(batch=one.batch, max_parents=one.max_parents, max_themes=one.max_themes)


async def api_tree(studio: Studio) -> ApiTree:
    """Grow the API tree depth first through the designer, or take the one given (§4.1)."""
    settings = studio.settings
    scenarios = {one.name: one.description for one in settings.scenarios()}

    def show(view: dict[str, Any]) -> dict[str, Any]:
        name = view["path"][0]
        return {"expansion": view, "scenario": {"name": name, "description": scenarios[name]}}

    def save(tree: ApiTree) -> None:
        write_bytes(studio.file("api_tree.json"), to_json(tree.graph))

    with studio.stage("api tree") as bar:
        tree = studio.given_tree
        if tree is None:
            designer = studio.asker("api_tree", "designer", Expansion, bar, show)
            tree = await grow(ApiTree(), scenarios, shape(settings), designer, save=save)
        _leave_graph(studio, "api_tree", tree.graph, "API tree")
    return tree


async def feature_tree(studio: Studio, apis: ApiTree) -> FeatureTree:
    """Cluster platform characteristics and tool parameters into user features (§4.2, bottom-up)."""
    with studio.stage("feature tree") as bar:
        clusterer = studio.asker(
            "feature_tree", "clusterer", Clusters, bar, lambda view: {"clustering": view}
        )
        tree = await cluster(apis, clusterer, limits(studio.settings))
        _leave_graph(studio, "feature_tree", tree.graph, "Feature tree")
    return tree


async def profiles(
    studio: Studio, tree: FeatureTree, worlds: dict[str, ScenarioWorld], first: int = 1
) -> list[Profile]:
    """Give every user a value for every feature (§4.2, top-down).

    Args: first: number of the first user.
    """
    settings = studio.settings
    with studio.stage("profiles") as bar:
        writer = studio.asker("profiles", "profile_writer", Bundles, bar, lambda view: {"layer": view})
        assigned = await assign(tree, writer, settings.users, settings.assignment, worlds=worlds, first=first)
        write_jsonl(studio.file("profiles.jsonl"), (one.model_dump_json().encode() for one in assigned))
    return [one.profile for one in assigned]


async def histories(studio: Studio, worlds: Iterable[World], people: Sequence[Profile]) -> list[History]:
    """Let every user act in every scenario (§4.2)."""
    settings, agents = studio.settings, studio.crew.agents
    behaviours = {
        world.name: Behaviour(
            world,
            sees=studio.crew.sees("chooser", "actor"),
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
            return behave(
                behaviours[scenario], user, agents, seed=settings.seed, driver=settings.conversation
            )

        try:
            await studio.kept("histories", f"{scenario}-{user}", History, make)
        except UnusableHistoryError as error:
            logger.warning("{}; this user asks nothing in {}", error, scenario)
        bar.advance()

    with studio.stage("histories", len(wanted)) as bar:
        await sliding(wanted, live, settings.concurrency)
        lived = [
            studio.read(History, body, f"histories/{name}") for name, body in studio.ledger.items("histories")
        ]
        write_jsonl(studio.file("histories.jsonl"), (one.model_dump_json().encode() for one in lived))
    return lived


def tasks(
    studio: Studio,
    worlds: Mapping[str, World],
    lived: Sequence[History],
    visits: Iterable[Visit],
) -> list[Task]:
    """Draw what every user will ask for (§4.3).

    Args: visits: who asks where, and for the how manieth time.
    """
    settings = studio.settings
    with studio.stage("tasks") as bar:
        drawer = Drawer(worlds, lived, settings.task, settings.seed)
        drawn = sorted(drawer.draw(visits), key=lambda task: task.id)
        bar.advance(len(drawn))
        write_jsonl(studio.file("tasks.jsonl"), (task.model_dump_json().encode() for task in drawn))
    return drawn


async def episodes(studio: Studio, worlds: Mapping[str, World], drawn: Sequence[Task]) -> None:
    """Play every task: query, solution, verdicts (§4.3). The episodes are in the ledger afterwards."""
    settings, crew = studio.settings, studio.crew
    speakers = ("user", "assistant", *settings.query_gate, *settings.judges)
    dialogues = {
        name: Dialogue(
            world,
            sees=crew.sees(*speakers),
            judges=settings.judges,
            gates=settings.query_gate,
            checks=studio.checks,
            max_rounds=settings.max_rounds,
        )
        for name, world in worlds.items()
    }

    finished = frozenset(studio.ledger.ids("episodes"))
    written: deque[Future[None]] = deque()

    async def play(task: Task) -> None:
        if task.id not in finished:
            episode = await converse(
                dialogues[task.scenario], task, crew.agents, seed=settings.seed, driver=settings.conversation
            )
            stage = UNREACHABLE if _unreachable(episode) else "episodes"
            # The next one begins meanwhile: were this one lost, it would be played again from kept answers.
            written.append(studio.ledger.submit(stage, task.id, episode.model_dump_json().encode()))
            while written and written[0].done():
                written.popleft().result()
        bar.advance()

    with studio.stage("episodes", len(drawn)) as bar:
        await sliding(drawn, play, settings.concurrency)
        for one in written:
            await asyncio.wrap_future(one)
        write_jsonl(studio.file("episodes.jsonl"), played(studio, drawn))


def _unreachable(episode: Episode) -> bool:
    return any(reason.code == f"model.{UnreachableModelError.code}" for reason in episode.reasons)


def played(studio: Studio, drawn: Iterable[Task]) -> Iterator[bytes]:
    """The episodes of some tasks, in their order, as JSON."""
    for task in drawn:
        yield studio.ledger.get("episodes", task.id) or studio.ledger.get(UNREACHABLE, task.id) or b""


def episode_of(studio: Studio, task: Task) -> Episode:
    """The episode of one task, from the ledger."""
    return studio.read(Episode, next(played(studio, (task,))), f"episodes/{task.id}")


def _leave_graph(studio: Studio, name: str, graph: Any, title: str) -> None:
    write_bytes(studio.file(f"{name}.json"), to_json(graph))
    write_bytes(studio.file(f"{name}.graphml"), to_graphml(graph))
    write_bytes(studio.file(f"{name}.svg"), draw(graph, title))
