"""The published PTBench: `data.json`, one array of records.

A record is `user_profile, platforms, tools, query, answer, query_params, profile_params`. Upstream protocol
and metric are kept by `scorer=official`. What a record does not say and is inferred here: its user (a
fingerprint of the basic features), its id where it has no unique `id`, its scenario (the one in whose history
the record's platforms occur), its group (from a folder or file named `…untrained…`, `…trained…` or
`…unseen…`) and which platform offers which function (unknown, so left empty). A value that is not in a list
is taken as the only accepted one (`official` sees it as it stands). An odd gold answer, or none, is an item
that `official` scores as the published code does and that nothing is `strict`ly right for. A profile, query,
functions and platforms that are odd or missing, which that code never looks at, are shown as far as they can
be; what every record of a file lacks is refused, as the file is of another kind then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ...errors import StoreError
from ..items import GoldCall, Group, Item, Origin
from .raw_records import (
    RawRecord,
    SharedValues,
    argument_origins,
    check_shown,
    fingerprint,
    function_schemas,
    gold_calls,
    platform_characteristics,
    platform_functions,
    read_records,
    unchanged,
)

FILE = "data.json"
KEYS = ("user_profile", "platforms", "tools", "query", "answer")
"""What a record has; the names of parameters may be missing."""


def read(path: Path, group: Group | None = None) -> Iterator[Item]:
    """The items of one `data.json`, or of a folder with it, or of folders with it, sorted by name.

    Args: group: of every record; None: from the file's path. Raises StoreError with the place of a bad
    record.
    """
    shared, seen = SharedValues(), set[str]()
    for file in data_files(path):
        lacking, record = set(KEYS), RawRecord(str(file), {})
        for number, record in enumerate(read_records(file)):
            lacking -= record.value.keys()
            users = group or group_of(file)
            own = record.value.get("id")
            id = (
                own
                if isinstance(own, str) and own and own not in seen
                else f"{users or 'published'}-{number:05}"
            )
            seen.add(id)
            yield _item(record, id, shared, users)
        if seen and (missing := [key for key in KEYS if key in lacking]):
            have = ", ".join(repr(key)[:60] for key in list(record.value)[:12]) or "no keys"
            raise StoreError(f"{file}: no record has {', '.join(missing)}; the last one has {have}")


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


def _item(record: RawRecord, id: str, shared: SharedValues, group: Group | None) -> Item:
    query_params, profile_params = _names(record, "query_params"), _names(record, "profile_params")
    named: dict[str, Origin] = dict.fromkeys(profile_params, "profile")
    named |= dict.fromkeys(query_params, "query")  # a name in both counts as query, as upstream
    by_call = _origins(record)
    gold = _gold(record, lambda call: named if by_call is None else by_call.get(call, {}))
    profile, places = _profile(record), _places(record)
    return Item(
        id=id,
        user=f"user-{fingerprint(profile.get('basic_features', profile)).hex()}",
        scenario=_scenario(profile, shared.get(record, places, platform_functions)),
        group=group,
        platform=gold.platform,
        calls=gold.calls,
        query_params=query_params,
        profile_params=profile_params,
        tools=shared.get(record, _tools(record), _schemas),
        platforms=shared.get(record, places, platform_functions),
        query=_query(record.value.get("query")),
        source="published",
        user_profile=shared.get(record, profile, unchanged),
        characteristics=shared.get(record, places, platform_characteristics),
        published=gold.published,
        flaw=gold.flaw,
    )


@dataclass(frozen=True, slots=True)
class _Gold:
    """A gold answer as far as it is one."""

    platform: str
    calls: tuple[GoldCall, ...] = ()
    published: dict[str, Any] = field(default_factory=dict)
    flaw: str = ""


_FLAW = "the gold answer is not [platform, [{function: {parameter: [accepted, …]}}, …]]"


def _gold(record: RawRecord, origins_of: Callable[[int], Mapping[str, Origin]]) -> _Gold:
    """What the published code would compare an answer with; it refuses nothing before it compares."""
    answer = record.value.get("answer")
    if not isinstance(answer, list) or len(answer) < 2:
        return _Gold("", flaw=_FLAW)
    platform = answer[0]
    if isinstance(platform, list | dict):
        return _Gold(_as_text(platform), flaw=_FLAW)
    published = {} if isinstance(platform, str) else {"platform": platform}
    name = platform if isinstance(platform, str) else _as_text(platform)
    try:
        named = RawRecord(record.place, {"answer": [name, answer[1]]})
        _, calls = gold_calls(named, origins_of, empty=True)
    except StoreError:
        return _Gold(name, published=published, flaw=_FLAW)
    return _Gold(name, calls, published)


def _as_text(value: Any) -> str:
    return orjson.dumps(value).decode()[:80]


def _names(record: RawRecord, key: str) -> tuple[str, ...]:
    """A list of parameter names; what is no text stays in the count, and names nothing."""
    names = record.value.get(key)
    return tuple(map(str, names)) if isinstance(names, list) else ()


def _schemas(record: RawRecord, raw: list[Any]) -> dict[str, dict[str, Any]]:
    """name -> schema; of a function with an odd schema the name and description, of none nothing."""
    schemas: dict[str, dict[str, Any]] = {}
    check_shown(raw, f"{record.place}: functions")
    for declared in raw:
        try:
            found = function_schemas(record, [declared])
        except StoreError:
            schema = declared.get("function", declared) if isinstance(declared, dict) else None
            schema = schema if isinstance(schema, dict) else {}
            name = schema.get("name")
            kept = {"name": name, "description": str(schema.get("description", ""))}
            found = {name: kept} if isinstance(name, str) else {}
        schemas |= {name: schema for name, schema in found.items() if name not in schemas}
    return schemas


def _json(record: RawRecord, key: str) -> Any:
    """A value that may also stand there as JSON text; None where the record has none."""
    value = record.value.get(key)
    if isinstance(value, str):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _query(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()


def _profile(record: RawRecord) -> dict[str, Any]:
    """The profile; one that is no object stands for the basic features."""
    profile = _json(record, "user_profile")
    if isinstance(profile, dict):
        return profile
    return {"basic_features": profile} if profile else {}


def _origins(record: RawRecord) -> dict[int, dict[str, Origin]] | None:
    """Where arguments come from, as ptool's own export says; None: the record does not say so."""
    try:
        return argument_origins(record) if "origins" in record.value else None
    except StoreError:
        return None


