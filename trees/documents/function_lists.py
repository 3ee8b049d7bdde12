"""Lists of functions: an MCP server's answer to `tools/list`, and function schemas as endpoints take them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import printable
from .functions import GivenFunction, GivenParameter, LeftOut, identifier, make_api, response_schema, unique
from .references import BrokenDocument, UnusableSchema, check_references, pointer_to
from .schema_converter import SchemaConverter

_SCHEMAS = ("inputSchema", "parameters", "input_schema")
"""Where a function has its parameters: MCP's, OpenAI's and Anthropic's key."""
_SCHEMA_KEYS = frozenset(("type", "properties", "$ref", "$schema"))
_MOST_PARTS = 1200
_OWN = frozenset(("type", "properties", "required", "additionalProperties", "description", "default"))


def listed_functions(document: Any) -> tuple[list[Any], str, str] | None:
    """The functions of a document with their pointer, and its platform; None: it is no list of functions.

    Raises BrokenDocument: it is an answer that tells of an error.
    """
    if isinstance(document, list):
        return document, "#", ""
    if not isinstance(document, dict):
        return None
    if isinstance(result := document.get("result"), dict) and "tools" in result:
        return (
            _list(result["tools"], "#/result/tools"),
            "#/result/tools",
            _platform(result, _platform(document)),
        )
    for key in ("tools", "functions"):
        if key in document:
            return _list(document[key], f"#/{key}"), f"#/{key}", _platform(document)
    if "jsonrpc" in document and "error" in document:
        raise BrokenDocument("#/error", f"the answer is an error: {printable(str(document['error']), 200)}")
    schema = next((document[key] for key in _SCHEMAS if key in document), None)
    if isinstance(document.get("name"), str) and isinstance(schema, dict) and _SCHEMA_KEYS & schema.keys():
        return [document], "", ""
    return ([document], "", "") if isinstance(document.get("function"), dict) else None


def _list(value: Any, pointer: str) -> list[Any]:
    if not isinstance(value, list):
        raise BrokenDocument(pointer, f"got {printable(repr(value), 80)}, expected a list of functions")
    return value


def _platform(tool: Mapping[str, Any], otherwise: str = "") -> str:
    meta = tool.get("_meta")
    return str(tool.get("x-platform") or (isinstance(meta, dict) and meta.get("x-platform")) or otherwise)


def functions_of(tools: list[Any], pointer: str, platform: str) -> Iterator[GivenFunction | LeftOut]:
    """Every function of a list.

    Args: pointer, platform: as of `listed_functions`.

    Raises BrokenDocument: with the place of what is no function.
    """
    names: list[str] = []
    for at, given in enumerate(tools):
        place = pointer_to(pointer, at) if pointer else "#"
        if not isinstance(given, dict):
            raise BrokenDocument(place, f"got {printable(repr(given), 80)}, expected a function")
        nested = isinstance(given.get("function"), dict)
        tool = given["function"] if nested else given
        own = pointer_to(place, "function") if nested else place
        name = tool.get("name")
        if _has_no_schema(given, nested):
            kind = printable(str(given["type"]), 60)
            yield LeftOut(
                kind,
                place,
                f"{place}: {kind!r} is a tool without parameters: the endpoint's own, or of free text",
            )
            continue
        if not isinstance(name, str) or not name.strip():
            raise BrokenDocument(pointer_to(own, "name"), "missing, expected the function's name")
        if not identifier(name):
            yield LeftOut(name, place, f"{place}: no letter of its name is one of a to z")
            continue
        names.append(unique(identifier(name), names))
        try:
            yield _function(names[-1], tool, own, _platform(tool, _platform(given, platform)))
        except UnusableSchema as fault:
            yield LeftOut(name, place, str(fault))


def _has_no_schema(given: Mapping[str, Any], nested: bool) -> bool:
    """Whether an entry names a tool that no schema describes: the endpoint's web search, free text."""
    described = nested or any(given.get(key) is not None for key in _SCHEMAS)
    return "type" in given and given["type"] != "function" and not described


def _function(name: str, tool: Mapping[str, Any], pointer: str, platform: str) -> GivenFunction:
    key = next((key for key in _SCHEMAS if tool.get(key) is not None), "")
    schema, place = (tool[key], pointer_to(pointer, key)) if key else ({}, pointer)
    if not isinstance(schema, dict):
        raise BrokenDocument(place, f"got {printable(repr(schema), 80)}, expected a schema")
    check_references(schema, place)
    schema = {"type": "object", **schema}
    converter = SchemaConverter(schema)
    whole = converter.convert(schema, place, _MOST_PARTS)
    if whole.get("type") != "object":
        raise BrokenDocument(pointer_to(place, "type"), f"got {whole.get('type')!r}, expected 'object'")
    required = whole.get("required", [])
    parameters = [
        GivenParameter(own, part, own in required) for own, part in whole.get("properties", {}).items()
    ]
    extra = {key: part for key, part in whole.items() if key not in _OWN}
    returned = tool.get("outputSchema")
    response = response_schema(returned, SchemaConverter(returned), place)
    text = str(tool.get("description") or tool.get("title") or "")
    api = make_api(name, text, parameters, response, converter, place, extra)
    return GivenFunction(platform, "", "", api, pointer, tuple(dict.fromkeys(converter.cut)))
