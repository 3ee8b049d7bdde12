"""Whether a sample needs its user (Table 3), and whether others could have served it (Definition 3.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
from .people import Asking, Profiles, platform_preferences, worlds_by_key


class ProfileNeed(NamedTuple):
    """How far one sample needs its user."""

    only_profile: tuple[Argument, ...]
    """arguments that only the profile gives"""
    guessed: bool
    """whether the best guess without the profile solves it"""


class ProfileNeeds:
    """How far samples need their users.

    The best guess knows everything but the user: it takes the platform of the learner without the user, and
    for what only the profile gives the value that most other users of the population have.

    Args: populations: the people.
    """

    def __init__(self, populations: Sequence[Population]) -> None:
        self._worlds = worlds_by_key(populations)
        self._popular = {population.name: PopularValues(Profiles(population)) for population in populations}

    def of(self, sample: CompactSample, guess: Guess) -> ProfileNeed:
        """How far a sample needs its user. Args: guess: what the learners say of it."""
        popular = self._popular.get(sample.population)
        only_profile = tuple(_only_profile(sample, self._worlds.get(sample.world_key)))
        guessed = guess.without_profile == sample.platform and all(
            popular is not None and popular.guesses(argument, sample.user) for argument in only_profile
        )
        return ProfileNeed(only_profile, guessed)


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


class NecessityCount:
    """Shares over all samples, and what became of those that strangers were asked.

    Args:
        strangers: id -> what solvers without the profile answered, dropped samples included.
        solved_by_strangers: id -> how many of them gave the accepted solution; needed of dropped samples, of
            kept ones it is counted here.
    """

    def __init__(
        self, strangers: Mapping[str, tuple[Solution | None, ...]], solved_by_strangers: Mapping[str, int]
    ) -> None:
        self._answers = {id: solutions for id, solutions in strangers.items() if solutions}
        self._solved = dict(solved_by_strangers)
        self._gold: dict[str, str] = {}
        """id of a kept sample that strangers were asked -> its platform"""
        self._samples = self._needing = self._guessed = 0

    def add(self, sample: CompactSample, need: ProfileNeed) -> None:
        """Count a sample. Args: need: how far it needs its user."""
        self._samples += 1
        self._needing += bool(need.only_profile)
        self._guessed += need.guessed
        if answers := self._answers.get(sample.id):
            self._gold[sample.id] = sample.platform
            if sample.id not in self._solved:
                self._solved[sample.id] = sum(solves(answer, sample.solution()) for answer in answers)

    def figures(self) -> Necessity:
        """What the samples so far add up to."""
        return Necessity(
            needing=self._needing / max(self._samples, 1),
            unsolvable=1 - self._guessed / self._samples if self._samples else 0.0,
            asked=len(self._answers),
            solved=sum(self._solved.get(id, 0) > 0 for id in self._answers),
            platform_guessed=self._platform_guessed(),
        )

    def _platform_guessed(self) -> float | None:
        """Share of strangers' answers with the right platform, sample by sample.

        Of a dropped sample the platform is known only where a stranger solved it; others are left out.
        """
        shares: list[float] = []
        for id, solutions in self._answers.items():
            if id in self._gold:
                right = sum(answer is not None and answer.platform == self._gold[id] for answer in solutions)
                shares.append(right / len(solutions))
            elif count := self._solved.get(id, 0):
                shares.append(min(count, len(solutions)) / len(solutions))
        return sum(shares) / len(shares) if shares else None


class InterchangeabilityCount:
    """Shares over all samples; only people who have samples themselves count as somebody else.

    Args: asking: who has samples; populations: the people.
    """

    def __init__(self, asking: Asking, populations: Sequence[Population]) -> None:
        self._worlds = worlds_by_key(populations)
        self._serving: dict[tuple[WorldKey, frozenset[str]], tuple[str, ...]] = {}
        self._fans: dict[tuple[WorldKey, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        """(population and scenario, context) -> platform -> two of those who prefer it, or the only one"""
        for preference in platform_preferences(asking, populations):
            of_platform = self._fans[preference.world_key, preference.context][preference.platform]
            if len(of_platform) < 2:
                of_platform.add(preference.user)
        self._samples = self._served = self._others = self._twins = 0

    def add(self, sample: CompactSample) -> None:
        """Count a sample."""
        platforms = self._elsewhere(sample)
        of_need = self._fans.get((sample.world_key, sample.context), {})
        self._samples += 1
        self._served += bool(platforms)
        self._others += any(of_need.get(platform, set()) - {sample.user} for platform in platforms)
        self._twins += bool(sample.twin_of)

    def figures(self) -> Interchangeability:
        """What the samples so far add up to."""
        count = max(self._samples, 1)
        return Interchangeability(
            served_elsewhere=self._served / count,
            other_user_elsewhere=self._others / count,
            twins=self._twins,
        )

    def _elsewhere(self, sample: CompactSample) -> tuple[str, ...]:
        """The other platforms that offer all a sample calls for; none for one without calls."""
        key, wanted = sample.world_key, frozenset(capability for _, capability in sample.calls)
        if (key, wanted) not in self._serving:
            world = self._worlds.get(key)
            self._serving[key, wanted] = serving(world, wanted) if wanted and world else ()
        return tuple(name for name in self._serving[key, wanted] if name != sample.platform)


_load = lru_cache(maxsize=8192)(orjson.loads)
"""Values as JSON; the same few occur in many samples."""
