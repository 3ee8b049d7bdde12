"""What is held out for the benchmark (§5.1, Table 5), by construction: users first, then queries.

    untrained   every query of a few users                               test.jsonl
    trained     a share of every other user's queries                    test.jsonl
    train       the other queries of those users                         train.jsonl
    unseen      scenarios and people that nothing else has seen (§5.5)    unseen.jsonl
    reserve     what is left over where a part is to have a certain size  reserve.jsonl

It sees kept samples in few words, and draws with the run's seed; it knows no file.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..models.seeds import derive
from ..settings import SplitSettings
from .kept import Group, Kept, Split
from .populations import UNSEEN


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
        id -> its place; a twin's is that of the sample it belongs to.
    """
    if not settings.made:
        return {one.id: WHOLE for one in kept}
    originals = [one for one in kept if not one.twin_of]
    placed = _unseen([one for one in originals if one.population == UNSEEN], settings, seed)
    placed |= _own([one for one in originals if one.population != UNSEEN], groups, settings, seed)
    for pair in alike:
        for one, other in (pair, pair[::-1]):
            if placed[one].split == "train" and placed[other].split in ("test", "unseen"):
                placed[one] = placed[one]._replace(split="reserve")
    return placed | {one.id: placed[one.twin_of] for one in kept if one.twin_of}


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

    Systematic sampling: sorted by stratum, every n/count-th from a drawn start, so no stratum gets more than
    one above its share.
    """
    if count is None or count >= len(kept):
        return list(kept)
    if not count:
        return []
    ordered = sorted(kept, key=lambda one: (one.user, one.scenario, derive(seed, "split", one.id)))
    start = random.Random(derive(seed, "split", what)).random()
    return [ordered[int((place + start) * len(ordered) / count)] for place in range(count)]
