"""One run from its settings to its dataset: the crew, the folder, the stages, the manifest, the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from loguru import logger

from ..cli.progress import Progress
from ..environments.checks import choose_checks
from ..models.event_loop import run
from ..settings import Settings
from ..store import Ledger, RunFolder, run_log
from ..trees.graph_io import to_json
from . import stages
from .context import Studio
from .dataset.build import finish, user_groups
from .dataset.console_summary import Summary
from .dataset.finalize import describe, leave_card, leave_manifest, on_trial, summarise
from .dataset.gates import choose_gates
from .given_tree import given_tree
from .population import populations
from .roles import Crew, fingerprint
from .second_solvers import solve_again
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
    checks = choose_checks(settings.checks)
    choose_gates(settings.gates)
    tree = given_tree(settings)
    if tree is None:
        stages.shape(settings).check()
    stages.limits(settings).check()
    crew = Crew(settings, sources.folders, sources.prompts())
    identity = crew.identity() | ({"tree": fingerprint(to_json(tree.graph))} if tree else {})
    with RunFolder(settings.run_folder(), identity) as folder, run_log(folder / "run.log"):
        folder.save_config(_as_yaml(settings))
        with Ledger(folder / "ledger.sqlite") as ledger:
            crew.gateway.log = ledger
            studio = Studio(settings, crew, checks, folder, ledger, Progress(), tree)
            return run(_run(studio, sources.again()))


async def _run(studio: Studio, words: str) -> Summary:
    try:
        return await _stages(studio, words)
    finally:
        await studio.crew.gateway.close()


async def _stages(studio: Studio, words: str) -> Summary:
    settings = studio.settings
    logger.info("run {} begins; {}", settings.digest(), studio.crew.describe_model())
    peopled = await populations(studio)
    groups = user_groups(studio, peopled)
    twinned: list[Twins] = []
    for one in peopled:
        await stages.episodes(one.studio, one.worlds, one.drawn)
        await solve_again(one.studio, one.worlds, one.drawn)
        if settings.twins:
            twinned.append(await twins(one.studio, one.worlds, one.drawn, groups))
    dataset = finish(studio, peopled, groups, twinned)
    audit = await on_trial(studio, peopled[0], dataset)
    statistics = describe(studio, peopled, dataset, audit)
    leave_card(studio, dataset, statistics, words)
    summary = summarise(studio, peopled, dataset, statistics)
    leave_manifest(studio, summary, dataset)
    logger.info("run {} ends: {}", settings.digest(), summary.funnel.as_dict())
    return summary


def _as_yaml(settings: Settings) -> str:
    return yaml.safe_dump(
        settings.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True
    )
