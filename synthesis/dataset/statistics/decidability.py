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
from ..kept_sample import Kept
from .scenes import Scene, scenes

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


_NONE = Guess(0, "", "", "")


def predictions(
    kept: Sequence[Kept],
    populations: Sequence[Population],
    *,
    loyalty: float,
    actions_per_context: int,
    seed: int,
) -> list[Guess]:
    """What the learners say of every sample, in the order of `kept`."""
    import numpy as np

    found = [_NONE] * len(kept)
    strangers: list[tuple[list[int], list[list[str]]]] = []
    faithful = preferred_visits(actions_per_context, loyalty) / actions_per_context
    for places, scene in scenes(kept, populations, seed):
        visits = _visits(scene)
        user = _names(scene, transparent(scene), visits), _names(scene, bayes(scene, faithful), visits)
        said = [_names(scene, scores, np.zeros_like(visits)) for scores in without_profile(scene)]
        strangers.append((places, said))
        could = scene.serves.sum(axis=1).tolist()
        for row, place in enumerate(places):
            found[place] = Guess(could[row], user[0][row], user[1][row], "")
    return _with_best(kept, found, strangers)


def decidability(kept: Sequence[Kept], guesses: Sequence[Guess]) -> Decidability:
    """Accuracies over all samples and by scenario; samples that no platform could serve count as wrong."""
    by_scenario: dict[str, list[int]] = {}
    for place, one in enumerate(kept):
        by_scenario.setdefault(one.scenario, []).append(place)
    return Decidability(
        samples=len(kept),
        **_accuracies(kept, guesses, range(len(kept))),
        by_scenario={
            name: _accuracies(kept, guesses, places) for name, places in sorted(by_scenario.items())
        },
    )


def transparent(scene: Scene) -> NDArray[np.float64]:
    """(Q, platforms): the user's visits, each weighted by the chance that it served the query's kind of need.

    Where texts tell nothing every visit weighs the same: then it is the most visited platform.
    """
    visits = _by_user(scene, scene.about)
    return _for_queries(scene, visits)


def bayes(scene: Scene, faithful: float) -> NDArray[np.float64]:
    """(Q, platforms): posterior of the preferred platform under the way histories are drawn (§4.2).

    Every kind of need has as many visits, a share of them on its preferred platform and the rest anywhere
    else; the prior is how often other users prefer a platform for the need. Needs of actions and preferences
    are both unknown and found in turn (mean field), so the cost is linear in actions.

    Args:
        scene: whose texts are judged.
        faithful: share of visits on the preferred platform, above 0 to 1.
    """
    import numpy as np

    about = scene.about[scene.queries :]
    user, platform = scene.user[scene.queries :], scene.platform[scene.queries :]
    likely = _likelihood(len(scene.platforms), faithful)[platform]
    fold = np.zeros(len(scene.users), dtype=np.int64)
    fold[scene.user] = scene.fold
    prior = np.log(scene.preferred[fold])
    served = evened(about, user, len(scene.users))
    preferred = np.exp(prior)
    for _ in range(ROUNDS):
        evidence = np.zeros_like(prior)
        np.add.at(evidence, user, served[:, :, None] * likely[:, None, :])
        preferred = _normal(np.exp(_relative(prior + evidence)))
        expected = np.einsum("acp,ap->ac", preferred[user], likely)
        served = evened(about * np.exp(_relative(expected)), user, len(scene.users))
    return _for_queries(scene, preferred)


def without_profile(scene: Scene) -> tuple[NDArray[np.float64], ...]:
    """(Q, platforms) of three learners that see the query alone.

    One goes by its words, one by its kind of need, and one always says the scenario's most frequent platform.
    The first two learn from one half of the users and are asked about the other. Where preferences are
    balanced, what one half has more of the other has less of, and they fall below chance; the third, which
    knows the whole count, does not.
    """
    import numpy as np

    contexts, platforms = len(scene.contexts), len(scene.platforms)
    known = scene.asks & (scene.platform < platforms)
    words = scene.learnt(np.minimum(scene.platform, platforms - 1), platforms, 2, known)[: scene.queries]
    counts = np.ones((2, contexts, platforms))
    for half in (0, 1):
        taught = known & scene.teaching(half, 2)
        np.add.at(counts[half], (scene.context[taught], scene.platform[taught]), 1.0)
    about, half_of = scene.about[: scene.queries], scene.fold[: scene.queries] % 2
    needs = np.einsum("qc,qcp->qp", about, _normal(counts)[half_of])
    often = np.bincount(scene.platform[known], minlength=platforms) / max(scene.queries, 1)
    return words, needs, np.broadcast_to(often, (scene.queries, platforms))


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


