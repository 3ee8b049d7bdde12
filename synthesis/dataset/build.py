"""From played episodes to the dataset's files: the gates judge, and what is kept is split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ...records import Episode
from ...store import write_jsonl
from ..context import RunContext
from ..extensions import choose_extensions
from ..population import UNSEEN, PreparedPopulation
from ..roles import SOLVER, STRANGER
from ..second_solvers import second_solutions
from ..stages import EPISODES, load_episode
from ..twins import STAGE as TWINS
from ..twins import PlayedTwins, original_of
from .curate import Curated, Played, curate
from .gates.near_duplicates import alike_samples
from .kept_sample import Group, Kept
from .splits import Placed, groups_of, split
from .write import write_dataset


@dataclass(frozen=True)
class Dataset:
    """The samples that were kept, and where each of them is."""

    curated: Curated
    placed: dict[str, Placed]
    groups: dict[str, Group]
    alike: Sequence[tuple[str, str]]
    """ids of near-duplicates, pair by pair"""

    def of(self, population: str) -> list[Kept]:
        """The samples of one population."""
        return [one for one in self.curated.kept if one.population == population]


def user_groups(context: RunContext, peopled: Sequence[PreparedPopulation]) -> dict[str, Group]:
    """User -> trained, untrained or unseen; everybody is trained where nothing is split."""
    groups: dict[str, Group] = {}
    for one in peopled:
        users = [profile.id for profile in one.profiles]
        if one.name == UNSEEN:
            groups |= dict.fromkeys(users, "unseen")
        else:
            groups |= groups_of(users, context.settings.splits, context.settings.seed)
    return groups


def finish(
    context: RunContext,
    peopled: Sequence[PreparedPopulation],
    groups: dict[str, Group],
    twins: Sequence[PlayedTwins] = (),
) -> Dataset:
    """Judge every episode, split what is kept, and write it.

    Args:
        context: of the whole run.
        peopled: the populations; their episodes were played.
        groups: user -> group (`user_groups`).
        twins: the twins that were played, if any.

    Raises:
        StoreError: an episode cannot be read or a file cannot be written.
    """
    settings = context.settings
    gates = choose_extensions(settings).gates
    played = sum(len(one.tasks) for one in peopled) + sum(len(one.ids) for one in twins)
    with context.stage("gates", played) as bar:
        voters = (*settings.judges, *settings.query_gate)
        curated = curate(_advancing(_played(peopled, twins), bar.advance), gates, voters)
    alike = alike_samples(curated.kept)
    placed = split(curated.kept, groups, settings.splits, settings.seed, alike)
    where = {one.name: one for one in peopled}
    with context.stage("dataset", len(curated.kept)) as bar:
        kept = sorted(curated.kept, key=lambda one: one.id)
        write_dataset(
            context.folder, kept, placed, lambda one: _find(where[one.population], one), bar.advance
        )
        write_jsonl(context.folder / "dataset/rejected.jsonl", curated.rejected)
    return Dataset(curated, placed, groups, alike)


def _played(peopled: Sequence[PreparedPopulation], twins: Sequence[PlayedTwins]) -> Iterator[Played]:
    """Every episode, population by population, twins after all originals."""
    for one in peopled:
        for task in one.tasks:
            yield _with_answers(one, load_episode(one.context, task.id))
    where = {id(one.context): one for one in peopled}
    for several in twins:
        for episode in several:
            yield _twin(where[id(several.context)], episode)


def _with_answers(one: PreparedPopulation, episode: Episode) -> Played:
    return Played(
        one.name,
        one.worlds[episode.task.scenario],
        episode,
        second_solutions(one.context, STRANGER, episode.id) if one.context.settings.strangers else (),
        second_solutions(one.context, SOLVER, episode.id) if one.context.settings.consistency else (),
    )


def _twin(one: PreparedPopulation, episode: Episode) -> Played:
    world = one.worlds[episode.task.scenario]
    return Played(one.name, world, episode, twin_of=original_of(episode.id))


def _find(one: PreparedPopulation, kept: Kept) -> Played:
    """The episode of a sample."""
    episode = load_episode(one.context, kept.id, TWINS if kept.twin_of else EPISODES)
    world = one.worlds[kept.scenario]
    return Played(kept.population, world, episode, twin_of=kept.twin_of)


def _advancing(played: Iterator[Played], advance: Callable[[], None]) -> Iterator[Played]:
    for one in played:
        yield one
        advance()
