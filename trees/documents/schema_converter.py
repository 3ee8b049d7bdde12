"""JSON Schemas of a document as schemas that stand on their own: bounded, without references, never looser.

What the converted schema allows the document's own allows, too; the other way round it may be stricter: null
is never sent, what is read-only is left out, and an optional part that cannot be written out (it contains
itself, it is too large) is cut out of it, together with every property that no schema names. Where a required
part cannot be had, the whole cannot: `UnusableSchema` says where and why.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jsonschema_rs

from ...texts.hidden import HIDDEN
from ..schemas import MAX_TEXT, Schema
from .references import BrokenDocument, UnusableSchema, pointer_to, resolve

MOST_PARTS = 400
"""Schemas, and values of enums, that the schema of one parameter may consist of."""
_MOST_STEPS = 20_000
"""Parts that are looked at for one parameter, those included that come to nothing."""
_DEEPEST = 9
"""Schemas within each other."""
_TYPES = frozenset(("string", "integer", "number", "boolean", "array", "object"))
_LOW = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_HIGH = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_ALIKE = ("pattern", "format", "multipleOf", "contains", "dependentRequired")
"""Keywords of which two different ones cannot be made one."""
_EXACT = ("not", "if", "then", "else", "dependentSchemas", "propertyNames", "minContains", "maxContains")
"""Keywords kept word for word: a stricter schema within them would loosen the whole."""
_UNKNOWN = ("$dynamicRef", "$recursiveRef", "unevaluatedItems", "dependencies")
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$"
_FORMS = {"time": f"^{_CLOCK}", "date-time": rf"^\d{{4}}-\d{{2}}-\d{{2}}[Tt]{_CLOCK}"}
"""What RFC 3339 wants and people leave out: seconds and an offset."""


class Part(NamedTuple):
    """A schema where it stands in its document."""

    schema: Any
    pointer: str
    trail: tuple[str, ...] = ()
    """references that led here"""


@dataclass
class SchemaConverter:
    """Converts the schemas of one document.

    Args:
        root: what references are relative to: an OpenAPI document, or a function's own schema.
        dialect_3_0: whether schemas are those of OpenAPI 3.0: what stands beside a `$ref` says nothing.
    """

    root: Any
    dialect_3_0: bool = False
    cut: list[tuple[str, str]] = field(default_factory=list)
    """optional parts that were left out: place and reason"""
    _left: int = 0
    _steps: int = 0

    def convert(self, schema: Any, pointer: str, most: int = MOST_PARTS) -> Schema:
        """The schema of a parameter, of a body or of a whole function.

        Raises UnusableSchema.
        """
        self._left, self._steps = most, _MOST_STEPS
        return self._conjoined([Part(schema, pointer)], 0)

    def _conjoined(self, parts: Sequence[Part], depth: int) -> Schema:
        """One schema for a value that has to fit several."""
        pointer = parts[0].pointer
        if depth > _DEEPEST:
            raise UnusableSchema(pointer, f"more than {_DEEPEST} schemas in each other")
        members = [member for part in parts for member in self._members(part)]
        _refuse_unknown(members)
        kind = _type(members)
        kinds = [kind] if isinstance(kind, str) else kind or []
        converted: Schema = {"type": kind} if kind else {}
        if text := _description(members):
            converted["description"] = text
        enum = _enum(members, kinds, pointer)
        if enum is not None:
            self._spend(len(enum), pointer)
            converted["enum"] = enum
        converted |= _bounds(members) | _alike(members, pointer)
        if (form := converted.get("format")) == "binary":
            raise UnusableSchema(pointer, "a file, which nobody can say")
        if form in _FORMS and "pattern" not in converted:
            converted["pattern"] = _FORMS[form]
        groups = [group for member in members for group in self._groups(member, depth)]
        if "object" in kinds:
            converted |= self._object(members, pointer, depth, open_ended=bool(groups))
        if "array" in kinds:
            converted |= self._array(members, pointer, depth)
        converted |= self._exact(members)
        for at, group in enumerate(groups):
            if at and group.keys() & converted.keys():
                converted.setdefault("allOf", []).append(group)
            else:
                converted |= group
        return converted | _default(members, converted)

    def _members(self, part: Part) -> Iterator[Part]:
        """The schemas that a schema is the conjunction of: references followed, `allOf` taken apart."""
        schema, pointer, trail = part
        self._spend(1, pointer)
        if schema is True:
            return
        if schema is False:
            raise UnusableSchema(pointer, "nothing may stand there")
        if not isinstance(schema, dict):
            raise BrokenDocument(pointer, f"got {_short(schema)}, expected a schema")
        if isinstance(schema.get("$id"), str) and schema is not self.root:
            raise UnusableSchema(pointer, "it has an $id, so that references in it are to itself")
        schema = {key: value for key, value in schema.items() if value is not None or key == "const"}
        part = Part(schema, pointer, trail)
        _check_keywords(part)
        reference = schema.get("$ref")
        if not (isinstance(reference, str) and self.dialect_3_0):
            yield part
            for at, member in enumerate(schema.get("allOf") or []):
                yield from self._members(Part(member, pointer_to(pointer, "allOf", at), trail))
            for key in ("anyOf", "oneOf"):
                branches = _not_null(given := schema.get(key) or [])
                if given and not branches:
                    raise UnusableSchema(pointer_to(pointer, key), "no value fits but null")
                if len(branches) == 1:
                    at, only = branches[0]
                    yield from self._members(Part(only, pointer_to(pointer, key, at), trail))
        if isinstance(reference, str):
            if reference in trail:
                raise UnusableSchema(pointer, f"$ref {_short(reference)} contains itself")
            target = resolve(self.root, reference, pointer)
            yield from self._members(Part(target, reference, (*trail, reference)))

    def _groups(self, member: Part, depth: int) -> Iterator[Schema]:
        """The alternatives of a member that are more than one."""
        for key in ("anyOf", "oneOf"):
            branches = _not_null(member.schema.get(key) or [])
            if len(branches) < 2:
                continue
            kept: list[Schema] = []
            for at, branch in branches:
                place = pointer_to(member.pointer, key, at)
                left = self._left
                try:
                    kept.append(self._conjoined([Part(branch, place, member.trail)], depth + 1))
                except UnusableSchema as fault:
                    # A value of one branch must fit no other, and what that is cannot be said without it.
                    if key == "oneOf" or self._steps <= 0:
                        raise
                    self._left = left
                    self.cut.append((fault.pointer, fault.reason))
            if not kept:
                raise UnusableSchema(pointer_to(member.pointer, key), "none of the alternatives can be used")
            yield {key: kept}

    def _object(self, members: Sequence[Part], pointer: str, depth: int, *, open_ended: bool) -> Schema:
        """Properties, which are required, and what else there may be.

        Args: open_ended: whether alternatives beside it may name further properties.
        """
        declared = [member for member in members if "properties" in member.schema]
        names = list(dict.fromkeys(name for member in declared for name in member.schema["properties"]))
        required = _required(members)
        properties: dict[str, Schema] = {}
        closed = False
        for name in sorted(names, key=lambda name: name not in required):
            parts = list(_of_property(members, name))
            if any(isinstance(part.schema, dict) and part.schema.get("readOnly") is True for part in parts):
                required = [other for other in required if other != name]
                closed = True
                continue
            left = self._left
            try:
                properties[name] = self._conjoined(parts, depth + 1)
            except UnusableSchema as fault:
                if name in required or self._steps <= 0:
                    raise
                self._left, closed = left, True
                self.cut.append((fault.pointer, fault.reason))
        unnamed = [name for name in required if name not in names]
        for name in unnamed:
            parts = list(_of_property(members, name)) or [Part(True, pointer)]
            properties[name] = self._conjoined(parts, depth + 1)
        names += unnamed
        if open_ended and (closed or any("unevaluatedProperties" in member.schema for member in members)):
            raise UnusableSchema(pointer, "a part of it cannot be used, and alternatives stand beside it")
        more = self._more(members, depth)
        result: Schema = (
            {"properties": {name: properties[name] for name in names if name in properties}} if names else {}
        )
        result |= {"required": required} if required else {}
        if closed or more is False:
            result["additionalProperties"] = False
        elif isinstance(more, dict):
            result["additionalProperties"] = more
        return result | self._pattern_properties(members, pointer, depth)

    def _more(self, members: Sequence[Part], depth: int) -> Schema | bool | None:
        given = [
            Part(member.schema[key], pointer_to(member.pointer, key), member.trail)
            for member in members
            for key in ("additionalProperties", "unevaluatedProperties")
            if member.schema.get(key) not in (None, True, {})
        ]
        if any(part.schema is False for part in given):
            return False
        if not given:
            return None
        left = self._left
        try:
            return self._conjoined(given, depth + 1)
        except UnusableSchema as fault:
            if self._steps <= 0:
                raise
            self._left = left
            self.cut.append((fault.pointer, fault.reason))
            return False

    def _pattern_properties(self, members: Sequence[Part], pointer: str, depth: int) -> Schema:
        given = [member for member in members if member.schema.get("patternProperties")]
        if not given:
            return {}
        if len(given) > 1 or not isinstance(given[0].schema["patternProperties"], dict):
            raise UnusableSchema(pointer, "several patternProperties")
        place = pointer_to(given[0].pointer, "patternProperties")
        return {
            "patternProperties": {
                pattern: self._conjoined([Part(part, pointer_to(place, pattern), given[0].trail)], depth + 1)
                for pattern, part in given[0].schema["patternProperties"].items()
            }
        }

    def _array(self, members: Sequence[Part], pointer: str, depth: int) -> Schema:
        result: Schema = {}
        for member in members:
            if isinstance(member.schema.get("items"), list) or "prefixItems" in member.schema:
                # a tuple: nobody says one
                raise UnusableSchema(pointer, "a list whose places have schemas of their own")
        items = [
            Part(member.schema["items"], pointer_to(member.pointer, "items"), member.trail)
            for member in members
            if member.schema.get("items") not in (None, True)
        ]
        if any(part.schema is False for part in items):
            raise UnusableSchema(pointer, "a list without items")
        if items:
            result["items"] = self._conjoined(items, depth + 1)
        if any(member.schema.get("uniqueItems") is True for member in members):
            result["uniqueItems"] = True
        return result

    def _exact(self, members: Sequence[Part]) -> Schema:
        kept: Schema = {}
        for member in members:
            for key in _EXACT:
                if key not in member.schema:
                    continue
                place, value = pointer_to(member.pointer, key), member.schema[key]
                if key in kept and kept[key] != value:
                    raise UnusableSchema(place, f"two different {key}")
                self._spend(_plain_size(value, place), place)
                kept[key] = value
        return kept

    def _spend(self, values: int, pointer: str) -> None:
        self._left -= values
        self._steps -= 1
        if self._left < 0 or self._steps <= 0:
            raise UnusableSchema(pointer, f"too large: more than {MOST_PARTS} parts once written out")


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


def _check_keywords(part: Part) -> None:
    """Refuse a schema with a keyword that says nothing. Raises BrokenDocument."""
    for key, (kinds, expected) in _WORDS.items():
        value = part.schema.get(key)
        odd = value is not None and not isinstance(value, kinds)
        odd |= isinstance(value, bool) and bool not in kinds and key not in _FLAGS
        if key in ("type", "required") and isinstance(value, list):
            odd |= not all(isinstance(entry, str) for entry in value)
        if odd:
            raise BrokenDocument(pointer_to(part.pointer, key), f"got {_short(value)}, expected {expected}")


def _refuse_unknown(members: Iterable[Part]) -> None:
    for member in members:
        for key in _UNKNOWN:
            if key in member.schema:
                raise UnusableSchema(pointer_to(member.pointer, key), f"{key} is not understood")


def _not_null(branches: Sequence[Any]) -> list[tuple[int, Any]]:
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


def _type(members: Sequence[Part]) -> Any:
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
                    pointer_to(pointer, "type"), f"got {_short(kind)}, expected a type of JSON Schema"
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


def _description(members: Iterable[Part]) -> str:
    texts = [str(member.schema.get(key) or "") for key in ("description", "title") for member in members]
    return next((text for text in map(plain_text, texts) if text), "")


def plain_text(text: str) -> str:
    """A description on one line, without characters that hide something, as long as a text may be."""
    line = " ".join(HIDDEN.sub("", text).split())
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 1]}…"


def _enum(members: Sequence[Part], kinds: Sequence[str], pointer: str) -> list[Any] | None:
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


def _bounds(members: Iterable[Part]) -> Schema:
    found: dict[str, list[Any]] = {}
    for schema in (member.schema for member in members):
        for key in (*_LOW, *_HIGH):
            value = schema.get(key)
            if value is True and key.startswith("exclusive"):  # OpenAPI 3.0
                value = schema.get(key.replace("exclusiveM", "m"))
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                found.setdefault(key, []).append(value)
    return {key: (max if key in _LOW else min)(values) for key, values in found.items()}


def _alike(members: Iterable[Part], pointer: str) -> Schema:
    kept: Schema = {}
    for member in members:
        for key in _ALIKE:
            if key not in member.schema:
                continue
            if key in kept and kept[key] != member.schema[key]:
                raise UnusableSchema(pointer, f"two different {key}")
            kept[key] = member.schema[key]
    if "contains" in kept:
        _plain_size(kept["contains"], pointer)
    return kept


def _required(members: Iterable[Part]) -> list[str]:
    required: dict[str, None] = {}
    for member in members:
        value = member.schema.get("required", [])
        if isinstance(
            value, list
        ):  # true and false are OpenAPI 2's, people still write them, and say nothing
            required |= dict.fromkeys(value)
    return list(required)


def _of_property(members: Iterable[Part], name: str) -> Iterator[Part]:
    """What the members say of a property, those included that do not name it."""
    for schema, pointer, trail in members:
        own = schema.get("properties")
        if isinstance(own, dict) and name in own:
            yield Part(own[name], pointer_to(pointer, "properties", name), trail)
        elif schema.get("additionalProperties") not in (None, True, {}) and not schema.get(
            "patternProperties"
        ):
            yield Part(schema["additionalProperties"], pointer_to(pointer, "additionalProperties"), trail)


def _plain_size(value: Any, pointer: str) -> int:
    """How many values a schema has that is kept word for word; it must hold no reference."""
    if isinstance(value, dict):
        if "$ref" in value or value.get("nullable"):
            raise UnusableSchema(pointer, "a $ref or nullable within it, where nothing can be made stricter")
        return 1 + sum(_plain_size(part, pointer) for part in value.values())
    if isinstance(value, list):
        return 1 + sum(_plain_size(part, pointer) for part in value)
    return 1


def _default(members: Iterable[Part], schema: Schema) -> Schema:
    """The default, where it fits what it is the default of."""
    for member in members:
        if (value := member.schema.get("default")) is not None:
            try:
                return {"default": value} if jsonschema_rs.is_valid(schema, value) else {}
            except (jsonschema_rs.ValidationError, ValueError):
                return {}
    return {}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
