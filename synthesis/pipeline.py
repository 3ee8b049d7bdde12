"""One run from its settings to its dataset: the crew, the folder, the stages, the manifest, the summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING

import yaml
from loguru import logger

from ..environments.checks import choose_checks
from ..environments.world import World
from ..models.event_loop import run
from ..records import History, Profile, Sample
from ..settings import Settings
from ..store import Ledger, Manifest, RunFolder, read_jsonl, run_log, write_manifest
from ..terminal.progress import Progress
from ..trees.api_tree import ApiTree
from ..trees.feature_tree import FeatureTree
from ..trees.graph_io import to_json
from . import stages
from .crew import Crew, fingerprint
from .dataset import Tally
from .given_tree import given_tree
from .stages import Studio
from .summary import Funnel, Summary

if TYPE_CHECKING:
    from ..composition import Sources


def synthesise(settings: Settings, sources: Sources) -> Summary:
    """Make a dataset, or go on with one that was begun (§4).

    Args:
        settings: the run's.
        sources: the user's own folders, for prompts.

    Raises:
        PtoolError: anything refused; nothing is left behind unless the run had begun.
    """
    checks = choose_checks(settings.checks)
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
            return run(_run(Studio(settings, crew, checks, folder, ledger, Progress(), tree)))


async def _run(studio: Studio) -> Summary:
    try:
        return await _stages(studio)
    finally:
        await studio.crew.gateway.close()


async def _stages(studio: Studio) -> Summary:
    logger.info("run {} begins; {}", studio.settings.digest(), studio.crew.describe_model())
    tree = await stages.api_tree(studio)
    features = await stages.feature_tree(studio, tree)
    people = await stages.profiles(studio, features, tree.worlds())
    lived = await stages.histories(studio, worlds_of(tree, features, people).values(), people)
    worlds = worlds_of(tree, features, people, lived)
    drawn = stages.tasks(studio, worlds, people, lived)
    await stages.episodes(studio, worlds, drawn)
    tally = stages.dataset(studio, worlds, drawn)
    summary = _summary(studio, tree, features, people, lived, tally)
    _leave_manifest(studio, summary, tally)
    logger.info("run {} ends: {}", studio.settings.digest(), summary.funnel.as_dict())
    return summary


def _usage(studio: Studio) -> dict[str, dict[str, dict[str, float]]]:
    """What the run's calls cost: stage -> role -> counts, failed and repaired attempts included."""
    spent: dict[str, dict[str, dict[str, float]]] = {}
    for (stage, role), cost in studio.ledger.usage().items():
        spent.setdefault(stage, {})[role] = asdict(cost)
    return spent


def worlds_of(
    tree: ApiTree, features: FeatureTree, people: Sequence[Profile], lived: Sequence[History] = ()
) -> dict[str, World]:
    """Scenario -> its world with the links from parameters to features, the people and their histories."""
    return {
        name: World(bare, feature_of=_links(name, tree, features), profiles=people, histories=lived)
        for name, bare in tree.worlds().items()
    }


def _links(scenario: str, tree: ApiTree, features: FeatureTree) -> dict[tuple[str, str, str], str]:
    """(platform, API, parameter) -> the feature that can fill it."""
    return {
        (platform.name, api.name, parameter): features.feature_of(
            scenario, platform.name, api.name, parameter
        )
        for platform in tree.platforms(scenario)
        for api in tree.apis(scenario, platform.name)
        for parameter in api.properties()
    }


def _summary(
    studio: Studio,
    tree: ApiTree,
    features: FeatureTree,
    people: Sequence[Profile],
    lived: Sequence[History],
    tally: Tally,
) -> Summary:
    kinds = [one.kind for one in features.features()]
    offered = sum(len(tree.apis(name, one.name)) for name in tree.scenarios() for one in tree.platforms(name))
    counts = {
        "scenarios": len(tree.scenarios()),
        "platforms": sum(len(tree.platforms(name)) for name in tree.scenarios()),
        "APIs": offered,
        "APIs used": len(tally.apis),
        "features, basic": kinds.count("basic"),
        "features, implicit": kinds.count("implicit"),
        "users": len(people),
        "actions": sum(len(one.actions) for one in lived),
        "samples": tally.kept,
        "mended by feedback": tally.mended,
        "calls": tally.calls,
        **{f"arguments from the {origin}": count for origin, count in tally.origins.items()},
    }
    made = tally.kept + tally.rule_rejected + tally.judge_rejected + tally.failed
    return Summary(
        folder=studio.folder.path,
        counts=counts,
        funnel=Funnel(made, tally.rule_rejected, tally.judge_rejected, tally.kept, tally.failed),
        reasons=tuple(sorted(tally.reasons.items(), key=lambda item: (-item[1], item[0]))),
        samples=tuple(_some_samples(studio)),
        min_yield=studio.settings.min_yield,
        model=studio.crew.describe_model(),
        next_steps=_next_steps(studio),
    )


def _some_samples(studio: Studio) -> Iterator[Sample]:
    """Three samples from different places of the file."""
    lines = list(islice(read_jsonl(studio.folder / "dataset/samples.jsonl"), 200))
    for line in lines[:: max(1, len(lines) // 3)][:3]:
        yield Sample.model_validate(line)


def _next_steps(studio: Studio) -> tuple[str, ...]:
    folder, here = studio.folder.path, studio.settings.scenario.name
    other = "travel" if here != "travel" else "shopping"
    return (
        f"look at {folder}/dataset/samples.jsonl, {folder}/api_tree.svg and {folder}/feature_tree.svg",
        f"python -m ptool.run scenario={other} seed=3             # another scenario, another seed",
        "python -m ptool.run scenario=training scale=paper    # the paper's five scenarios at full size",
    )


def _leave_manifest(studio: Studio, summary: Summary, tally: Tally) -> None:
    settings, crew = studio.settings, studio.crew
    write_manifest(
        studio.folder / "manifest.json",
        Manifest(
            settings=settings.model_dump(mode="json", by_alias=True),
            digest=settings.digest(),
            seeds={"run": settings.seed},
            model=crew.describe_model(),
            prompts=crew.prompts(),
            counts=summary.counts,
            funnel=summary.funnel.as_dict(),
            timings=studio.progress.timings,
            notes={
                "libraries": crew.library.fingerprints(),
                "reasons": tally.reasons,
                "usage": _usage(studio),
            },
        ),
    )


def _as_yaml(settings: Settings) -> str:
    return yaml.safe_dump(
        settings.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True
    )
