"""The stages of a run played for a few people of every population, from the API tree to the audit.

They are the run's own stages, so what they ask is what the run asks; only who takes part is chosen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...trees.assignment import spread
from .. import stages
from ..context import Studio
from ..dataset.build import finish, user_groups
from ..dataset.finalize import on_trial
from ..population import UNSEEN, Peopled, Population, settings_of_unseen, worlds_of
from ..second_solvers import solve_again
from ..twins import Twins, twins
from .sizes import Size
from .tally import Count, Part, Tally


@dataclass(frozen=True)
class Played:
    """One population as it was played, in the terms in which the whole is larger."""

    size: Size
    layers: int
    """layers of the feature tree that values are assigned to, persona included"""
    counts: Mapping[Part, Count]
    """what was asked"""
    kept: int
    """samples that all gates let through, twins left out"""
    audited: int
    """samples on trial; they are the run's own people's"""


async def play(studio: Studio, populations: Mapping[str, Size]) -> dict[str, Played]:
    """Play a run small.

    Args:
        studio: of the small run; its gateway writes to a tally of each population.
        populations: population -> who of it takes part.

    Returns:
        Population -> what there was of it.
    """
    tallies = {name: Tally() for name in populations}

    def listen(name: str) -> None:
        studio.crew.gateway.log = tallies[name]

    try:
        peopled: list[Peopled] = []
        for name, size in populations.items():
            listen(name)
            peopled.append(await _peopled(_at_work_for(studio, name), size))
        groups, twinned = user_groups(studio, peopled), list[Twins]()
        for one in peopled:
            listen(one.population.name)
            await stages.episodes(one.studio, one.worlds, one.drawn)
            await solve_again(one.studio, one.worlds, one.drawn)
            if studio.settings.twins:
                twinned.append(await twins(one.studio, one.worlds, one.drawn, groups))
        dataset = finish(studio, peopled, groups, twinned)
        listen(peopled[0].population.name)
        audit = await on_trial(studio, peopled[0], dataset)
    finally:
        await studio.crew.gateway.close()

    def played(one: Peopled) -> Played:
        name = one.population.name
        return Played(
            size=populations[name],
            layers=len(one.features.layers()),
            counts=tallies[name].counts,
            kept=sum(not sample.twin_of for sample in dataset.of(name)),
            audited=audit.samples if audit and one is peopled[0] else 0,
        )

    return {one.population.name: played(one) for one in peopled}


def _at_work_for(studio: Studio, name: str) -> Studio:
    unseen = studio.settings.splits.unseen
    if name != UNSEEN or unseen is None:
        return studio
    return studio.of(UNSEEN, settings_of_unseen(studio.settings, unseen))


async def _peopled(studio: Studio, size: Size) -> Peopled:
    """One population; histories and tasks of some of its people only, spread over all."""
    tree = await stages.api_tree(studio)
    features = await stages.feature_tree(studio, tree)
    people = await stages.profiles(studio, features, tree.worlds(), size.first)
    some = [people[place] for place in spread(size.users, len(people))]
    lived = await stages.histories(studio, worlds_of(tree, features, people).values(), some)
    worlds = worlds_of(tree, features, people, lived)
    drawn = stages.tasks(studio, worlds, lived, size.visits([one.id for one in some]))
    return Peopled(studio, Population(studio.population, worlds), tree, features, some, lived, drawn)
