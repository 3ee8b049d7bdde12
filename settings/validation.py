"""From a composed configuration to settings, here and only here: one clear line for every fault.

What is expected is read off the JSON Schema of the settings, so that a line never disagrees with the check.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import ConfigError, names, printable
from .base import StrictModel
from .roles import OF_OWN_AGENTS
from .run import Settings
from .secrets import may_hold_secret, refuse_secrets
from .texts import check_texts

Schema = TypeVar("Schema", bound=BaseModel)


def validated(config: Mapping[str, Any], schema: type[Schema] = Settings) -> Schema:
    """Turn a composed configuration into settings.

    Raises ConfigError with one line for each fault: the key, what was got, what is expected.
    """
    if not isinstance(config, Mapping):
        raise ConfigError(f"the configuration: got {type(config).__name__}, expected a mapping")
    refuse_secrets(config)
    for key in _OF_THE_WORLD:
        check_texts(config.get(key), key)
    try:
        return schema.model_validate_json(json.dumps(config))
    except ValidationError as error:
        raise ConfigError("\n".join(explained(error, schema))) from None
    except TypeError as error:
        raise ConfigError(f"a value is of no JSON type: {error}") from None


_OF_THE_WORLD = ("scenario", "splits", "card")
"""Keys whose texts get into data and onto terminals."""


def keys(part: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Every dotted key the configuration has, `task` and `task.plan` alike."""
    for name, field in part.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, StrictModel):
            yield from keys(field.annotation, f"{prefix}{name}.")


def is_text(schema: type[BaseModel], key: str) -> bool:
    """Whether the value of a dotted key is a text of one's own, and no number or name out of a list."""
    options = _options(schema, key)
    return any(option.get("type") == "string" and "enum" not in option for option in options) and not any(
        option.get("type") in ("array", "integer", "number") for option in options
    )


def bare_key(schema: type[BaseModel], key: str) -> str:
    """The key that a bare value of a section stands for: `tools=8` is `tools.shown=8`; "": none does."""
    field = schema.model_fields.get(key)
    return getattr(field.annotation, "bare", "") if field else ""


def choices(schema: type[BaseModel], key: str) -> list[str]:
    """The values of a dotted key, where they are few: names out of a list, true and false, null beside."""
    found: list[str] = []
    for option in _options(schema, key):
        values = option.get("enum", [option["const"]] if "const" in option else [])
        kinds = {"boolean": ["true", "false"], "null": ["null"]}
        found += [*map(str, values), *kinds.get(option.get("type", ""), [])]
    return [] if found == ["null"] else found


def takes_any_key(schema: type[BaseModel], key: str) -> bool:
    """Whether the settings leave open which keys there are below a dotted key, as in `model.extra`."""
    return any(
        option.get("type", "object") == "object"
        and "properties" not in option
        and "$ref" not in (_child(option, "") or {})
        for option in _options(schema, key)
    )


def may_be_left_out(schema: type[BaseModel], key: str) -> bool:
    """Whether a dotted key, or one that it is below, is an optional one of a role that files leave out."""
    match key.split("."):
        case ["agent", _, own, *below] if issubclass(schema, Settings):
            return own in OF_OWN_AGENTS and (not below or own in ("agent", "limits"))
    return False


def _options(schema: type[BaseModel], key: str) -> list[dict[str, Any]]:
    root = _tree(schema)
    _, found = _find(root, key.split("."))
    return [_resolved(option, root) for option in found.get("anyOf", [found])]


@cache
def _tree(schema: type[BaseModel]) -> dict[str, Any]:
    return schema.model_json_schema(by_alias=True)


_SHOWN = 80
_TYPES = {
    "integer": "an integer",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "null": "null",
    "object": "a mapping",
}
_BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def explained(error: ValidationError, settings: type[BaseModel]) -> list[str]:
    """Say of each fault `key: got 'x', expected an integer >= 1`, a line each, each line once.

    Args: error: what validation of `settings` raised; settings: the model it was raised for.
    """
    schema = _tree(settings)
    return list(dict.fromkeys(_line(fault, schema) for fault in error.errors(include_url=False)))


