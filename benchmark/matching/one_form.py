"""Names and values of an answer and of its gold in one form, before they are compared.

Names (platforms, functions, parameters) are compared in Unicode's NFKC form, which is what Python makes of an
identifier: the micro sign of `dose_µg` and the Greek letter are one name, in every answer format. Values are
compared in NFC: an é is an é however it is composed, but ² is not 2. Values written without a type
(`UntypedText`) get the type their schema declares. It knows forms, not which answer is right.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from unicodedata import normalize

from ..items import GoldCall, Item, PredictedCall, Prediction, UntypedText
from .values import subschema

_MAX_VALUE = 16_384


def in_one_form(item: Item, prediction: Prediction) -> tuple[Item, Prediction]:
    """Both with names in NFKC and texts in NFC; the same objects where there is nothing to change."""
    if not _is_plain(prediction.calls) or not _is_ascii(prediction.platform):
        calls = tuple([PredictedCall(_name(c.name), _arguments(c.arguments)) for c in prediction.calls])
        prediction = replace(prediction, platform=_name(prediction.platform), calls=calls)
    golds = item.calls
    if not _is_plain(golds) or not _is_ascii(item.platform):
        item = replace(
            item,
            platform=_name(item.platform),
            calls=tuple([_gold(call) for call in golds]),
            tools=_tools(item.tools, {call.name for call in golds}),
        )
    return item, prediction


def with_types(item: Item, prediction: Prediction) -> Prediction:
    """The prediction with every untyped value as its function's schema declares it."""
    if not any(type(value) is UntypedText for call in prediction.calls for value in call.arguments.values()):
        return prediction
    calls = []
    for call in prediction.calls:
        properties = subschema(subschema(item.tools.get(call.name), "parameters"), "properties")
        arguments = {name: _typed(value, properties.get(name)) for name, value in call.arguments.items()}
        calls.append(PredictedCall(call.name, arguments))
    return replace(prediction, calls=tuple(calls))


def _typed(value: Any, schema: Any) -> Any:
    declared = schema.get("type") if isinstance(schema, Mapping) else None
    if type(value) is not UntypedText:
        return value
    text = str(value)
    if declared == "string" or len(text) > _MAX_VALUE:
        return text
    if declared == "boolean" and text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    for read in (json.loads, ast.literal_eval) if text.strip()[:1] in ("[", "{") else (json.loads,):
        try:
            typed = read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        return text if isinstance(typed, str) and declared is None else typed
    return text


def _is_plain(calls: tuple[GoldCall, ...] | tuple[PredictedCall, ...]) -> bool:
    """Whether calls hold nothing but ASCII."""
    for call in calls:
        values = call.accepted if isinstance(call, GoldCall) else call.arguments
        if not call.name.isascii():
            return False
        for name, value in values.items():
            if not _is_ascii(name) or not _is_ascii(value):
                return False
    return True


def _is_ascii(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii()
    if isinstance(value, list | tuple):
        return all(map(_is_ascii, value))
    if isinstance(value, dict):
        return all(_is_ascii(key) and _is_ascii(element) for key, element in value.items())
    return True


def _name(name: Any) -> Any:
    return normalize("NFKC", name) if isinstance(name, str) else name


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return normalize("NFC", value)
    if isinstance(value, list | tuple):
        return type(value)([_value(element) for element in value])
    if isinstance(value, dict):
        return {_value(key): _value(element) for key, element in value.items()}
    return value


def _arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Names and values in one form; where two names have one form, as they are: neither is lost."""
    changed = {_name(name): _value(value) for name, value in arguments.items()}
    return changed if len(changed) == len(arguments) else dict(arguments)


def _gold(call: GoldCall) -> GoldCall:
    return GoldCall(
        _name(call.name),
        _arguments(call.accepted),
        {_name(name): origin for name, origin in call.origins.items()},
        call.published,
        frozenset(map(_name, call.optional)),
    )


def _tools(tools: Mapping[str, Any], needed: set[str]) -> dict[str, Any]:
    """The schemas of the functions that are called, their names in one form."""
    changed = dict(tools)
    for name in needed & tools.keys():
        schema = tools[name]
        properties = subschema(subschema(schema, "parameters"), "properties")
        parameters = {
            **subschema(schema, "parameters"),
            "properties": {_name(key): part for key, part in properties.items()},
        }
        changed[_name(name)] = {**schema, "parameters": parameters}
    return changed
