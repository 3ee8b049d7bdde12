"""A run played small, in a throw-away folder and without any model, to see what a run of it would ask (§4).

The trees are played as they are, profiles for at most `PEOPLE`, histories and episodes for a few users spread
over the population. It counts; what the whole run would take is `estimate`'s affair.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from math import ceil
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from tempfile import gettempdir
from typing import TYPE_CHECKING

from loguru import logger

from ..environments.checks import choose_checks
from ..errors import PtoolError, StoreError, UnknownPartError
from ..models.scripted import Library
from ..models.scripted.kit import Kit
from ..settings import ModelSettings, ScenarioSettings, Settings
from ..store import Ledger, RunFolder
from ..terminal.progress import Progress
from ..trees.api_tree import ApiTree
from ..trees.layer_sizes import spread
from . import stages
from .crew import KITS, Crew
from .pipeline import worlds_of
from .stages import Studio
from .understudy import Heard, Understudy

if TYPE_CHECKING:
    from ..composition import Sources

PEOPLE = 100
"""Most users whose profiles are played."""
USERS = 10
"""Users whose histories and episodes are played, more of them where they ask fewer queries."""
TASKS = 100
"""Episodes that are played, about."""
SLIPS = 0.05
"""Probability of a slip where the run's own model is no scripted one, as in conf/model/scripted.yaml."""

_SCRIPTED = "ptool.models.scripted.ScriptedModel"
_DEEPEST = 2  # levels of categories that a kit has


@dataclass(frozen=True)
class Played:
    """How much of a run was played, in the terms in which the whole is larger."""

    people: int
    """users with a profile"""
    layers: int
    """layers of the feature tree that values are assigned to, persona included"""
    histories: int
    """(user, scenario) pairs"""
    tasks: int
    """episodes that the users played could have at most"""
    trees: float
    """how many times larger the run's API tree is than the one played"""


@dataclass(frozen=True)
class Rehearsal:
    """What was asked while a run was played small."""

    heard: Mapping[str, Heard]
    """role -> what it was asked"""
    played: Played
    """how much of the run"""
    notes: tuple[str, ...] = ()
    """in what the rehearsal is not like the run"""


def rehearse(settings: Settings, sources: Sources, crew: Crew, tree: ApiTree | None) -> Rehearsal:
    """Play a run small.

    Args:
        settings: the run's.
        sources: the user's own folders.
        crew: the run's own; nobody of it is asked.
        tree: the tree of `tree.file`.

    Raises:
        PtoolError: the scripted model cannot play this run.
    """
    places = dict(_places(settings, crew.library))
    notes = [
        f"scenario {name!r} has no kit, {kit!r} was played in its place"
        for name, kit in places.items()
        if kit
    ]
    if tree is not None:
        try:
            return _played(settings, sources, tree, places, notes)
        except PtoolError:
            settings = _shaped_as(tree, settings)
            notes.append("the tree of tree.file cannot be played; kits were, with as many platforms and APIs")
    fitting = _within(settings, _kits(settings, crew.library, places), notes)
    larger = settings.platforms * settings.apis / (fitting.platforms * fitting.apis)
    return _played(fitting, sources, None, places, notes, larger)


def _places(settings: Settings, library: Library) -> Iterator[tuple[str, str | None]]:
    """Scenario -> the kit that stands in for the one it lacks; None where it has its own."""
    stand_ins = cycle(sorted(one.name for one in KITS.iterdir() if one.is_dir() and one.name != "tiny"))
    for one in settings.scenarios():
        try:
            library.kit(one.name)
            yield one.name, None
        except UnknownPartError:
            yield one.name, next(stand_ins)


def _kits(settings: Settings, library: Library, places: Mapping[str, str | None]) -> list[Kit]:
    stand_ins = Library({name: str(KITS / kit) for name, kit in places.items() if kit})
    return [(stand_ins if places[one.name] else library).kit(one.name) for one in settings.scenarios()]


def _within(settings: Settings, kits: list[Kit], notes: list[str]) -> Settings:
    """The run no larger than what the kits have."""
    depth = min(settings.tree.depth, _DEEPEST)
    branching = settings.tree.branching
    platforms = min(settings.platforms, *(len(kit.world.platforms) for kit in kits))
    apis = min(settings.apis, *(len(kit.within(depth, branching)) for kit in kits))
    fitting = settings.model_copy(
        update={
            "platforms": platforms,
            "apis": apis,
            "tree": settings.tree.model_copy(update={"depth": depth, "file": None}),
        }
    )
    if (platforms, apis, depth) != (settings.platforms, settings.apis, settings.tree.depth):
        notes.append(
            f"kits have at most {platforms} platforms of {apis} APIs in {depth} layers: the trees are scaled "
            "up from that, and the assistant's prompts will be longer"
        )
    return fitting


