"""What is known of a dataset as a whole, computed from its samples in few words: `measured` and `table5`.

Pure functions, records in and records out: they know no file, no model and no progress of a run. Time and
memory are in proportion to the samples, nothing is drawn but the groups of users that learners are fitted
across, and every figure is 0 where there is nothing to count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypedDict

from ....records import Solution
from ....records.dataset_statistics import (
    Decidability,
    Diversity,
    Interchangeability,
    Necessity,
    SampleQuality,
    Spread,
)
from ...population import Population
from ..kept_sample import Kept, Split
from .coverage import (
    api_spread,
    context_spread,
    feature_spread,
    mean_parameters,
    origin_counts,
    platform_counts,
)
from .decidability import decidability, predictions
from .diversity import diversity
from .necessity import interchangeability, necessity, needs
from .table5 import table5

__all__ = ["Measured", "Parts", "measured", "table5"]

_NOBODY: Mapping[str, Any] = MappingProxyType({})


class Measured(NamedTuple):
    """Everything that follows from the samples."""

    parts: Parts
    """of the dataset as a whole"""
    samples: list[SampleQuality]
    """sample by sample, in their order"""


class Parts(TypedDict):
    """The fields of `records.quality.Statistics` that follow from the samples: `Statistics(**parts, …)`."""

    parameters: float
    origins: dict[str, int]
    platforms: dict[str, dict[str, int]]
    apis: Spread
    features: Spread
    contexts: Spread
    diversity: Diversity
    decidability: Decidability
    necessity: Necessity
    interchangeability: Interchangeability


def measured(
    kept: Sequence[Kept],
    split_of: Mapping[str, Split],
    populations: Sequence[Population],
    asked: Mapping[str, tuple[Solution | None, ...]] = _NOBODY,
    solved_by_strangers: Mapping[str, int] = _NOBODY,
    *,
    alike: Sequence[tuple[str, str]] = (),
    loyalty: float,
    actions_per_context: int,
    seed: int,
) -> Measured:
    """Everything that follows from the samples and the worlds they were made in.

    Args:
        kept: the samples of the dataset, in its order.
        split_of: id -> the part it is in; where it is missing, 'all'.
        populations: the people, with their worlds, profiles and histories.
        asked: id -> what solvers without the profile answered, also of samples that were dropped for it.
        solved_by_strangers: id -> how many of them gave the accepted solution, of samples dropped for it.
        alike: ids of near-duplicates, pair by pair, twins left out (`gates.near_duplicates.alike_pairs`).
        loyalty: `history.loyalty` of the run.
        actions_per_context: `history.actions_per_context` of the run.
        seed: the run's; the groups of users learners are fitted across are drawn from it.
    """
    predicted = predictions(
        kept, populations, loyalty=loyalty, actions_per_context=actions_per_context, seed=seed
    )
    needed = needs(kept, populations, predicted)
    parts = Parts(
        parameters=mean_parameters(kept),
        origins=origin_counts(kept),
        platforms=platform_counts(kept, populations),
        apis=api_spread(kept, populations),
        features=feature_spread(kept, populations),
        contexts=context_spread(kept, populations),
        diversity=diversity(kept, split_of, populations, alike),
        decidability=decidability(kept, predicted),
        necessity=necessity(kept, needed, asked, solved_by_strangers),
        interchangeability=interchangeability(kept, populations),
    )
    samples = [
        SampleQuality(
            id=one.id,
            serving=guess.serving,
            transparent=guess.transparent,
            bayes=guess.bayes,
            without_profile=guess.without_profile,
            only_profile=tuple(f"calls[{each.call}].{each.parameter}" for each in need.only_profile),
            guessed=need.guessed,
        )
        for one, guess, need in zip(kept, predicted, needed, strict=True)
    ]
    return Measured(parts, samples)
