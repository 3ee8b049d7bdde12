"""Whether a query is used up, and its values fit each other and the person: dates in order, a vegan's no ham.

A model trained on queries whose words nobody carries learns to drop what was said. Here is what code can see
in a single query; what other samples tell of the words of a scenario is for the gate `used_up`. Neither knows
whether a word that nothing accounts for names a thing: `unexplained_words` are left for a judge to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, ClassVar

from ...records import Query, Reason
from ...texts.similar_words import root
from ...texts.word_lists import SMALL_WORDS
from ..world import Tool, World
from .case import Case
from .check import Check

_VALUE = re.compile(r"\"[^\"]+\"|“[^”]+”|[\w:/.-]*\d(?:[\w:/.-]*\w)?|(?<=[a-z,;] )[A-Z]\w+(?: [A-Z]\w+)*")
"""What a tool would take as a value: a quotation, something with a digit, a name inside of a sentence."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CONTENT_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHOWN = 100
MOST_UNEXPLAINED = 24
"""Words of a query shown as unexplained, each of at most 40 characters."""
_LONGEST_WORD = 40
_NEGATED_BEFORE = re.compile(
    r"\b(?:no|not|nor|never|without|except|instead of|rather than|free (?:of|from)|allerg\w+ to|avoid\w*"
    r"|leave (?:out|off)|hold|skip)(?: (?:any|the|an?|my|all))*(?: [\w'’-]+,? (?:or|and|nor))*\s+\Z",
    re.IGNORECASE,
)
_NEGATED_BEHIND = re.compile(r"[ -]free\b", re.IGNORECASE)
_BEFORE = 60
"""Characters before a word in which it may be negated."""


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


class ConflictsCheck(Check):
    """The text names nothing that contradicts a fact about who asks, as far as the scenario knows of such."""

    phase = "query"
    codes: ClassVar = {"query.contradicts": "the text names what contradicts a fact of the profile"}

    def run(self, case: Case) -> Iterator[Reason]:
        """Look for the words of the conflicts that concern the person."""
        for message in contradictions(case.query.text, case.world, case.task.user_id):
            yield Reason(code="query.contradicts", blames="query", path="query.text", message=message)


def contradictions(text: str, world: World, user: str) -> Iterator[str]:
    """Say what a text names that contradicts a fact about a user, each word once.

    What is excluded is not named ("without ham", "egg-free"), nor what is of a kind that does not conflict:
    "vegan ham" is no ham, "lactose-free milk" no milk.
    """
    pattern = world.conflict_pattern(user)
    seen: set[str] = set()
    for match in pattern.finditer(text) if pattern else ():
        word = match["word"].casefold()
        if word in seen or _is_excluded(text, match) or _has_label(text[: match.start()], word, world):
            continue
        seen.add(word)
        basic: dict[str, Any] = world.profile(user).basic
        conflict = next(found for found in world.conflicts_of[word] if found.concerns(basic))
        yield (
            f"{match[0][:_SHOWN]!r} contradicts {conflict.feature} {conflict.value!r}; name what such a "
            "person would"
        )


def _is_excluded(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    return bool(_NEGATED_BEFORE.search(before) or _NEGATED_BEHIND.match(text, match.end()))


def _has_label(before: str, word: str, world: World) -> bool:
    """Whether the value of a conflict with the word stands right before it: 'vegan ', 'lactose-free '."""
    before = before[-_BEFORE:].casefold().rstrip(" ")
    labels = (conflict.value.casefold() for conflict in world.conflicts_of[word])
    return any(before.endswith((label, f"{label}-free")) for label in labels)


def unexplained_words(query: Query, tools: Iterable[Tool]) -> tuple[str, ...]:
    """Words of a query that nothing accounts for by code: what is left for a judge to decide.

    They stand in no intent, not in the words for the need, not in how the called functions are described,
    and are no function words or small talk. Whether they name a thing that should be an argument ("track the
    parcel with the zoom lens") or nothing at all ("it is pouring outside") code does not know.

    Args:
        query: its text may be anything.
        tools: what its intents call.

    Returns:
        In the text's order, in one case, each once; at most `MOST_UNEXPLAINED`.
    """
    said = [phrase.words for intent in query.intents for phrase in intent.phrases]
    stated = [str(value) for intent in query.intents for value in intent.stated.values()]
    known = {
        root(word)
        for text in (*said, *stated, query.need, *(tool.text for tool in tools))
        for pattern in (_CONTENT_WORD, _WORD)  # as it is written, and the parts of camelCase
        for word in pattern.findall(text)
    }
    found: dict[str, None] = {}
    for match in _CONTENT_WORD.finditer(query.text):
        word = match[0].casefold().replace("’", "'")
        if len(found) == MOST_UNEXPLAINED:
            break
        if word not in SMALL_WORDS and root(word) not in known:
            found.setdefault(word[:_LONGEST_WORD])
    return tuple(found)


def called_tools(world: World, platform: str, query: Query) -> list[Tool]:
    """The functions that a query's intents call, as far as the platform has them."""
    tools = (world.tools.get((platform, intent.api)) for intent in query.intents)
    return [tool for tool in tools if tool is not None]


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
    tools = called_tools(case.world, case.task.platform, case.query)
    return frozenset[str]().union(*(_words(tool.text) for tool in tools))


@lru_cache(maxsize=4_096)
def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text))
