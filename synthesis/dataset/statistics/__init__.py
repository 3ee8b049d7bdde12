"""What is known of a dataset as a whole, computed from its compact samples in as few passes as will do.

Records in and records out: it knows no file, no model and no progress of a run. Time and
memory are in proportion to the samples, nothing is drawn but the groups of users that learners are fitted
across, and every figure is 0 where there is nothing to count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from ...population import Population
from ..samples import CompactSample, Split
from .coverage import Coverage, Table5
from .decidability import DecidabilityCount, Guess, predict_platforms
from .diversity import QueryWords, diversity
from .general_reader import read_generally
from .necessity import InterchangeabilityCount, NecessityCount, ProfileNeed, ProfileNeeds
from .people import people_who_ask

__all__ = ["SampleStatistics", "Table5", "sample_statistics"]

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
    note: Callable[[CompactSample, SampleQuality], None],
) -> SampleStatistics:
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
        note: is told what is known of every sample, in their order.
    """
    guesses = predict_platforms(
        samples, populations, loyalty=loyalty, actions_per_context=actions_per_context, seed=seed
    )
    asking, needs = people_who_ask(samples), ProfileNeeds(populations)
    coverage, words, decidability = Coverage(populations), QueryWords(), DecidabilityCount()
    necessity = NecessityCount(strangers, solved_by_strangers)
    interchangeability = InterchangeabilityCount(asking, populations)
    for sample, guess in zip(samples, guesses, strict=True):
        need = needs.of(sample, guess)
        coverage.add(sample)
        decidability.add(sample, guess)
        necessity.add(sample, need)
        interchangeability.add(sample)
        if not sample.twin_of or sample.twin_of not in split_of:  # a twin's words are its original's
            words.add(sample.query)
        note(sample, _quality(sample, guess, need))
    return SampleStatistics(
        parameters=coverage.parameters(),
        origins=coverage.origins(),
        platforms=coverage.platforms(),
        apis=coverage.apis(),
        features=coverage.features(),
        contexts=coverage.contexts(),
        diversity=diversity(words, len(samples), asking, split_of, populations, near_duplicates),
        decidability=decidability.figures(),
        general_reader=read_generally(reader, samples, populations, seed) if reader else None,
        necessity=necessity.figures(),
        interchangeability=interchangeability.figures(),
    )


def _quality(sample: CompactSample, guess: Guess, need: ProfileNeed) -> SampleQuality:
    return SampleQuality(
        id=sample.id,
        serving=guess.serving,
        transparent=guess.transparent,
        bayes=guess.bayes,
        without_profile=guess.without_profile,
        only_profile=tuple(f"calls[{argument.call}].{argument.parameter}" for argument in need.only_profile),
        guessed=need.guessed,
    )
