"""Whether the target platform follows from what a sample shows of its user (Definition 3.1, Table 3).

Three learners choose among the platforms that could serve: one that counts visits in alike contexts, one that
reasons backwards from how histories are drawn, and one that sees the query and not the user. What a text is
about they learn from other users; of the user they judge they see the texts and platforms of the history,
never a latent label.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from ....environments.behaviour import preferred_visits
from ....records.dataset_statistics import Decidability
from ...population import Population
from ..samples import CompactSample
from .scenario_texts import TextsOfUsers, scenario_texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDS = 12
"""How often the Bayes learner weighs actions by preferences and preferences by actions."""

SUREST = 0.99
"""Loyalty the Bayes learner never exceeds: a misread action must not decide alone."""

LEARNERS = ("transparent", "bayes", "without_profile")
_QUERY_LEARNERS = ("words", "need", "most_frequent")
"""What sees the query and not the user (`without_profile`)."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What the learners say of one sample; '' where no platform could serve."""

    serving: int
    """platforms that could serve"""
    transparent: str
    bayes: str
    without_profile: str


class Guesses(Sequence[Guess]):
    """What the learners say of samples, some bytes for each.

    Args: count: samples there are.
    """

    def __init__(self, count: int) -> None:
        self._names, self._numbers = [""], {"": 0}
        self._serving = array("H", bytes(2 * count))
        learners = ("transparent", "bayes", *_QUERY_LEARNERS)
        self._chosen = {learner: array("H", bytes(2 * count)) for learner in learners}

    def note(self, learner: str, places: Sequence[int], platforms: Iterable[str]) -> None:
        """Keep what a learner says of the samples at some places."""
        chosen, numbers = self._chosen[learner], self._numbers
        for place, name in zip(places, platforms, strict=True):
            if name not in numbers:
                numbers[name] = len(self._names)
                self._names.append(name)
            chosen[place] = numbers[name]

    def note_serving(self, places: Sequence[int], counts: Iterable[int]) -> None:
        """Keep how many platforms could serve the samples at some places."""
        for place, count in zip(places, counts, strict=True):
            self._serving[place] = count

    def choose_query_learner(self, learner: str) -> None:
        """Take one of those without the user, the one that is right most often in the whole dataset."""
        found = {name: self._chosen.pop(name) for name in _QUERY_LEARNERS}
        self._chosen["without_profile"] = found[learner]

    def __len__(self) -> int:
        return len(self._serving)

    @overload
    def __getitem__(self, place: int) -> Guess: ...

    @overload
    def __getitem__(self, place: slice) -> list[Guess]: ...

    def __getitem__(self, place: int | slice) -> Guess | list[Guess]:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        chosen = (self._names[self._chosen[learner][place]] for learner in LEARNERS)
        return Guess(self._serving[place], *chosen)


def predict_platforms(
    samples: Sequence[CompactSample],
    populations: Sequence[Population],
    *,
    loyalty: float,
    actions_per_context: int,
    seed: int,
) -> Guesses:
    """What the learners say of every sample, in the order of `samples`.

    Args:
        samples: of the dataset.
        populations: the people, with their worlds and histories.
        loyalty: share of a user's visits that go to the preferred platform.
        actions_per_context: visits of a user for one kind of need.
        seed: the run's; the groups of users learners are fitted across are drawn from it.
    """
    import numpy as np

    guesses = Guesses(len(samples))
    right = dict.fromkeys(_QUERY_LEARNERS, 0)
    faithful = preferred_visits(actions_per_context, loyalty) / actions_per_context
    for positions, texts in scenario_texts(samples, populations, seed):
        visits = visits_of_users(texts)
        guesses.note_serving(positions, texts.serves.sum(axis=1).tolist())
        guesses.note("transparent", positions, best_platforms(texts, transparent(texts), visits))
        guesses.note("bayes", positions, best_platforms(texts, bayes(texts, faithful), visits))
        no_visits, gold = np.zeros_like(visits), texts.query_platforms()
        for learner, scores in zip(_QUERY_LEARNERS, without_profile(texts), strict=True):
            platforms = best_platforms(texts, scores, no_visits)
            guesses.note(learner, positions, platforms)
            right[learner] += sum(guess == name for guess, name in zip(platforms, gold, strict=True))
    guesses.choose_query_learner(max(right, key=lambda learner: right[learner]))
    return guesses


