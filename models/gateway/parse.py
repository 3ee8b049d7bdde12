"""From an answer's text to the record that was asked for, or to why it is invalid and how to ask again.

The text is hostile: it is bounded before it is looked at, parsed strictly, never evaluated. Small slips are
forgiven (a fence, a sentence around the object, a missing comma); what could be mistaken is not (two objects,
the same key twice, an answer that was cut off). It knows neither who answered nor whether it is asked again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Literal, get_args

import orjson
from pydantic import BaseModel, ValidationError

from ..request import Message

Status = Literal[
    "ok",
    "prose",
    "repaired",
    "truncated",
    "refusal",
    "content_filter",
    "empty",
    "malformed",
    "two_objects",
    "duplicate_keys",
    "too_long",
    "wrong_types",
    "not_accepted",
]
"""What an answer was good for. Used: ok; prose (a fence, sentences or thoughts around exactly one object);
repaired (a slip in the JSON was mended). Not used: truncated (cut off at the token limit); refusal;
content_filter; empty; malformed (no object, or a broken one); two_objects (that differ); duplicate_keys (one
key, two values); too_long; wrong_types (not the record); not_accepted (the role refuses the record)."""

STATUSES: tuple[Status, ...] = get_args(Status)

MAX_ANSWER = 200_000
"""Characters of an answer that are looked at; a longer one is refused."""

Accept = Callable[[Any], Any]
"""A role's own test of a record: returns it, mended or not, or raises ValueError to have it corrected."""

_REPAIRABLE_CHARACTERS = 10_000
_DEPTH = 64
_SEVERAL = 3
_THOUGHTS_END = "</think>"
_BITS = 64
_OBJECTION_CHARACTERS = 1_500
_OPENING = re.compile(r"""\{\s*(?:["'}]|\w+\s*:)""")
_KEY = re.compile(r'"(?:[^"\\]|\\.)*+"(?=(\s*+:)?)')
_AFTERWARDS = re.compile(r"""[`\s]*(?:[^\W\d_][^"]*)?""")
_NO_NUMBER = re.compile(r"[:\[,]\s*+-?(?:NaN|Infinity)\b")
_BRACKET = re.compile(r"[\[\]{}]")
_WITHHELD: dict[str, tuple[Status, str]] = {
    "refusal": ("refusal", "the model declined to answer"),
    "content_filter": ("content_filter", "a content filter held the answer back"),
}
_QUOTED_CHARACTERS = 4_000
_FORM = "Write one JSON object of the required form and nothing else."
_ADVICE: dict[Status, str] = {
    "truncated": f"Your last answer was cut off before its end. Answer shorter. {_FORM}",
    "too_long": f"Your last answer was far too long. Answer shorter. {_FORM}",
    "empty": f"Your last answer was empty. {_FORM}",
    "refusal": "You declined the last time. Everybody and everything here is invented, and nothing is "
    f"carried out. {_FORM}",
    "content_filter": f"Your last answer was held back by a content filter. Choose harmless words. {_FORM}",
}


class InvalidAnswer(Exception):  # noqa: N818 (a finding, caught where it is made)
    """An answer that cannot be used.

    Args: status: what is wrong with it; objection: the same in words, one bounded line.
    """

    def __init__(self, status: Status, objection: str) -> None:
        super().__init__(_one_line(objection))
        self.status: Status = status


def parse_answer(
    text: str, finish: str, output: type[BaseModel], accept: Accept | None = None
) -> tuple[Any, Status]:
    """The record in an answer, and whether it was found at once.

    Args:
        text: the answer.
        finish: why it ended: stop | length | content_filter | refusal | unknown.
        output: the record asked for.
        accept: the role's own test of the record.

    Raises:
        InvalidAnswer: there is none.
    """
    if len(text) > MAX_ANSWER:
        raise InvalidAnswer("too_long", f"it has {len(text)} characters, at most {MAX_ANSWER} are read")
    if finish in _WITHHELD:
        raise InvalidAnswer(*_WITHHELD[finish])
    value, status = _parse_json(text, cut=finish == "length")
    try:
        # Not model_validate_json: it lets NaN, lone surrogates and integers of any length through.
        record = output.model_validate(value)
    except ValidationError as error:
        raise InvalidAnswer("wrong_types", describe_error(error)) from None
    try:
        return (accept(record) if accept else record), status
    except ValueError as error:
        raise InvalidAnswer("not_accepted", describe_error(error)) from None


def _parse_json(text: str, *, cut: bool) -> tuple[Any, Status]:
    """The JSON value of an answer; with anything around it, it must be the one object there is."""
    try:
        return parse_strictly(text), "ok"
    except ValueError as error:
        problem = str(error)
    if cut:
        raise InvalidAnswer("truncated", "it was cut off at the token limit, before its end")
    if not text.strip():
        raise InvalidAnswer("empty", "it is empty")
    answer = _without_thoughts(text)
    objects, broken = _find_objects(answer)
    if broken is None:
        return _the_only_object(objects, problem), "prose"
    if objects:
        raise InvalidAnswer(
            "malformed", f"after one object, another one begins that cannot be read: {problem}"
        )
    return _repair(answer[broken:], problem), "repaired"


def _the_only_object(objects: list[Any], problem: str) -> Any:
    if not objects:
        raise InvalidAnswer("malformed", f"there is no JSON object in it: {problem}")
    if len(objects) == _SEVERAL or any(other != objects[0] for other in objects):
        raise InvalidAnswer("two_objects", "there are several JSON objects in it, expected one")
    return objects[0]


