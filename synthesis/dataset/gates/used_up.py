"""Nothing is named that no call carries: what other samples of the scenario ask for is used here, too.

"Track the parcel with the zoom lens", answered by the postcode alone, teaches a model to drop what was said.
What a word stands for no list can know; but what people of a scenario ask for stands in its samples. A thing
that nobody else asks for is not found here: such words are shown to judges (the view `query.unexplained`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import ClassVar

import orjson

from ....environments.world import World
from ....records import Reason
from ..samples import Argument, CompactSample, WorldKey
from .gate import SampleGate

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_WORD_OR_GAP = re.compile(f"{_WORD.pattern}|–")
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

Vocabulary = Mapping[str, Mapping[int, Collection[tuple[str, ...]]]]
"""first word -> how many words, the most first -> the things that are so long, each as its words"""


class UsedUpGate(SampleGate):
    """Whatever the query names of the things others ask for is an argument, or tells the kind of need."""

    codes: ClassVar = {"gate.used_up": "the query names a thing that no call carries"}

    def __init__(self) -> None:
        self._described: dict[tuple[str, str, str], frozenset[str]] = {}
        """(scenario, platform, API) -> the words by which it is described"""
        self._options: set[tuple[str, str]] = set()
        """(API, parameter) whose values are options, not things"""

    def run_sample(self, sample: CompactSample, world: World) -> Iterator[Reason]:
        """Remember how the called functions are described: their own words may be said."""
        for api, _ in sample.calls:
            key = (world.name, sample.platform, api)
            if key not in self._described and (tool := world.tools.get(key[1:])) is not None:
                words = (word.casefold() for word in _NAME_PART.findall(tool.text))
                self._described[key] = frozenset(words)
                self._options |= {(api, name) for name, schema in tool.properties.items() if "enum" in schema}
        yield from ()

    def review(self, samples: Sequence[CompactSample]) -> Iterator[tuple[str, Reason]]:
        """Name every sample whose query holds a thing that others ask for and that it does not use."""
        things = things_asked_for(samples, self._options)
        for sample in samples:
            described = [
                self._described.get((sample.scenario, sample.platform, api), frozenset())
                for api, _ in sample.calls
            ]
            known = frozenset[str]().union(*described)
            unused = [
                thing
                for thing in unused_things(sample, things.get(sample.world_key, {}))
                if not set(thing) <= known
            ]
            if unused:
                message = f"the query names {' '.join(unused[0])!r}, which no call carries"
                yield (
                    sample.id,
                    Reason(code="gate.used_up", blames="query", path="query.text", message=message),
                )


def things_asked_for(
    samples: Sequence[CompactSample], options: Collection[tuple[str, str]] = ()
) -> dict[WorldKey, Vocabulary]:
    """Scenario -> every text that a query states literally for an argument.

    Args:
        samples: of the dataset.
        options: (API, parameter) whose values are options of a list: 'brief' is none to ask for.
    """
    things: dict[WorldKey, dict[str, dict[int, set[tuple[str, ...]]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(set))
    )
    for sample in samples:
        for argument in sample.arguments:
            if (sample.calls[argument.call][0], argument.parameter) in options:
                continue
            for thing in _literal_texts(argument):
                words = _words(thing)
                if words and any(len(word) > 2 and word.isalpha() for word in words):
                    things[sample.world_key][words[0]][len(words)].add(words)
    return {
        place: {first: dict(sorted(found.items(), reverse=True)) for first, found in by_first.items()}
        for place, by_first in things.items()
    }


def unused_things(sample: CompactSample, things: Vocabulary) -> Iterator[tuple[str, ...]]:
    """The things that a query names beside the words that state its arguments or tell the kind of need."""
    text = sample.query
    spans = {argument.span for argument in sample.arguments if argument.span}
    if sample.need:
        spans.add(sample.need)
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} – {text[end:]}"
    words = _words(text, _WORD_OR_GAP)
    own = {_words(thing) for argument in sample.arguments for thing in _literal_texts(argument)}
    at = 0
    while at < len(words):
        lengths = things.get(words[at], {})
        found = next((words[at : at + n] for n in lengths if words[at : at + n] in lengths[n]), None)
        if found and found not in own:
            yield found
        at += len(found) if found else 1


def _literal_texts(argument: Argument) -> list[str]:
    """The texts of an argument that stand in the query as they are."""
    if argument.origin != "query" or not argument.words:
        return []
    value = orjson.loads(argument.value)
    said = argument.words.casefold()
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str) and text.casefold() in said]


def _words(text: str, pattern: re.Pattern[str] = _WORD) -> tuple[str, ...]:
    return tuple(word.casefold() for word in pattern.findall(text))
