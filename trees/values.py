"""Values that a model wrote, brought into the form their schema wants where there is no doubt how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from .naming import near_name
from .retry import Mended

_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?")
_YES, _NO = ("yes", "true"), ("no", "false")
_CACHED = 1024


def nearest_value(value: Any, schema: Mapping[str, Any], mended: Mended) -> Any:
    """The value, or what it was meant to be; as it is where that is not clear.

    Args: schema: of a feature, made of what its parameters agree on.
    """
    if fits(value, schema):
        return value
    meant = _meant(value, schema)
    if meant is None or not fits(meant, schema):
        return value
    mended["value_form"] += 1
    return meant


def _meant(value: Any, schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if "enum" in schema and isinstance(value, str):
        return near_name(value, [each for each in schema["enum"] if isinstance(each, str)])
    if kind in ("integer", "number") and isinstance(value, str) and (found := _NUMBER.search(value)):
        return int(float(found[0])) if kind == "integer" else float(found[0])
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "boolean" and isinstance(value, str) and value.strip().lower() in (*_YES, *_NO):
        return value.strip().lower() in _YES
    if kind == "array" and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if kind == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if kind == "string" and isinstance(value, str) and "maxLength" in schema:
        return value[: schema["maxLength"]].rstrip(" ,;.")
    return None


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value satisfies a schema, formats included."""
    try:
        return _validator(orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)).is_valid(value)
    except (TypeError, ValueError):  # a value or a schema that is no JSON: others object to it
        return True


@lru_cache(maxsize=_CACHED)
def _validator(schema: bytes) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(orjson.loads(schema), validate_formats=True)
