"""Validates arguments against the document they were made for: jsonschema-rs follows its references.

Nothing of ptool's reading takes part: of what a run leaves, only the place of a function and the marks of
its parameters (`x-name`, `x-in`) are used.
"""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml


def load(path: Path) -> Any:
    text = path.read_text("utf-8")
    return yaml.safe_load(text) if path.suffix in (".yaml", ".yml") else json.loads(text)


def at(document: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def followed(document: Any, value: Any) -> Any:
    while "$ref" in value:
        value = at(document, value["$ref"])
    return value


def faults(document: Any, pointer: str, properties: dict[str, Any], arguments: dict[str, Any]) -> list[str]:
    """What a document objects to in the arguments of one of its functions.

    Args: pointer: of the function; properties: the run's own, for the marks; arguments: by the run's names.
    """
    own = {name: properties[name].get("x-name", name) for name in arguments}
    if "openapi" not in document:
        tool = at(document, pointer)
        schema = next(tool[key] for key in ("inputSchema", "parameters", "input_schema") if key in tool)
        return _faults(schema, {}, {own[name]: value for name, value in arguments.items()}, "3.1")
    return list(_faults_of_request(document, pointer, properties, arguments, own))


def _faults_of_request(document: Any, pointer: str, properties: Any, arguments: Any, own: Any) -> Any:
    operation, item = at(document, pointer), at(document, pointer.rpartition("/")[0])
    listed = [
        followed(document, one) for one in (*item.get("parameters", ()), *operation.get("parameters", ()))
    ]
    places = {(one["in"], one["name"]): one for one in listed}
    given = {(properties[name]["x-in"], own[name]): value for name, value in arguments.items()}
    for place, value in given.items():
        if place[0] != "body":
            yield from _faults(places[place]["schema"], document, value, document["openapi"])
    yield from (
        f"missing {place}" for place, one in places.items() if one.get("required") and place not in given
    )
    if "requestBody" in operation:
        (media,) = followed(document, operation["requestBody"])["content"].values()
        body = {name: value for (place, name), value in given.items() if place == "body"}
        yield from _faults(media["schema"], document, body, document["openapi"])


def _faults(schema: Any, document: Any, value: Any, version: str) -> list[str]:
    root = {"allOf": [schema], **{key: document[key] for key in ("components",) if key in document}}
    if not document:
        root = schema
    kind = jsonschema_rs.Draft4Validator if version.startswith("3.0") else jsonschema_rs.Draft202012Validator
    return [
        f"{error.instance_path}: {error.message}"
        for error in kind(root, validate_formats=True).iter_errors(value)
    ]