class DecidabilityCount:
    """Accuracies over all samples and by scenario; samples that no platform could serve count as wrong."""

    def __init__(self) -> None:
        self._whole, self._by_scenario = _Accuracies(), defaultdict[str, _Accuracies](_Accuracies)

    def add(self, sample: CompactSample, guess: Guess) -> None:
        """Count a sample. Args: guess: what the learners say of it."""
        self._whole.add(sample, guess)
        self._by_scenario[sample.scenario].add(sample, guess)

    def figures(self) -> Decidability:
        """What the samples so far add up to."""
        return Decidability(
            samples=self._whole.samples,
            **self._whole.shares(),
            by_scenario={name: accuracies.shares() for name, accuracies in sorted(self._by_scenario.items())},
        )


def transparent(texts: TextsOfUsers) -> NDArray[np.float64]:
    """(Q, platforms): the user's visits, each weighted by the chance that it served the query's kind of need.

    Where texts tell nothing every visit weighs the same: then it is the most visited platform.
    """
    return weighted_visits(texts, texts.about)


def weighted_visits(texts: TextsOfUsers, about: NDArray[np.float64]) -> NDArray[np.float64]:
    """(Q, platforms): the user's visits, each weighted by the chance that query and action are of one need.

    Args: about: (Q + A, contexts), probability of every kind of need given the text.
    """
    import numpy as np

    by_user = _by_user(texts, about)[texts.user[: texts.queries]]
    return np.einsum("qc,qcp->qp", about[: texts.queries], by_user)


def bayes(texts: TextsOfUsers, faithful: float) -> NDArray[np.float64]:
    """(Q, platforms): posterior of the preferred platform under the way histories are drawn (§4.2).

    Every kind of need has as many visits, a share of them on its preferred platform and the rest anywhere
    else; the prior is how often other users prefer a platform for the need. Needs of actions and preferences
    are both unknown and found in turn (mean field), so the cost is linear in actions.

    Args:
        texts: of the scenario.
        faithful: share of visits on the preferred platform, above 0 to 1.
    """
    import numpy as np

    about = texts.about[texts.queries :]
    user, platform = texts.user[texts.queries :], texts.platform[texts.queries :]
    likely = _likelihood(len(texts.platforms), faithful)[platform]
    fold = np.zeros(len(texts.users), dtype=np.int64)
    fold[texts.user] = texts.fold
    prior = np.log(texts.preferred[fold])
    served = balance_needs(about, user, len(texts.users))
    preferred = np.exp(prior)
    for _ in range(ROUNDS):
        evidence = np.zeros_like(prior)
        np.add.at(evidence, user, served[:, :, None] * likely[:, None, :])
        preferred = _normal(np.exp(_relative(prior + evidence)))
        expected = np.einsum("acp,ap->ac", preferred[user], likely)
        served = balance_needs(about * np.exp(_relative(expected)), user, len(texts.users))
    return _for_queries(texts, preferred)


def without_profile(texts: TextsOfUsers) -> tuple[NDArray[np.float64], ...]:
    """(Q, platforms) of three learners that see the query alone.

    One goes by its words, one by its kind of need, and one always says the scenario's most frequent platform.
    The first two learn from one half of the users and are asked about the other. Where preferences are
    balanced, what one half has more of the other has less of, and they fall below chance; the third, which
    knows the whole count, does not.
    """
    import numpy as np

    scenario, about = texts.scenario, texts.about[: texts.queries]
    half_of = texts.fold[: texts.queries] % 2
    needs = np.einsum("qc,qcp->qp", about, scenario.platform_of_need[half_of])
    often = np.broadcast_to(scenario.often, (texts.queries, len(texts.platforms)))
    return texts.answer_by_words(), needs, often


