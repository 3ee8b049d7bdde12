"""One run from its settings to its dataset: participants, folder, stages, dataset, manifest, summary.

synthesise -> run_stages -> population.prepare_population -> stages
                         -> second_solvers, twins
                         -> dataset.assembly, dataset.finalize
"""

from __future__ import annotations

from asyncio import Task, to_thread
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import yaml

from ..cli.progress import Display, Progress
from ..executors import ForkServer, LocalExecutor, Setup, check_ray, choose_executor
from ..log import logger
from ..models.endpoint import describe_kept
from ..models.event_loop import run, tasks_side_by_side
from ..records.sample import Group
from ..settings import Settings
from ..store import Ledger, RunFolder, run_log, write_json
from ..trees.api_tree import ApiTree
from ..trees.graph_io import to_json
from . import stages
from .context import RunContext
from .dataset.assembly import assemble_dataset, curate, user_groups
from .dataset.console_summary import Summary
from .dataset.curation import Curation
from .dataset.finalize import (
    audit_judges,
    audited_episodes,
    build_summary,
    count_statistics,
    write_card,
    write_run_manifest,
    write_statistics,
)
from .dataset.statistics.general_reader import check_reader
from .extensions import Extensions, choose_extensions
from .given_tools import GivenTools, load_given_tools
from .given_tree import load_given_tree
from .items import Items
from .population import (
    PopulationPlan,
    PreparedPopulation,
    population_context,
    population_plans,
    prepare_population,
)
from .roles import Participants, fingerprint
from .second_solvers import run_second_solvers
from .tool_matching import take_tools
from .twins import PlayedTwins, play_twins
from .worker_setup import worker_setup

if TYPE_CHECKING:
    from ..cli.compose import Sources


class RunParts(NamedTuple):
    """What the settings of a run name, built."""

    extensions: Extensions
    participants: Participants
    given_tree: ApiTree | None
    given_tools: GivenTools | None
    composed: Settings
    """the settings they were built from"""


class StageResults(NamedTuple):
    """What the stages of a run leave behind."""

    populations: Sequence[PreparedPopulation]
    """the run's own first"""
    groups: Mapping[str, Group]
    """user -> group"""
    curation: Curation


Qualify = Callable[[Participants, Progress], Awaitable[Mapping[str, str]]]
"""Judges that get no vote in a run -> what they did on tasks with known answers (`dry_run.qualification`)."""


def synthesise(
    parts: RunParts,
    sources: Sources,
    qualify: Qualify | None = None,
    display: Display | None = None,
    words: str | None = None,
    server: ForkServer | None = None,
) -> Summary:
    """Make a dataset, or go on with one that was begun (§4).

    Args:
        parts: what the settings name (`build_parts`).
        sources: the user's own folders, for prompts.
        qualify: tries the judges before they vote; None: all of them do.
        display: where stages are shown; None: on stderr.
        words: of the command line that makes the data again; None: that of the sources.
        server: forks workers, where the executor has some (`executors.fork_server`).

    Raises:
        PtoolError: anything refused; nothing is left behind unless the run had begun.
    """
    words = sources.again() if words is None else words
    with opened_run(parts, display) as context:
        return run(_synthesise(context, parts, sources, qualify, words, server))


def run_identity(parts: RunParts) -> dict[str, str]:
    """What makes another run the same one."""
    extensions, participants, tree, tools, _ = parts
    identity = participants.identity(extensions.types())
    if tree:
        identity |= {"tree": fingerprint(to_json(tree.graph))}
    if tools:
        identity |= {"tools": fingerprint(tools.content())}
    return identity


@contextmanager
def opened_run(parts: RunParts, display: Display | None = None) -> Iterator[RunContext]:
    """The folder and the ledger of a run, open and locked while the block runs.

    Args: as of `synthesise`. Raises StoreError: the folder cannot be used, or holds another run.
    """
    extensions, participants, tree, *_ = parts
    settings = participants.settings
    url = None if settings.shard else settings.run.url
    with (
        RunFolder(settings.run_folder(), run_identity(parts), url=url) as folder,
        run_log(folder / "run.log"),
    ):
        folder.save_config(settings_yaml(settings))
        write_json(folder / "codes.json", extensions.code_sentences())
        with Ledger(folder / "ledger.sqlite") as ledger:
            participants.gateway.log = ledger
            if kept := describe_kept(ledger.answers(), participants.endpoints.values()):
                logger.warning("{}", kept)
            yield RunContext(
                settings, participants, extensions.checks, ledger, folder, Progress(display, log=logger.info),
                tree, executor=LocalExecutor(settings.concurrency),
            )  # fmt: skip


