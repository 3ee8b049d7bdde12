"""Who reviews which samples: drawn with a seed, stratified by scenario and group, a share of them by several.

The same samples, names and seed give the same queues, whatever the order of the samples. Whoever labels the
origins of a sample's arguments is somebody else than who marked it, as in Appendix B.2, where there are two.
It knows ids and names, and nothing of what is in a sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, NamedTuple

Share = Literal["criteria", "origins"]
"""What is shared out: the tasks of the paper's first and second annotator."""
SHARES: tuple[Share, ...] = ("criteria", "origins")


class Stratum(NamedTuple):
    """Samples that are alike in what assignments are balanced over."""

    scenario: str
    group: str
    """trained, untrained, unseen; '' where nothing is split"""


@dataclass(frozen=True)
class Assignment:
    """The queues of all annotators."""

    order: tuple[str, ...]
    """ids of the samples that were drawn, strata taking turns"""
    overlapping: frozenset[str]
    """of them, those that several people review"""
    queues: Mapping[tuple[str, Share], tuple[str, ...]]
    """(annotator, task) -> ids, in the drawn order"""

    def queue(self, annotator: str, task: Share) -> tuple[str, ...]:
        """The ids somebody is to review; who is not on the roster may review all of them."""
        known = any(name == annotator for name, _ in self.queues)
        return self.queues[annotator, task] if known else self.order


def assign(
    samples: Mapping[str, Stratum],
    annotators: Sequence[str] = (),
    *,
    overlap: float = 0.2,
    readers: int = 2,
    most: int | None = None,
    seed: int = 0,
) -> Assignment:
    """Share samples out.

    Args:
        samples: id -> stratum.
        annotators: names, each once.
        overlap: share of the samples that several people review.
        readers: how many they are, at most all annotators.
        most: samples to draw; None: all.
        seed: of all draws.
    """
    order = _drawn_order(samples, seed)[:most]
    wanted = round(len(order) * overlap)
    overlapping = {
        id
        for place, id in enumerate(order)
        if (place + 1) * wanted // len(order) > place * wanted // len(order)
    }
    queues: dict[tuple[str, Share], list[str]] = {(name, task): [] for name in annotators for task in SHARES}
    dealer = _Dealer(annotators, seed)
    for id in order if annotators else ():
        times = min(readers if id in overlapping else 1, len(annotators))
        first = dealer.deal(id, samples[id], "criteria", times)
        second = dealer.deal(id, samples[id], "origins", times, avoided=first)
        for name in first:
            queues[name, "criteria"].append(id)
        for name in second:
            queues[name, "origins"].append(id)
    return Assignment(
        tuple(order), frozenset(overlapping), {key: tuple(queue) for key, queue in queues.items()}
    )


def _drawn_order(samples: Mapping[str, Stratum], seed: int) -> list[str]:
    """All samples at random, so that the first of them, however many, hold every stratum's share."""
    strata: dict[Stratum, list[str]] = {}
    for id, stratum in samples.items():
        strata.setdefault(stratum, []).append(id)
    places: list[tuple[float, int, str]] = []
    for stratum, ids in strata.items():
        shift = _draw(seed, *stratum) / 2**64
        ids.sort(key=lambda id: (_draw(seed, id), id))
        places += [((place + shift) / len(ids), _draw(seed, id), id) for place, id in enumerate(ids)]
    return [id for *_, id in sorted(places)]


class _Dealer:
    """Deals samples to whoever has the fewest: of the stratum first, then of all."""

    def __init__(self, annotators: Sequence[str], seed: int) -> None:
        self._annotators, self._seed = annotators, seed
        self._of_stratum: Counter[tuple[str, Share, Stratum]] = Counter()
        self._all: Counter[tuple[str, Share]] = Counter()

    def deal(
        self, id: str, stratum: Stratum, task: Share, times: int, avoided: Iterable[str] = ()
    ) -> list[str]:
        def load(name: str) -> tuple[bool, int, int, int]:
            of_stratum, every = self._of_stratum[name, task, stratum], self._all[name, task]
            return name in avoided, of_stratum, every, _draw(self._seed, task, id, name)

        chosen = sorted(self._annotators, key=load)[:times]
        for name in chosen:
            self._of_stratum[name, task, stratum] += 1
            self._all[name, task] += 1
        return chosen


def _draw(seed: int, *about: str) -> int:
    text = "\x1f".join((str(seed), *about)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest())
