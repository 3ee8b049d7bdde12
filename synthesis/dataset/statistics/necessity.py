"""Whether another platform could have served a sample, and somebody would go there (Definition 3.1)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from ....environments.values import within
from ....environments.world import World
from ....records import Call, Profile, Solution
from ....records.dataset_statistics import Interchangeability, Necessity
from ...population import Population
from ..gates.necessity import had_without_profile, serving, solves
from ..kept_sample import Argument, Kept
from .decidability import Guess
from .people import Place, wishes, worlds_by_place

Fans = Mapping[tuple[Place, str], Mapping[str, set[str]]]
"""(population and scenario, context) -> platform -> who prefers it."""


def interchangeability(kept: Sequence[Kept], populations: Sequence[Population]) -> Interchangeability:
    """Shares over all samples; only people who have samples themselves count as somebody else."""
    fans: dict[tuple[Place, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for wish in wishes(kept, populations):
        fans[wish.place, wish.context][wish.platform].add(wish.user)
    elsewhere = _elsewhere(kept, populations)
    count = max(len(kept), 1)
    return Interchangeability(
        served_elsewhere=sum(map(bool, elsewhere)) / count,
        other_user_elsewhere=sum(
            _somebody_goes(one, there, fans) for one, there in zip(kept, elsewhere, strict=True)
        )
        / count,
        twins=sum(bool(one.twin_of) for one in kept),
    )


def _elsewhere(kept: Sequence[Kept], populations: Sequence[Population]) -> list[tuple[str, ...]]:
    """For every sample the other platforms that offer everything it calls for; none for one without calls."""
    worlds = worlds_by_place(populations)
    known: dict[tuple[Place, frozenset[str]], tuple[str, ...]] = {}
    found: list[tuple[str, ...]] = []
    for one in kept:
        place, wanted = (one.population, one.scenario), frozenset(name for _, name in one.calls)
        key = place, wanted
        if key not in known:
            known[key] = serving(worlds[place], wanted) if wanted and place in worlds else ()
        found.append(tuple(name for name in known[key] if name != one.platform))
    return found


def _somebody_goes(one: Kept, platforms: Sequence[str], fans: Fans) -> bool:
    there = fans.get(((one.population, one.scenario), one.context), {})
    return any(there.get(platform, set()) - {one.user} for platform in platforms)


class Need(NamedTuple):
    """How far one sample needs its user."""

    only_profile: tuple[Argument, ...]
    """arguments that only the profile gives"""
    guessed: bool
    """whether the best guess without the profile solves it"""


def needs(kept: Sequence[Kept], populations: Sequence[Population], guesses: Sequence[Guess]) -> list[Need]:
    """How far every sample needs its user.

    The best guess knows everything but the user: it takes the platform of the learner without the user, and
    for what only the profile gives the value that most other users of the population have.

    Args:
        kept: the samples.
        populations: the people.
        guesses: what the learners say, sample by sample.
    """
    worlds = worlds_by_place(populations)
    popular = {one.name: Popular(_people(one)) for one in populations}
    found: list[Need] = []
    for one, guess in zip(kept, guesses, strict=True):
        only = tuple(_only_profile(one, worlds.get((one.population, one.scenario))))
        guessed = guess.without_profile == one.platform and all(
            one.population in popular and popular[one.population].guesses(argument, one.user)
            for argument in only
        )
        found.append(Need(only, guessed))
    return found


def necessity(
    kept: Sequence[Kept],
    found: Sequence[Need],
    asked: Mapping[str, tuple[Solution | None, ...]],
    solved_by_strangers: Mapping[str, int],
) -> Necessity:
    """Shares over all samples, and what became of those that strangers were asked.

    Args:
        kept: the samples.
        found: how far each needs its user.
        asked: id -> what solvers without the profile answered, dropped samples included.
        solved_by_strangers: id -> how many of them gave the accepted solution; needed of dropped samples, of
            kept ones it is counted here.
    """
    needing, solved = sum(bool(one.only_profile) for one in found), sum(one.guessed for one in found)
    answers = {name: got for name, got in asked.items() if got}
    solved_by_strangers = {**_solved(kept, answers), **solved_by_strangers}
    return Necessity(
        needing=needing / max(len(kept), 1),
        unsolvable=1 - solved / len(kept) if kept else 0.0,
        asked=len(answers),
        solved=sum(solved_by_strangers.get(name, 0) > 0 for name in answers),
        platform_guessed=_platform_guessed(kept, answers, solved_by_strangers),
    )


class Popular:
    """The most frequent value of every basic feature among all but one person; of equal ones the first."""

    def __init__(self, people: Iterable[Profile]) -> None:
        self._own: dict[tuple[str, str], str] = {}
        counts: dict[str, Counter[str]] = {}
        for profile in people:
            for feature, value in profile.basic.items():
                self._own[profile.id, feature] = text = canonical(value)
                counts.setdefault(feature, Counter())[text] += 1
        # Leaving one person out changes the count of one value: the two first and that one are enough.
        self._first = {
            feature: sorted(found.items(), key=_most_frequent)[:2] for feature, found in counts.items()
        }
        self._counts = counts

    def value(self, feature: str, user: str) -> Any:
        """What most others have; None where nobody else has any."""
        own = self._own.get((user, feature))
        left = [item for item in self._first.get(feature, ()) if item[0] != own]
        if own is not None and (count := self._counts[feature][own] - 1):
            left.append((own, count))
        return _loaded(min(left, key=_most_frequent)[0]) if left else None

    def guesses(self, argument: Argument, user: str) -> bool:
        """Whether the argument is that value, or a part of it."""
        likely = self.value(argument.feature, user)
        return likely is not None and within(_loaded(argument.value), likely)


def canonical(value: Any) -> str:
    """A JSON value as text, equal for equal values."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _only_profile(one: Kept, world: World | None) -> Iterable[Argument]:
    """The arguments that only the profile gives."""
    for argument in one.arguments:
        if argument.origin != "profile":
            continue
        tool = world.tools.get((one.platform, one.calls[argument.call][0])) if world else None
        schema = (tool.properties.get(argument.parameter) if tool else None) or {}
        if not had_without_profile(_loaded(argument.value), one.query, schema):
            yield argument


