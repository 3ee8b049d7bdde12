"""Whether a query is used up and its values fit each other: nothing named in vain, dates in order.

A model trained on queries whose words nobody carries learns to drop what was said. Here is what code can see
in a single query; what other samples tell of the words of a scenario is for the gate `used_up`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from ...records import Reason
from .case import Case
from .check import Check

_VALUE = re.compile(r"\"[^\"]+\"|“[^”]+”|[\w:/.-]*\d(?:[\w:/.-]*\w)?|(?<=[a-z,;] )[A-Z]\w+(?: [A-Z]\w+)*")
"""What a tool would take as a value: a quotation, something with a digit, a name inside of a sentence."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SHOWN = 100


class UsedUpCheck(Check):
    """Every value that the text names is stated by an intent, or tells the kind of need."""

    phase = "query"
    codes: ClassVar = {
        "query.unused": "the text names a value that no call carries",
        "query.need_absent": "the words given for the need do not stand in the text",
    }

    def run(self, case: Case) -> Iterator[Reason]:
        """Cut out what intents and need account for, and look for values in what is left."""
        text, need = case.query.text, case.query.need
        if need and need not in text:
            message = f"{need[:_SHOWN]!r} does not stand in the text; copy the words exactly"
            yield Reason(code="query.need_absent", blames="query", path="query.need", message=message)
        rest = without_carried_words(case)
        known = _words_of_tools(case)
        for match in _VALUE.finditer(rest):
            if not {word.casefold() for word in _WORD.findall(match[0])} <= known:
                yield Reason(
                    code="query.unused",
                    blames="query",
                    path="query.text",
                    message=f"the text names {match[0][:_SHOWN]!r}, which no call carries; leave it out",
                )


class OrderCheck(Check):
    """What an API wants in order is in order: the first day before the last, the lower price first."""

    phase = "query"
    codes: ClassVar = {"query.order": "two stated values are not in the order that the API wants"}

    def run(self, case: Case) -> Iterator[Reason]:
        """Compare the pairs that the API names (`x-ordered`) wherever both are stated."""
        for index, intent in enumerate(case.query.intents):
            tool = case.world.tools.get((case.task.platform, intent.api))
            for first, second in tool.api.ordered() if tool else ():
                earlier, later = intent.stated.get(first), intent.stated.get(second)
                comparable = type(earlier) is type(later) and isinstance(earlier, str | int | float)
                if comparable and not earlier < later:  # type: ignore[operator]
                    yield Reason(
                        code="query.order",
                        blames="query",
                        path=f"query.intents[{index}].stated.{second}",
                        message=f"{first} is {earlier!r}, {second} {later!r}; the first has to come first",
                    )


def without_carried_words(case: Case) -> str:
    """The query's text with the words that state a value, or tell the kind of need, replaced by a dash."""
    carried = [phrase.words for intent in case.query.intents for phrase in intent.phrases]
    rest = case.query.text
    for words in sorted((*carried, case.query.need), key=len, reverse=True):
        if words.strip():
            rest = rest.replace(words, "–")
    return rest


def _words_of_tools(case: Case) -> frozenset[str]:
    """Words by which the called functions are described: they may be said."""
    tools = (case.world.tools.get((case.task.platform, intent.api)) for intent in case.query.intents)
    return frozenset(word.casefold() for tool in tools if tool for word in _WORD.findall(tool.text))