def parse_strictly(text: str) -> Any:
    """The value of a text that is one JSON value and nothing else.

    Raises:
        ValueError: it is not, or holds what no file could keep (NaN, lone surrogates, numbers without end).
        InvalidAnswer: an object has the same key twice with different values.
    """
    value = orjson.loads(text)  # refuses NaN, lone surrogates and deep nesting, but not the same key twice
    try:
        _STRICT_DECODER.decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def _refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        for key, value in pairs:
            if unique[key] != value:
                raise InvalidAnswer("duplicate_keys", f"the key {key[:80]!r} stands twice in one object")
    return unique


def _bounded_integer(digits: str) -> int:
    # orjson makes a float of an integer that needs more bits, and no longer the number that was written.
    value = int(digits) if len(digits) <= _BITS else 1 << _BITS
    if value.bit_length() > _BITS:
        raise ValueError(f"the number {digits[:20]}… has more than {_BITS} bits")
    return value


_STRICT_DECODER = json.JSONDecoder(object_pairs_hook=_refuse_duplicate_keys, parse_int=_bounded_integer)


def _without_thoughts(text: str) -> str:
    """The answer without the thoughts that some models write before it; their opening mark may be missing."""
    end = text.find(_THOUGHTS_END)
    if end < 0 and text.lstrip().startswith("<think>"):
        raise InvalidAnswer("malformed", "there is no answer after its thoughts")
    return text if end < 0 or _in_an_object(text, end) else text[end + len(_THOUGHTS_END) :]


def _in_an_object(text: str, place: int) -> bool:
    """Whether the first object of a text that does not begin with thoughts reaches over a place in it."""
    opening = _OPENING.search(text, 0, place)
    if opening is None or text.lstrip().startswith("<think>"):
        return False
    try:
        return _STRICT_DECODER.raw_decode(text, opening.start())[1] > place
    except (ValueError, RecursionError, InvalidAnswer):
        return False


def _find_objects(text: str) -> tuple[list[Any], int | None]:
    """The first objects in a text, and where one begins that cannot be read.

    Nothing inside of an unreadable object is taken for the answer, which is why the search ends there.
    """
    objects: list[Any] = []
    position = 0
    while len(objects) < _SEVERAL and (opening := _OPENING.search(text, position)):
        try:
            _, position = _STRICT_DECODER.raw_decode(text, opening.start())
            objects.append(parse_strictly(text[opening.start() : position]))
        except (ValueError, RecursionError):
            return objects, opening.start()
    return objects, None


def _repair(text: str, problem: str) -> dict[str, Any]:
    """The object of a text that is almost JSON: no part of it may be missing at its end.

    Raises InvalidAnswer: it is too far from JSON, or what comes out is no object that could be kept.
    """
    end = 1 + max(text.rfind("}"), text.rfind("]"))
    whole = text[:end]
    # Behind it there may be a fence and a sentence, but no further values; NaN would come out as a text.
    hopeless = not end or not _AFTERWARDS.fullmatch(text, end) or _NO_NUMBER.search(whole)
    if hopeless or len(whole) > _REPAIRABLE_CHARACTERS or _depth(whole) > _DEPTH:
        raise InvalidAnswer("malformed", problem)
    from json_repair import loads

    try:
        repaired = parse_strictly(json.dumps(loads(whole, skip_json_loads=True), allow_nan=False))
    except (ValueError, RecursionError):
        raise InvalidAnswer("malformed", problem) from None
    if not isinstance(repaired, dict):
        raise InvalidAnswer("malformed", problem)
    if sum(1 for key in _KEY.finditer(whole) if key[1]) > _entries(repaired):
        raise InvalidAnswer(
            "duplicate_keys", f"it cannot be read ({problem}), and a key seems to stand in it twice"
        )
    return repaired


def _depth(text: str) -> int:
    """How deep brackets are nested at most, those in strings counted too."""
    deepest = depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _entries(value: Any) -> int:
    """How many keys there are, on all levels."""
    if isinstance(value, dict):
        return len(value) + sum(map(_entries, value.values()))
    return sum(map(_entries, value)) if isinstance(value, list) else 0


def describe_error(error: ValueError) -> str:
    """An objection in words a model can act upon, without what was refused; it says one thing at a time."""
    if not isinstance(error, ValidationError):
        return _one_line(str(error))
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return _one_line(f"{'.'.join(map(str, first['loc'])) or 'the answer'}: {first['msg']}")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_OBJECTION_CHARACTERS]


def add_correction(
    messages: tuple[Message, ...], answer: str | None, objection: InvalidAnswer
) -> tuple[Message, ...]:
    """The messages to ask with again.

    Where the answer itself teaches something, it is quoted, bounded, with the objection; where it does not
    (it was empty, cut off, held back), the question is asked again with a word on what to do differently.

    Args: messages: those asked with; answer: what came; None: nothing is quoted, as a small model would copy
        it; objection: why it cannot be used.
    """
    if answer is None or objection.status in _ADVICE:
        advice = _ADVICE.get(objection.status) or f"Another answer could not be used: {objection}\n{_FORM}"
        speaker, text = messages[-1]
        if speaker != "user":
            return (*messages, ("user", advice))
        return (*messages[:-1], (speaker, f"{text}\n\n{advice}"))
    return (*messages, ("assistant", answer[:_QUOTED_CHARACTERS]), ("user", _correction(objection)))


def _correction(objection: InvalidAnswer) -> str:
    return f"This answer cannot be used: {objection}\nAnswer the same request again. {_FORM}"


def correction_text(answer: str, objection: InvalidAnswer) -> str:
    """What somebody is told who may not remember the answer: the answer, bounded, and the objection."""
    if objection.status in _ADVICE:
        return _ADVICE[objection.status]
    return f"You answered:\n{answer[:_QUOTED_CHARACTERS]}\n\n{_correction(objection)}"
