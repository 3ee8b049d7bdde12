"""Checks of the query alone: is it said, is it clear, and is the platform left out (§4.3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from ...errors import names
from ...records import Intent, Reason, TaskCall
from ...texts.search import searchable_text, states_value
from ..world import Tool
from .case import Case, pair_intents
from .check import Check
from .leak.check import leak

SHORTEST, LONGEST = 8, 1200
"""Characters of a request."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def _reason(code: str, message: str, path: str = "query.text") -> Reason:
    return Reason(code=code, blames="query", path=path, message=message)


class TextCheck(Check):
    """The text has a request's length and holds no control characters."""

    phase = "query"
    codes: ClassVar = {
        "query.length": "the text is shorter or longer than a request is",
        "query.unprintable": "the text holds control characters",
    }

    def run(self, case: Case) -> Iterator[Reason]:
        """Measure the text and look for control characters."""
        text = case.query.text
        if not SHORTEST <= (length := len(text.strip())) <= LONGEST:
            yield _reason("query.length", f"got {length} characters, expected {SHORTEST} to {LONGEST}")
        if control := _CONTROL.search(text):
            yield _reason(
                "query.unprintable", f"got {control[0]!r} at {control.start()}, expected plain text"
            )


class LeakCheck(Check):
    """The text holds no value the assistant is to take from the profile, in whatever disguise."""

    phase = "query"
    codes: ClassVar = {"query.leak": "the text holds a value the assistant is to take from the profile"}

    def run(self, case: Case) -> Iterator[Reason]:
        """Search the text as `leak` does."""
        return leak(case)


class PlatformCheck(Check):
    """The text names no platform of the scenario: which one is meant must follow from the user."""

    phase = "query"
    codes: ClassVar = {"query.platform": "the text names a platform"}

    def run(self, case: Case) -> Iterator[Reason]:
        """Look for the name of every platform."""
        text = searchable_text(case.query.text)
        for platform in case.world.platforms:
            if text.find(platform):
                yield _reason("query.platform", f"the text names {platform!r}; leave the platform out")


class StatedCheck(Check):
    """Every parameter the query is to state is in its intents, and words in the text convey its value."""

    phase = "query"
    codes: ClassVar = {
        "query.intents": "the intents are not the calls of the task",
        "query.unknown_tool": "an intent names an API the platform does not have",
        "query.unknown_parameter": "an intent states a parameter the API does not have",
        "query.unstated": "a parameter the query is to state is missing from its intents",
        "query.excess": "an intent states a parameter the task leaves to the profile or out altogether",
        "query.value_invalid": "a stated value does not satisfy the API's schema",
        "query.no_words": "no words are given for a stated parameter",
        "query.words_absent": "the words given for a parameter do not stand in the text",
        "query.value_unclear": "the words given for a parameter do not convey its value",
    }

    def run(self, case: Case) -> Iterator[Reason]:
        """Compare the intents with the task, and each of them with the text."""
        calls = pair_intents(case)
        if case.guided:
            yield from _intents_are_the_task(case)
        elif not case.query.intents:
            yield _reason("query.intents", "got no intents, expected at least one", "query.intents")
        for index, (intent, call) in enumerate(zip(case.query.intents, calls, strict=True)):
            where = f"query.intents[{index}]"
            if call is not None:
                yield from _parameters_are_the_task(intent, call, where)
            yield from _intent_is_clear(case, intent, where)


def _intents_are_the_task(case: Case) -> Iterator[Reason]:
    wanted = [call.api for call in case.task.calls]
    got = [intent.api for intent in case.query.intents]
    if sorted(got) != sorted(wanted):
        yield _reason(
            "query.intents",
            f"got intents for {_count(got)}, the task asks for {_count(wanted)}",
            "query.intents",
        )


def _count(apis: Iterable[str]) -> str:
    return ", ".join(f"{api} x{number}" for api, number in sorted(Counter(apis).items())) or "nothing"


def _parameters_are_the_task(intent: Intent, call: TaskCall, where: str) -> Iterator[Reason]:
    for parameter in call.stated:
        if parameter not in intent.stated:
            yield _reason("query.unstated", f"{parameter!r} is not stated; say it", f"{where}.stated")
    for parameter in intent.stated:
        if parameter not in call.stated:
            message = (
                f"{parameter!r} is not to be stated, only {names(call.stated)}; take it out of `stated` and "
                "`phrases`, and its value out of the text"
            )
            yield _reason("query.excess", message, f"{where}.stated.{parameter}")


def _intent_is_clear(case: Case, intent: Intent, where: str) -> Iterator[Reason]:
    tool = case.world.tools.get((case.task.platform, intent.api))
    if tool is None:
        known = [api for platform, api in case.world.tools if platform == case.task.platform]
        message = f"no API {intent.api!r} on the platform; there are {names(known, intent.api)}"
        yield _reason("query.unknown_tool", message, f"{where}.api")
        return
    yield from _values_are_valid(intent, tool, where)
    words = {phrase.parameter: phrase.words for phrase in intent.phrases}
    for parameter, value in intent.stated.items():
        if parameter in tool.properties:
            schema = tool.properties[parameter]
            yield from _words_convey(
                case, words.get(parameter), value, schema, f"{where}.phrases.{parameter}"
            )


def _values_are_valid(intent: Intent, tool: Tool, where: str) -> Iterator[Reason]:
    for parameter in intent.stated:
        if parameter not in tool.properties:
            message = (
                f"{intent.api} has no parameter {parameter!r}; there are {names(tool.properties, parameter)}"
            )
            yield _reason("query.unknown_parameter", message, f"{where}.stated")
    stated = {name: value for name, value in intent.stated.items() if name in tool.properties}
    if not tool.some_arguments.is_valid(stated):
        for error in tool.some_arguments.iter_errors(stated):
            path = ".".join(map(str, error.instance_path))
            yield _reason("query.value_invalid", error.message[:300], f"{where}.stated.{path}")


def _words_convey(
    case: Case, words: str | None, value: Any, schema: dict[str, Any], where: str
) -> Iterator[Reason]:
    if words is None or not words.strip():
        yield _reason("query.no_words", f"give the words of the text that state {value!r}", where)
    elif words not in case.query.text:
        span = searchable_text(case.query.text).locate(value)
        instead = f"copy {case.query.text[slice(*span)][:200]!r}" if span else "copy the words exactly"
        yield _reason("query.words_absent", f"{words[:200]!r} does not stand in the text; {instead}", where)
    elif not states_value(words, value, schema):
        message = f"{words[:200]!r} does not say {value!r}; write the value so that it can be recognised"
        yield _reason("query.value_unclear", message, where)
