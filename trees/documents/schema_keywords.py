"""What several schemas say of one value, keyword by keyword: the strictest of it, never anything looser."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jsonschema_rs

from ...texts.hidden import HIDDEN
from ..schemas import MAX_TEXT, Schema
from .references import BrokenDocument, UnusableSchema, pointer_to

_TYPES = frozenset(("string", "integer", "number", "boolean", "array", "object"))
_LOW = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_HIGH = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_ALIKE = ("pattern", "format", "multipleOf", "contains", "dependentRequired")
"""Keywords of which two different ones cannot be made one."""
_UNKNOWN = ("$dynamicRef", "$recursiveRef", "unevaluatedItems", "dependencies")


class Part(NamedTuple):
    """A schema where it stands in its document."""

    schema: Any
    pointer: str
    trail: tuple[str, ...] = ()
    """references that led here"""


_WORDS: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(("format", "pattern", "$ref"), ((str,), "a text")),
    **dict.fromkeys(("enum", "allOf", "anyOf", "oneOf"), ((list,), "a list")),
    **dict.fromkeys(("properties", "patternProperties"), ((dict,), "schemas by name")),
    **dict.fromkeys((*_LOW, *_HIGH, "multipleOf"), ((int, float), "a number")),
    "type": ((str, list), "a type of JSON Schema"),
    "required": ((list, bool), "a list of names"),
    "items": ((dict, list, bool), "a schema"),
    "additionalProperties": ((dict, bool), "a schema"),
    "unevaluatedProperties": ((dict, bool), "a schema"),
    "contains": ((dict, bool), "a schema"),
}
"""Keyword -> what its value may be, and the words for it."""
_FLAGS = ("exclusiveMinimum", "exclusiveMaximum")


def check_keywords(part: Part) -> None:
    """Refuse a schema with a keyword that says nothing. Raises BrokenDocument."""
    for key, (kinds, expected) in _WORDS.items():
        value = part.schema.get(key)
        odd = value is not None and not isinstance(value, kinds)
        odd |= isinstance(value, bool) and bool not in kinds and key not in _FLAGS
        if key in ("type", "required") and isinstance(value, list):
            odd |= not all(isinstance(entry, str) for entry in value)
        if odd:
            raise BrokenDocument(pointer_to(part.pointer, key), f"got {short(value)}, expected {expected}")


def refuse_unknown(members: Iterable[Part]) -> None:
    """Refuse keywords that cannot be made stricter. Raises UnusableSchema."""
    for member in members:
        for key in _UNKNOWN:
            if key in member.schema:
                raise UnusableSchema(pointer_to(member.pointer, key), f"{key} is not understood")


def not_null(branches: Sequence[Any]) -> list[tuple[int, Any]]:
    """The alternatives, with their places, that are more than null."""
    return [
        (at, branch)
        for at, branch in enumerate(branches)
        if not (
            isinstance(branch, dict)
            and (
                branch.get("type") in ("null", ["null"])
                or branch.get("enum") == [None]
                or branch.get("const", 0) is None
            )
        )
    ]


def common_type(members: Sequence[Part]) -> Any:
    """The one type there is, a list of several, or None where none is said; null is never among them."""
    possible: list[str] | None = None
    for schema, pointer, _ in members:
        if (given := schema.get("type")) is None:
            given = _implied(schema)
        if given is None:
            continue
        kinds = given if isinstance(given, list) else [given]
        for kind in kinds:
            if kind != "null" and kind not in _TYPES:
                raise BrokenDocument(
                    pointer_to(pointer, "type"), f"got {short(kind)}, expected a type of JSON Schema"
                )
        own = [kind for kind in kinds if kind != "null"]
        if possible is None:
            possible = own
        else:
            wider = {*own, *(("integer",) if "number" in own else ())}
            narrow = [kind for kind in possible if kind in wider]
            narrow += (
                ["integer"] if "number" in possible and "integer" in own and "integer" not in narrow else []
            )
            possible = narrow
        if not possible:
            raise UnusableSchema(pointer, "no value fits: only null, or types that exclude each other")
    return possible[0] if possible is not None and len(possible) == 1 else possible


def _implied(schema: Schema) -> str | None:
    """What a schema without a type is about, where its keywords tell: stricter than it says."""
    if any(key in schema for key in ("properties", "patternProperties", "additionalProperties")):
        return "object"
    if isinstance(schema.get("required"), list) and schema["required"]:
        return "object"
    return "array" if "items" in schema else None


def description_of(members: Iterable[Part]) -> str:
    """The first description or title there is, on one line."""
    texts = [str(member.schema.get(key) or "") for key in ("description", "title") for member in members]
    return next((text for text in map(plain_text, texts) if text), "")


def plain_text(text: str) -> str:
    """A description on one line, without characters that hide something, as long as a text may be."""
    line = " ".join(HIDDEN.sub("", text).split())
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 1]}…"


def common_enum(members: Sequence[Part], kinds: Sequence[str], pointer: str) -> list[Any] | None:
    """The values that all allow and a type fits; None: any. Raises UnusableSchema where none is left."""
    allowed: list[Any] | None = None
    for schema in (member.schema for member in members):
        lists = [schema["enum"]] if isinstance(schema.get("enum"), list) else []
        lists += [[schema["const"]]] if "const" in schema else []
        for values in lists:
            own = [value for value in values if value is not None]
            allowed = own if allowed is None else [value for value in allowed if _is_in(value, own)]
    if allowed is not None and kinds:
        allowed = [value for value in allowed if jsonschema_rs.is_valid({"type": list(kinds)}, value)]
    if allowed is not None and not allowed:
        raise UnusableSchema(pointer, "no value fits: an enum without one of the type it says")
    return allowed


def _is_in(value: Any, values: Iterable[Any]) -> bool:
    """JSON tells 1 from true, Python does not."""
    return any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in values)


def bounds(members: Iterable[Part]) -> Schema:
    """The narrowest bounds of all."""
    found: dict[str, list[Any]] = {}
    for schema in (member.schema for member in members):
        for key in (*_LOW, *_HIGH):
            value = schema.get(key)
            if value is True and key.startswith("exclusive"):  # OpenAPI 3.0
                value = schema.get(key.replace("exclusiveM", "m"))
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                found.setdefault(key, []).append(value)
    return {key: (max if key in _LOW else min)(values) for key, values in found.items()}


def alike_keywords(members: Iterable[Part], pointer: str) -> Schema:
    """Keywords that cannot be combined, once. Raises UnusableSchema where two differ."""
    kept: Schema = {}
    for member in members:
        for key in _ALIKE:
            if key not in member.schema:
                continue
            if key in kept and kept[key] != member.schema[key]:
                raise UnusableSchema(pointer, f"two different {key}")
            kept[key] = member.schema[key]
    if "contains" in kept:
        plain_size(kept["contains"], pointer)
    return kept


def required_names(members: Iterable[Part]) -> list[str]:
    """The properties that anyone requires."""
    required: dict[str, None] = {}
    for member in members:
        value = member.schema.get("required", [])
        if isinstance(
            value, list
        ):  # true and false are OpenAPI 2's, people still write them, and say nothing
            required |= dict.fromkeys(value)
    return list(required)


def of_property(members: Iterable[Part], name: str) -> Iterator[Part]:
    """What the members say of a property, those included that do not name it."""
    for schema, pointer, trail in members:
        own = schema.get("properties")
        if isinstance(own, dict) and name in own:
            yield Part(own[name], pointer_to(pointer, "properties", name), trail)
        elif schema.get("additionalProperties") not in (None, True, {}) and not schema.get(
            "patternProperties"
        ):
            yield Part(schema["additionalProperties"], pointer_to(pointer, "additionalProperties"), trail)


def plain_size(value: Any, pointer: str) -> int:
    """How many values a schema has that is kept word for word; it must hold no reference."""
    if isinstance(value, dict):
        if "$ref" in value or value.get("nullable"):
            raise UnusableSchema(pointer, "a $ref or nullable within it, where nothing can be made stricter")
        return 1 + sum(plain_size(part, pointer) for part in value.values())
    if isinstance(value, list):
        return 1 + sum(plain_size(part, pointer) for part in value)
    return 1


def fitting_default(members: Iterable[Part], schema: Schema) -> Schema:
    """The default, where it fits what it is the default of."""
    for member in members:
        if (value := member.schema.get("default")) is not None:
            try:
                return {"default": value} if jsonschema_rs.is_valid(schema, value) else {}
            except (jsonschema_rs.ValidationError, ValueError):
                return {}
    return {}


def short(value: object) -> str:
    """A value as a message shows it."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
