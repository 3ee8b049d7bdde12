"""The base of all records, and the type of a JSON object that a model may write as text."""

from __future__ import annotations

import json
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, WithJsonSchema


class Record(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_LONGEST_REPAIRED = 20_000
"""Characters of a text that is repaired; longer ones would take long."""


def _read_object(value: Any) -> Any:
    """Read the object a text holds; a small slip of a model, such as a missing quote, is repaired."""
    if not isinstance(value, str):
        return value
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        if (repaired := _repair(value)) is not None:
            return repaired
        raise ValueError(f"not a JSON object: {error}") from None
    try:
        _DUPLICATE_KEYS.decode(value)  # orjson lets the last of two equal keys win
    except RecursionError:
        raise ValueError("not a JSON object: it is nested too deeply") from None
    return parsed


def _refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        for key, value in pairs:
            if mapping[key] != value:
                raise ValueError(f"the key {key[:80]!r} stands twice in one object")
    return mapping


# Numbers are orjson's affair: Python refuses to read integers of thousands of digits, with another error.
_DUPLICATE_KEYS = json.JSONDecoder(object_pairs_hook=_refuse_duplicate_keys, parse_int=float)


def _repair(text: str) -> dict[str, Any] | None:
    # What does not even begin and end as an object is no slip.
    if len(text) > _LONGEST_REPAIRED or not (text.strip().startswith("{") and text.strip().endswith("}")):
        return None
    from json_repair import loads

    repaired = loads(text, skip_json_loads=True)
    return repaired if isinstance(repaired, dict) and repaired and _is_json(repaired) else None


def _is_json(value: Any) -> bool:
    # The repair also reads halves of characters and integers of any size, which JSON cannot carry further.
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def json_text(inside: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a text that holds a JSON object.

    Args:
        inside: the object's own schema, for endpoints that take free-form objects, such as `properties`.
    """
    return {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": inside,
        "description": "a JSON object, written as text",
    }


JsonObject = Annotated[
    dict[str, JsonValue],
    BeforeValidator(_read_object),
    WithJsonSchema(json_text({"additionalProperties": True}), mode="validation"),
]
"""A JSON object. Models may write it as text: strict endpoints refuse free-form objects in an output schema.
`contentMediaType` lets `ptool.models.output_schema` tell it from other texts."""

_TYPES = ["string", "integer", "number", "boolean", "array", "object"]
_OBJECT_SCHEMA = {
    "properties": {
        "type": {"const": "object"},
        "properties": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"type": {"enum": _TYPES}, "description": {"type": "string"}},
                "required": ["type", "description"],
                "additionalProperties": True,
            },
        },
        "required": {"type": "array", "items": {"type": "string"}},
        "additionalProperties": {"type": "boolean"},
    },
    "required": ["type", "properties", "required"],
    "additionalProperties": False,
}

ObjectSchema = Annotated[
    dict[str, JsonValue],
    BeforeValidator(_read_object),
    WithJsonSchema(json_text(_OBJECT_SCHEMA), mode="validation"),
]
"""A JSON Schema of type object. Only what models are told differs from `JsonObject`; any object is read."""
