"""A run played small, in a throw-away folder and without any model, to see what a run of it would ask (§4).

The trees are played as they are, everything else for a few people of every population (see `sizes`); what
the whole run would take is `estimate`'s affair.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from tempfile import gettempdir
from typing import TYPE_CHECKING

from loguru import logger

from ...cli.progress import Progress
from ...errors import PtoolError, StoreError, UnknownPartError
from ...models.scripted import Library
from ...models.scripted.kit import Kit, shipped_kits
from ...settings import ModelSettings, PlaceSettings, ScenarioSettings, Settings
from ...store import Ledger, RunFolder
from ...trees.api_tree import ApiTree
from ..context import RunContext
from ..extensions import choose_extensions
from ..population import UNSEEN
from ..roles import Participants
from .sizes import AUDITED, Size, sizes
from .small_play import Played, play
from .understudy import Heard, Understudy

if TYPE_CHECKING:
    from ...cli.compose import Sources

SLIPS = 0.05
"""Probability of a slip where the run's own model is no scripted one, as in conf/model/scripted.yaml."""

_NOT_PLAYED = "the tree of tree.file cannot be played; kits were, with as many platforms and APIs"
_SCRIPTED = "ptool.models.scripted.ScriptedModel"
_DEEPEST = 2  # levels of categories that a kit has


@dataclass(frozen=True)
class Rehearsal:
    """What was asked while a run was played small."""

    heard: Mapping[str, Heard]
    """role -> its shortest and its longest question"""
    played: Mapping[str, Played]
    """population -> how much of it, and what was asked for it"""
    trees: Mapping[str, float]
    """population -> how many times larger its API tree is in the run than the one played"""
    notes: tuple[str, ...] = ()
    """in what the rehearsal is not like the run"""


def rehearse(
    settings: Settings, sources: Sources, participants: Participants, tree: ApiTree | None
) -> Rehearsal:
    """Play a run small.

    Args:
        settings: the run's.
        sources: the user's own folders.
        participants: the run's own; nobody of it is asked.
        tree: the tree of `tree.file`.

    Raises:
        PtoolError: the scripted model cannot play this run.
    """
    places = dict(_places(settings, participants.library))
    shipped = shipped_kits()
    stand_ins = Library({name: shipped[kit] for name, kit in places.items() if kit})

    def kit_of(one: ScenarioSettings) -> Kit:
        return (stand_ins if places[one.name] else participants.library).kit(one.name)

    own, everywhere = settings.scenarios(), settings.all_scenarios()
    notes = [
        f"scenario {name!r} has no kit, {kit!r} was played in its place"
        for name, kit in places.items()
        if kit
    ]
    shaped = settings
    if tree is not None:
        try:
            fitting = _within(settings, [kit_of(one) for one in everywhere if one not in own])
            trees = {"": 1.0, UNSEEN: _larger(settings, fitting)}
            return _played(fitting, sources, tree, places, trees, [*notes, *_scaled(settings, fitting)])
        except PtoolError:
            shaped = _shaped_as(tree, settings)
            notes.append("the tree of tree.file cannot be played; kits were, with as many platforms and APIs")
    fitting = _within(shaped, [kit_of(one) for one in everywhere])
    trees = {"": _larger(shaped, fitting), UNSEEN: _larger(settings, fitting)}
    return _played(fitting, sources, None, places, trees, [*notes, *_scaled(shaped, fitting)])


def _places(settings: Settings, library: Library) -> Iterator[tuple[str, str | None]]:
    """Scenario -> the kit that stands in for the one it lacks; None where it has its own."""
    stand_ins = cycle(name for name in shipped_kits() if name != "tiny")
    for one in settings.all_scenarios():
        try:
            library.kit(one.name)
            yield one.name, None
        except UnknownPartError:
            yield one.name, next(stand_ins)


def _within(settings: Settings, kits: Sequence[Kit]) -> Settings:
    """The run no larger than what the kits have that its trees grow from."""
    if not kits:
        return settings
    depth, branching = min(settings.tree.depth, _DEEPEST), settings.tree.branching
    platforms = min(settings.platforms, *(len(kit.platforms) for kit in kits))
    apis = min(settings.apis, *(len(kit.capabilities_within(depth, branching)) for kit in kits))
    tree = settings.tree.model_copy(update={"depth": depth})
    return settings.model_copy(update={"platforms": platforms, "apis": apis, "tree": tree})


