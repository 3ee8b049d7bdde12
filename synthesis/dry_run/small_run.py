"""A run played small, in a throw-away folder and without any model, to see what a run of it would ask (§4).

It is the pipeline itself (`run_stages`) with smaller plans and a scripted model in the place of every other:
trees as large as the kits allow, at most a hundred profiles a population, and of these a few users who act.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from math import ceil
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from tempfile import gettempdir
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ...cli.progress import SILENT, Progress
from ...environments.checks import Checks
from ...environments.world import World
from ...errors import ContextTooShortError, PtoolError, StoreError, UnknownPartError
from ...executors import LocalExecutor
from ...log import unheard
from ...models import event_loop
from ...models.scripted import Library
from ...models.scripted.kit import Kit, shipped_kits
from ...models.tool_selection import ToolBound
from ...records import Episode
from ...records.dataset_statistics import Audit
from ...settings import CompositeScenarioSettings, Settings
from ...store import Ledger, RunFolder
from ...trees.api_tree import ApiTree
from ...trees.given_apis import GivenApis
from ..context import RunContext
from ..dataset.finalize import audit_judges, audited_episodes
from ..extensions import choose_extensions
from ..pipeline import RunParts, StageResults, run_stages
from ..population import UNSEEN, PopulationPlan, population_context, population_plans
from ..roles import Participants, kit_sources
from ..stages import load_episode
from .counters import CallCount, CallCounter, CallGroup, RolePrompts, StandInModel

if TYPE_CHECKING:
    from ...cli.compose import Sources

MOST_PROFILES = 100
"""Most users of a population who get a profile."""
ACTIVE_USERS = 10
"""Users who act and ask, more of them where they ask fewer queries."""
TASKS = 100
"""Episodes of a population, about."""
MOST_AUDITED = 20
"""Most samples that are audited."""
SLIPS = 0.05
"""Probability of a slip where the run's own model is no scripted one, as in conf/model/scripted.yaml."""
QUALIFICATION_KIT = "shopping"
"""The kit that the fixed tasks of a qualification come from."""
KIT_DEPTH = 2
"""Levels of categories that a kit has."""

Collected = TypeVar("Collected")

_SCRIPTED = "ptool.models.scripted.ScriptedModel"


@dataclass(frozen=True)
class PlayedPopulation:
    """One population as it was played, in the terms in which the whole is larger."""

    plan: PopulationPlan
    tree_factor: float
    """how many times larger its API tree is in the run"""
    layers: int
    """layers of the feature tree that values are assigned to, persona included"""
    totals: Mapping[CallGroup, CallCount]
    """what was asked"""
    kept: int
    """samples that all gates let through, twins left out"""
    audited: int
    """samples that were audited; they are the run's own people's"""


@dataclass(frozen=True)
class SmallRun:
    """What was asked while a run was played small."""

    prompts: Mapping[str, RolePrompts]
    """role -> its longest and its cheapest prompt"""
    populations: Mapping[str, PlayedPopulation]
    tools: tuple[ToolBound, ...] = ()
    """how many tools solvers were shown"""
    notes: tuple[str, ...] = ()
    """in what it is not like the run"""


class SolvedTask(NamedTuple):
    """A task in its world, played to an accepted end by the scripted model."""

    world: World
    episode: Episode


