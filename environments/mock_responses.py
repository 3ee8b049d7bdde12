"""Mock responses: values that conform to a JSON Schema, made from a hash instead of a random generator.

It covers what tool schemas use: types, enum, const, default, bounds, lengths, formats, items, properties,
local `$ref`, and the first branch of anyOf, oneOf and allOf. What it cannot satisfy (a `pattern`, a `not`) is
for the caller to find by validating.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import orjson

Fields = Mapping[str, Any]
"""Field -> value of something that was said or created before."""

_DEEPEST = 6
"""Levels below which optional properties are left out."""
_COMPOSED = frozenset({"$ref", "anyOf", "oneOf", "allOf"})
"""Keywords that `_flatten` resolves."""
_ID = re.compile(r"(?:^|_)(?:id|reference|code|token|number)\Z|[a-z](?:Id|ID)\Z")
_COUNT_FIELDS = frozenset({"count", "total", "total_count", "total_results", "result_count"})
_USUAL_TEXTS = {"status": "confirmed", "message": "Done.", "currency": "EUR"}


def value_for_schema(schema: Mapping[str, Any], key: Any, known: Fields, entities: Sequence[Fields]) -> Any:
    """Make a value for a schema.

    Args:
        schema: JSON Schema of the value.
        key: any JSON value; the same key gives the same value.
        known: fields that are repeated where a property has the same name and type.
        entities: things a list may hold, where their fields fit its items.
    """
    seed = blake2b(orjson.dumps(key, option=orjson.OPT_SORT_KEYS), digest_size=32).digest()
    return _ValueMaker(schema, seed, entities).make(schema, "", "value", known, 0)


class _ValueMaker:
    """Makes the values of one schema; `path` tells places apart, `name` is the property's."""

    def __init__(self, root: Mapping[str, Any], seed: bytes, entities: Sequence[Fields]) -> None:
        self._root = root
        self._seed = seed
        self._entities = entities

    def draw(self, path: str, below: int) -> int:
        digest = blake2b(path.encode(), key=self._seed, digest_size=8).digest()
        return int.from_bytes(digest, "big") % below

    def make(self, schema: Any, path: str, name: str, known: Fields, depth: int) -> Any:
        schema = self._flatten(schema, 0)
        if name in known and _fits(known[name], schema):
            return known[name]
        for fixed in ("const", "default"):
            if fixed in schema:
                return schema[fixed]
        if choices := schema.get("enum"):
            return choices[self.draw(path, len(choices))]
        match _type(schema):
            case "object":
                return self._object(schema, path, known, depth)
            case "array":
                return self._array(schema, path, name, known, depth)
            case "integer" | "number" as kind:
                return self._number(schema, path, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
        return self._text(schema, path, name)

    def _flatten(self, schema: Any, depth: int) -> dict[str, Any]:
        """Resolve references and take the first branch, so that one flat schema is left."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return {}
        if _COMPOSED.isdisjoint(schema):
            return schema
        flat = {name: part for name, part in schema.items() if name not in _COMPOSED}
        branches = [self._referenced(schema["$ref"])] if "$ref" in schema else []
        branches += [schema[choice][0] for choice in ("anyOf", "oneOf") if schema.get(choice)]
        branches += schema.get("allOf") or []
        for branch in branches:
            inner = self._flatten(branch, depth + 1)
            properties = {**inner.get("properties", {}), **flat.get("properties", {})}
            required = [*inner.get("required", ()), *flat.get("required", ())]
            flat = {**inner, **flat}
            if properties:
                flat |= {"properties": properties, "required": required}
        return flat

    def _referenced(self, reference: str) -> Any:
        target: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            target = target.get(step) if isinstance(target, dict) else None
        return target

    def _object(self, schema: dict[str, Any], path: str, known: Fields, depth: int) -> dict[str, Any]:
        required = schema.get("required") or ()
        fields = {
            name: self.make(part, f"{path}/{name}", name, known, depth + 1)
            for name, part in (schema.get("properties") or {}).items()
            if depth < _DEEPEST or name in required
        }
        lists = [value for value in fields.values() if isinstance(value, list)]
        for name in _COUNT_FIELDS & fields.keys():
            if len(lists) == 1 and _may_be(len(lists[0]), schema["properties"][name]):
                fields[name] = len(lists[0])
        return fields

    def _array(self, schema: dict[str, Any], path: str, name: str, known: Fields, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", 10), max(10, least))
        items = self._flatten(schema.get("items"), 0)
        shown = [entity for entity in self._entities if _resembles(entity, items)][-most:] if most else []
        values: list[Any] = [
            self.make(items, f"{path}[{index}]", name, {**entity}, depth + 1)
            for index, entity in enumerate(shown)
        ]
        wanted = min(max(least, len(values) or (1 + self.draw(path, 2) if depth < _DEEPEST else 0)), most)
        for attempt in range(wanted * 8):
            if len(values) >= wanted:
                break
            repeated = known if attempt == 0 and _type(items) == "object" else {}
            value = self.make(items, f"{path}[{len(values)}.{attempt}]", name, repeated, depth + 1)
            if not schema.get("uniqueItems") or value not in values:
                values.append(value)
        return values

    def _number(self, schema: dict[str, Any], path: str, *, whole: bool) -> int | float:
        step = schema.get("multipleOf") or (1 if whole else 0.01)
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        if low is None:
            low = 1 if high is None or high >= 1 else high - 100 * step
        high = min(high, low + 200 * step) if high is not None else low + 200 * step
        first = math.ceil(low / step - 1e-9)
        if "exclusiveMinimum" in schema and first * step <= schema["exclusiveMinimum"]:
            first += 1
        last = max(first, math.floor(high / step + 1e-9))
        if "exclusiveMaximum" in schema and last > first and last * step >= schema["exclusiveMaximum"]:
            last -= 1
        number = (first + self.draw(path, last - first + 1)) * step
        return int(number) if whole else round(number, 6)

    def _text(self, schema: dict[str, Any], path: str, name: str) -> str:
        mark = f"{self.draw(path, 16**6):06X}"
        if formatted := self._formatted(schema.get("format"), path, mark):
            return formatted
        text = f"{name[:3].upper()}-{mark}" if _ID.search(name) else _USUAL_TEXTS.get(name)
        text = text or f"{name.replace('_', ' ')} {mark[:4].lower()}"
        text = text.ljust(schema.get("minLength", 0), "x")
        return text[: schema.get("maxLength", len(text))]

    def _formatted(self, kind: str | None, path: str, mark: str) -> str | None:
        if kind is None:
            return None
        day = f"2027-{1 + self.draw(path + 'm', 12):02}-{1 + self.draw(path + 'd', 28):02}"
        hour = f"{8 + self.draw(path + 'h', 12):02}:{15 * self.draw(path + 'q', 4):02}:00"
        mark = mark.lower()
        return {
            "date": day,
            "time": f"{hour}Z",
            "date-time": f"{day}T{hour}Z",
            "email": f"{mark}@example.org",
            "uri": f"https://example.org/{mark}",
            "uuid": f"{mark}00-0000-4000-8000-{mark}000000",
        }.get(kind)


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if kind is None:
        return "object" if "properties" in schema else "array" if "items" in schema else "string"
    return kind


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Tell whether a value has a schema's type; bounds are found by validating the whole."""
    if "const" in schema or ("enum" in schema and value not in schema["enum"]):
        return False
    wanted: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "array": list,
        "object": dict,
    }
    kind = _type(schema)
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, wanted.get(kind, ()))


def _may_be(number: int, schema: Mapping[str, Any]) -> bool:
    """Tell whether a number has a schema's type and keeps to its bounds."""
    return (
        _fits(number, schema)
        and schema.get("minimum", number) <= number <= schema.get("maximum", number)
        and schema.get("exclusiveMinimum", number - 1) < number < schema.get("exclusiveMaximum", number + 1)
        and "multipleOf" not in schema
    )


def _resembles(entity: Fields, items: Mapping[str, Any]) -> bool:
    """Tell whether a list of such items would show this entity: its id, or two fields, have a place there."""
    shared = [
        name
        for name, part in (items.get("properties") or {}).items()
        if name in entity and isinstance(part, dict) and _fits(entity[name], part)
    ]
    return len(shared) >= 2 or any(_ID.search(name) for name in shared)