def _solved(kept: Sequence[Kept], answers: Mapping[str, tuple[Solution | None, ...]]) -> dict[str, int]:
    """Id -> strangers who gave the accepted solution of a kept sample."""
    return {
        one.id: sum(solves(answer, solution_of(one)) for answer in answers[one.id])
        for one in kept
        if one.id in answers
    }


def solution_of(one: Kept) -> Solution:
    """The accepted solution of a sample."""
    arguments: list[dict[str, Any]] = [{} for _ in one.calls]
    for argument in one.arguments:
        arguments[argument.call][argument.parameter] = _loaded(argument.value)
    calls = (Call(api=api, arguments=given) for (api, _), given in zip(one.calls, arguments, strict=True))
    return Solution(platform=one.platform, calls=tuple(calls))


def _platform_guessed(
    kept: Sequence[Kept],
    answers: Mapping[str, tuple[Solution | None, ...]],
    solved_by_strangers: Mapping[str, int],
) -> float | None:
    """Share of strangers' answers with the right platform, sample by sample.

    Of a dropped sample the platform is known only where a stranger solved it; others are left out.
    """
    gold = {one.id: one.platform for one in kept}
    shares: list[float] = []
    for name, got in answers.items():
        if name in gold:
            shares.append(sum(one is not None and one.platform == gold[name] for one in got) / len(got))
        elif solved := solved_by_strangers.get(name, 0):
            shares.append(min(solved, len(got)) / len(got))
    return sum(shares) / len(shares) if shares else None


def _people(population: Population) -> list[Profile]:
    known = {user: world for world in population.worlds.values() for user in world.users}
    return [world.profile(user) for user, world in known.items()]


def _most_frequent(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


_loaded = lru_cache(maxsize=8192)(orjson.loads)