def _likelihood(platforms: int, faithful: float) -> NDArray[np.float64]:
    """(visited, preferred): log probability of a visit; the last row is of a platform nobody knows."""
    import numpy as np

    if platforms < 2:
        return np.zeros((platforms + 1, platforms))
    faithful = min(faithful, SUREST)
    table = np.full((platforms + 1, platforms), np.log((1 - faithful) / (platforms - 1)))
    np.fill_diagonal(table, np.log(faithful))
    table[platforms] = 0.0
    return table


def balance_needs(weights: NDArray[np.float64], user: NDArray[np.integer], users: int) -> NDArray[np.float64]:
    """(A, contexts) made so that an action's add up to 1 and a user's needs have as many visits each."""
    import numpy as np

    weights = _normal(weights + 1e-12)
    for _ in range(3):
        total = np.zeros((users, weights.shape[1]))
        np.add.at(total, user, weights)
        weights = _normal(weights / (total[user] + 1e-12))
    return weights


def _by_user(texts: TextsOfUsers, about: NDArray[np.float64]) -> NDArray[np.float64]:
    """(users, contexts, platforms): what every user's actions add up to."""
    import numpy as np

    total = np.zeros((len(texts.users), len(texts.contexts), len(texts.platforms)))
    actions = np.arange(len(texts.user)) >= texts.queries
    known = actions & (texts.platform < len(texts.platforms))
    users, platforms = texts.user[known], texts.platform[known]
    for context in range(len(texts.contexts)):
        np.add.at(total[:, context, :], (users, platforms), about[known, context])
    return total


def _for_queries(texts: TextsOfUsers, by_user: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    about, user = texts.about[: texts.queries], texts.user[: texts.queries]
    return np.einsum("qc,qcp->qp", about, by_user[user])


def visits_of_users(texts: TextsOfUsers) -> NDArray[np.float64]:
    """(Q, platforms): how often whoever asks was there."""
    import numpy as np

    visits = np.zeros((len(texts.users), len(texts.platforms)))
    user, platform = texts.user[texts.queries :], texts.platform[texts.queries :]
    known = platform < len(texts.platforms)
    np.add.at(visits, (user[known], platform[known]), 1.0)
    return visits[texts.user[: texts.queries]]


def best_platforms(
    texts: TextsOfUsers, scores: NDArray[np.float64], visits: NDArray[np.float64]
) -> list[str]:
    """The best platform that could serve; of equal ones the most visited, then by name."""
    import numpy as np

    possible = np.where(texts.serves, scores, -np.inf)
    best = possible >= possible.max(axis=1, keepdims=True, initial=-np.inf) - 1e-9
    chosen = np.where(best & texts.serves, visits, -1.0).argmax(axis=1)
    nowhere = len(texts.platforms)
    names = [*texts.platforms, ""]
    return [names[place] for place in np.where(texts.serves.any(axis=1), chosen, nowhere).tolist()]


class _Accuracies:
    """How often each learner is right, and chance would be."""

    def __init__(self) -> None:
        self.samples = 0
        self._chance = 0.0
        self._right = dict.fromkeys(LEARNERS, 0)

    def add(self, sample: CompactSample, guess: Guess) -> None:
        self.samples += 1
        self._chance += 1 / guess.serving if guess.serving else 0.0
        for name in LEARNERS:
            self._right[name] += getattr(guess, name) == sample.platform

    def shares(self) -> dict[str, float]:
        count = max(self.samples, 1)
        return {"chance": self._chance / count, **{name: n / count for name, n in self._right.items()}}


def _relative(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return scores - scores.max(axis=-1, keepdims=True)


def _normal(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return weights / weights.sum(axis=-1, keepdims=True)
