"""The JSON Schema of an output record as it is sent, in the two forms endpoints take.

*Strict* is what OpenAI's strict mode accepts: every property required, nothing additional, no keyword it does
not know; what a dropped keyword said goes into the description, where the model reads it. *Plain* is for
endpoints that turn a schema into a grammar (vLLM, llama.cpp, Ollama, LM Studio): the same, but constraints
stay, and a JSON object is an object instead of a text that holds one, as small models write it naturally.

It knows records by their JSON Schema alone, and no endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson
from pydantic import BaseModel

from ..errors import ConfigError

Schema = dict[str, Any]
"""A JSON Schema."""

_CACHED_RECORDS = 64
"""Records whose schemas are kept. Some are made for one question and never seen again, some 100 kB each."""
_COPIED = ("type", "description", "enum", "const", "$ref")
_STRUCTURE = ("properties", "items", "anyOf", "$defs", "additionalProperties", "oneOf", "allOf", "required")
_DROPPED = ("title", "examples", "deprecated", "discriminator", "contentMediaType", "contentSchema")
"""Keywords that are dropped without a word: they tell a model nothing."""
_CONSTRAINT_WORDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matching {}",
    "format": "as {}",
    "uniqueItems": "no item twice",
}
"""Constraints that strict endpoints may refuse, and how a description says them."""
_AS_TEXT = "a JSON object, written as text"
_REFERENCE = re.compile(r'"\$ref":"#/\$defs/([^"]+)"')


@lru_cache(maxsize=_CACHED_RECORDS)
def _whole_schema(record: type[BaseModel]) -> Schema:
    """As pydantic makes it, which takes some milliseconds; not to be changed."""
    return record.model_json_schema()


@lru_cache(maxsize=_CACHED_RECORDS)
def schema_of(record: type[BaseModel], strict: bool) -> Schema:
    """The JSON Schema of a record as an endpoint is sent it; made once, not to be changed.

    Args: record: the output; strict: for OpenAI's strict mode, otherwise the plain form.

    Raises ConfigError where the strict form cannot say what the record is, such as a free mapping.
    """
    whole = _whole_schema(record)
    rewriter = _Rewriter(record.__name__, whole.get("$defs", {}), strict)
    return _without_unused(rewriter.rewrite(whole, ""))


@lru_cache(maxsize=_CACHED_RECORDS)
def response_format(record: type[BaseModel], strict: bool) -> bytes:
    """The encoded `response_format` that asks for a record."""
    schema = {"name": _schema_name(record), "schema": schema_of(record, strict)} | (
        {"strict": True} if strict else {}
    )
    return orjson.dumps({"type": "json_schema", "json_schema": schema})


@lru_cache(maxsize=_CACHED_RECORDS)
def schema_text(record: type[BaseModel]) -> str:
    """The plain schema as JSON text, for people."""
    return orjson.dumps(schema_of(record, strict=False)).decode()


@lru_cache(maxsize=_CACHED_RECORDS)
def instruction(record: type[BaseModel]) -> str:
    """What a system message says where an endpoint takes no schema: one sentence, then the plain schema."""
    return (
        "\n\nAnswer with one JSON object that is valid against this JSON Schema, and with nothing else: "
        f"no explanation, no code fence, no schema.\n{schema_text(record)}"
    )


@lru_cache(maxsize=_CACHED_RECORDS)
def digest(record: type[BaseModel]) -> bytes:
    """16 bytes that stand for a record's name and schema: another schema, another answer."""
    schema = orjson.dumps(_whole_schema(record), option=orjson.OPT_SORT_KEYS)
    return blake2b(schema, digest_size=16, key=record.__name__.encode()[:64]).digest()


@lru_cache(maxsize=_CACHED_RECORDS)
def schema_size(record: type[BaseModel]) -> int:
    """Characters of a record's schema."""
    return len(orjson.dumps(_whole_schema(record)))


