"""Questions and possible answers in the form of BFCL's single-turn categories (Patil et al. 2025).

Functions have the names of tool calls, so that a call tells its platform; types are BFCL's (`dict`, `float`).
A sample with several calls is of the category parallel_multiple, with one of multiple; ids are numbered in
their category, as BFCL reads the category off them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson

from ..benchmark import GoldCall, Item
from ..errors import ConfigError
from .conversation import Conversations
from .folder import ExportFolder, OutputFile
from .source import ExportSource

VERSION = "BFCL_v4"
_TYPES = {"object": "dict", "number": "float", "null": "any"}
_DEPTH = 16


def write_bfcl(source: ExportSource, folder: ExportFolder) -> None:
    """`PART/BFCL_v4_CATEGORY.json` with questions, `PART/possible_answer/` with the answers, a line each."""
    chats = Conversations("native", source.settings.variant)
    for part in source.parts:
        files: dict[str, tuple[OutputFile, OutputFile]] = {}
        numbers = Counter[str]()
        for item in source.items(part):
            category = _category(item)
            if category not in files:
                name = f"{VERSION}_{category}.json"
                places = (f"{part.name}/{name}", f"{part.name}/possible_answer/{name}")
                files[category] = folder.create(places[0]), folder.create(places[1])
            id = f"{category}_{numbers[category]}"
            numbers[category] += 1
            for file, line in zip(files[category], _lines(chats, item, id), strict=True):
                file.line(orjson.dumps(line))


def _category(item: Item) -> str:
    several = len(item.calls) > 1
    if len(item.tools) > 1:
        return "parallel_multiple" if several else "multiple"
    return "parallel" if several else "simple_python"


def _lines(chats: Conversations, item: Item, id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A question and its possible answer."""
    prompt = chats.prompt(item)
    functions = chats.fragments.of(
        "functions", prompt.tools, lambda: [_function(tool) for tool in prompt.tools]
    )
    question = {"id": id, "question": [chats.messages(item)], "function": functions, "sample": item.id}
    by_name = {tool["name"]: tool.get("parameters") or {} for tool in prompt.tools}
    calls = zip(chats.named_calls(item), item.calls, strict=True)
    truth = [{name: _accepted(item, call, by_name[name])} for (name, _), call in calls]
    return question, {"id": id, "ground_truth": truth}


def _function(tool: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(tool.get("parameters") or {})
    parameters = {"type": "dict", "properties": schema.get("properties") or {}}
    parameters["required"] = list(schema.get("required") or ())
    return {"name": tool["name"], "description": tool.get("description", ""), "parameters": parameters}


def _schema(schema: Any, depth: int = 0) -> dict[str, Any]:
    """A JSON Schema with BFCL's types; every value has one."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return {"type": "any"}
    kind = schema.get("type")
    kind = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
    kind = _TYPES.get(kind, kind) if isinstance(kind, str) else _type_of_options(schema)
    changed = {**schema, "type": kind}
    if isinstance(schema.get("properties"), dict):
        changed["properties"] = {
            name: _schema(inner, depth + 1) for name, inner in schema["properties"].items()
        }
    if kind == "array":
        changed["items"] = _schema(schema.get("items"), depth + 1)
    return changed


def _type_of_options(schema: dict[str, Any]) -> str:
    """The type of a schema that only lists its values, or alternatives."""
    options = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    kinds = {bool: "boolean", int: "integer", float: "float", list: "array", dict: "dict", str: "string"}
    return kinds.get(type(options[0]), "any") if options else "any"


def _accepted(item: Item, call: GoldCall, schema: dict[str, Any]) -> dict[str, list[Any]]:
    """Parameter -> accepted values, "" among them where it may be left out.

    Raises ConfigError for an empty text that may not: BFCL cannot tell them apart.
    """
    properties, required = schema.get("properties") or {}, set(schema.get("required") or ())
    accepted: dict[str, list[Any]] = {}
    for name, values in call.accepted.items():
        optional = (call.origins.get(name) == "default" or name in call.optional) and name not in required
        if "" in values and not optional:
            raise ConfigError(
                f"format: got 'bfcl', but sample {item.id!r:.80} accepts the empty text for {name!r:.80}, "
                "which BFCL reads as left out; expected another format"
            )
        accepted[name] = [_value(value) for value in values if value != ""] + ([""] if optional else [])
    for name, declared in properties.items():
        if (
            name not in accepted
            and name not in required
            and isinstance(declared, dict)
            and "default" in declared
        ):
            accepted[name] = [_value(declared["default"]), ""]
    return accepted


def _value(value: Any) -> Any:
    """A value as BFCL lists it: fields of an object, also of those in a list, have lists of their own."""
    if isinstance(value, dict):
        return {name: [inner] for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_value(inner) if isinstance(inner, dict) else inner for inner in value]
    return value
