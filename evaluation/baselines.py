"""Baselines, floors and ceilings: answers without any model from what a sample shows (`gold` knows more).

random             a random platform, a random function of it, its required parameters with random values out
                   of the profile and the query
majority_platform  the same on the platform this user went to most often: what habit alone is worth
copy_profile       that platform too, the function whose words are most in the query, and every parameter of
                   it that a basic feature is named like: what copying adds to habit
scripted           the scripted model's heuristic (`ptool.models.scripted.heuristic`)
gold               the accepted answer: what parsing and scoring let through

Every draw derives from the seed and the sample's id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, get_args

from ..benchmark import Format, GoldCall, Item, render
from ..models.scripted.heuristic import (
    HeuristicAnswer,
    HeuristicSolver,
    HeuristicTask,
    best_function,
    feature_named_like,
)
from ..models.seeds import derive
from ..settings import Baseline
from .prompt import Variant, VisibleSample, visible_sample

BASELINES: tuple[Baseline, ...] = get_args(Baseline)


class Baselines:
    """Answers as every baseline would.

    Args: heuristic: the scripted model's heuristic; variant: what is shown; format: how answers are written;
    seed: of the evaluation.
    """

    def __init__(self, heuristic: HeuristicSolver, variant: Variant, format: Format, seed: int) -> None:
        self._heuristic = heuristic
        self._variant: Variant = variant
        self._format: Format = format
        self._seed = seed

    def answer(self, name: Baseline, item: Item) -> str:
        """The text one baseline gives for a sample."""
        if name == "gold":
            return render(item, self._format)
        shown = visible_sample(item, self._variant)
        seed = derive(self._seed, "baseline", name, item.id)
        if name == "scripted":
            solved = self._heuristic.solve(heuristic_task(shown), seed)
        else:
            solved = _GUESSES[name](shown, Random(seed))
        return write_answer(item, solved, self._format)


def heuristic_task(shown: VisibleSample) -> HeuristicTask:
    """What a sample shows, as the scripted heuristic takes it."""
    return HeuristicTask(shown.query, shown.basic, tuple(shown.history), shown.platforms, shown.tools)


def write_answer(item: Item, solved: HeuristicAnswer, format: Format) -> str:
    """An answer in the format asked for."""
    platform, calls = solved
    given = tuple(
        GoldCall(name, {parameter: (value,) for parameter, value in arguments.items()})
        for name, arguments in calls
    )
    return render(replace(item, platform=platform, calls=given), format)


def _random(shown: VisibleSample, rng: Random) -> HeuristicAnswer:
    return _any_call(shown, _any_platform(shown, rng), rng)


def _majority_platform(shown: VisibleSample, rng: Random) -> HeuristicAnswer:
    return _any_call(shown, _most_visited(shown, rng), rng)


def _copy_profile(shown: VisibleSample, rng: Random) -> HeuristicAnswer:
    platform = _most_visited(shown, rng)
    functions = _functions(shown, platform)
    if not functions:
        return platform, ()
    name = best_function(shown.query, functions, shown.tools)
    features = {
        parameter: feature_named_like(parameter, shown.basic) for parameter in _properties(shown, name)
    }
    copied = {
        parameter: shown.basic[feature] for parameter, feature in features.items() if feature is not None
    }
    return platform, ((name, copied),)


_GUESSES: dict[Baseline, Callable[[VisibleSample, Random], HeuristicAnswer]] = {
    "random": _random,
    "majority_platform": _majority_platform,
    "copy_profile": _copy_profile,
}


def _most_visited(shown: VisibleSample, rng: Random) -> str | None:
    """The platform most of the user's visits went to; without any, a random one."""
    offered = shown.platforms or {}
    names = (action.get("platform") for action in shown.history)
    visits = Counter(platform for platform in names if isinstance(platform, str) and platform in offered)
    return max(offered, key=lambda name: visits[name]) if visits else _any_platform(shown, rng)


def _any_platform(shown: VisibleSample, rng: Random) -> str | None:
    return rng.choice(list(shown.platforms)) if shown.platforms else None


def _any_call(shown: VisibleSample, platform: str | None, rng: Random) -> HeuristicAnswer:
    functions = _functions(shown, platform)
    if not functions:
        return platform, ()
    name = rng.choice(functions)
    values = [*shown.basic.values(), *shown.query.split()] or [""]
    required = shown.tools[name].get("parameters", {}).get("required", ())
    return platform, ((name, {parameter: rng.choice(values) for parameter in required}),)


def _functions(shown: VisibleSample, platform: str | None) -> list[str]:
    """A platform's functions; all of them where the dataset does not say whose they are."""
    own = (shown.platforms or {}).get(platform or "", ())
    return [function for function in own if function in shown.tools] or list(shown.tools)


def _properties(shown: VisibleSample, function: str) -> dict[str, Any]:
    return shown.tools[function].get("parameters", {}).get("properties", {})
