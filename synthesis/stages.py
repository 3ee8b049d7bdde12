"""The stages of a run in their order, each records in and records out, each leaving one readable file.

    api_tree -> feature_tree -> profiles -> histories -> tasks -> episodes -> dataset

Every answer a stage waits for is an item of the ledger, so a run that was ended goes on where it was: what is
in the ledger is not asked again. Files are derived from records at the end of a stage.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from loguru import logger
from pydantic import ValidationError

from ..environments.behaviour import Behaviour
from ..environments.checks import Checks
from ..environments.conversation import behave, converse
from ..environments.dialogue import Dialogue
from ..environments.world import World
from ..errors import StoreError, UnreachableModelError, UnusableAnswerError, UnusableHistoryError
from ..records import Bundles, Clusters, Episode, Expansion, History, Profile, Record, ScenarioWorld, Task
from ..settings import Settings
from ..store import Ledger, RunFolder, write_bytes, write_jsonl
from ..terminal.progress import Progress, Stage
from ..trees.api_tree import ApiTree
from ..trees.assignment import assign
from ..trees.clustering import Limits, cluster
from ..trees.expansions import Shape
from ..trees.feature_tree import FeatureTree
from ..trees.graph_io import to_graphml, to_json
from ..trees.growth import grow
from ..trees.pictures import draw
from .crew import Crew
from .dataset import Tally, Writer
from .drawing import Drawer

UNREACHABLE = "episodes without a model"
"""Stage of the episodes that ended because a model could not be asked: the next start plays them again."""

Made = TypeVar("Made", bound=Record)
Item = TypeVar("Item")
Show = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Studio:
    """What every stage works with."""

    settings: Settings
    crew: Crew
    checks: Checks
    folder: RunFolder
    ledger: Ledger
    progress: Progress
    given_tree: ApiTree | None = None

    async def kept(
        self, stage: str, item: str, kind: type[Made], make: Callable[[], Awaitable[Made]]
    ) -> Made:
        """An item from the ledger, or made now and put there before it is used."""
        body = self.ledger.get(stage, item)
        if body is not None:
            return self.read(kind, body, f"{stage}/{item}")
        made = await make()
        await self.ledger.put(stage, item, made.model_dump_json().encode())
        return made

    def read(self, kind: type[Made], body: bytes, where: str) -> Made:
        """A record from the ledger.

        Raises:
            StoreError: what stands there is none.
        """
        try:
            return kind.model_validate_json(body)
        except ValidationError:
            path = self.ledger.path
            raise StoreError(
                f"{path}: item {where} is damaged; remove the run folder, or choose another"
            ) from None

    def asker(self, stage: str, role: str, kind: type[Made], bar: Stage, show: Show) -> StageAsker[Made]:
        """A role as the trees ask it, its answers kept in the ledger."""
        return StageAsker(self, stage, role, kind, bar, show)


@dataclass(frozen=True)
class StageAsker(Generic[Made]):
    """A role as the trees ask it: `(item, view) -> record`, kept from start to start."""

    studio: Studio
    stage: str
    role: str
    kind: type[Made]
    bar: Stage
    show: Show
    """What the role is shown, from the view the trees hand over."""

    async def __call__(self, item: str, view: dict[str, Any]) -> Made:
        if said := self.studio.ledger.get(self.refused, item):
            raise UnusableAnswerError(said.decode())
        made = await self.studio.kept(self.stage, item, self.kind, lambda: self._ask(item, view))
        self.bar.advance()
        return made

    async def _ask(self, item: str, view: dict[str, Any]) -> Made:
        try:
            return await self.studio.crew.ask(self.role, self.stage, item, self.show(view))
        except UnusableAnswerError as error:
            await self.studio.ledger.put(self.refused, item, str(error).encode())
            raise

    @property
    def refused(self) -> str:
        """Stage of the items that brought no usable answer: they are not asked again, others are."""
        return f"{self.stage} without an answer"

    def has(self, item: str) -> bool:
        """Whether it was asked this, in this start or an earlier one."""
        ledger = self.studio.ledger
        return ledger.has(self.stage, item) or ledger.has(self.refused, item)


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
        write_bytes(studio.folder / "api_tree.json", to_json(tree.graph))

    with studio.progress.stage("api tree") as bar:
        tree = studio.given_tree
        if tree is None:
            designer = studio.asker("api_tree", "designer", Expansion, bar, show)
            tree = await grow(ApiTree(), scenarios, shape(settings), designer, save=save)
        _leave_graph(studio, "api_tree", tree.graph, "API tree")
    return tree


async def feature_tree(studio: Studio, apis: ApiTree) -> FeatureTree:
    """Cluster platform characteristics and tool parameters into user features (§4.2, bottom-up)."""
    with studio.progress.stage("feature tree") as bar:
        clusterer = studio.asker(
            "feature_tree", "clusterer", Clusters, bar, lambda view: {"clustering": view}
        )
        tree = await cluster(apis, clusterer, limits(studio.settings))
        _leave_graph(studio, "feature_tree", tree.graph, "Feature tree")
    return tree


async def profiles(studio: Studio, tree: FeatureTree, worlds: dict[str, ScenarioWorld]) -> list[Profile]:
    """Give every user a value for every feature (§4.2, top-down)."""
    settings = studio.settings
    with studio.progress.stage("profiles") as bar:
        writer = studio.asker("profiles", "profile_writer", Bundles, bar, lambda view: {"layer": view})
        assigned = await assign(tree, writer, settings.users, settings.assignment, worlds=worlds)
        write_jsonl(studio.folder / "profiles.jsonl", (one.model_dump_json().encode() for one in assigned))
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

    with studio.progress.stage("histories", len(wanted)) as bar:
        await sliding(wanted, live, settings.concurrency)
        lived = [
            studio.read(History, body, f"histories/{name}") for name, body in studio.ledger.items("histories")
        ]
        write_jsonl(studio.folder / "histories.jsonl", (one.model_dump_json().encode() for one in lived))
    return lived


def tasks(
    studio: Studio, worlds: dict[str, World], people: Sequence[Profile], lived: Sequence[History]
) -> list[Task]:
    """Draw what every user will ask for (§4.3)."""
    settings = studio.settings
    with studio.progress.stage("tasks") as bar:
        drawer = Drawer(worlds, lived, settings.task, settings.seed)
        drawn = sorted(drawer.draw(people, settings.queries_per_user), key=lambda task: task.id)
        bar.advance(len(drawn))
        write_jsonl(studio.folder / "tasks.jsonl", (task.model_dump_json().encode() for task in drawn))
    return drawn


async def episodes(studio: Studio, worlds: dict[str, World], drawn: Sequence[Task]) -> None:
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

    with studio.progress.stage("episodes", len(drawn)) as bar:
        await sliding(drawn, play, settings.concurrency)
        for one in written:
            await asyncio.wrap_future(one)
        write_jsonl(studio.folder / "episodes.jsonl", played(studio, drawn))


def _unreachable(episode: Episode) -> bool:
    return any(reason.code == f"model.{UnreachableModelError.code}" for reason in episode.reasons)


def played(studio: Studio, drawn: Iterable[Task]) -> Iterator[bytes]:
    """The episodes of some tasks, in their order, as JSON."""
    for task in drawn:
        yield studio.ledger.get("episodes", task.id) or studio.ledger.get(UNREACHABLE, task.id) or b""


def dataset(studio: Studio, worlds: dict[str, World], drawn: Sequence[Task]) -> Tally:
    """Write samples and rejected episodes, in the order of their ids (Fig. 7, Appendix B.2)."""
    settings = studio.settings
    writer = Writer(worlds, (*settings.judges, *settings.query_gate))
    episodes_played = (studio.read(Episode, body, "episodes") for body in played(studio, drawn))
    rejected: list[bytes] = []

    def samples() -> Iterator[bytes]:
        for kept, line in writer.lines(episodes_played):
            bar.advance()
            if kept:
                yield line
            else:
                rejected.append(line)

    with studio.progress.stage("dataset", len(drawn)) as bar:
        write_jsonl(studio.folder / "dataset/samples.jsonl", samples())
        write_jsonl(studio.folder / "dataset/rejected.jsonl", rejected)
    return writer.tally


async def sliding(items: Iterable[Item], work: Callable[[Item], Awaitable[None]], width: int) -> None:
    """Work on `width` items at a time, the next as soon as one is done; the first failure ends the others."""
    queue = iter(items)

    async def worker() -> None:
        for item in queue:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(worker())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _leave_graph(studio: Studio, name: str, graph: Any, title: str) -> None:
    write_bytes(studio.folder / f"{name}.json", to_json(graph))
    write_bytes(studio.folder / f"{name}.graphml", to_graphml(graph))
    write_bytes(studio.folder / f"{name}.svg", draw(graph, title))
