"""The stages of a run played for a few people of every population, from the API tree to the audit.

They are the run's own stages, so what they ask is what the run asks; only who takes part is chosen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...trees.assignment import spread_evenly
from .. import stages
from ..context import RunContext
from ..dataset.build import finish, user_groups
from ..dataset.finalize import audit_judges
from ..population import UNSEEN, Population, PreparedPopulation, build_worlds, unseen_settings
from ..second_solvers import run_second_solvers
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


async def play(context: RunContext, populations: Mapping[str, Size]) -> dict[str, Played]:
    """Play a run small.

    Args:
        context: of the small run; its gateway writes to a tally of each population.
        populations: population -> who of it takes part.

    Returns:
        Population -> what there was of it.
    """
    tallies = {name: Tally() for name in populations}

    def listen(name: str) -> None:
        context.participants.gateway.log = tallies[name]

    try:
        peopled: list[PreparedPopulation] = []
        for name, size in populations.items():
            listen(name)
            peopled.append(await _peopled(_at_work_for(context, name), size))
        groups, twinned = user_groups(context, peopled), list[Twins]()
        for one in peopled:
            listen(one.population.name)
            await stages.play_episodes(one.context, one.worlds, one.tasks)
            await run_second_solvers(one.context, one.worlds, one.tasks)
            if context.settings.twins:
                twinned.append(await twins(one.context, one.worlds, one.tasks, groups))
        dataset = finish(context, peopled, groups, twinned)
        listen(peopled[0].population.name)
        audit = await audit_judges(context, peopled[0], dataset)
    finally:
        await context.participants.gateway.close()

    def played(one: PreparedPopulation) -> Played:
        name = one.population.name
        return Played(
            size=populations[name],
            layers=len(one.features.layers()),
            counts=tallies[name].counts,
            kept=sum(not sample.twin_of for sample in dataset.of(name)),
            audited=audit.samples if audit and one is peopled[0] else 0,
        )

    return {one.population.name: played(one) for one in peopled}


def _at_work_for(context: RunContext, name: str) -> RunContext:
    unseen = context.settings.splits.unseen
    if name != UNSEEN or unseen is None:
        return context
    return context.of(UNSEEN, unseen_settings(context.settings, unseen))


async def _peopled(context: RunContext, size: Size) -> PreparedPopulation:
    """One population; histories and tasks of some of its people only, spread over all."""
    tree = await stages.grow_api_tree(context)
    features = await stages.build_feature_tree(context, tree)
    people = await stages.assign_profiles(context, features, tree.worlds(), size.first)
    some = [people[place] for place in spread_evenly(size.users, len(people))]
    histories = await stages.play_histories(context, build_worlds(tree, features, people).values(), some)
    worlds = build_worlds(tree, features, people, histories)
    tasks = stages.draw_tasks(context, worlds, histories, size.visits([one.id for one in some]))
    return PreparedPopulation(
        context, Population(context.population, worlds), tree, features, some, histories, tasks
    )
