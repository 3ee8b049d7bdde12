"""What is known of a dataset as a whole, computed from its compact samples: `sample_statistics` and `table5`.

Pure functions, records in and records out: they know no file, no model and no progress of a run. Time and
memory are in proportion to the samples, nothing is drawn but the groups of users that learners are fitted
across, and every figure is 0 where there is nothing to count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypedDict

from ....records import Solution
from ....records.dataset_statistics import (
    Decidability,
    Diversity,
    GeneralReader,
    Interchangeability,
    Necessity,
    SampleQuality,
    Spread,
)
from ....store.disk_map import DiskList
from ...population import Population
from ..samples import CompactSample, Split
from .coverage import (
    api_spread,
    context_spread,
    feature_spread,
    mean_parameters,
    origin_counts,
    platform_counts,
    table5,
)
from .decidability import decidability, predict_platforms
from .diversity import diversity
from .general_reader import read_generally
from .necessity import interchangeability, necessity, profile_needs

__all__ = ["SampleStatistics", "sample_statistics", "table5"]

_NOBODY: Mapping[str, Any] = MappingProxyType({})


class SampleStatistics(TypedDict):
    """The fields of `Statistics` that follow from the samples: `Statistics(**fields, …)`."""

    parameters: float
    origins: dict[str, int]
    platforms: dict[str, dict[str, int]]
    apis: Spread
    features: Spread
    contexts: Spread
    diversity: Diversity
    decidability: Decidability
    general_reader: GeneralReader | None
    necessity: Necessity
    interchangeability: Interchangeability


def sample_statistics(
    samples: Sequence[CompactSample],
    split_of: Mapping[str, Split],
    populations: Sequence[Population],
    strangers: Mapping[str, tuple[Solution | None, ...]] = _NOBODY,
    solved_by_strangers: Mapping[str, int] = _NOBODY,
    *,
    near_duplicates: Sequence[tuple[str, str]] = (),
    reader: Any = None,
    loyalty: float,
    actions_per_context: int,
    seed: int,
) -> tuple[SampleStatistics, Iterator[SampleQuality]]:
    """Compute everything that follows from the samples and the worlds they were made in.

    Args:
        samples: of the dataset, in its order.
        split_of: id -> the part it is in; where it is missing, 'all'.
        populations: the people, with their worlds, profiles and histories.
        strangers: id -> what solvers without the profile answered, also of samples that were dropped for it.
        solved_by_strangers: id -> how many of them gave the accepted solution, of samples dropped for it.
        near_duplicates: ids, pair by pair, twins left out.
        reader: an embedding model that reads the dataset (`load_reader`); None: nobody does.
        loyalty: `history.loyalty` of the run.
        actions_per_context: `history.actions_per_context` of the run.
        seed: the run's; the groups of users learners are fitted across are drawn from it.

    Returns:
        What is known of the dataset as a whole, and of every sample, in their order, one at a time.
    """
    guesses = predict_platforms(
        samples, populations, loyalty=loyalty, actions_per_context=actions_per_context, seed=seed
    )
    needs = DiskList(profile_needs(samples, populations, guesses))
    whole = SampleStatistics(
        parameters=mean_parameters(samples),
        origins=origin_counts(samples),
        platforms=platform_counts(samples, populations),
        apis=api_spread(samples, populations),
        features=feature_spread(samples, populations),
        contexts=context_spread(samples, populations),
        diversity=diversity(samples, split_of, populations, near_duplicates),
        decidability=decidability(samples, guesses),
        general_reader=read_generally(reader, samples, populations, seed) if reader else None,
        necessity=necessity(samples, needs, strangers, solved_by_strangers),
        interchangeability=interchangeability(samples, populations),
    )
    by_sample = (
        SampleQuality(
            id=sample.id,
            serving=guess.serving,
            transparent=guess.transparent,
            bayes=guess.bayes,
            without_profile=guess.without_profile,
            only_profile=tuple(
                f"calls[{argument.call}].{argument.parameter}" for argument in need.only_profile
            ),
            guessed=need.guessed,
        )
        for sample, guess, need in zip(samples, guesses, needs, strict=True)
    )
    return whole, by_sample
