"""Good answers made wrong: another platform, another value, an argument or call too few or too many.

What is done is drawn from a seed and the sample's id. Values come from samples before, so they are of the
right type and form; whether an answer is wrong is asked of the strict scorer, not assumed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from ..benchmark import Item
from ..models.seeds import derive
from .conversation import AnswerCalls, gold_answer

Wrong = tuple[str, AnswerCalls]
"""What was done, and the answer it made."""
_MOST_VALUES = 8
_UNKNOWN = "note"


class Corruptions:
    """Makes wrong answers; remembers a few values of every parameter.

    Args: seed: of the draws.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._values: dict[tuple[str, str], list[Any]] = {}

    def of(self, item: Item) -> Iterator[Wrong]:
        """Wrong answers to a sample in a drawn order, and whoever takes them looks which are wrong indeed."""
        rng = random.Random(derive(self._seed, "corruptions", item.id))
        gold = gold_answer(item)
        ways = [self._other_platform, self._other_value, self._missing, self._unknown, self._repeated]
        for way in rng.sample(ways, len(ways)):
            yield from way(item, gold, rng)

    def remember(self, item: Item) -> None:
        """Keep a sample's values for those after it."""
        for function, arguments in gold_answer(item).calls:
            for name, value in arguments.items():
                known = self._values.setdefault((function, name), [])
                if value not in known:
                    known.append(value)
                    del known[:-_MOST_VALUES]

    def _other_platform(self, item: Item, gold: AnswerCalls, rng: random.Random) -> Iterator[Wrong]:
        """The same, done on a platform whose functions have the same capabilities and parameters."""
        others = [name for name in item.platforms if name != gold.platform]
        for platform in rng.sample(others, len(others)):
            calls = [_transferred(item, platform, *call) for call in gold.calls]
            if calls and None not in calls:
                answer = AnswerCalls(platform, tuple(call for call in calls if call is not None))
                yield f"other_platform: {gold.platform} became {platform}", answer

    def _other_value(self, item: Item, gold: AnswerCalls, rng: random.Random) -> Iterator[Wrong]:
        """One argument has a value of another sample, or another option."""
        places = [(at, name) for at, (_, arguments) in enumerate(gold.calls) for name in arguments]
        for at, name in rng.sample(places, len(places)):
            function, arguments = gold.calls[at]
            declared = _properties(item, function).get(name, {})
            options = [*self._values.get((function, name), ()), *(declared.get("enum") or ())]
            others = [value for value in options if value != arguments[name]]
            if others:
                wrong = {**arguments, name: rng.choice(others)}
                yield f"other_value: {function}.{name}", _with(gold, at, (function, wrong))

    def _missing(self, item: Item, gold: AnswerCalls, rng: random.Random) -> Iterator[Wrong]:
        """One of several calls, or one argument, is not there."""
        del item
        if len(gold.calls) > 1:
            at = rng.randrange(len(gold.calls))
            left = gold.calls[:at] + gold.calls[at + 1 :]
            yield f"missing_call: {gold.calls[at][0]}", AnswerCalls(gold.platform, left)
        places = [(at, name) for at, (_, arguments) in enumerate(gold.calls) for name in arguments]
        for at, name in rng.sample(places, len(places)):
            function, arguments = gold.calls[at]
            left = {other: value for other, value in arguments.items() if other != name}
            yield f"missing_argument: {function}.{name}", _with(gold, at, (function, left))

    def _unknown(self, item: Item, gold: AnswerCalls, rng: random.Random) -> Iterator[Wrong]:
        """An argument that the function does not have."""
        for at in rng.sample(range(len(gold.calls)), len(gold.calls)):
            function, arguments = gold.calls[at]
            if _UNKNOWN not in _properties(item, function):
                wrong = {**arguments, _UNKNOWN: "as discussed"}
                yield f"unknown_argument: {function}.{_UNKNOWN}", _with(gold, at, (function, wrong))

    def _repeated(self, item: Item, gold: AnswerCalls, rng: random.Random) -> Iterator[Wrong]:
        """A call is made twice."""
        del item
        for call in rng.sample(gold.calls, min(len(gold.calls), 1)):
            yield f"repeated_call: {call[0]}", AnswerCalls(gold.platform, (*gold.calls, call))


def _with(gold: AnswerCalls, at: int, call: tuple[str, dict[str, Any]]) -> AnswerCalls:
    return AnswerCalls(gold.platform, (*gold.calls[:at], call, *gold.calls[at + 1 :]))


def _properties(item: Item, function: str) -> dict[str, Any]:
    return item.tools.get(function, {}).get("parameters", {}).get("properties", {})


def _transferred(
    item: Item, platform: str, function: str, arguments: dict[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """A call with a platform's function of the same capability; None where its parameters are others."""
    capability = item.capabilities.get(function)
    for other in item.platforms[platform] if capability else ():
        if item.capabilities.get(other) == capability and other != function:
            return _renamed(item, function, arguments, other)
    return None


def _renamed(
    item: Item, function: str, arguments: dict[str, Any], other: str
) -> tuple[str, dict[str, Any]] | None:
    """The arguments under the other function's names: of the same name, else the only one of that schema."""
    old, new = _properties(item, function), _properties(item, other)
    renamed: dict[str, Any] = {}
    for name, value in arguments.items():
        alike = [free for free in new if free not in renamed and new[free] == old.get(name)]
        target = name if name in new else alike[0] if len(alike) == 1 else None
        if target is None:
            return None
        renamed[target] = value
    required = item.tools[other].get("parameters", {}).get("required") or ()
    return (other, renamed) if renamed.keys() >= set(required) else None