def _line(fault: ErrorDetails, root: dict[str, Any]) -> str:
    where, schema = _find(root, [step for step in fault["loc"] if step != "[key]"])
    key = ".".join(where) or "the configuration"
    if fault["type"] == "json_invalid":
        return f"{key}: a text in it is no Unicode, expected whole characters"
    if fault["type"] == "value_error":
        own = str(fault["ctx"]["error"]) if "ctx" in fault else fault["msg"]
        between = ": " if own.startswith("got ") else "."
        return f"{key}{between}{own}" if where else own
    if fault["type"] == "extra_forbidden":
        _, there = _find(root, list(fault["loc"][:-1]))
        return f"{key}: no such key; there are {names(there.get('properties', {}), where[-1])}"
    if fault["type"] == "path":
        return f"{key}: got {_shown(where[-1:], fault['input'])}, expected {fault['msg']}"
    if fault["loc"][-1:] == ("[key]",):
        pattern = fault.get("ctx", {}).get("pattern")
        return (
            f"{key}: got this name, expected {f'one like {pattern[1:-1]}' if pattern else 'a text in quotes'}"
        )
    if fault["type"] == "too_short" and "ctx" in fault:
        return f"{key}: got {fault['ctx']['actual_length']}, expected at least {fault['ctx']['min_length']}"
    expected = _expectation(schema, root) or fault["msg"]
    if fault["type"] == "missing":
        return f"{key}: missing, expected {expected}"
    return f"{key}: got {_shown(where[-1:], fault['input'])}, expected {expected}"


def _shown(last: list[str], value: Any) -> str:
    if any(may_hold_secret(step) for step in last):
        return "a value not shown here"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _find(root: dict[str, Any], steps: Sequence[str | int]) -> tuple[list[str], dict[str, Any]]:
    """The path to a value and its schema; {} where it is silent. The tag of a union or a check is no step."""
    here, path = root, []
    for step in steps:
        options = [_resolved(option, root) for option in here.get("anyOf", [here])]
        child_schema = next(
            (child for option in options if (child := _child(option, step)) is not None), None
        )
        if child_schema is None and (len(options) > 1 or str(step).startswith("function-")):
            continue
        here, path = _resolved(child_schema or {}, root), [*path, printable(str(step), _SHOWN)]
    return path, here


def _child(schema: Mapping[str, Any], step: str | int) -> dict[str, Any] | None:
    if isinstance(step, int):
        return schema.get("items")
    found = schema.get("properties", {}).get(step)
    if found is None:
        found = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
    return found if isinstance(found, dict) else None


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref")
    return {**root["$defs"][name.rpartition("/")[2]], **schema} if name else schema


def _expectation(schema: dict[str, Any], root: dict[str, Any]) -> str:
    """A schema in words: `an integer >= 1`, `'loop' or 'round_robin'`, `a list, each a text`.

    Args: schema: of one value; root: the whole, which holds the definitions. Empty text for an empty schema.
    """
    schema = _resolved(schema, root)
    if "anyOf" in schema:
        return " or ".join(_expectation(option, root) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " or ".join(repr(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        each = _expectation(schema.get("items", {}), root)
        whole = "a list that is not empty" if schema.get("minItems") else "a list"
        return f"{whole}, each {each}" if each else whole
    return " ".join([_TYPES.get(schema.get("type", ""), ""), *_limits(schema)]).strip()


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    bounds = [f"{sign} {schema[key]:g}" for key, sign in _BOUNDS.items() if key in schema]
    if bounds:
        yield " and ".join(bounds)
    if schema.get("minLength"):
        most = schema.get("maxLength")
        yield f"of {schema['minLength']} to {most} letters" if most else "that is not empty"
    elif "maxLength" in schema:
        yield f"of at most {schema['maxLength']} letters"
    if "examples" in schema:
        yield f"such as {schema['examples'][0]!r}"
    elif "pattern" in schema:
        yield f"like {schema['pattern'].strip('^$')}"
