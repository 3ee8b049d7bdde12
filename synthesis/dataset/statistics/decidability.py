"""Whether the target platform follows from what a sample shows of its user (Definition 3.1, Table 3).

Three learners choose among the platforms that could serve: one that counts visits in alike contexts, one that
reasons backwards from how histories are drawn, and one that sees the query and not the user. What a text is
about they learn from other users; of the user they judge they see the texts and platforms of the history,
never a latent label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ....environments.behaviour import preferred_visits
from ....records.dataset_statistics import Decidability
from ...population import Population
from ..samples import CompactSample
from .scenario_texts import ScenarioTexts, scenario_texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDS = 12
"""How often the Bayes learner weighs actions by preferences and preferences by actions."""

SUREST = 0.99
"""Loyalty the Bayes learner never exceeds: a misread action must not decide alone."""

LEARNERS = ("transparent", "bayes", "without_profile")


@dataclass(frozen=True, slots=True)
class Guess:
    """What the learners say of one sample; '' where no platform could serve."""

    serving: int
    """platforms that could serve"""
    transparent: str
    bayes: str
    without_profile: str


_NO_GUESS = Guess(0, "", "", "")


def predict_platforms(
    samples: Sequence[CompactSample],
    populations: Sequence[Population],
    *,
    loyalty: float,
    actions_per_context: int,
    seed: int,
) -> list[Guess]:
    """What the learners say of every sample, in the order of `samples`.

    Args:
        samples: of the dataset.
        populations: the people, with their worlds and histories.
        loyalty: share of a user's visits that go to the preferred platform.
        actions_per_context: visits of a user for one kind of need.
        seed: the run's; the groups of users learners are fitted across are drawn from it.
    """
    import numpy as np

    guesses = [_NO_GUESS] * len(samples)
    query_learners: list[tuple[list[int], list[list[str]]]] = []
    faithful = preferred_visits(actions_per_context, loyalty) / actions_per_context
    for positions, texts in scenario_texts(samples, populations, seed):
        visits = visits_of_users(texts)
        by_visits = best_platforms(texts, transparent(texts), visits)
        by_posterior = best_platforms(texts, bayes(texts, faithful), visits)
        no_visits = np.zeros_like(visits)
        by_query = [best_platforms(texts, scores, no_visits) for scores in without_profile(texts)]
        query_learners.append((positions, by_query))
        serving = texts.serves.sum(axis=1).tolist()
        for row, position in enumerate(positions):
            guesses[position] = Guess(serving[row], by_visits[row], by_posterior[row], "")
    return _with_best_query_learner(samples, guesses, query_learners)


def decidability(samples: Sequence[CompactSample], guesses: Sequence[Guess]) -> Decidability:
    """Accuracies over all samples and by scenario; samples that no platform could serve count as wrong."""
    by_scenario: dict[str, list[int]] = {}
    for position, sample in enumerate(samples):
        by_scenario.setdefault(sample.scenario, []).append(position)
    return Decidability(
        samples=len(samples),
        **_accuracies(samples, guesses, range(len(samples))),
        by_scenario={
            name: _accuracies(samples, guesses, positions) for name, positions in sorted(by_scenario.items())
        },
    )


def transparent(texts: ScenarioTexts) -> NDArray[np.float64]:
    """(Q, platforms): the user's visits, each weighted by the chance that it served the query's kind of need.

    Where texts tell nothing every visit weighs the same: then it is the most visited platform.
    """
    return weighted_visits(texts, texts.about)


def weighted_visits(texts: ScenarioTexts, about: NDArray[np.float64]) -> NDArray[np.float64]:
    """(Q, platforms): the user's visits, each weighted by the chance that query and action are of one need.

    Args: about: (Q + A, contexts), probability of every kind of need given the text.
    """
    import numpy as np

    by_user = _by_user(texts, about)[texts.user[: texts.queries]]
    return np.einsum("qc,qcp->qp", about[: texts.queries], by_user)


def bayes(texts: ScenarioTexts, faithful: float) -> NDArray[np.float64]:
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


def without_profile(texts: ScenarioTexts) -> tuple[NDArray[np.float64], ...]:
    """(Q, platforms) of three learners that see the query alone.

    One goes by its words, one by its kind of need, and one always says the scenario's most frequent platform.
    The first two learn from one half of the users and are asked about the other. Where preferences are
    balanced, what one half has more of the other has less of, and they fall below chance; the third, which
    knows the whole count, does not.
    """
    import numpy as np

    contexts, platforms = len(texts.contexts), len(texts.platforms)
    known = texts.is_query & (texts.platform < platforms)
    words = texts.learnt(np.minimum(texts.platform, platforms - 1), platforms, 2, known)[: texts.queries]
    counts = np.ones((2, contexts, platforms))
    for half in (0, 1):
        taught = known & texts.teaching(half, 2)
        np.add.at(counts[half], (texts.context[taught], texts.platform[taught]), 1.0)
    about, half_of = texts.about[: texts.queries], texts.fold[: texts.queries] % 2
    needs = np.einsum("qc,qcp->qp", about, _normal(counts)[half_of])
    often = np.bincount(texts.platform[known], minlength=platforms) / max(texts.queries, 1)
    return words, needs, np.broadcast_to(often, (texts.queries, platforms))


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


def balance_needs(weights: NDArray[np.float64], user: NDArray[np.int64], users: int) -> NDArray[np.float64]:
    """(A, contexts) made so that an action's add up to 1 and a user's needs have as many visits each."""
    import numpy as np

    weights = _normal(weights + 1e-12)
    for _ in range(3):
        total = np.zeros((users, weights.shape[1]))
        np.add.at(total, user, weights)
        weights = _normal(weights / (total[user] + 1e-12))
    return weights


def _by_user(texts: ScenarioTexts, about: NDArray[np.float64]) -> NDArray[np.float64]:
    """(users, contexts, platforms): what every user's actions add up to."""
    import numpy as np

    total = np.zeros((len(texts.users), len(texts.contexts), len(texts.platforms)))
    actions = np.arange(len(texts.user)) >= texts.queries
    known = actions & (texts.platform < len(texts.platforms))
    users, platforms = texts.user[known], texts.platform[known]
    for context in range(len(texts.contexts)):
        np.add.at(total[:, context, :], (users, platforms), about[known, context])
    return total


