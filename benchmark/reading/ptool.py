"""ptool's own datasets: a run folder, its `dataset/` or a file of samples.

A run folder gives `dataset/test.jsonl` where the run made a split, else `dataset/samples.jsonl`; its
`api_tree.json` tells which capability a function has. Metric and protocol are ptool's own (strict) or the
published ones (official).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import orjson

from ...errors import StoreError
from ..items import Group, Item, Origin
from . import gold
from .lines import Entry, entries

_ORIGINS = get_args(Origin)
_GROUPS = get_args(Group)
_PARTS = ("unseen.jsonl", "train.jsonl", "twins.jsonl", "reserve.jsonl")
"""Parts of a dataset that are looked at only where they are named."""


def read(path: Path, group: Group | None = None) -> Iterator[Item]:
    """The items of a run folder or of a file of samples, one by one.

    Args: group: of every sample that does not say its own. Raises StoreError with the place of a bad line.
    """
    file = samples_file(path)
    kept, known = gold.Shared(), _capabilities(path)
    for entry in entries(file):
        yield _item(entry, kept, known, group)


def samples_file(path: Path) -> Path:
    """The file with the samples of a run folder or dataset folder. Raises StoreError where there is none."""
    if not path.is_dir():
        return path
    for folder in (path / "dataset", path):
        for name in ("test.jsonl", "samples.jsonl"):
            if (folder / name).is_file():
                return folder / name
    parts = [
        folder / name for folder in (path / "dataset", path) for name in _PARTS if (folder / name).is_file()
    ]
    if parts:
        there = ", ".join(one.name for one in parts)
        raise StoreError(
            f"{path}: nothing is held out to test; there are {there}: name one, such as {parts[0]}"
        )
    raise StoreError(f"{path}: no dataset/samples.jsonl; expected the folder of a finished ptool run")


def _item(entry: Entry, kept: gold.Shared, known: dict[str, dict[str, str]], group: Group | None) -> Item:
    platform, calls = gold.calls(entry, _origins(entry))
    scenario = entry.get("scenario", str)
    tools = kept.get(entry, entry.get("tools", list), gold.functions)
    places = entry.get("platforms", list)
    return Item(
        id=entry.get("id", str),
        user=entry.get("user_id", str),
        scenario=scenario,
        group=_group(entry) or group,
        platform=platform,
        calls=calls,
        query_params=gold.texts(entry, "query_params"),
        profile_params=gold.texts(entry, "profile_params"),
        tools=tools,
        platforms=kept.get(entry, places, gold.platforms),
        query=entry.get("query", str),
        capabilities=_own_capabilities(entry) or known.get(scenario, {}),
        user_profile=kept.get(entry, entry.get("user_profile", dict), gold.as_read),
        characteristics=kept.get(entry, places, gold.characteristics),
    )


def _group(entry: Entry) -> Group | None:
    group = entry.value.get("group")
    if group is not None and group not in _GROUPS:
        raise entry.wrong("group", group, f"one of {', '.join(_GROUPS)}")
    return group


def _origins(entry: Entry) -> Any:
    """Position of a call -> its parameters' origins."""
    found: dict[int, dict[str, Origin]] = {}
    for one in entry.get("origins", list):
        if not (
            isinstance(one, dict)
            and isinstance(one.get("call"), int)
            and isinstance(one.get("parameter"), str)
            and one.get("origin") in _ORIGINS
        ):
            raise entry.wrong("origins", one, "{call, parameter, value, origin: query | profile | default}")
        found.setdefault(one["call"], {})[one["parameter"]] = one["origin"]
    return lambda call: found.get(call, {})


def _own_capabilities(entry: Entry) -> dict[str, str]:
    found = entry.value.get("capabilities", {})
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise entry.wrong("capabilities", found, "{function: capability}")
    return found


def _capabilities(path: Path) -> dict[str, dict[str, str]]:
    """scenario -> function -> capability, from a run folder's API tree; empty where there is none."""
    tree = path / "api_tree.json"
    if not tree.is_file():
        return {}
    found: dict[str, dict[str, str]] = {}
    try:
        for node in orjson.loads(tree.read_bytes())["nodes"]:
            if node["kind"] == "api":
                scenario = node["id"].partition("/")[0]
                found.setdefault(scenario, {})[node["name"]] = node["capability"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{tree}: cannot be read as an API tree: {error}; was the run finished?") from None
    return found
