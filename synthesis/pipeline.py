"""One run from its settings to its dataset: participants, folder, stages, manifest, summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from loguru import logger

from ..cli.progress import Progress
from ..models.event_loop import run
from ..settings import Settings
from ..store import Ledger, RunFolder, run_log, write_json
from ..trees.graph_io import to_json
from . import stages
from .context import RunContext
from .dataset.build import finish, user_groups
from .dataset.console_summary import Summary
from .dataset.finalize import audit_judges, build_summary, describe, write_card, write_run_manifest
from .extensions import choose_extensions
from .given_tree import given_tree
from .population import populations
from .roles import Participants, fingerprint
from .second_solvers import run_second_solvers
from .twins import Twins, twins

if TYPE_CHECKING:
    from ..cli.compose import Sources


def synthesise(settings: Settings, sources: Sources) -> Summary:
    """Make a dataset, or go on with one that was begun (§4).

    Args:
        settings: the run's.
        sources: the user's own folders, for prompts.

    Raises:
        PtoolError: anything refused; nothing is left behind unless the run had begun.
    """
    extensions = choose_extensions(settings, sources.choices)
    tree = given_tree(settings)
    if tree is None:
        stages.tree_shape(settings).check()
    stages.clustering_limits(settings).check()
    participants = Participants(settings, sources.folders, sources.prompts())
    identity = participants.identity(extensions.types()) | (
        {"tree": fingerprint(to_json(tree.graph))} if tree else {}
    )
    with RunFolder(settings.run_folder(), identity) as folder, run_log(folder / "run.log"):
        folder.save_config(_as_yaml(settings))
        write_json(folder / "codes.json", extensions.code_sentences())
        with Ledger(folder / "ledger.sqlite") as ledger:
            participants.gateway.log = ledger
            context = RunContext(settings, participants, extensions.checks, folder, ledger, Progress(), tree)
            return run(_run(context, sources.again()))


async def _run(context: RunContext, words: str) -> Summary:
    try:
        return await _stages(context, words)
    finally:
        await context.participants.gateway.close()


async def _stages(context: RunContext, words: str) -> Summary:
    settings = context.settings
    logger.info("run {} begins; {}", settings.digest(), context.participants.describe_model())
    peopled = await populations(context)
    groups = user_groups(context, peopled)
    twinned: list[Twins] = []
    for one in peopled:
        await stages.play_episodes(one.context, one.worlds, one.tasks)
        await run_second_solvers(one.context, one.worlds, one.tasks)
        if settings.twins:
            twinned.append(await twins(one.context, one.worlds, one.tasks, groups))
    dataset = finish(context, peopled, groups, twinned)
    audit = await audit_judges(context, peopled[0], dataset)
    statistics = describe(context, peopled, dataset, audit)
    write_card(context, dataset, statistics, words)
    summary = build_summary(context, peopled, dataset, statistics)
    write_run_manifest(context, summary, dataset)
    logger.info("run {} ends: {}", settings.digest(), summary.funnel.as_dict())
    return summary


def _as_yaml(settings: Settings) -> str:
    return yaml.safe_dump(
        settings.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True
    )