def _tools(record: RawRecord) -> list[Any]:
    """The functions as a list; `{name: schema}` is taken too."""
    tools = _json(record, "tools")
    if isinstance(tools, dict):
        return [{"name": name, **_object(schema)} for name, schema in tools.items()]
    return tools if isinstance(tools, list) else []


def _places(record: RawRecord) -> list[Any]:
    """The platforms as a list of {name, profile}; `{name: profile}` is taken too."""
    listed = _json(record, "platforms")
    if isinstance(listed, dict):
        return [{"name": name, "profile": profile} for name, profile in listed.items()]
    if not isinstance(listed, list):
        listed = [listed]
    named = ({"name": place} if isinstance(place, str) else place for place in listed)
    return [_with_known_functions(place) for place in named if isinstance(_object(place).get("name"), str)]


def _with_known_functions(place: dict[str, Any]) -> dict[str, Any]:
    """A platform, without functions that are no list of names."""
    apis = place.get("apis", [])
    named = isinstance(apis, list) and all(isinstance(api, str) for api in apis)
    return place if named else {key: value for key, value in place.items() if key != "apis"}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _scenario(profile: dict[str, Any], platforms: Mapping[str, Any]) -> str:
    """The scenario in whose history one of the platforms occurs; '' where none does."""
    names, history = list(platforms), profile.get("user_history")
    for scenario, actions in (history if isinstance(history, dict) else {}).items():
        for action in actions if isinstance(actions, list) else ():
            if isinstance(action, dict) and action.get("platform") in names:
                return scenario
    return ""
