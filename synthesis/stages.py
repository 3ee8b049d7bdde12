"""The stages of a run in their order, each records in and records out, each leaving one readable file.

    api_tree -> feature_tree -> profiles -> histories -> tasks -> episodes -> dataset

Every answer a stage waits for is an item of the ledger, so a run that was ended goes on where it was: what is
in the ledger is not asked again. Files are derived from records at the end of a stage.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from ..environments.behaviour import Behaviour
from ..environments.dialogue import ASSISTANT, USER, Dialogue
from ..environments.runner import run_behaviour, run_dialogue
from ..environments.world import World
from ..errors import NO_ANSWER_CODES, UnusableHistoryError
from ..executors import Written
from ..log import logger
from ..records import Bundles, Clusters, Episode, Expansion, History, Profile, Record, ScenarioWorld, Task
from ..settings import Settings
from ..store import write_bytes, write_jsonl
from ..trees.api_tree import ApiTree
from ..trees.assignment import assign_values
from ..trees.clustering import cluster_features
from ..trees.feature_tree import FeatureTree
from ..trees.graph_io import to_graphml, to_json
from ..trees.growth import grow_tree
from ..trees.svg import draw_tree
from ..trees.tree_shape import TreeShape
from .context import ItemContext, RunContext, StageRole, without_model
from .favourites import warn_of_favourites
from .first_answers import ENOUGH, AcceptedByRole, FirstAnswers, first_answers_of
from .items import ItemState
from .task_file import TaskFile, write_tasks
from .tasks import QuerySlot, Tasks, TaskSampler

EPISODES = "episodes"
"""Ledger stage of the episodes."""
_GROWN_BY = 1.1
"""How much larger a growing tree is when it is written again, so that writing takes no more than growing."""


def tree_shape(settings: Settings) -> TreeShape:
    """How large every scenario of the API tree is to be."""
    tree = settings.tree
    return TreeShape(settings.platforms, settings.apis, tree.depth, tree.branching)


async def grow_api_tree(context: RunContext) -> ApiTree:
    """Grow the API tree depth first through the designer, or take the one given (§4.1)."""
    settings = context.settings
    scenarios = {scenario.name: scenario.description for scenario in settings.scenarios()}

    def views_of(view: dict[str, Any]) -> dict[str, Any]:
        name = view["path"][0]
        return {"expansion": view, "scenario": {"name": name, "description": scenarios[name]}}

    saved = 0

    def save(tree: ApiTree) -> None:
        nonlocal saved
        if len(tree.graph) >= saved * _GROWN_BY:
            write_bytes(context.file("api_tree.json"), to_json(tree.graph))
            saved = len(tree.graph)

    with context.stage("api tree") as bar:
        tree = context.given_tree
        if tree is None:
            designer = StageRole(context, "api_tree", "designer", Expansion, bar, views_of)
            tree = await grow_tree(
                ApiTree(),
                scenarios,
                tree_shape(settings),
                designer,
                save=save,
                strict=settings.strict_stages,
                given=context.given_apis,
            )
    return tree


async def build_feature_tree(context: RunContext, api_tree: ApiTree) -> FeatureTree:
    """Cluster platform characteristics and tool parameters into user features (§4.2, bottom-up)."""
    with context.stage("feature tree") as bar:
        clusterer = StageRole(
            context, "feature_tree", "clusterer", Clusters, bar, lambda view: {"clustering": view}
        )
        settings = context.settings
        return await cluster_features(api_tree, clusterer, settings.features, strict=settings.strict_stages)


def write_trees(context: RunContext, api_tree: ApiTree, feature_tree: FeatureTree) -> None:
    """Leave both trees as data and as pictures."""
    _write_graph(context, "api_tree", api_tree.graph, "API tree")
    _write_graph(context, "feature_tree", feature_tree.graph, "Feature tree")


async def assign_profiles(
    context: RunContext,
    feature_tree: FeatureTree,
    worlds: dict[str, ScenarioWorld],
    users: int,
    first_user: int = 1,
) -> Iterator[Profile]:
    """Give every user a value for every feature (§4.2, top-down); the profiles, one at a time.

    Args:
        worlds: scenario -> its platforms and APIs.
        users: how many there are.
        first_user: number of the first of them.
    """
    settings = context.settings
    with context.stage("profiles") as bar:
        writer = StageRole(context, "profiles", "profile_writer", Bundles, bar, lambda view: {"layer": view})
        assigned = await assign_values(
            feature_tree,
            writer,
            users,
            settings.assignment,
            worlds=worlds,
            first=first_user,
            strict=settings.strict_stages,
            width=settings.concurrency,
        )
        _write_records(context, "profiles.jsonl", assigned)
    return (assignment.profile for assignment in assigned)


async def play_histories(
    context: RunContext, worlds: Iterable[World], users: Sequence[str]
) -> Callable[[], Iterator[History]]:
    """Let users act in every scenario (§4.2). Returns: gives what they did, one history at a time."""
    worlds = tuple(worlds)
    pairs = ((world.name, user) for user in users for world in worlds)

    def histories() -> Iterator[History]:
        for item, body in context.ledger.items("histories"):
            yield context.parse(History, body, f"histories/{item}")

    with context.stage("histories", len(users) * len(worlds)) as bar:
        await context.each(history_player, pairs, lambda _pair, _played: bar.advance())
        _write_records(context, "histories.jsonl", histories())
    warn_of_favourites(worlds, histories())
    return histories


def history_player(populations: ItemState, name: str) -> Callable[[tuple[str, str]], Awaitable[None]]:
    """Lets a user act in a scenario, as a job of an executor."""
    context, worlds = populations[name]
    settings, agents = context.settings, context.participants.agents
    behaviours = {
        scenario: Behaviour(
            world,
            sees=context.participants.sees("chooser", "actor"),
            seed=settings.seed,
            actions_per_context=settings.history.actions_per_context,
            loyalty=settings.history.preferred_share,
            format=settings.history.format,
            max_rounds=settings.max_rounds,
            strict=settings.strict_stages,
        )
        for scenario, world in worlds.items()
    }

    async def play(pair: tuple[str, str]) -> None:
        scenario, user = pair

        def note(role: str, outcome: str, kinds: Mapping[str, int]) -> None:
            context.note_repair("histories", role, f"{scenario}-{user}", outcome, kinds)

        def make() -> Awaitable[History]:
            return run_behaviour(
                behaviours[scenario],
                user,
                agents,
                seed=settings.seed,
                driver=settings.conversation,
                note=note,
            )

        try:
            await context.load_or_make("histories", f"{scenario}-{user}", History, make)
        except UnusableHistoryError as error:
            logger.warning("{}; this user asks nothing in {}", error, scenario)

    return play


def draw_tasks(
    context: RunContext,
    worlds: Mapping[str, World],
    histories: Iterable[History],
    slots: Iterable[QuerySlot],
) -> TaskFile:
    """Draw what every user will ask for (§4.3).

    Args: slots: who asks where, and for the how manieth time.
    """
    settings = context.settings
    with context.stage("tasks") as bar:
        sampler = TaskSampler(worlds, histories, settings.task, settings.seed)
        tasks = write_tasks(context.file("tasks.jsonl"), sampler.draw(slots))
        bar.advance(len(tasks))
    return tasks


async def play_episodes(context: RunContext, tasks: Tasks) -> None:
    """Play every task: query, solution, verdicts (§4.3). The episodes are in the ledger afterwards."""
    first_answers = FirstAnswers()
    with context.stage("episodes", len(tasks)) as bar:
        is_new = next(context.ledger.items(EPISODES), None) is None

        def missing() -> Iterator[Task]:
            for task in tasks:
                if not is_new and context.is_finished(EPISODES, task.id, Episode.model_validate_json):
                    bar.advance()
                else:
                    yield task

        def done(_: Task, accepted: AcceptedByRole) -> None:
            first_answers.add(accepted)
            first_answers.warn(ENOUGH)
            bar.advance()

        await context.each(episode_player, missing(), done)
    first_answers.warn()


def write_episodes(context: RunContext, tasks: Tasks) -> None:
    """Leave episodes.jsonl. Args: tasks: they were played."""
    write_jsonl(context.file("episodes.jsonl"), episode_lines(context, (task.id for task in tasks)))


def episode_player(populations: ItemState, name: str) -> Callable[[Task], Awaitable[Written[AcceptedByRole]]]:
    """Plays the episode of a task, as a job of an executor."""
    context, worlds = populations[name]
    settings, agents = context.settings, context.participants.agents
    dialogues = {scenario: build_dialogue(context, world) for scenario, world in worlds.items()}

    async def play(task: Task) -> Written[AcceptedByRole]:
        episode = await run_dialogue(
            dialogues[task.scenario], task, agents, seed=settings.seed, driver=settings.conversation,
            samples=settings.samples_per_turn,
        )  # fmt: skip
        return Written(first_answers_of(episode), submit_episode(context, EPISODES, episode))

    return play


def build_dialogue(context: ItemContext, world: World) -> Dialogue:
    """The dialogue of a run in one world: its query judges, judges, rule checks and views."""
    settings = context.settings
    solvers = (ASSISTANT,) if settings.assistant == "propose" else ()
    judges = tuple(name for name in settings.judges if name not in context.silent_judges)
    query_judges = tuple(name for name in settings.query_judges if name not in context.silent_judges)
    roles = (USER, *solvers, *query_judges, *judges)
    return Dialogue(
        world,
        sees=context.participants.sees(*roles),
        judges=judges,
        query_judges=query_judges,
        checks=context.checks,
        max_rounds=settings.max_rounds,
        assistant=settings.assistant,
    )


def submit_episode(context: ItemContext, stage: str, episode: Episode) -> Future[None]:
    """Queue a played episode for a ledger stage, or for that of what could not be played."""
    target = without_model(stage) if _is_unreachable(episode) else stage
    return context.ledger.submit(target, episode.id, episode.model_dump_json().encode())


def _is_unreachable(episode: Episode) -> bool:
    return any(reason.code in NO_ANSWER_CODES for reason in episode.reasons)


def episode_lines(context: ItemContext, ids: Iterable[str], stage: str = EPISODES) -> Iterator[bytes]:
    """Played episodes of a ledger stage, in the order of their ids, as JSON."""
    ledger, unreachable = context.ledger, without_model(stage)
    return (ledger.get(stage, id) or ledger.get(unreachable, id) or b"" for id in ids)


def load_episode(context: ItemContext, id: str, stage: str = EPISODES) -> Episode:
    """One played episode, from the ledger."""
    return context.parse(Episode, next(episode_lines(context, (id,), stage)), f"{stage}/{id}")


def _write_graph(context: RunContext, name: str, graph: Any, title: str) -> None:
    write_bytes(context.file(f"{name}.json"), to_json(graph))
    write_bytes(context.file(f"{name}.graphml"), to_graphml(graph))
    write_bytes(context.file(f"{name}.svg"), draw_tree(graph, title))


def _write_records(context: RunContext, name: str, records: Iterable[Record]) -> None:
    write_jsonl(context.file(name), (record.model_dump_json().encode() for record in records))