def play_small(settings: Settings, sources: Sources, parts: RunParts) -> SmallRun:
    """Play a run small.

    Args:
        settings: the run's.
        sources: the user's own folders.
        parts: the run's own; no model of it is asked.

    Raises:
        PtoolError: the scripted model cannot play this run.
    """
    substitutes = dict(_substitute_kits(settings, parts.participants.library))
    kits = {name: shipped_kits()[kit] for name, kit in substitutes.items()}
    library = Library({**kit_sources(settings, sources.folders), **kits})
    notes = [
        f"scenario {name!r} has no kit, {kit!r} was played in its place" for name, kit in substitutes.items()
    ]
    own, everywhere = settings.scenarios(), settings.all_scenarios()

    def play(shaped: Settings, tree: ApiTree | None, apis: GivenApis | None = None) -> SmallRun:
        given = tree is not None or apis is not None
        grown = [library.kit(scenario.name) for scenario in everywhere if not given or scenario not in own]
        fitting = _fit_to_kits(shaped, grown)
        factors = {
            "": 1.0 if given else _tree_factor(shaped, fitting),
            UNSEEN: _tree_factor(settings, fitting),
        }
        plans = population_plans(settings)
        small_plans = [reduced(plan) for plan in plans]
        small = _reduced_settings(fitting, split=small_plans == plans)
        slips = settings.model.arguments().get("slips", 0.0) if settings.model.target == _SCRIPTED else SLIPS
        model = StandInModel(library, players=parts.participants.players, slips=slips)
        participants = {
            plan.name: Participants(small, sources.folders, sources.prompts(), stand_in=model)
            for plan in plans
        }
        counters = {plan.name: CallCounter() for plan in plans}
        for name, counter in counters.items():
            participants[name].gateway.log = counter
            participants[name].windows = {
                role: parts.participants.window(role) for role in participants[name].roles
            }
        results, audit = _play_in_scratch_folder(
            small, small_plans, participants, parts.extensions.checks, tree, lambda *of_all: of_all, apis
        )
        played = {
            plan.name: PlayedPopulation(
                plan=plan,
                tree_factor=factors[plan.name],
                layers=len(population.feature_tree.layers()),
                totals=counters[plan.name].totals,
                kept=sum(1 for _ in results.curation.originals_of(plan.name)),
                audited=audit.samples if audit and not plan.name else 0,
            )
            for plan, population in zip(small_plans, results.populations, strict=True)
        }
        tools = tuple(tools for population in results.populations for tools in population.tools)
        return SmallRun(model.prompts, played, tools, (*notes, *_tree_notes(shaped, fitting)))

    tree, tools = parts.given_tree, parts.given_tools
    if (tree is None and tools is None) or (tools and settings.scenario.name in substitutes):
        return play(settings, None)
    try:
        return play(settings, tree, tools.apis if tools else None)
    except ContextTooShortError:
        raise
    except PtoolError:
        key = "tree.file" if tree else "tools.file"
        notes.append(f"what {key} holds cannot be played; kits were, with as many platforms and APIs")
        return play(_shaped_as(tree, settings) if tree else settings, None)


def play_solved_tasks(settings: Settings, sources: Sources, count: int) -> list[SolvedTask]:
    """Tasks whose right query and solution are known: the scripted model has played them, the paper's way.

    Args: settings: the run's, for its roles' prompts; count: tasks, of as many kinds of need as there are.
    """
    fixed = _qualification_settings(settings, count)
    extensions = choose_extensions(fixed)
    library = Library(kit_sources(fixed, ()))
    participants = Participants(fixed, sources.folders, sources.prompts(), stand_in=StandInModel(library))
    results = _play_in_scratch_folder(
        fixed, population_plans(fixed), {"": participants}, extensions.checks, None, _solved_tasks
    )
    return results[:count]


def _qualification_settings(settings: Settings, count: int) -> Settings:
    """A few people of a kit that everybody has; of the run only its roles."""
    scenario = CompositeScenarioSettings(name=QUALIFICATION_KIT, description="Buying things online.")
    tree = settings.tree.model_copy(update={"file": None, "depth": 1, "branching": 6})
    tools = settings.tools.model_copy(update={"file": None})
    splits = settings.splits.model_copy(update={"untrained_users": 0, "test_share": 0.0, "unseen": None})
    return settings.model_copy(
        update={
            "scenario": scenario, "seed": 0, "users": count, "queries_per_user": 2, "platforms": 2, "apis": 6,
            "tree": tree, "tools": tools, "splits": splits, "twins": False, "strangers": 0, "consistency": 0,
            "judges": (), "query_gate": (), "assistant": "none", "checks": None, "gates": (),
            "task": settings.task.model_copy(update={"plan": "guided"}),
            "audit": settings.audit.model_copy(update={"samples": 0}),
        }
    )  # fmt: skip


def _solved_tasks(results: StageResults, _: Audit | None) -> list[SolvedTask]:
    """The accepted episodes, as long as the folder is there."""
    population = results.populations[0]
    episodes = (load_episode(population.context, task.id) for task in population.tasks)
    return [
        SolvedTask(population.worlds[episode.task.scenario], episode)
        for episode in episodes
        if episode.status == "accepted"
    ]


def reduced(plan: PopulationPlan) -> PopulationPlan:
    """A few of a population's people who ask a few queries; the whole where that is few."""
    active = min(plan.active_users, max(ACTIVE_USERS, ceil(TASKS * plan.active_users / plan.tasks)))
    if isinstance(plan.queries, int):
        queries: int | Mapping[str, int] = min(plan.queries, ceil(TASKS / active))
    else:
        share = min(1.0, TASKS / plan.tasks)
        queries = {name: ceil(count * share) for name, count in plan.queries.items()}
    users = min(plan.users, max(active, MOST_PROFILES))
    return replace(plan, users=users, active_users=active, queries=queries)


