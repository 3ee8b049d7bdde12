"""What makes a leaf of the API tree a valid, bounded function schema (§4.1, Fig. 7), and what schemas share.

Knows JSON Schema and nothing of graphs. Schemas are written by models: they are never fetched from elsewhere,
never recursive and never large, because every later stage walks them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import orjson

from ..errors import TreeError, names
from ..records import Api

Schema = dict[str, Any]
"""A JSON Schema."""

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
MAX_TEXT = 1000
"""Characters a description may have."""
MAX_PARAMETERS = 32
"""Parameters a function may have."""
MAX_NODES = 2000
"""Values a schema may consist of once its references are written out."""
MAX_DEPTH = 24
"""How deep a schema may nest."""
_BOUNDS = (("minimum", max), ("maximum", min), ("minLength", max), ("maxLength", min))
"""Keyword of a bound, and how the tighter of two is found."""
FOREIGN_KEYS = ("$id", "$dynamicRef", "$recursiveRef")
"""Keywords that change what a reference means; without them `#/…` can only be this very schema."""


def check_name(name: object, where: str) -> None:
    """Refuse what is not an identifier of at most 64 ASCII characters."""
    if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
        raise TreeError(
            f"{where}: got the name {_short(name)}, expected an identifier of letters, digits and _ "
            "(at most 64 characters, no digit first)"
        )


def check_text(text: object, where: str, limit: int = MAX_TEXT) -> None:
    """Refuse an empty, blank or over-long text."""
    if not isinstance(text, str) or not text.strip() or len(text) > limit:
        raise TreeError(f"{where}: got {_short(text)}, expected a text of 1 to {limit} characters")


def check_distinct(texts: Iterable[str], where: str, taken: Collection[str] = ()) -> None:
    """Refuse a text that is there twice. Args: taken: those that are there already."""
    seen: set[str] = set()
    for text in texts:
        if text in seen or text in taken:
            raise TreeError(f"{where}: {text[:80]!r} is there twice, expected all to differ")
        seen.add(text)


def check_function(api: Api, where: str) -> None:
    """Refuse an API that is not a self-contained function schema.

    Raises:
        TreeError: a bad name or text, parameters or response not an object schema, more than 32 parameters,
            `required` naming no property, a remote or recursive `$ref`, or not valid JSON Schema.
    """
    check_name(api.name, where)
    check_text(api.description, f"{where}: description")
    check_text(api.capability, f"{where}: capability", limit=64)
    check_object_schema(api.response, f"{where}: response")
    parameters = check_object_schema(api.parameters, f"{where}: parameters")
    properties = parameters.get("properties")
    if not isinstance(properties, dict):
        raise TreeError(f"{where}: parameters: no properties; write {{}} where the function takes none")
    if len(properties) > MAX_PARAMETERS:
        raise TreeError(f"{where}: got {len(properties)} parameters, expected at most {MAX_PARAMETERS}")
    for name, schema in properties.items():
        check_name(name, f"{where}: parameters")
        if not isinstance(schema, dict):
            raise TreeError(f"{where}: parameters.{name}: got {_short(schema)}, expected a schema object")
    for name in parameters.get("required", ()):
        if name not in properties:
            known = names(properties, str(name))
            raise TreeError(f"{where}: parameters: required {_short(name)} is no property; there is {known}")


def check_object_schema(schema: dict[str, Any], where: str) -> dict[str, Any]:
    """Refuse what is not a valid JSON Schema of type object; give it back with references written out."""
    if schema.get("type") != "object":
        raise TreeError(f"{where}: got type {_short(schema.get('type'))}, expected a schema of type 'object'")
    plain = inlined(schema, where)
    try:
        jsonschema_rs.Draft202012Validator(plain)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        reason = str(getattr(error, "message", error)).splitlines()[0][:200]
        raise TreeError(f"{where}: not valid JSON Schema: {reason}") from None
    return plain


def inlined(schema: dict[str, Any], where: str) -> dict[str, Any]:
    """Write out every local `$ref`, so that each part of the schema stands on its own.

    Raises:
        TreeError: a reference that is not local, points nowhere or contains itself; a schema too large.
    """
    plain = _Inliner(schema, where).walk(schema, ())
    if not isinstance(plain, dict):
        raise TreeError(f"{where}: got {_short(plain)}, expected a schema object")
    return {key: value for key, value in plain.items() if key not in ("$defs", "definitions", "$schema")}


class _Inliner:
    """Writes out the references of one schema, counting what it writes."""

    def __init__(self, root: dict[str, Any], where: str) -> None:
        self.root, self.where, self.nodes = root, where, 0

    def walk(self, value: Any, trail: tuple[str, ...], depth: int = 0) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise TreeError(
                f"{self.where}: too large: expected at most {MAX_NODES} values, {MAX_DEPTH} levels deep"
            )
        if isinstance(value, list):
            return [self.walk(item, trail, depth + 1) for item in value]
        if isinstance(value, dict):
            return self.walk_object(value, trail, depth)
        self.check_number(value)
        return value

    def walk_object(self, value: dict[str, Any], trail: tuple[str, ...], depth: int) -> Any:
        for key in FOREIGN_KEYS:
            if isinstance(value.get(key), str):
                raise TreeError(f"{self.where}: {key} is not allowed; only references within the schema are")
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return {key: self.walk(part, trail, depth + 1) for key, part in value.items()}
        if reference in trail:
            raise TreeError(f"{self.where}: $ref {_short(reference)} contains itself; write a finite schema")
        target = self.walk(self.resolve(reference), (*trail, reference), depth + 1)
        beside = {key: self.walk(part, trail, depth + 1) for key, part in value.items() if key != "$ref"}
        return {**target, **beside} if isinstance(target, dict) else target

    def resolve(self, reference: str) -> Any:
        if reference != "#" and not reference.startswith("#/"):
            raise TreeError(
                f"{self.where}: $ref {_short(reference)} is not local, expected '#/…' within the schema"
            )
        target: Any = self.root
        for part in unquote(reference).split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(target, list) and key.isdecimal() and int(key) < len(target):
                target = target[int(key)]
            elif isinstance(target, dict) and key in target:
                target = target[key]
            else:
                raise TreeError(f"{self.where}: $ref {_short(reference)} points nowhere in the schema")
        return target

    def check_number(self, value: Any) -> None:
        # JSON files hold neither NaN nor integers beyond 64 bits without loss
        bad = isinstance(value, float) and not math.isfinite(value)
        if bad or (isinstance(value, int) and abs(value) >= 2**63):
            raise TreeError(f"{self.where}: got the number {_short(value)}, expected a finite 64-bit one")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def value_schema(schemas: Sequence[Schema]) -> Schema:
    """The JSON Schema of a feature's values: what most of the parameters merged into it agree on.

    The most common type; of the parameters of that type the most common format, the values all their enums
    allow, the tightest bounds, and for arrays the same of their items. Objects: the most common schema whole.

    Args:
        schemas: the parameters' JSON Schemas, references written out, in the tree's order (breaks ties).

    Returns:
        A JSON Schema; {} where nothing is known, as for platform characteristics.
    """
    kind = _most_common([_value_type(schema) for schema in schemas if _value_type(schema)])
    alike = [schema for schema in schemas if _value_type(schema) == kind]
    if kind is None:
        return {}
    if kind == "object":
        return orjson.loads(_most_common([orjson.dumps(schema) for schema in alike]) or b"{}")
    form = _most_common([schema["format"] for schema in alike if isinstance(schema.get("format"), str)])
    of_arrays = alike if kind == "array" else []
    items = [schema["items"] for schema in of_arrays if isinstance(schema.get("items"), dict)]
    agreed = {"type": kind, "format": form, "enum": _shared_enum(alike), "items": value_schema(items)}
    return {key: value for key, value in agreed.items() if value} | _bounds(alike)


def _value_type(schema: Schema) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((name for name in kind if name != "null"), None)
    if kind is None and isinstance(schema.get("enum"), list):
        return "string" if all(isinstance(value, str) for value in schema["enum"]) else None
    return kind if isinstance(kind, str) else None


def _most_common(values: Sequence[Any]) -> Any:
    return Counter(values).most_common(1)[0][0] if values else None


def _shared_enum(schemas: Sequence[Schema]) -> list[Any]:
    first, *more = [schema["enum"] for schema in schemas if isinstance(schema.get("enum"), list)] or [[]]
    return [value for value in first if all(value in enum for enum in more)]


def _bounds(schemas: Sequence[Schema]) -> Schema:
    numbers = {key: [schema[key] for schema in schemas if _is_number(schema.get(key))] for key, _ in _BOUNDS}
    bounds = {key: tightest(numbers[key]) for key, tightest in _BOUNDS if numbers[key]}
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength")):
        if low in bounds and high in bounds and bounds[low] > bounds[high]:
            del bounds[low], bounds[high]
    return bounds


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
