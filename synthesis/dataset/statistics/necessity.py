"""Whether a sample needs its user (Table 3), and whether others could have served it (Definition 3.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from ....environments.world import World
from ....records import Profile, Solution
from ....records.dataset_statistics import Interchangeability, Necessity
from ....store.disk_map import DiskCounter
from ....texts.values import within
from ...population import Population
from ..gates.necessity import had_without_profile, serving, solves
from ..samples import Argument, CompactSample, WorldKey
from .decidability import Guess
from .people import Profiles, platform_preferences, worlds_by_key

Fans = Mapping[tuple[WorldKey, str], Mapping[str, set[str]]]
"""(population and scenario, context) -> platform -> two of those who prefer it, or the only one."""


class ProfileNeed(NamedTuple):
    """How far one sample needs its user."""

    only_profile: tuple[Argument, ...]
    """arguments that only the profile gives"""
    guessed: bool
    """whether the best guess without the profile solves it"""


def profile_needs(
    samples: Sequence[CompactSample], populations: Sequence[Population], guesses: Sequence[Guess]
) -> Iterator[ProfileNeed]:
    """How far every sample needs its user, one at a time.

    The best guess knows everything but the user: it takes the platform of the learner without the user, and
    for what only the profile gives the value that most other users of the population have.

    Args:
        samples: of the dataset.
        populations: the people.
        guesses: what the learners say, sample by sample.
    """
    worlds = worlds_by_key(populations)
    popular = {population.name: PopularValues(Profiles(population)) for population in populations}
    for sample, guess in zip(samples, guesses, strict=True):
        only_profile = tuple(_only_profile(sample, worlds.get(sample.world_key)))
        guessed = guess.without_profile == sample.platform and all(
            sample.population in popular and popular[sample.population].guesses(argument, sample.user)
            for argument in only_profile
        )
        yield ProfileNeed(only_profile, guessed)


def _only_profile(sample: CompactSample, world: World | None) -> Iterator[Argument]:
    """The arguments that only the profile gives."""
    for argument in sample.arguments:
        if argument.origin != "profile":
            continue
        tool = world.tools.get((sample.platform, sample.calls[argument.call][0])) if world else None
        schema = (tool.properties.get(argument.parameter) if tool else None) or {}
        if not had_without_profile(_load(argument.value), sample.query, schema):
            yield argument


class PopularValues:
    """The most frequent value of every basic feature among all but one person; of equal ones the first."""

    def __init__(self, people: Mapping[str, Profile]) -> None:
        self._people = people
        counts, features = DiskCounter(), dict[str, None]()
        for profile in self._people.values():
            for feature, value in profile.basic.items():
                features[feature] = None
                counts.add(feature, canonical_json(value))
        # Leaving one person out changes the count of one value: the two first and that one are enough.
        self._first = {feature: counts.most_common(feature, 2) for feature in features}
        self._count = lru_cache(maxsize=1024)(counts.count)

    def value(self, feature: str, user: str) -> Any:
        """What most others have; None where nobody else has any."""
        features = self._people[user].basic if user in self._people else {}
        own = canonical_json(features[feature]) if feature in features else None
        left = [item for item in self._first.get(feature, ()) if item[0] != own]
        if own is not None and (count := self._count(feature, own) - 1):
            left.append((own, count))
        return _load(min(left, key=_most_frequent)[0]) if left else None

    def guesses(self, argument: Argument, user: str) -> bool:
        """Whether the argument is that value, or a part of it."""
        likely = self.value(argument.feature, user)
        return likely is not None and within(_load(argument.value), likely)


def canonical_json(value: Any) -> str:
    """A JSON value as text, equal for equal values."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _most_frequent(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def necessity(
    samples: Sequence[CompactSample],
    needs: Iterable[ProfileNeed],
    strangers: Mapping[str, tuple[Solution | None, ...]],
    solved_by_strangers: Mapping[str, int],
) -> Necessity:
    """Shares over all samples, and what became of those that strangers were asked.

    Args:
        samples: of the dataset.
        needs: how far each needs its user.
        strangers: id -> what solvers without the profile answered, dropped samples included.
        solved_by_strangers: id -> how many of them gave the accepted solution; needed of dropped samples, of
            kept ones it is counted here.
    """
    answers = {id: solutions for id, solutions in strangers.items() if solutions}
    solved = {**_solved(samples, answers), **solved_by_strangers}
    needing = guessed = 0
    for need in needs:
        needing, guessed = needing + bool(need.only_profile), guessed + need.guessed
    return Necessity(
        needing=needing / max(len(samples), 1),
        unsolvable=1 - guessed / len(samples) if samples else 0.0,
        asked=len(answers),
        solved=sum(solved.get(id, 0) > 0 for id in answers),
        platform_guessed=_platform_guessed(samples, answers, solved),
    )


