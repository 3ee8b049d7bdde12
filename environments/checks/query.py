"""Checks of the query alone: is it said, is it clear, and is the platform left out (§4.3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from ...errors import names
from ...records import Intent, Reason, TaskCall
from ..text_search import conveys, wording
from ..world import Tool
from .case import Case, pair_intents

SHORTEST, LONGEST = 8, 1200
"""Characters of a request."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def _reason(code: str, message: str, path: str = "query.text") -> Reason:
    check = {"query.length": "text", "query.unprintable": "text", "query.platform": "platform_named"}
    source = check.get(code, "stated")
    return Reason(code=code, blames="query", path=path, message=message, source=source)


def text(case: Case) -> Iterator[Reason]:
    """The text has a request's length and holds no control characters."""
    said = case.query.text
    if not SHORTEST <= len(said.strip()) <= LONGEST:
        yield _reason("query.length", f"got {len(said.strip())} characters, expected {SHORTEST} to {LONGEST}")
    if found := _CONTROL.search(said):
        yield _reason("query.unprintable", f"got {found[0]!r} at {found.start()}, expected plain text")


def stated(case: Case) -> Iterator[Reason]:
    """Every parameter the query is to state is in its intents, and words in the text convey its value."""
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
    if got != wanted and sorted(got) != sorted(wanted):
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
        span = wording(case.query.text).locate(value)
        instead = f"copy {case.query.text[slice(*span)][:200]!r}" if span else "copy the words exactly"
        yield _reason("query.words_absent", f"{words[:200]!r} does not stand in the text; {instead}", where)
    elif not conveys(words, value, schema):
        message = f"{words[:200]!r} does not say {value!r}; write the value so that it can be recognised"
        yield _reason("query.value_unclear", message, where)


def platform_named(case: Case) -> Iterable[Reason]:
    """The text names no platform of the scenario: which one is meant must follow from the user."""
    said = wording(case.query.text)
    for platform in case.world.platforms:
        if said.find(platform):
            yield _reason("query.platform", f"the text names {platform!r}; leave the platform out")
