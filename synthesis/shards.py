"""One shard of a run (`shard=i/n`): its share of the ids, played into a ledger of its own.

Whoever comes first makes everything before the episodes, under the run folder's lock; the others wait for it
and find it done. Then each shard has a folder below the run's with a copy of that ledger, and needs nobody
any more. `merging` joins them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ..cli.progress import Display
from ..errors import FolderInUseError, StoreError
from ..executors import ForkServer, choose_executor
from ..log import logger
from ..models.gateway.limiter import LocalLimiter
from ..models.seeds import derive
from ..records.model_calls import Spent
from ..settings import Budget, Shard
from ..store import Ledger, RunFolder, run_log, write_json
from ..store.merging import copy_ledger, last_failure
from .context import PopulationLedger, RunContext, left_without_model
from .items import Items
from .pipeline import Qualify, RunParts, no_workers, opened_run, play, run_identity, settings_yaml
from .population import (
    PreparedPopulation,
    population_context,
    population_plans,
    prepare_population,
    share,
)
from .roles import second_solvers
from .shard_folders import folder_name
from .stages import EPISODES
from .tool_matching import take_tools
from .twins import STAGE as TWINS
from .worker_setup import worker_setup

if TYPE_CHECKING:
    from ..cli.compose import Sources

LEDGER = "ledger.sqlite"
ORIGIN = "origin.json"
"""What a shard began with, in its folder (`ShardOrigin`)."""
STAGE = "shard"
"""Ledger stage of the marks that a shard is done, by its number."""
_LOOK_SECONDS = 0.5


class ShardOrigin(NamedTuple):
    """What a shard began with."""

    spent: Spent
    """what the run had cost by then"""
    failures: int
    """number of the last failure by then"""
    words: str
    """of the command line that makes the data again"""

    @classmethod
    def read(cls, folder: Path) -> ShardOrigin:
        """That of the shard in a folder. Raises StoreError."""
        try:
            kept = orjson.loads((folder / ORIGIN).read_bytes())
            return cls(Spent(**kept["spent"]), int(kept["failures"]), str(kept["words"]))
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise StoreError(
                f"{folder / ORIGIN}: missing or damaged, expected what the shard began with; copy the whole "
                "folder of the shard, or play it again"
            ) from None

    def write(self, file: Path) -> None:
        """Keep it. Raises StoreError."""
        write_json(file, {**self._asdict(), "spent": asdict(self.spent)})


@dataclass(frozen=True)
class PlayedShard:
    """A shard that is played."""

    shard: Shard
    run: Path
    folder: Path
    episodes: int
    left: int
    """items that no model could be asked for"""


def is_in(shard: Shard, id: str) -> bool:
    """Whether an item belongs to a shard: by its id alone, whatever others there are."""
    return derive(0, "shard", id) % shard.of == shard.number - 1


def share_of(budget: Budget, shard: Shard, origin: ShardOrigin) -> Budget:
    """What a shard may have spent, what was spent before it included: all together never overspend."""

    def limit(name: str) -> Any:
        whole, before = getattr(budget, name), getattr(origin.spent, name)
        if whole is None:
            return None
        left = max(0, whole - before)
        return before + (left / shard.of if name == "usd" else left // shard.of)

    return Budget(**{name: limit(name) for name in Budget.model_fields})


async def play_shard(
    parts: RunParts,
    sources: Sources,
    qualify: Qualify | None,
    display: Display,
    server: ForkServer | None = None,
) -> PlayedShard:
    """Play the shard that the settings name, or go on with it.

    Args: parts: what the settings name, built; others as of `pipeline.synthesise`.

    Raises PtoolError: anything refused, or the shard had to end.
    """
    participants = parts.participants
    settings, gateway = participants.settings, participants.gateway
    shard = settings.shard
    assert shard is not None
    executor = await choose_executor(
        settings.executor, settings.workers, settings.concurrency, gateway, settings.ray.address, server
    )
    try:
        with ExitStack() as own:
            with ExitStack() as common:
                context = await _opened(common, parts, display)
                context.progress.activity = lambda: gateway.activity(executor.figures())
                silent = await qualify(participants, context.progress) if qualify else {}
                context = replace(context, silent_judges=silent)
                if parts.given_tools:
                    context = await take_tools(context, parts.given_tools)
                items: Items = {}
                context.executor.begin(items, no_workers)
                populations = [
                    await prepare_population(population_context(context, plan), plan, items)
                    for plan in population_plans(settings)
                ]
                identity = {**run_identity(parts), "shard": str(shard)}
                folder = own.enter_context(RunFolder(context.folder / folder_name(shard), identity))
                _begin(context, folder, sources.again())
            own.enter_context(run_log(folder / "run.log"))
            ledger = gateway.log = own.enter_context(Ledger(folder / LEDGER))
            folder.save_config(settings_yaml(settings))
            assert isinstance(gateway.limiter, LocalLimiter)
            gateway.limiter.limit(share_of(settings.budget, shard, ShardOrigin.read(folder.path)))
            logger.info("shard {} of run {} begins", shard, settings.digest())
            context = replace(context, folder=folder, ledger=ledger, executor=executor)
            executor.begin(items, lambda: worker_setup(context, parts.composed, sources), ledger)
            own_populations = [_in_shard(population, context, shard) for population in populations]
            for population in own_populations:
                share(items, population.context, population.worlds)
            for population in own_populations:
                await play(population)
            left = _left_without_model(own_populations)
            if not left:
                await ledger.put(STAGE, str(shard), b"{}")
            logger.info("shard {} of run {} ends", shard, settings.digest())
    finally:
        await executor.close()
        await gateway.close()
    episodes = sum(len(population.tasks) for population in own_populations)
    return PlayedShard(shard, settings.run_folder(), folder.path, episodes, left)


async def _opened(common: ExitStack, parts: RunParts, display: Display) -> RunContext:
    """The run folder, once no other shard has it."""
    waited = False
    while True:
        try:
            return common.enter_context(opened_run(parts, display))
        except FolderInUseError as error:
            if not waited:
                display.say(f"waiting: {error}")
            waited = True
            await asyncio.sleep(_LOOK_SECONDS)


def _begin(context: RunContext, folder: RunFolder, words: str) -> None:
    """Copy the run's ledger into a shard's folder, unless there is one; the run folder is locked."""
    ledger = context.ledger
    assert isinstance(ledger, Ledger)
    if not (folder / LEDGER).is_file():
        spent = sum(ledger.usage().values(), Spent())  # it waits for what is queued
        ShardOrigin(spent, last_failure(ledger.path), words).write(folder / ORIGIN)
        copy_ledger(ledger.path, folder / LEDGER)


def _in_shard(population: PreparedPopulation, context: RunContext, shard: Shard) -> PreparedPopulation:
    """A population with the tasks of a shard alone, whose items go to the shard's ledger."""
    ledger = context.ledger
    assert isinstance(ledger, Ledger)
    own = replace(
        population.context,
        folder=context.folder,
        executor=context.executor,
        ledger=PopulationLedger(ledger, population.name) if population.name else ledger,
    )
    return replace(population, context=own, tasks=population.tasks.choose(lambda id: is_in(shard, id)))


def _left_without_model(populations: Sequence[PreparedPopulation]) -> int:
    return sum(
        left_without_model(population.context, stage)
        for population in populations
        for stage in (EPISODES, TWINS, *second_solvers(population.context.settings))
    )