def build_parts(settings: Settings, sources: Sources) -> RunParts:
    """Build everything a run names, before anything is made.

    Raises:
        PtoolError: something is wrong that would keep the run from beginning.
    """
    if settings.general_reader:
        check_reader()
    if settings.executor == "ray":
        check_ray(settings.ray.address)
    extensions = choose_extensions(settings, sources.choices)
    tree, tools = load_given_tree(settings), load_given_tools(settings)
    if tree is None and tools is None:
        stages.tree_shape(settings).check()
    participants = Participants(tools.settings if tools else settings, sources.folders, sources.prompts())
    if tools and participants.asks_scripted:
        tools.check_kit(participants.library.kit(participants.settings.scenario.name))
    return RunParts(extensions, participants, tree, tools, settings)


async def _synthesise(
    context: RunContext,
    parts: RunParts,
    sources: Sources,
    qualify: Qualify | None,
    words: str,
    server: ForkServer | None,
) -> Summary:
    """Args: as of `synthesise`."""
    settings, gateway = context.settings, context.participants.gateway
    logger.info("run {} begins; {}", settings.digest(), context.participants.describe_model())
    executor = await choose_executor(
        settings.executor, settings.workers, settings.concurrency, gateway, settings.ray.address, server
    )
    context.progress.activity = lambda: gateway.activity(executor.figures())
    try:
        silent = await qualify(context.participants, context.progress) if qualify else {}
        for judge, figures in silent.items():
            logger.warning("{} {}: no better than chance on this model, so it has no vote", judge, figures)
        context = replace(context, silent_judges=silent, executor=executor)
        if parts.given_tools:
            context = await take_tools(context, parts.given_tools)
        plans = population_plans(settings)
        results = await run_stages(
            [(population_context(context, plan), plan) for plan in plans],
            lambda: worker_setup(context, parts.composed, sources),
        )
        populations = results.populations
        audited = audited_episodes(context, populations[0], results.curation)
        async with tasks_side_by_side() as group:  # the judges are asked while all samples are gone through
            audit = group.create_task(audit_judges(context, populations[0], audited))
            dataset = await assemble_dataset(context, *results)
            counted = await count_statistics(context, populations, dataset)
        statistics = counted.model_copy(update={"audit": audit.result()})
        write_statistics(context, statistics)
        write_card(context, dataset, statistics, words)
        summary = build_summary(context, populations, dataset, statistics)
        write_run_manifest(context, populations, summary, dataset)
    finally:
        await executor.close()
        await gateway.close()
    logger.info("run {} ends: {}", settings.digest(), summary.funnel.as_dict())
    return summary


def no_workers() -> Setup:
    """The setup where the executor has no workers."""
    raise AssertionError("these stages have no workers")


async def run_stages(
    planned: Sequence[tuple[RunContext, PopulationPlan]],
    setup: Callable[[], Setup] = no_workers,
) -> StageResults:
    """Every stage of a run from the API tree to the gates.

    Args:
        planned: context and plan of every population, the run's own first.
        setup: what workers are sent, where the executor has any.
    """
    context, _ = planned[0]
    items: Items = {}
    assert isinstance(context.ledger, Ledger)
    context.executor.begin(items, setup, context.ledger)
    populations: list[PreparedPopulation] = []
    playing: list[Task[PlayedTwins | None]] = []
    async with tasks_side_by_side() as group:  # one population asks while the next one is made
        for own, plan in planned:
            populations.append(await prepare_population(own, plan, items))
            playing.append(group.create_task(play(populations[-1])))
    groups, twins = user_groups(context, populations), [task.result() for task in playing]
    curation = await curate(context, populations, groups, [played for played in twins if played])
    return StageResults(populations, groups, curation)


async def play(population: PreparedPopulation) -> PlayedTwins | None:
    """Have a population ask, and what it asked solved once more; its twins, where there are to be any."""
    context, tasks = population.context, population.tasks
    await stages.play_episodes(context, tasks)
    async with tasks_side_by_side() as group:
        group.create_task(to_thread(stages.write_episodes, context, tasks))
        await run_second_solvers(context, tasks)
        if not context.settings.twins:
            return None
        return await play_twins(context, tasks, user_groups(context, [population]))


def settings_yaml(settings: Settings) -> str:
    """Settings as config.yaml has them."""
    return yaml.safe_dump(
        settings.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True
    )