_CHARACTERS_A_TOKEN = 2
"""Of a text whose length is bounded; few in most languages, so that no answer is cut off for it."""
_NUMBER_TOKENS, _MARK_TOKENS = 12, 6


@lru_cache(maxsize=_CACHED_RECORDS)
def most_tokens(record: type[BaseModel]) -> int | None:
    """Tokens that the longest answer of a record's form may have, about; None where it has no end.

    So that nobody goes on beyond what is asked: texts count by their `maxLength`, lists by their `maxItems`.
    """
    whole = schema_of(record, strict=False)
    return _most_tokens(whole, whole.get("$defs", {}), ())


def _most_tokens(node: Any, definitions: Mapping[str, Schema], within: tuple[str, ...]) -> int | None:
    if not isinstance(node, dict):
        return None
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return None if name in within else _most_tokens(definitions[name], definitions, (*within, name))
    if choices := node.get("enum"):
        return max(len(str(choice)) for choice in choices) // _CHARACTERS_A_TOKEN + _MARK_TOKENS
    if choices := node.get("anyOf"):
        return _sum_or_none(choices, definitions, within, largest=True)
    kind = node.get("type")
    if kind == "object":
        if not (properties := node.get("properties")):
            return None
        names = sum(len(name) // _CHARACTERS_A_TOKEN + _MARK_TOKENS for name in properties)
        inside = _sum_or_none(properties.values(), definitions, within)
        return None if inside is None else names + inside
    if kind == "array":
        entry = _most_tokens(node.get("items"), definitions, within)
        return None if entry is None or "maxItems" not in node else node["maxItems"] * (entry + 2) + 2
    if kind in ("integer", "number", "boolean", "null"):
        return _NUMBER_TOKENS
    longest = node.get("maxLength")
    return longest // _CHARACTERS_A_TOKEN + _MARK_TOKENS if isinstance(longest, int) else None


def _sum_or_none(
    nodes: Iterable[Any], definitions: Mapping[str, Schema], within: tuple[str, ...], *, largest: bool = False
) -> int | None:
    sizes = [_most_tokens(node, definitions, within) for node in nodes]
    known = [size for size in sizes if size is not None]
    return None if len(known) < len(sizes) else max(known, default=0) if largest else sum(known)


def _holds_object(node: Schema) -> bool:
    """Whether it is a `ptool.records.JsonObject`; pydantic's `Json` takes text alone, and names a type."""
    inside = node.get("contentSchema", {})
    return node.get("contentMediaType") == "application/json" and bool(inside) and "type" not in inside


def _without_unused(schema: Schema) -> Schema:
    """The schema without definitions nothing leads to, as narrowed records have them."""
    definitions: Schema = schema.get("$defs", {})
    used: Schema = {}
    open_ends = [{key: value for key, value in schema.items() if key != "$defs"}]
    while open_ends:
        for name in set(_REFERENCE.findall(orjson.dumps(open_ends.pop()).decode())) - used.keys():
            used[name] = definitions[name]
            open_ends.append(definitions[name])
    kept = {name: schema for name, schema in definitions.items() if name in used}
    rest = {key: value for key, value in schema.items() if key != "$defs"}
    return rest | ({"$defs": kept} if kept else {})


def _schema_name(record: type[BaseModel]) -> str:
    return re.sub(r"\W", "_", record.__name__, flags=re.ASCII)[:64]


class _Rewriter:
    """Rewrites one record's schema in one of the two forms, node by node."""

    def __init__(self, record: str, definitions: Mapping[str, Schema], strict: bool) -> None:
        self._record = record
        self._definitions = definitions
        self._strict = strict

    def rewrite(self, node: Schema, where: str, within: tuple[str, ...] = ()) -> Schema:
        """The node in this form.

        Args: where: its dotted path, for messages; within: definitions it is being inlined from.
        """
        if not isinstance(node, dict):
            return node  # true or false: anything, or nothing
        if "$ref" in node and len(node) > 1:
            return self._merged(node, where, within)
        if len(node.get("allOf", ())) == 1:
            return self.rewrite(
                {**node["allOf"][0], **{k: v for k, v in node.items() if k != "allOf"}}, where
            )
        if _holds_object(node):
            return self._json_object(node)
        rewritten: Schema = {key: node[key] for key in _COPIED if key in node}
        rewritten |= self._constraints(node, where)
        if node.get("type") == "object" or "properties" in node:
            rewritten |= self._object(node, where, within)
        if "items" in node:
            rewritten["items"] = self.rewrite(node["items"], f"{where}[]", within)
        if choices := node.get("anyOf") or node.get("oneOf"):
            rewritten["anyOf"] = [self.rewrite(choice, where, within) for choice in choices]
        if "$defs" in node:
            rewritten["$defs"] = {
                name: self.rewrite(below, name, within) for name, below in node["$defs"].items()
            }
        if self._strict and not rewritten.keys() & {"type", "anyOf", "$ref", "enum", "const"}:
            raise self._impossible(where, "a value of any type")
        return rewritten

    def _merged(self, node: Schema, where: str, within: tuple[str, ...]) -> Schema:
        """A reference with a description of its own: strict mode takes no keyword beside `$ref`."""
        name = node["$ref"].rpartition("/")[2]
        if name in within or name not in self._definitions:
            return {"$ref": node["$ref"]}
        own = {key: value for key, value in node.items() if key != "$ref"}
        return self.rewrite({**self._definitions[name], **own}, where, (*within, name))

    def _json_object(self, node: Schema) -> Schema:
        description = node.get("description", _AS_TEXT)
        if not self._strict:
            # Said aloud, because some grammars take silence for "nothing additional".
            inside = node.get("contentSchema", {"additionalProperties": True})
            return {"type": "object", "description": description, **inside}
        text = description if description == _AS_TEXT else f"{description} ({_AS_TEXT})"
        return {"type": "string", "description": text}

    def _object(self, node: Schema, where: str, within: tuple[str, ...]) -> Schema:
        properties = node.get("properties", {})
        if "properties" not in node and node.get("additionalProperties") is not False:
            return self._mapping(node, where, within)
        return {
            "properties": {
                key: self.rewrite(value, f"{where}.{key}", within) for key, value in properties.items()
            },
            "required": list(properties),
            "additionalProperties": False,
        }

    def _mapping(self, node: Schema, where: str, within: tuple[str, ...]) -> Schema:
        if self._strict:
            raise self._impossible(where, "a mapping with free keys")
        values = node.get("additionalProperties", True)
        return {
            "additionalProperties": self.rewrite(values, f"{where}.*", within)
            if isinstance(values, dict)
            else values
        }

    def _constraints(self, node: Schema, where: str) -> Schema:
        """Further keywords as they are; in the strict form, what they say as a part of the description."""
        further = {key: value for key, value in node.items() if key not in (*_COPIED, *_STRUCTURE, *_DROPPED)}
        if not self._strict:
            return further
        further.pop("default", None)
        if foreign := sorted(further.keys() - _CONSTRAINT_WORDS.keys()):
            raise self._impossible(where, f"what JSON Schema says with {foreign[0]!r}")
        if not further:
            return {}
        constraints = ", ".join(
            words.format(further[key]) for key, words in _CONSTRAINT_WORDS.items() if key in further
        )
        own = node.get("description")
        return {"description": f"{own} ({constraints})" if own else constraints}

    def _impossible(self, where: str, what: str) -> ConfigError:
        return ConfigError(
            f"model.strict: the output record {self._record} has {what} at {where.strip('.') or 'its root'}, "
            "which strict endpoints refuse; make it a list of {name, value} or a ptool.records.JsonObject, "
            "or set model.strict=false"
        )
