"""What is held out for the benchmark (§5.1, Table 5), by construction: users first, then queries.

    untrained   every query of a few users                               test.jsonl
    trained     a share of every other user's queries                    test.jsonl
    train       the other queries of those users                         train.jsonl
    unseen      scenarios and people that nothing else has seen (§5.5)    unseen.jsonl
    twins       of untrained, trained and unseen samples                  twins.jsonl
    reserve     what is left over where a part is to have a certain size  reserve.jsonl

It sees compact samples, and draws with the run's seed; it knows no file.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from sys import intern
from typing import NamedTuple, TypeVar

import orjson

from ...models.seeds import derive
from ...records.sample import Group
from ...settings import SplitSettings
from ...store.disk_map import DiskMap
from ..population import UNSEEN
from .samples import CompactSample, Split


class Placement(NamedTuple):
    """Where a sample belongs."""

    split: Split
    group: Group | None
    """of its user; None where nothing is split"""


DrawnT = TypeVar("DrawnT", "DrawnSample", CompactSample)

UNSPLIT = Placement("all", None)


def draw_user_groups(users: Sequence[str], settings: SplitSettings, seed: int) -> dict[str, Group]:
    """Draw who is held out, before anything is asked: user -> trained or untrained."""
    drawn = random.Random(derive(seed, "untrained users")).sample(sorted(users), settings.untrained_users)
    return {user: "untrained" if user in drawn else "trained" for user in users}


class Placements(Mapping[str, Placement]):
    """Where every sample belongs, by its id; on disk.

    Args: placed: ids and their places.
    """

    def __init__(self, placed: Iterable[tuple[str, Placement]]) -> None:
        self._numbers: dict[Placement, int] = {}
        self._rows = DiskMap[str]()
        for id, placement in placed:
            number = self._numbers.setdefault(placement, len(self._numbers))
            self._rows.put(id, orjson.dumps((id, number)))
        self._kinds = tuple(self._numbers)

    def __getitem__(self, id: str) -> Placement:
        _, number = orjson.loads(self._rows.get(id))
        return self._kinds[number]

    def __iter__(self) -> Iterator[str]:
        return (orjson.loads(row)[0] for row in self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def parts(self) -> set[Split]:
        """The parts that hold a sample."""
        return {placement.split for placement in self._kinds}


class Parts(Mapping[str, Split]):
    """The part of the dataset that every sample is in, by its id.

    Args: placements: where each belongs.
    """

    def __init__(self, placements: Placements) -> None:
        self._placements = placements

    def __getitem__(self, id: str) -> Split:
        return self._placements[id].split

    def __iter__(self) -> Iterator[str]:
        return iter(self._placements)

    def __len__(self) -> int:
        return len(self._placements)


class DrawnSample(NamedTuple):
    """What a draw looks at."""

    id: str
    user: str
    scenario: str


def split_samples(
    samples: Sequence[CompactSample],
    groups: Mapping[str, Group],
    settings: SplitSettings,
    seed: int,
    near_duplicates: Collection[tuple[str, str]] = (),
) -> Placements:
    """Give every sample its place.

    Args:
        samples: all of the dataset.
        groups: user -> trained or untrained (`draw_user_groups`).
        settings: what is held out.
        seed: the run's.
        near_duplicates: ids, pair by pair: where one is held out, the other is not trained on.

    Returns:
        id -> its place. A twin is held out where its original is, beside it: the parts keep their sizes.
    """
    if not settings.enabled:
        return Placements((sample.id, UNSPLIT) for sample in samples)
    unseen = [_drawn(sample) for sample in samples if not sample.twin_of and sample.population == UNSEEN]
    seen = [_drawn(sample) for sample in samples if not sample.twin_of and sample.population != UNSEEN]
    placements = _place_unseen(unseen, settings, seed) | _place_seen(seen, groups, settings, seed)
    alike = {id for pair in near_duplicates for id in pair}
    family = {sample.id: sample.twin_of or sample.id for sample in samples if sample.id in alike}
    for pair in near_duplicates:
        first, second = family[pair[0]], family[pair[1]]
        for trained, tested in ((first, second), (second, first)):
            if placements[trained].split == "train" and placements[tested].split in ("test", "unseen"):
                placements[trained] = placements[trained]._replace(split="reserve")
    return Placements(
        (sample.id, _place_twin(placements[sample.twin_of]) if sample.twin_of else placements[sample.id])
        for sample in samples
    )


def _drawn(sample: CompactSample) -> DrawnSample:
    return DrawnSample(sample.id, intern(sample.user), intern(sample.scenario))


def _place_twin(original: Placement) -> Placement:
    return original._replace(split="twins") if original.split in ("test", "unseen") else original


def _place_seen(
    samples: Sequence[DrawnSample], groups: Mapping[str, Group], settings: SplitSettings, seed: int
) -> dict[str, Placement]:
    reserve = {group: Placement("reserve", group) for group in groups.values()}
    placements = {sample.id: reserve[groups[sample.user]] for sample in samples}
    chosen = draw_evenly(samples, settings.most.all, seed, "all")
    untrained = [sample for sample in chosen if groups[sample.user] == "untrained"]
    trained = [sample for sample in chosen if groups[sample.user] == "trained"]
    most = settings.most.trained
    share = round(settings.test_share * len(trained))
    tested = draw_evenly(trained, share if most is None else min(share, most), seed, "trained")
    for drawn, place in (
        (trained, Placement("train", "trained")),
        (tested, Placement("test", "trained")),
        (draw_evenly(untrained, settings.most.untrained, seed, "untrained"), Placement("test", "untrained")),
    ):
        placements.update((sample.id, place) for sample in drawn)
    return placements


def _place_unseen(samples: Sequence[DrawnSample], settings: SplitSettings, seed: int) -> dict[str, Placement]:
    reserve, unseen = Placement("reserve", "unseen"), Placement("unseen", "unseen")
    placements = dict.fromkeys((sample.id for sample in samples), reserve)
    for scenario, count in settings.unseen.queries.items() if settings.unseen else ():
        of_scenario = [sample for sample in samples if sample.scenario == scenario]
        placements.update((sample.id, unseen) for sample in draw_evenly(of_scenario, count, seed, scenario))
    return placements


def draw_evenly(samples: Sequence[DrawnT], count: int | None, seed: int, label: str) -> list[DrawnT]:
    """Draw `count` samples spread evenly over users and, within a user, over scenarios; None draws all.

    Every sample has a place of its own in a drawn order, so one that comes or goes moves hardly any other.

    Args:
        samples: to draw from.
        count: how many; fewer where there are not as many.
        seed: the run's.
        label: tells draws with one seed apart.
    """
    return list(samples) if count is None else _order(samples, ("user", "scenario"), seed, label)[:count]


def _order(samples: Sequence[DrawnT], strata: tuple[str, ...], seed: int, label: str) -> list[DrawnT]:
    """An order whose every beginning holds the same share of each stratum, give or take one."""
    if not strata:
        return sorted(samples, key=lambda sample: derive(seed, "split", label, sample.id))
    members: dict[str, list[DrawnT]] = {}
    for sample in samples:
        members.setdefault(getattr(sample, strata[0]), []).append(sample)
    positions: list[tuple[float, DrawnT]] = []
    for name, of_stratum in members.items():
        inner = f"{label}/{name}"
        start = derive(seed, "split", inner) / 2**63
        ordered = _order(of_stratum, strata[1:], seed, inner)
        positions += (((rank + start) / len(ordered), sample) for rank, sample in enumerate(ordered))
    return [sample for _, sample in sorted(positions, key=itemgetter(0))]
