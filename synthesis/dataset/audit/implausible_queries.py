"""What no such person would ask: a good sample that asks for something else, and gets it.

Query and solution agree in every argument, so who compares only the two finds nothing. What is wrong stands
in the profile, or in the order of two values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from ....environments.checks.case import pair_calls
from ....records import ArgumentOrigin, Call, Intent, Query, Solution
from .samples import AuditSample
from .wrong_values import shown

_MOST_WORDS = 12
"""Words of the conflicts tried on one sample."""


class Asked(NamedTuple):
    """What is asked and given instead."""

    query: Query
    solution: Solution
    change: str
    """in a few words"""


class _Change(NamedTuple):
    """Another value of an argument that the query states."""

    argument: ArgumentOrigin
    value: Any
    words: str
    """that state it"""


def contradicting(sample: AuditSample, rng: Random) -> Asked | None:
    """Ask for what contradicts a fact about the user, such as ham for a vegan.

    Returns:
        None where the scenario knows of nothing, or no value of the query can be another word.
    """
    basic = sample.case.profile.basic
    conflicts = [conflict for conflict in sample.world.scenario.conflicts if conflict.concerns(basic)]
    words = list(dict.fromkeys(word for conflict in conflicts for word in conflict.words))
    for word in rng.sample(words, min(len(words), _MOST_WORDS)):
        for argument in rng.sample(sample.origins, len(sample.origins)):
            for change in _named_instead(argument, word):
                if asked := _ask(sample, [change]):
                    return asked
    return None


def _named_instead(argument: ArgumentOrigin, word: str) -> Iterator[_Change]:
    """The argument with a word in the place of a text that the query states literally."""
    said, value = argument.evidence.words or "", argument.value
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, str) and part and (at := said.casefold().find(part.casefold())) >= 0:
            other = [word if each == part else each for each in value] if isinstance(value, list) else word
            yield _Change(argument, other, f"{said[:at]}{word}{said[at + len(part) :]}")


def in_wrong_order(sample: AuditSample, rng: Random) -> Asked | None:
    """Let two stated values that come in order change places: the last day before the first.

    Returns:
        None where the query states no such pair.
    """
    stated = {(origin.call, origin.parameter): origin for origin in sample.origins if origin.evidence.words}
    pairs = [
        (stated[place, first], stated[place, second])
        for place, call in enumerate(sample.solution.calls)
        for first, second in sample.tool(call).api.ordered()
        if (place, first) in stated and (place, second) in stated
    ]
    for first, second in rng.sample(pairs, len(pairs)):
        swapped = [
            _Change(one, other.value, other.evidence.words or "")
            for one, other in ((first, second), (second, first))
        ]
        if asked := _ask(sample, swapped):
            return asked
    return None


def _ask(sample: AuditSample, changes: Sequence[_Change]) -> Asked | None:
    """The sample with other values asked for and given; None where that leaves more wrong than the values."""
    query, solution = sample.case.query, sample.solution
    text, calls, intents = query.text, list(solution.calls), list(query.intents)
    partners = pair_calls(sample.case)
    for argument, value, words in sorted(changes, key=_start, reverse=True):
        start, end = argument.evidence.span or (0, 0)
        text = f"{text[:start]}{words}{text[end:]}"
        call, partner = calls[argument.call], partners[argument.call]
        calls[argument.call] = Call(api=call.api, arguments={**call.arguments, argument.parameter: value})
        if partner is None or not sample.tool(call).arguments.is_valid(calls[argument.call].arguments):
            return None
        place = next(at for at, intent in enumerate(query.intents) if intent is partner)
        intents[place] = _with_stated(intents[place], argument.parameter, value, words)
    need = query.need if query.need in text else changes[0].words
    if not all(phrase.words in text for intent in intents for phrase in intent.phrases):
        return None
    named = (
        f"{argument.parameter} {shown(value)} for {shown(argument.value)}" for argument, value, _ in changes
    )
    asked = query.model_copy(update={"text": text, "intents": tuple(intents), "need": need})
    answer = Solution(platform=solution.platform, calls=tuple(calls))
    return Asked(asked, answer, f"asked for {', '.join(named)}")


def _start(change: _Change) -> int:
    return (change.argument.evidence.span or (0, 0))[0]


def _with_stated(intent: Intent, parameter: str, value: Any, words: str) -> Intent:
    phrases = tuple(
        phrase.model_copy(update={"words": words}) if phrase.parameter == parameter else phrase
        for phrase in intent.phrases
    )
    return intent.model_copy(update={"stated": {**intent.stated, parameter: value}, "phrases": phrases})
