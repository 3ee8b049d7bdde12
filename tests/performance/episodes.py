"""The stage of episodes on its own, played again and again from the same prepared run.

Everything before it is made once, over a server that records its answers, and every question of the episodes
is written down; each later start goes on from a copy of that ledger in a fresh folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.agents.autogen import make_agents
from ptool.cli.compose import Sources
from ptool.cli.progress import Progress
from ptool.environments.checks import choose_checks
from ptool.environments.world import World
from ptool.executors import LocalExecutor
from ptool.models.request import Reply, Request
from ptool.settings import Settings, validated
from ptool.store import Ledger, RunFolder
from ptool.synthesis import stages
from ptool.synthesis.context import RunContext
from ptool.synthesis.items import Items, PopulationItems
from ptool.synthesis.pipeline import no_workers
from ptool.synthesis.population import population_plans, prepare_population
from ptool.synthesis.roles import Participants
from ptool.synthesis.tasks import Tasks

LEDGER, QUESTIONS = "ledger.sqlite", "questions.jsonl"


@dataclass
class Prepared:
    """A run that has come to its episodes."""

    context: RunContext
    worlds: dict[str, World]
    tasks: Tasks

    async def play(self) -> int:
        """Play all episodes; how many calls they took."""
        before = self._calls()
        items = PopulationItems(self.context, self.worlds)
        self.context.executor.begin({"": items}, no_workers)
        await stages.play_episodes(self.context, self.tasks)
        return self._calls() - before

    def _calls(self) -> int:
        return sum(one.calls for one in self.context.participants.gateway.usage.values())


def settings_of(base_url: str, users: int, queries: int, concurrency: int) -> Settings:
    """A run of the default scenario and its kit over an endpoint."""
    overrides = [
        "model=openai_compatible",
        "model.model=ptool-scripted",
        "roles=paper",
        "qualification=0",
        f"model.base_url={base_url}",
        f"users={users}",
        f"queries_per_user={queries}",
        f"concurrency={concurrency}",
    ]
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container: Any = OmegaConf.to_container(compose("config", overrides), resolve=True)
    return validated(container)


@contextmanager
def opened(settings: Settings, place: Path, known: Path | None = None) -> Iterator[RunContext]:
    """A context in a run folder of its own, as `ptool.run` opens it; `known`: a ledger to go on from."""
    checks = choose_checks(settings.checks)
    participants = Participants(settings, (), Sources().prompts())
    with RunFolder(place, participants.identity()) as folder:
        if known:
            shutil.copyfile(known, folder / LEDGER)
        with Ledger(folder / LEDGER) as ledger:
            participants.gateway.log = ledger
            yield RunContext(
                settings, participants, checks, ledger, folder, Progress(),
                executor=LocalExecutor(settings.concurrency),
            )  # fmt: skip


async def until_tasks(context: RunContext) -> Prepared:
    """Every stage before the episodes; nothing is asked that the ledger knows."""
    (plan,) = population_plans(context.settings)
    items: Items = {}
    context.executor.begin(items, no_workers)
    own = await prepare_population(context, plan, items)
    return Prepared(context, own.worlds, own.tasks)


async def record(settings: Settings, folder: Path) -> int:
    """Make all of a run up to its episodes, and write down what these ask; returns the number of questions.

    Args: settings: over a server that records; folder: gets the ledger without episodes, and the questions.
    """
    place = folder / "recorded"
    with opened(settings, place) as context:
        prepared = await until_tasks(context)
        context.ledger.close()
        shutil.copyfile(place / LEDGER, folder / LEDGER)
        with Ledger(place / LEDGER) as ledger, (folder / QUESTIONS).open("wb") as file:
            participants = context.participants
            participants.gateway.log = ledger
            written = Questions(file)

            async def ask(request: Request, **options: Any) -> Reply:
                written.add(request)
                return await participants.gateway.ask(request, **options)

            participants.agents = make_agents(participants.roles, ask)
            again = RunContext(
                settings, participants, context.checks, ledger, context.folder, context.progress,
                executor=LocalExecutor(settings.concurrency),
            )  # fmt: skip
            await Prepared(again, prepared.worlds, prepared.tasks).play()
            await participants.gateway.close()
    return written.count


class Questions:
    """Questions as JSON lines, each long system text written once."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._systems: dict[str, int] = {}
        self.count = 0

    def add(self, request: Request) -> None:
        """Write one down."""
        if request.system not in self._systems:
            self._systems[request.system] = len(self._systems)
            self._write({"system": request.system})
        self._write(
            {
                "role": request.role,
                "place": self._systems[request.system],
                "user": request.user,
                "output": f"{request.output.__module__}.{request.output.__qualname__}",
                "seed": request.seed,
            }
        )
        self.count += 1

    def _write(self, value: dict[str, Any]) -> None:
        self._file.write(orjson.dumps(value) + b"\n")


@dataclass(frozen=True, slots=True)
class Question:
    """One of them, read again."""

    system: str
    user: str
    output: type
    seed: int


def questions(folder: Path, most: int) -> list[Question]:
    """The first questions of the recorded episodes."""
    from pydoc import locate

    systems: list[str] = []
    found: list[Question] = []
    with (folder / QUESTIONS).open("rb") as file:
        for line in file:
            one = orjson.loads(line)
            if "system" in one:
                systems.append(one["system"])
                continue
            output: Any = locate(one["output"])
            found.append(Question(systems[one["place"]], one["user"], output, one["seed"]))
            if len(found) == most:
                break
    return found
