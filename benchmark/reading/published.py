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
from . import gold
from .lines import Entry, entries

FILE = "data.json"


def read(path: Path, group: Group | None = None) -> Iterator[Item]:
    """The items of one `data.json`, or of a folder with it, or of folders with it, sorted by name.

    Args: group: of every record; None: from the file's path. Raises StoreError with the place of a bad
    record.
    """
    kept = gold.Shared()
    for file in data_files(path):
        for number, entry in enumerate(entries(file)):
            yield _item(entry, number, kept, group or group_of(file))


def data_files(path: Path) -> list[Path]:
    """Every `data.json` that `path` stands for. Raises StoreError where there is none."""
    if not path.is_dir():
        return [path]
    found = [path / FILE] if (path / FILE).is_file() else sorted(path.glob(f"*/{FILE}"))
    if not found:
        raise StoreError(f"{path}: no {FILE} in it or in a folder of it; expected the published PTBench")
    return found


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


def _item(entry: Entry, number: int, kept: gold.Shared, group: Group | None) -> Item:
    query_params, profile_params = gold.texts(entry, "query_params"), gold.texts(entry, "profile_params")
    origins: dict[str, Origin] = dict.fromkeys(profile_params, "profile")
    origins |= dict.fromkeys(query_params, "query")  # a name in both counts as query, as upstream
    platform, calls = gold.calls(entry, lambda _: origins)
    profile, places = _json(entry, "user_profile", dict), _places(entry)
    return Item(
        id=f"{group or 'published'}-{number:05}",
        user=f"user-{gold.digest(profile.get('basic_features', profile)).hex()}",
        scenario=_scenario(profile, kept.get(entry, places, gold.platforms)),
        group=group,
        platform=platform,
        calls=calls,
        query_params=query_params,
        profile_params=profile_params,
        tools=kept.get(entry, _json(entry, "tools", list), gold.functions),
        platforms=kept.get(entry, places, gold.platforms),
        query=entry.get("query", str),
        source="published",
        user_profile=kept.get(entry, profile, gold.as_read),
        characteristics=kept.get(entry, places, gold.characteristics),
    )


def _json(entry: Entry, key: str, kind: type) -> Any:
    """A value that may also stand there as JSON text."""
    value = entry.get(key, (kind, str))
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise entry.wrong(key, value, f"JSON ({error})") from None
    return Entry(entry.place, {key: value}).get(key, kind)


def _places(entry: Entry) -> list[Any]:
    """The platforms as a list of {name, profile}; `{name: profile}` is taken too."""
    if isinstance(entry.value.get("platforms"), dict):
        return [{"name": name, "profile": profile} for name, profile in entry.value["platforms"].items()]
    return _json(entry, "platforms", list)


def _scenario(profile: dict[str, Any], platforms: Mapping[str, Any]) -> str:
    """The scenario in whose history one of the platforms occurs; '' where none does."""
    names, history = list(platforms), profile.get("user_history")
    for scenario, actions in (history if isinstance(history, dict) else {}).items():
        for one in actions if isinstance(actions, list) else ():
            if isinstance(one, dict) and one.get("platform") in names:
                return scenario
    return ""