def _reduced_settings(settings: Settings, *, split: bool) -> Settings:
    """The settings for a few people.

    Args: split: whether the dataset is split as in the run; a few people are too few for two groups of them.
    """
    splits = settings.splits
    if not split:
        splits = splits.model_copy(update={"untrained_users": 0, "test_share": 0.0})
    audit = settings.audit.model_copy(update={"samples": min(settings.audit.samples, MOST_AUDITED)})
    return settings.model_copy(update={"splits": splits, "audit": audit})


def _substitute_kits(settings: Settings, library: Library) -> Iterator[tuple[str, str]]:
    """Scenario without a kit -> the kit that is played in its place."""
    substitutes = cycle(name for name in shipped_kits() if name != "tiny")
    for scenario in settings.all_scenarios():
        try:
            library.kit(scenario.name)
        except UnknownPartError:
            yield scenario.name, next(substitutes)


def _fit_to_kits(settings: Settings, kits: Sequence[Kit]) -> Settings:
    """The run with trees no larger than what the kits have."""
    if not kits:
        return settings
    depth, branching = min(settings.tree.depth, KIT_DEPTH), settings.tree.branching
    platforms = min(settings.platforms, *(len(kit.platforms) for kit in kits))
    apis = min(settings.apis, *(len(kit.capabilities_within(depth, branching)) for kit in kits))
    tree = settings.tree.model_copy(update={"depth": depth})
    return settings.model_copy(update={"platforms": platforms, "apis": apis, "tree": tree})


def _tree_factor(settings: Settings, fitting: Settings) -> float:
    """How many times larger the trees are than those that fit."""
    return settings.platforms * settings.apis / (fitting.platforms * fitting.apis)


def _tree_notes(settings: Settings, fitting: Settings) -> Iterator[str]:
    if fitting != settings:
        yield (
            f"kits have at most {fitting.platforms} platforms of {fitting.apis} APIs in {fitting.tree.depth} "
            "layers: the trees are scaled up from that, and the assistant's prompts will be longer"
        )


def _shaped_as(tree: ApiTree, settings: Settings) -> Settings:
    """The run with trees that are grown as large as a given one."""
    platforms = {name: [platform.name for platform in tree.platforms(name)] for name in tree.scenarios()}
    apis = max(len(tree.apis(name, platform)) for name, several in platforms.items() for platform in several)
    grown = settings.tree.model_copy(update={"file": None})
    return settings.model_copy(
        update={"platforms": max(map(len, platforms.values())), "apis": apis, "tree": grown}
    )


def _play_in_scratch_folder(
    settings: Settings,
    plans: Sequence[PopulationPlan],
    participants: Mapping[str, Participants],
    checks: Checks,
    tree: ApiTree | None,
    collect: Callable[[StageResults, Audit | None], Collected],
    apis: GivenApis | None = None,
) -> Collected:
    """Run the stages in a folder that is gone afterwards.

    Args: participants: population -> whose gateway logs its calls; collect: takes what is wanted of it.
    """
    # Named before it is made: an interrupt between the two leaves nothing either.
    scratch = Path(gettempdir()) / f"ptool-check-{token_hex(8)}"
    try:
        scratch.mkdir(mode=0o700)
        # What goes wrong in a small run is of no use to anybody.
        with unheard(), RunFolder(scratch, {}) as folder, Ledger(folder / "ledger.sqlite") as ledger:
            progress = Progress(SILENT)
            context = RunContext(
                settings, participants[""], checks, ledger, folder, progress, tree, apis,
                executor=LocalExecutor(settings.concurrency),
            )  # fmt: skip
            planned = [
                (replace(population_context(context, plan), participants=participants[plan.name]), plan)
                for plan in plans
            ]
            return collect(*event_loop.run(_played(planned)))
    except OSError as error:
        raise StoreError(f"no throw-away folder for the rehearsal: {error}") from error
    finally:
        rmtree(scratch, ignore_errors=True)


async def _played(
    planned: Sequence[tuple[RunContext, PopulationPlan]],
) -> tuple[StageResults, Audit | None]:
    """All that models are asked for in a run. Args: as of `run_stages`."""
    results = await run_stages(planned)
    own, _ = planned[0]
    population = results.populations[0]
    audited = audited_episodes(own, population, results.curation)
    return results, await audit_judges(own, population, audited)
