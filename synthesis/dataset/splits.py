"""What is held out for the benchmark (§5.1, Table 5), by construction: users first, then queries.

    untrained   every query of a few users                               test.jsonl
    trained     a share of every other user's queries                    test.jsonl
    train       the other queries of those users                         train.jsonl
    unseen      scenarios and people that nothing else has seen (§5.5)    unseen.jsonl
    twins       of untrained, trained and unseen samples                  twins.jsonl
    reserve     what is left over where a part is to have a certain size  reserve.jsonl

It sees kept samples in few words, and draws with the run's seed; it knows no file.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...models.seeds import derive
from ...settings import SplitSettings
from ..population import UNSEEN
from .kept_sample import Group, Kept, Split


class Placed(NamedTuple):
    """Where a sample belongs."""

    split: Split
    group: Group | None
    """of its user; None where nothing is split"""


WHOLE = Placed("all", None)


def groups_of(users: Sequence[str], settings: SplitSettings, seed: int) -> dict[str, Group]:
    """Who is held out, before anything is asked: user -> trained or untrained."""
    drawn = random.Random(derive(seed, "untrained users")).sample(sorted(users), settings.untrained_users)
    return {user: "untrained" if user in drawn else "trained" for user in users}


def split(
    kept: Sequence[Kept],
    groups: Mapping[str, Group],
    settings: SplitSettings,
    seed: int,
    alike: Iterable[tuple[str, str]] = (),
) -> dict[str, Placed]:
    """Give every sample its place.

    Args:
        kept: all samples of the dataset.
        groups: user -> trained or untrained (`groups_of`).
        settings: what is held out.
        seed: the run's.
        alike: ids of near-duplicates, pair by pair: where one is held out, the other is not trained on.

    Returns:
        id -> its place. A twin is held out where its original is, beside it: the parts keep their sizes.
    """
    if not settings.made:
        return {one.id: WHOLE for one in kept}
    originals = [one for one in kept if not one.twin_of]
    placed = _unseen([one for one in originals if one.population == UNSEEN], settings, seed)
    placed |= _own([one for one in originals if one.population != UNSEEN], groups, settings, seed)
    family = {one.id: one.twin_of or one.id for one in kept}
    for pair in alike:
        first, second = family[pair[0]], family[pair[1]]
        for one, other in ((first, second), (second, first)):
            if placed[one].split == "train" and placed[other].split in ("test", "unseen"):
                placed[one] = placed[one]._replace(split="reserve")
    return placed | {one.id: _beside(placed[one.twin_of]) for one in kept if one.twin_of}


def _beside(original: Placed) -> Placed:
    return original._replace(split="twins") if original.split in ("test", "unseen") else original


def _own(
    kept: Sequence[Kept], groups: Mapping[str, Group], settings: SplitSettings, seed: int
) -> dict[str, Placed]:
    placed = {one.id: Placed("reserve", groups[one.user]) for one in kept}
    chosen = evenly(kept, settings.most.all, seed, "all")
    untrained = [one for one in chosen if groups[one.user] == "untrained"]
    trained = [one for one in chosen if groups[one.user] == "trained"]
    most = settings.most.trained
    share = round(settings.test_share * len(trained))
    held_out = evenly(trained, share if most is None else min(share, most), seed, "trained")
    tested = {one.id for one in held_out}
    placed |= {one.id: Placed("train", "trained") for one in trained}
    placed |= {one: Placed("test", "trained") for one in tested}
    for one in evenly(untrained, settings.most.untrained, seed, "untrained"):
        placed[one.id] = Placed("test", "untrained")
    return placed


def _unseen(kept: Sequence[Kept], settings: SplitSettings, seed: int) -> dict[str, Placed]:
    placed = {one.id: Placed("reserve", "unseen") for one in kept}
    for scenario, count in settings.unseen.queries.items() if settings.unseen else ():
        of_scenario = [one for one in kept if one.scenario == scenario]
        for one in evenly(of_scenario, count, seed, scenario):
            placed[one.id] = Placed("unseen", "unseen")
    return placed


def evenly(kept: Sequence[Kept], count: int | None, seed: int, what: str) -> list[Kept]:
    """Draw `count` samples spread evenly over users and, within a user, over scenarios; None draws all.

    Every sample has a place of its own in a drawn order, so one that comes or goes moves hardly any other.
    """
    return list(kept) if count is None else _in_turn(kept, ("user", "scenario"), seed, what)[:count]


def _in_turn(kept: Sequence[Kept], strata: tuple[str, ...], seed: int, what: str) -> list[Kept]:
    """An order whose every beginning holds the same share of each stratum, give or take one."""
    if not strata:
        return sorted(kept, key=lambda one: derive(seed, "split", what, one.id))
    members: dict[str, list[Kept]] = {}
    for one in kept:
        members.setdefault(getattr(one, strata[0]), []).append(one)
    places: list[tuple[float, str, Kept]] = []
    for name, several in members.items():
        inner = f"{what}/{name}"
        start = derive(seed, "split", inner) / 2**63
        drawn = _in_turn(several, strata[1:], seed, inner)
        places += (((rank + start) / len(several), name, one) for rank, one in enumerate(drawn))
    return [one for *_, one in sorted(places, key=lambda place: place[:2])]