def _larger(settings: Settings, fitting: Settings) -> float:
    """How many times larger the trees are than those that fit."""
    return settings.platforms * settings.apis / (fitting.platforms * fitting.apis)


def _scaled(settings: Settings, fitting: Settings) -> Iterator[str]:
    """What is to be said where trees had to be made fit."""
    if fitting is not settings and fitting != settings:
        yield (
            f"kits have at most {fitting.platforms} platforms of {fitting.apis} APIs in {fitting.tree.depth} "
            "layers: the trees are scaled up from that, and the assistant's prompts will be longer"
        )


def _shaped_as(tree: ApiTree, settings: Settings) -> Settings:
    platforms = {name: [one.name for one in tree.platforms(name)] for name in tree.scenarios()}
    apis = max(len(tree.apis(name, one)) for name, several in platforms.items() for one in several)
    grown = settings.tree.model_copy(update={"file": None})
    return settings.model_copy(
        update={"platforms": max(map(len, platforms.values())), "apis": apis, "tree": grown}
    )


def _played(
    settings: Settings,
    sources: Sources,
    tree: ApiTree | None,
    places: Mapping[str, str | None],
    trees: Mapping[str, float],
    notes: Sequence[str],
) -> Rehearsal:
    whole = sizes(settings)
    populations = {name: size.small() for name, size in whole.items()}
    small = _few(_recast(settings, places), populations, held_out=populations == whole)
    participants = Participants(small, sources.folders, sources.prompts())
    model = participants.endpoints["default"].client
    assert isinstance(model, Understudy)
    played = _in_scratch(small, participants, tree, populations)
    return Rehearsal(model.heard, played, trees, tuple(notes))


def _few(settings: Settings, populations: Mapping[str, Size], *, held_out: bool) -> Settings:
    """The run with fewer people; nobody of the few is held out, as too few would be left in either group."""
    splits = settings.splits
    if not held_out:
        splits = splits.model_copy(update={"untrained_users": 0, "test_share": 0.0})
    if splits.unseen:
        unseen = splits.unseen.model_copy(update={"users": populations[UNSEEN].people})
        splits = splits.model_copy(update={"unseen": unseen})
    audit = settings.audit.model_copy(update={"samples": min(settings.audit.samples, AUDITED)})
    return settings.model_copy(update={"users": populations[""].people, "splits": splits, "audit": audit})


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

    def furnished(place: PlaceSettings) -> PlaceSettings:
        members = {key: kitted(one) for key, one in place.members.items()}
        return kitted(place).model_copy(update={"members": members})  # type: ignore[return-value]

    splits = settings.splits
    if splits.unseen:
        unseen = splits.unseen.model_copy(update={"scenario": furnished(splits.unseen.scenario)})
        splits = splits.model_copy(update={"unseen": unseen})
    return settings.model_copy(
        update={
            "model": model,
            "agent": roles,
            "budget": unlimited,
            "scenario": furnished(settings.scenario),
            "splits": splits,
        }
    )


def _in_scratch(
    settings: Settings, participants: Participants, tree: ApiTree | None, populations: Mapping[str, Size]
) -> dict[str, Played]:
    """Play in a folder that is gone afterwards."""
    logger.disable("ptool")  # what went wrong in a rehearsal is of no use to anybody
    # Named before it is made: an interrupt between the two leaves nothing either.
    scratch = Path(gettempdir()) / f"ptool-check-{token_hex(8)}"
    try:
        scratch.mkdir(mode=0o700)
        with (
            RunFolder(scratch, {}) as folder,
            Ledger(folder / "ledger.sqlite") as ledger,
        ):
            checks, silent = choose_extensions(settings).checks, Progress(io.StringIO())
            context = RunContext(settings, participants, checks, folder, ledger, silent, tree)
            return asyncio.run(play(context, populations))
    except OSError as error:
        raise StoreError(f"no throw-away folder for the rehearsal: {error}") from error
    finally:
        rmtree(scratch, ignore_errors=True)
        logger.enable("ptool")