def evened(weights: NDArray[np.float64], user: NDArray[np.int64], users: int) -> NDArray[np.float64]:
    """(A, contexts) made so that an action's add up to 1 and a user's needs have as many visits each."""
    import numpy as np

    weights = _normal(weights + 1e-12)
    for _ in range(3):
        total = np.zeros((users, weights.shape[1]))
        np.add.at(total, user, weights)
        weights = _normal(weights / (total[user] + 1e-12))
    return weights


def _by_user(scene: Scene, about: NDArray[np.float64]) -> NDArray[np.float64]:
    """(users, contexts, platforms): what every user's actions add up to."""
    import numpy as np

    found = np.zeros((len(scene.users), len(scene.contexts), len(scene.platforms)))
    actions = np.arange(len(scene.user)) >= scene.queries
    known = actions & (scene.platform < len(scene.platforms))
    users, platforms = scene.user[known], scene.platform[known]
    for context in range(len(scene.contexts)):
        np.add.at(found[:, context, :], (users, platforms), about[known, context])
    return found


def _for_queries(scene: Scene, by_user: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    about, user = scene.about[: scene.queries], scene.user[: scene.queries]
    return np.einsum("qc,qcp->qp", about, by_user[user])


def _visits(scene: Scene) -> NDArray[np.float64]:
    """(Q, platforms): how often whoever asks was there."""
    import numpy as np

    visits = np.zeros((len(scene.users), len(scene.platforms)))
    user, platform = scene.user[scene.queries :], scene.platform[scene.queries :]
    known = platform < len(scene.platforms)
    np.add.at(visits, (user[known], platform[known]), 1.0)
    return visits[scene.user[: scene.queries]]


def _names(scene: Scene, scores: NDArray[np.float64], visits: NDArray[np.float64]) -> list[str]:
    """The best platform that could serve; of equal ones the most visited, then by name."""
    import numpy as np

    open_ = np.where(scene.serves, scores, -np.inf)
    best = open_ >= open_.max(axis=1, keepdims=True, initial=-np.inf) - 1e-9
    chosen = np.where(best & scene.serves, visits, -1.0).argmax(axis=1)
    nowhere = len(scene.platforms)
    names = [*scene.platforms, ""]
    return [names[place] for place in np.where(scene.serves.any(axis=1), chosen, nowhere).tolist()]


def _with_best(
    kept: Sequence[Kept], found: list[Guess], strangers: Sequence[tuple[list[int], list[list[str]]]]
) -> list[Guess]:
    """Add the guesses of the learner without the user that is right most often in the whole dataset."""
    right: Counter[int] = Counter()
    for places, learners in strangers:
        for number, said in enumerate(learners):
            right[number] += sum(
                kept[place].platform == name for place, name in zip(places, said, strict=True)
            )
    best = min(right, key=lambda number: (-right[number], number), default=0)
    for places, learners in strangers:
        for place, name in zip(places, learners[best], strict=True):
            found[place] = replace(found[place], without_profile=name)
    return found


def _accuracies(kept: Sequence[Kept], guesses: Sequence[Guess], places: Sequence[int]) -> dict[str, float]:
    count = max(len(places), 1)
    right = {
        name: sum(getattr(guesses[place], name) == kept[place].platform for place in places) / count
        for name in LEARNERS
    }
    could = (guesses[place].serving for place in places)
    return {"chance": sum(1 / number for number in could if number) / count, **right}


def _relative(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return scores - scores.max(axis=-1, keepdims=True)


def _normal(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return weights / weights.sum(axis=-1, keepdims=True)
