"""JSON Schemas of a document as schemas that stand on their own: bounded, without references, never looser.

What the converted schema allows the document's own allows, too; the other way round it may be stricter: null
is never sent, what is read-only is left out, and an optional part that cannot be written out (it contains
itself, it is too large) is cut out of it, together with every property that no schema names. Where a required
part cannot be had, the whole cannot: `UnusableSchema` says where and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..schemas import Schema
from .references import BrokenDocument, UnusableSchema, pointer_to, resolve
from .schema_keywords import (
    Part,
    alike_keywords,
    bounds,
    check_keywords,
    common_enum,
    common_type,
    description_of,
    fitting_default,
    not_null,
    of_property,
    plain_size,
    refuse_unknown,
    required_names,
    short,
)

MOST_PARTS = 400
"""Schemas, and values of enums, that the schema of one parameter may consist of."""
_MOST_STEPS = 20_000
"""Parts that are looked at for one parameter, those included that come to nothing."""
_DEEPEST = 9
"""Schemas within each other."""
_EXACT = ("not", "if", "then", "else", "dependentSchemas", "propertyNames", "minContains", "maxContains")
"""Keywords kept word for word: a stricter schema within them would loosen the whole."""
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$"
_FORMS = {"time": f"^{_CLOCK}", "date-time": rf"^\d{{4}}-\d{{2}}-\d{{2}}[Tt]{_CLOCK}"}
"""What RFC 3339 wants and people leave out: seconds and an offset."""


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
        refuse_unknown(members)
        kind = common_type(members)
        kinds = [kind] if isinstance(kind, str) else kind or []
        converted: Schema = {"type": kind} if kind else {}
        if text := description_of(members):
            converted["description"] = text
        enum = common_enum(members, kinds, pointer)
        if enum is not None:
            self._spend(len(enum), pointer)
            converted["enum"] = enum
        converted |= bounds(members) | alike_keywords(members, pointer)
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
        return converted | fitting_default(members, converted)

    def _members(self, part: Part) -> Iterator[Part]:
        """The schemas that a schema is the conjunction of: references followed, `allOf` taken apart."""
        schema, pointer, trail = part
        self._spend(1, pointer)
        if schema is True:
            return
        if schema is False:
            raise UnusableSchema(pointer, "nothing may stand there")
        if not isinstance(schema, dict):
            raise BrokenDocument(pointer, f"got {short(schema)}, expected a schema")
        if isinstance(schema.get("$id"), str) and schema is not self.root:
            raise UnusableSchema(pointer, "it has an $id, so that references in it are to itself")
        schema = {key: value for key, value in schema.items() if value is not None or key == "const"}
        part = Part(schema, pointer, trail)
        check_keywords(part)
        reference = schema.get("$ref")
        if not (isinstance(reference, str) and self.dialect_3_0):
            yield part
            for at, member in enumerate(schema.get("allOf") or []):
                yield from self._members(Part(member, pointer_to(pointer, "allOf", at), trail))
            for key in ("anyOf", "oneOf"):
                branches = not_null(given := schema.get(key) or [])
                if given and not branches:
                    raise UnusableSchema(pointer_to(pointer, key), "no value fits but null")
                if len(branches) == 1:
                    at, only = branches[0]
                    yield from self._members(Part(only, pointer_to(pointer, key, at), trail))
        if isinstance(reference, str):
            if reference in trail:
                raise UnusableSchema(pointer, f"$ref {short(reference)} contains itself")
            target = resolve(self.root, reference, pointer)
            yield from self._members(Part(target, reference, (*trail, reference)))

    def _groups(self, member: Part, depth: int) -> Iterator[Schema]:
        """The alternatives of a member that are more than one."""
        for key in ("anyOf", "oneOf"):
            branches = not_null(member.schema.get(key) or [])
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
        required = required_names(members)
        properties: dict[str, Schema] = {}
        closed = False
        for name in sorted(names, key=lambda name: name not in required):
            parts = list(of_property(members, name))
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
            parts = list(of_property(members, name)) or [Part(True, pointer)]
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
                self._spend(plain_size(value, place), place)
                kept[key] = value
        return kept

    def _spend(self, values: int, pointer: str) -> None:
        self._left -= values
        self._steps -= 1
        if self._left < 0 or self._steps <= 0:
            raise UnusableSchema(pointer, f"too large: more than {MOST_PARTS} parts once written out")