def _for_queries(texts: ScenarioTexts, by_user: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    about, user = texts.about[: texts.queries], texts.user[: texts.queries]
    return np.einsum("qc,qcp->qp", about, by_user[user])


def visits_of_users(texts: ScenarioTexts) -> NDArray[np.float64]:
    """(Q, platforms): how often whoever asks was there."""
    import numpy as np

    visits = np.zeros((len(texts.users), len(texts.platforms)))
    user, platform = texts.user[texts.queries :], texts.platform[texts.queries :]
    known = platform < len(texts.platforms)
    np.add.at(visits, (user[known], platform[known]), 1.0)
    return visits[texts.user[: texts.queries]]


def best_platforms(
    texts: ScenarioTexts, scores: NDArray[np.float64], visits: NDArray[np.float64]
) -> list[str]:
    """The best platform that could serve; of equal ones the most visited, then by name."""
    import numpy as np

    possible = np.where(texts.serves, scores, -np.inf)
    best = possible >= possible.max(axis=1, keepdims=True, initial=-np.inf) - 1e-9
    chosen = np.where(best & texts.serves, visits, -1.0).argmax(axis=1)
    nowhere = len(texts.platforms)
    names = [*texts.platforms, ""]
    return [names[place] for place in np.where(texts.serves.any(axis=1), chosen, nowhere).tolist()]


def _with_best_query_learner(
    samples: Sequence[CompactSample],
    guesses: list[Guess],
    query_learners: Sequence[tuple[list[int], list[list[str]]]],
) -> list[Guess]:
    """Add the guesses of the learner without the user that is right most often in the whole dataset."""
    right: Counter[int] = Counter()
    for positions, learners in query_learners:
        for number, platforms in enumerate(learners):
            right[number] += sum(
                samples[position].platform == name
                for position, name in zip(positions, platforms, strict=True)
            )
    best = min(right, key=lambda number: (-right[number], number), default=0)
    for positions, learners in query_learners:
        for position, name in zip(positions, learners[best], strict=True):
            guesses[position] = replace(guesses[position], without_profile=name)
    return guesses


def _accuracies(
    samples: Sequence[CompactSample], guesses: Sequence[Guess], positions: Sequence[int]
) -> dict[str, float]:
    count = max(len(positions), 1)
    right = {
        name: sum(getattr(guesses[position], name) == samples[position].platform for position in positions)
        / count
        for name in LEARNERS
    }
    serving = (guesses[position].serving for position in positions)
    return {"chance": sum(1 / number for number in serving if number) / count, **right}


def _relative(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return scores - scores.max(axis=-1, keepdims=True)


def _normal(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return weights / weights.sum(axis=-1, keepdims=True)