def _solved(
    samples: Sequence[CompactSample], answers: Mapping[str, tuple[Solution | None, ...]]
) -> dict[str, int]:
    """Id -> strangers who gave the accepted solution of a kept sample."""
    return {
        sample.id: sum(solves(answer, sample.solution()) for answer in answers[sample.id])
        for sample in samples
        if sample.id in answers
    }


def _platform_guessed(
    samples: Sequence[CompactSample],
    answers: Mapping[str, tuple[Solution | None, ...]],
    solved: Mapping[str, int],
) -> float | None:
    """Share of strangers' answers with the right platform, sample by sample.

    Of a dropped sample the platform is known only where a stranger solved it; others are left out.
    """
    gold = {sample.id: sample.platform for sample in samples if sample.id in answers}
    shares: list[float] = []
    for id, solutions in answers.items():
        if id in gold:
            right = sum(answer is not None and answer.platform == gold[id] for answer in solutions)
            shares.append(right / len(solutions))
        elif count := solved.get(id, 0):
            shares.append(min(count, len(solutions)) / len(solutions))
    return sum(shares) / len(shares) if shares else None


def interchangeability(
    samples: Sequence[CompactSample], populations: Sequence[Population]
) -> Interchangeability:
    """Shares over all samples; only people who have samples themselves count as somebody else."""
    fans: dict[tuple[WorldKey, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for preference in platform_preferences(samples, populations):
        of_platform = fans[preference.world_key, preference.context][preference.platform]
        if len(of_platform) < 2:
            of_platform.add(preference.user)
    served = others = twins = 0
    for sample, platforms in _elsewhere(samples, populations):
        served += bool(platforms)
        others += _another_user_goes(sample, platforms, fans)
        twins += bool(sample.twin_of)
    count = max(len(samples), 1)
    return Interchangeability(
        served_elsewhere=served / count, other_user_elsewhere=others / count, twins=twins
    )


def _elsewhere(
    samples: Sequence[CompactSample], populations: Sequence[Population]
) -> Iterator[tuple[CompactSample, tuple[str, ...]]]:
    """Every sample, and the other platforms that offer all it calls for; none for one without calls."""
    worlds = worlds_by_key(populations)
    known: dict[tuple[WorldKey, frozenset[str]], tuple[str, ...]] = {}
    for sample in samples:
        key, wanted = sample.world_key, frozenset(capability for _, capability in sample.calls)
        if (key, wanted) not in known:
            known[key, wanted] = serving(worlds[key], wanted) if wanted and key in worlds else ()
        yield sample, tuple(name for name in known[key, wanted] if name != sample.platform)


def _another_user_goes(sample: CompactSample, platforms: Sequence[str], fans: Fans) -> bool:
    of_need = fans.get((sample.world_key, sample.context), {})
    return any(of_need.get(platform, set()) - {sample.user} for platform in platforms)


_load = lru_cache(maxsize=8192)(orjson.loads)
"""Values as JSON; the same few occur in many samples."""