def _shaped_as(tree: ApiTree, settings: Settings) -> Settings:
    platforms = {name: [one.name for one in tree.platforms(name)] for name in tree.scenarios()}
    apis = max(len(tree.apis(name, one)) for name, several in platforms.items() for one in several)
    return settings.model_copy(update={"platforms": max(map(len, platforms.values())), "apis": apis})


def _played(
    settings: Settings,
    sources: Sources,
    tree: ApiTree | None,
    places: Mapping[str, str | None],
    notes: list[str],
    larger: float = 1.0,
) -> Rehearsal:
    users = min(settings.users, max(USERS, ceil(TASKS / settings.queries_per_user)))
    queries = min(settings.queries_per_user, ceil(TASKS / users))
    small = _recast(settings, places).model_copy(
        update={"users": min(settings.users, max(users, PEOPLE)), "queries_per_user": queries}
    )
    crew = Crew(small, sources.folders, sources.prompts())
    model = crew.endpoints["default"].client
    assert isinstance(model, Understudy)
    layers = _in_scratch(small, crew, tree, users)
    played = Played(
        people=small.users,
        layers=layers,
        histories=users * len(settings.scenarios()),
        tasks=users * queries,
        trees=larger,
    )
    return Rehearsal(model.heard, played, tuple(notes))


def _recast(settings: Settings, places: Mapping[str, str | None]) -> Settings:
    """The same run with the understudy for every model, and kits for all scenarios."""
    spec = settings.model
    slips = spec.arguments().get("slips", 0.0) if spec.target == _SCRIPTED else SLIPS
    target = f"{Understudy.__module__}.{Understudy.__qualname__}"
    model = ModelSettings.model_validate({"_target_": target, "slips": slips})
    roles = {name: one.model_copy(update={"model": None}) for name, one in settings.agent.items()}
    unlimited = settings.budget.model_copy(update={"usd": None, "tokens": None, "calls": None})

    def kitted(one: ScenarioSettings) -> ScenarioSettings:
        return one.model_copy(update={"kit": places[one.name]}) if places.get(one.name) else one

    place = kitted(settings.scenario).model_copy(
        update={"members": {key: kitted(one) for key, one in settings.scenario.members.items()}}
    )
    return settings.model_copy(
        update={"model": model, "agent": roles, "budget": unlimited, "scenario": place}
    )


def _in_scratch(settings: Settings, crew: Crew, tree: ApiTree | None, users: int) -> int:
    """Play in a folder that is gone afterwards; returns the feature tree's layers."""
    logger.disable("ptool")  # what went wrong in a rehearsal is of no use to anybody
    # Named before it is made: an interrupt between the two leaves nothing either.
    scratch = Path(gettempdir()) / f"ptool-check-{token_hex(8)}"
    try:
        scratch.mkdir(mode=0o700)
        with (
            RunFolder(scratch, {}) as folder,
            Ledger(folder / "ledger.sqlite") as ledger,
        ):
            checks, silent = choose_checks(settings.checks), Progress(io.StringIO())
            studio = Studio(settings, crew, checks, folder, ledger, silent, tree)
            return asyncio.run(_stages(studio, users))
    except OSError as error:
        raise StoreError(f"no throw-away folder for the rehearsal: {error}") from error
    finally:
        rmtree(scratch, ignore_errors=True)
        logger.enable("ptool")


async def _stages(studio: Studio, users: int) -> int:
    """The stages of a run up to its episodes; histories and episodes of `users` users only."""
    try:
        tree = await stages.api_tree(studio)
        features = await stages.feature_tree(studio, tree)
        people = await stages.profiles(studio, features, tree.worlds())
        some = [people[place] for place in spread(users, len(people))]
        lived = await stages.histories(studio, worlds_of(tree, features, people).values(), some)
        worlds = worlds_of(tree, features, people, lived)
        await stages.episodes(studio, worlds, stages.tasks(studio, worlds, some, lived))
        return len(features.layers())
    finally:
        await studio.crew.gateway.close()
