"""What every record shares: frozen, nothing extra, and JSON objects that models may write as text."""

from __future__ import annotations

import json
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, WithJsonSchema

_MENDED_CHARACTERS = 20_000


class Record(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _object_from_text(value: Any) -> Any:
    """The object a text holds; a small model's slips (a quote too few, a comma too many) are mended."""
    if not isinstance(value, str):
        return value
    try:
        made = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        if (mended := _mended(value)) is not None:
            return mended
        raise ValueError(f"not a JSON object: {error}") from None
    try:
        _WATCHFUL.decode(value)  # orjson lets the last of two equal keys win
    except RecursionError:
        raise ValueError("not a JSON object: it is nested too deeply") from None
    return made


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        for key, value in pairs:
            if made[key] != value:
                raise ValueError(f"the key {key[:80]!r} stands twice in one object")
    return made


# Numbers are orjson's affair: Python refuses to read integers of thousands of digits, with another error.
_WATCHFUL = json.JSONDecoder(object_pairs_hook=_without_twins, parse_int=float)


def _mended(text: str) -> dict[str, Any] | None:
    # Whatever does not even begin and end as an object is no slip, and long texts would take long.
    if len(text) > _MENDED_CHARACTERS or not (text.strip().startswith("{") and text.strip().endswith("}")):
        return None
    from json_repair import loads

    found = loads(text, skip_json_loads=True)
    return found if isinstance(found, dict) and found and _can_be_written(found) else None


def _can_be_written(value: Any) -> bool:
    # The mender also reads halves of characters and integers of any size, which JSON cannot carry further.
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def json_text(inside: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a text that holds a JSON object.

    Args: inside: what endpoints that take objects as they are will be told of it, such as `properties`.
    """
    return {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": inside,
        "description": "a JSON object, written as text",
    }


JsonObject = Annotated[
    dict[str, JsonValue],
    BeforeValidator(_object_from_text),
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
    BeforeValidator(_object_from_text),
    WithJsonSchema(json_text(_OBJECT_SCHEMA), mode="validation"),
]
"""A JSON Schema of type object. Only what models are told differs from `JsonObject`; any object is read."""
