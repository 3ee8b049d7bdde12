"""ToolSpectrum (Cheng et al. 2025): an instruction, a persona, an environment and one call of an app's API.

A dataset is a JSON array of {instruction, persona?, environment?, toolCall: {APP, API, params} | null}; the
apps stand in `API_description*.json` in the same folder or in `../api/`. Apps are platforms, personas are
users. Origins: upstream's required arguments count as query, personalized ones as profile, environmental ones
as neither. `toolCall: null` (a policy forbids it) is a gold answer without calls, right where the answer
makes none; where a file has such records, declining is offered for all of its records.

Where upstream could not be kept: it publishes data and prompts but no scoring code, so the metrics are
ptool's own, with F1 of its paper's four parts beside them (`protocols/toolspectrum.py`); apps that offer a
function of the same name with different parameters are shown with the parameters of all of them; a Boolean
that the gold writes as text ('True') is accepted as text and as Boolean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from ...errors import StoreError
from ...texts.byte_order_marks import as_utf8
from ..items import GoldCall, Group, Item, Origin
from .raw_records import RawRecord, check_shown, fingerprint, read_records

_ARGUMENT = re.compile(r"(\w+) \((\w+)\)$")
_TYPES = {
    "str": "string",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "list": "array",
    "dict": "object",
}
_ORIGINS: dict[str, Origin | None] = {
    "required_arguments": "query",
    "personalized_arguments": "profile",
    "environmental_arguments": None,
}
_BOOLEANS = {"True": True, "False": False}


class Apps:
    """What the apps offer, as items share it."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.tools: dict[str, dict[str, Any]] = {}
        self.platforms: dict[str, tuple[str, ...]] = {}
        self.characteristics: dict[str, dict[str, str]] = {}
        self.origins: dict[tuple[str, str], dict[str, Origin | None]] = {}
        for app, description in raw.items():
            self.platforms[app] = tuple(description["APIs"])
            policy = {"policy": " ".join(description["policy"])} if description.get("policy") else {}
            self.characteristics[app] = {"description": description["desc"], **policy}
            for name, api in description["APIs"].items():
                self._add(app, name, api)

    def _add(self, app: str, name: str, api: dict[str, Any]) -> None:
        empty = {"type": "object", "properties": {}, "required": []}
        tool = self.tools.setdefault(name, {"name": name, "description": api["desc"], "parameters": empty})
        properties, first = tool["parameters"]["properties"], not tool["parameters"]["properties"]
        origins = self.origins[app, name] = {}
        for part, origin in _ORIGINS.items():
            for argument, description in api.get(part, {}).items():
                parameter, kind = _declared(argument)
                origins[parameter] = origin
                properties.setdefault(parameter, {**kind, "description": description})
        required = [_declared(argument)[0] for argument in api.get("required_arguments", ())]
        before = tool["parameters"]["required"]
        tool["parameters"]["required"] = required if first else [name for name in before if name in required]


def read(path: Path, group: Group | None = None) -> Iterator[Item]:
    """The items of one dataset file, or of every one in a folder; raises StoreError with the place of a bad
    record."""
    for file in dataset_files(path):
        apps = _apps(apis_file(file))
        may_decline = any(record.value.get("toolCall", file) is None for record in read_records(file))
        for number, record in enumerate(read_records(file)):
            yield _item(record, number, file.stem, apps, group, may_decline)


def is_folder(path: Path) -> bool:
    """Whether a folder holds dataset files and the description of their apps."""
    try:
        return bool([apis_file(file) for file in dataset_files(path)])
    except StoreError:
        return False


def dataset_files(path: Path) -> list[Path]:
    """The dataset files a path stands for: itself, or those of a folder or of its folders, by name.

    Raises StoreError where a folder has none.
    """
    if not path.is_dir():
        return [path]
    files = sorted(path.glob("dataset*.json")) or sorted(path.glob("*/dataset*.json"))
    if not files:
        raise StoreError(f"{path}: no ToolSpectrum file in it, expected one such as dataset_persona.json")
    return files


def apis_file(dataset: Path) -> Path:
    """The description of the apps that belongs to a dataset. Raises StoreError where there is none."""
    variant = dataset.stem.removeprefix("dataset")
    names = (f"API_description{variant}.json", "API_description.json")
    for folder in (dataset.parent, dataset.parent.parent / "api"):
        for name in names:
            if (folder / name).is_file():
                return folder / name
    raise StoreError(f"{dataset}: no API_description.json beside it or in ../api")


def _apps(file: Path) -> Apps:
    try:
        described = orjson.loads(as_utf8(file.read_bytes()))
        check_shown(described, str(file))
        return Apps(described)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        expected = "{app: {desc, APIs: {name: {desc, required_arguments, …}}}}"
        raise StoreError(f"{file}: {type(error).__name__}: {error}; expected {expected}") from None


def _item(
    record: RawRecord, number: int, name: str, apps: Apps, group: Group | None, may_decline: bool
) -> Item:
    call = record.get("toolCall", (dict, type(None)))
    gold_call = None if call is None else _call(RawRecord(f"{record.place}: toolCall", call), apps)
    persona, environment = (_optional(record, key) for key in ("persona", "environment"))
    shown = {"basic_features": persona, "environment": environment}
    origins = list(gold_call.origins.items()) if gold_call else []
    return Item(
        id=f"{name}-{number:04}",
        user=f"user-{fingerprint(persona).hex()}" if persona else f"nobody-{number}",
        scenario=name,
        group=group,
        platform=call["APP"] if call else None,
        calls=(gold_call,) if gold_call else (),
        query_params=tuple(name for name, origin in origins if origin == "query"),
        profile_params=tuple(name for name, origin in origins if origin == "profile"),
        tools=apps.tools,
        platforms=apps.platforms,
        query=record.get("instruction", str),
        source="toolspectrum",
        user_profile={key: value for key, value in shown.items() if value},
        characteristics=apps.characteristics,
        may_decline=may_decline,
    )


def _optional(record: RawRecord, key: str) -> dict[str, Any] | None:
    return record.get(key, (dict, type(None))) if key in record.value else None


def _call(call: RawRecord, apps: Apps) -> GoldCall:
    place = (call.get("APP", str), call.get("API", str))
    if place not in apps.origins:
        raise call.wrong("APP and API", place[0] + "." + place[1], "an API that the app offers")
    origins, properties = apps.origins[place], apps.tools[place[1]]["parameters"]["properties"]
    accepted = {
        name: _accepted(value, properties.get(name, {})) for name, value in call.get("params", dict).items()
    }
    stated: dict[str, Origin] = {
        parameter: origin for parameter, origin in origins.items() if origin and parameter in accepted
    }
    return GoldCall(place[1], accepted, stated)


def _accepted(value: Any, schema: dict[str, Any]) -> tuple[Any, ...]:
    if schema.get("type") == "boolean" and isinstance(value, str) and value in _BOOLEANS:
        return value, _BOOLEANS[value]
    return (value,)


def _declared(argument: str) -> tuple[str, dict[str, str]]:
    """'city (str)' -> ('city', {type: string}); a type upstream misspells is no restriction."""
    match = _ARGUMENT.match(argument)
    if not match:
        raise ValueError(f"argument {argument!r:.60}, expected 'name (type)'")
    return match[1], {"type": _TYPES[match[2]]} if match[2] in _TYPES else {}
