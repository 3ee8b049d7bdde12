"""The schema a feature's values should satisfy, derived from the parameters it fills (§4.2).

A rule of thumb by code, not a proof: whether one value fits one parameter is checked where it is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

Schema = dict[str, Any]
BOUNDS = (("minimum", max), ("maximum", min), ("minLength", max), ("maxLength", min))


def value_schema(schemas: Sequence[Schema]) -> Schema:
    """What most of the parameters agree on.

    The most common type; of the parameters of that type the most common format, the values all their enums
    allow, the tightest bounds, and for arrays the same of their items. Objects: the most common schema whole.

    Args:
        schemas: the parameters' JSON Schemas, references written out, in the tree's order (breaks ties).

    Returns:
        A JSON Schema; {} where nothing is known, as for platform characteristics.
    """
    kind = _most_common([_type(one) for one in schemas if _type(one)])
    alike = [one for one in schemas if _type(one) == kind]
    if kind is None:
        return {}
    if kind == "object":
        return orjson.loads(_most_common([orjson.dumps(one) for one in alike]) or b"{}")
    form = _most_common([one["format"] for one in alike if isinstance(one.get("format"), str)])
    items = [one["items"] for one in alike if isinstance(one.get("items"), dict)] if kind == "array" else []
    schema = {"type": kind, "format": form, "enum": _shared_enum(alike), "items": value_schema(items)}
    return {key: value for key, value in schema.items() if value} | _bounds(alike)


def _type(schema: Schema) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((one for one in kind if one != "null"), None)
    if kind is None and isinstance(schema.get("enum"), list):
        return "string" if all(isinstance(one, str) for one in schema["enum"]) else None
    return kind if isinstance(kind, str) else None


def _most_common(found: Sequence[Any]) -> Any:
    return Counter(found).most_common(1)[0][0] if found else None


def _shared_enum(schemas: Sequence[Schema]) -> list[Any]:
    first, *others = [one["enum"] for one in schemas if isinstance(one.get("enum"), list)] or [[]]
    return [value for value in first if all(value in other for other in others)]


def _bounds(schemas: Sequence[Schema]) -> Schema:
    found = {key: [one[key] for one in schemas if _is_number(one.get(key))] for key, _ in BOUNDS}
    bounds = {key: tightest(found[key]) for key, tightest in BOUNDS if found[key]}
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength")):
        if low in bounds and high in bounds and bounds[low] > bounds[high]:
            del bounds[low], bounds[high]
    return bounds


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
