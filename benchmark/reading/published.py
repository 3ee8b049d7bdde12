"""The published PTBench: `data.json`, one array of records.

A record is `user_profile, platforms, tools, query, answer, query_params, profile_params`. Upstream protocol
and metric are kept by `scorer=official`. What a record does not say and is inferred here: its user (a
fingerprint of the basic features), its scenario (the one in whose history the record's platforms occur), its
group (from a folder or file named `…untrained…`, `…trained…` or `…unseen…`) and which platform offers which
function (unknown, so left empty). A value that is not in a list is taken as the only accepted one (`official`
sees it as it stands).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from ...errors import StoreError
from ..items import Group, Item, Origin
from .raw_records import (
    RawRecord,
    SharedValues,
    argument_origins,
    fingerprint,
    function_schemas,
    gold_calls,
    parameter_names,
    platform_characteristics,
    platform_functions,
    read_records,
    unchanged,
)

FILE = "data.json"


def read(path: Path, group: Group | None = None) -> Iterator[Item]:
    """The items of one `data.json`, or of a folder with it, or of folders with it, sorted by name.

    Args: group: of every record; None: from the file's path. Raises StoreError with the place of a bad
    record.
    """
    shared = SharedValues()
    for file in data_files(path):
        for number, record in enumerate(read_records(file)):
            yield _item(record, number, shared, group or group_of(file))


def data_files(path: Path) -> list[Path]:
    """Every `data.json` that `path` stands for. Raises StoreError where there is none."""
    if not path.is_dir():
        return [path]
    files = [path / FILE] if (path / FILE).is_file() else sorted(path.glob(f"*/{FILE}"))
    if not files:
        raise StoreError(f"{path}: no {FILE} in it or in a folder of it; expected the published PTBench")
    return files


def group_of(file: Path) -> Group | None:
    """What the names of a file and of its folder say about its users."""
    for part in (file.stem.lower(), file.parent.name.lower()):
        if "unseen" in part:
            return "unseen"
        if "untrained" in part:
            return "untrained"
        if "trained" in part:
            return "trained"
    return None


def _item(record: RawRecord, number: int, shared: SharedValues, group: Group | None) -> Item:
    query_params, profile_params = (
        parameter_names(record, "query_params"),
        parameter_names(record, "profile_params"),
    )
    named: dict[str, Origin] = dict.fromkeys(profile_params, "profile")
    named |= dict.fromkeys(query_params, "query")  # a name in both counts as query, as upstream
    by_call = argument_origins(record) if "origins" in record.value else None  # as ptool's export has them
    platform, calls = gold_calls(record, lambda call: named if by_call is None else by_call.get(call, {}))
    profile, places = _json(record, "user_profile", dict), _places(record)
    return Item(
        id=f"{group or 'published'}-{number:05}",
        user=f"user-{fingerprint(profile.get('basic_features', profile)).hex()}",
        scenario=_scenario(profile, shared.get(record, places, platform_functions)),
        group=group,
        platform=platform,
        calls=calls,
        query_params=query_params,
        profile_params=profile_params,
        tools=shared.get(record, _json(record, "tools", list), function_schemas),
        platforms=shared.get(record, places, platform_functions),
        query=record.get("query", str),
        source="published",
        user_profile=shared.get(record, profile, unchanged),
        characteristics=shared.get(record, places, platform_characteristics),
    )


def _json(record: RawRecord, key: str, kind: type) -> Any:
    """A value that may also stand there as JSON text."""
    value = record.get(key, (kind, str))
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise record.wrong(key, value, f"JSON ({error})") from None
    return RawRecord(record.place, {key: value}).get(key, kind)


def _places(record: RawRecord) -> list[Any]:
    """The platforms as a list of {name, profile}; `{name: profile}` is taken too."""
    if isinstance(record.value.get("platforms"), dict):
        return [{"name": name, "profile": profile} for name, profile in record.value["platforms"].items()]
    return _json(record, "platforms", list)


def _scenario(profile: dict[str, Any], platforms: Mapping[str, Any]) -> str:
    """The scenario in whose history one of the platforms occurs; '' where none does."""
    names, history = list(platforms), profile.get("user_history")
    for scenario, actions in (history if isinstance(history, dict) else {}).items():
        for action in actions if isinstance(actions, list) else ():
            if isinstance(action, dict) and action.get("platform") in names:
                return scenario
    return ""
