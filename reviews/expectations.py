"""What a field expects and what it got, in words for the person who fills it in.

`got 1.5, expected a whole number, such as 3`. Schemas are foreign: whatever stands in them, there are words.
It knows no form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ..environments.world import Tool
from ..errors import names, printable
from ..records import Call
from .records import FieldError

_SHOWN = 80
"""Characters of what was got that are repeated."""
_MOST = 40
"""Options, or names of properties, that are listed."""
_TYPES = {
    "string": "a text",
    "integer": "a whole number, such as 3",
    "number": "a number, such as 2.5",
    "boolean": "true or false",
    "null": "null",
    "array": 'a list, such as ["one", "two"]',
    "object": 'an object, such as {"name": "value"}',
}
_FORMATS = {
    "date": "a date, such as 2026-11-29",
    "date-time": "a date and time, such as 2026-11-29T14:00:00Z",
    "time": "a time, such as 14:00:00Z",
    "email": "an e-mail address, such as ada@example.org",
    "uri": "a link, such as https://example.org/",
}
_LIMITS = {
    "minimum": ">= {}",
    "exclusiveMinimum": "> {}",
    "maximum": "<= {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "a multiple of {}",
    "minLength": "of at least {} characters",
    "maxLength": "of at most {} characters",
    "pattern": "like {}",
    "minItems": "of at least {} items",
    "maxItems": "of at most {} items",
    "uniqueItems": "without repetitions",
}


def expected_of(schema: Any) -> str:
    """A schema in words: `a whole number, such as 3, >= 1`, `one of stock, returns`."""
    schema = schema if isinstance(schema, Mapping) else {}
    if isinstance(options := schema.get("enum"), list):
        more = f" and {len(options) - _MOST} more" if len(options) > _MOST else ""
        return f"one of {', '.join(map(_option, options[:_MOST]))}{more}"
    if "const" in schema:
        return _option(schema["const"])
    for word in ("anyOf", "oneOf"):
        if isinstance(options := schema.get(word), list):
            return " or ".join(map(expected_of, options[:_MOST])) or "a value"
    return ", ".join([_kind(schema), *_limits(schema)])


def _option(value: Any) -> str:
    """A value as one types it: a text without quotes, anything else as JSON, integers of any size too."""
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) or '""'


def _kind(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type")
    if isinstance(kinds, list):
        known = (kind for kind in kinds[:_MOST] if isinstance(kind, str))
        return " or ".join(_kind({**schema, "type": kind}) for kind in known) or "a value"
    items = schema.get("items")
    if kinds == "array" and isinstance(items, Mapping) and items.get("type") != "string":
        return f"a list in [ ], each {expected_of(items)}"
    if kinds == "object" and isinstance(properties := schema.get("properties"), Mapping) and properties:
        listed = ", ".join(f"{_option(name)}: …" for name in list(properties)[:_MOST])
        return f"an object, {{{listed}}}"
    if kinds == "string" and isinstance(form := schema.get("format"), str):
        return _FORMATS.get(form, f"a text of the format {form}")
    return _TYPES.get(kinds, "a value") if isinstance(kinds, str) else "a value"


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    for word, text in _LIMITS.items():
        if isinstance(limit := schema.get(word), int | float | str) and limit is not False:
            yield text.format(limit)


def argument_errors(call: Call, tool: Tool, path: str) -> Iterator[FieldError]:
    """What is wrong with the arguments of a call, each with the path of the value it is about.

    Args: path: of the arguments, 'calls[0].arguments'.
    """
    unknown = [name for name in call.arguments if name not in tool.properties]
    for name in unknown:
        there = names(tool.properties, name[:100])
        message = f"got a parameter that {call.api} has not, expected one of {there}"
        yield field_error(f"{path}.{name}", message)
    if tool.arguments.is_valid(call.arguments):
        return
    seen: set[str] = set()
    for error in tool.arguments.iter_errors(call.arguments):
        steps: list[str | int] = list(error.instance_path)
        if error.kind.name == "required":
            steps.append(error.kind.property)  # type: ignore[attr-defined]
        elif error.kind.name in ("additionalProperties", "unevaluatedProperties") and not steps:
            continue
        where = path + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
        if where in seen:
            continue
        seen.add(where)
        missing = error.kind.name == "required"
        got = "nothing" if missing else shown_value(error.instance)
        schema = _schema_at(tool.api.parameters, steps)
        expected = expected_of(schema) if schema else error.message
        yield field_error(where, f"got {got}, expected {expected}{'; it is required' if missing else ''}")


def shown_value(value: Any) -> str:
    """What was got, bounded and on one line, a text in quotes."""
    return printable(repr(value) if isinstance(value, str) else _option(value), _SHOWN)


def _schema_at(schema: Any, steps: Sequence[str | int]) -> Any:
    """The schema of a part of a value; empty where it says nothing of it by itself."""
    for step in steps:
        found = schema.get("items" if isinstance(step, int) else "properties") if schema else None
        schema = found.get(step) if isinstance(step, str) and isinstance(found, Mapping) else found
        if not isinstance(schema, Mapping):
            return {}
    return schema


def record_errors(error: ValidationError) -> Iterator[FieldError]:
    """What a record of reviews objects to, field by field: too many calls, a text too long."""
    for fault in error.errors(include_url=False):
        steps = [step for step in fault["loc"] if step not in _AROUND]
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        context = fault.get("ctx", {})
        got = printable(repr(fault["input"]), _SHOWN)
        expected = fault["msg"].removeprefix("Input should be ").partition(", unable")[0]
        match fault["type"]:
            case "missing":
                got, expected = "nothing", "something"
            case "string_too_long":
                got = f"{len(fault['input']):,} characters"
                expected = f"at most {context['max_length']:,}"
            case "too_long":
                got = f"{len(fault['input']):,} of them"
                expected = f"at most {context['max_length']:,}"
        yield field_error(path or "review", f"got {got}, expected {expected}")


_AROUND = ("content", "correction", "criteria", "CriteriaReview", "OriginReview", "Adjudication")
"""Steps of a place in a record that no field on a page or in a sheet is named after."""


def field_error(path: str, message: str, *, wants_words: bool = False) -> FieldError:
    """What is wrong with a field, bounded and on one line."""
    return FieldError(path=path[:300], message=" ".join(message.split())[:600], wants_words=wants_words)
