"""ptool's own datasets: a run folder, its `dataset/`, the tables in it, or a file of samples.

A run folder gives `dataset/test.jsonl` where the run made a split, else `dataset/samples.jsonl`; its
`api_tree.json` tells which capability a function has, of what lies in its `dataset/` as well. Metric and
protocol are ptool's own (strict) or the published ones (official).
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import orjson

from ...errors import StoreError
from ...records.shared_parts import SharedParts
from ..items import Group, Item
from .raw_records import (
    RawRecord,
    SharedValues,
    argument_origins,
    function_schemas,
    gold_calls,
    parameter_names,
    platform_characteristics,
    platform_functions,
    read_records,
    unchanged,
)

_GROUPS = get_args(Group)
_FOLDERS = ("dataset", "verified")
"""Folders of a run that hold samples: as they were made, and as people want them."""
_PARTS = ("unseen.jsonl", "train.jsonl", "twins.jsonl", "reserve.jsonl")
"""Parts of a dataset that are looked at only where they are named."""


def read(path: Path, group: Group | None = None) -> Iterator[Item]:
    """The items of a run folder or of a file of samples, one by one.

    Args: group: of every sample that does not say its own. Raises StoreError with the place of a bad line.
    """
    return (item for _, item in read_samples(path, group))


def read_samples(path: Path, group: Group | None = None) -> Iterator[tuple[dict[str, Any], Item]]:
    """Every sample as it was written, joined with tools and profiles that are kept beside it, and its item.

    Args: as of `read`. Raises StoreError with the place of a line that cannot be read or joined.
    """
    file = samples_file(path)
    shared, known, parts = SharedValues(), _capabilities(path), SharedParts(file.parent)
    for record in read_records(file):
        try:
            whole = parts.join(record.value)
        except ValueError as error:
            raise StoreError(f"{record.place}: {error}") from None
        yield whole, _item(RawRecord(record.place, whole), shared, known, group)


class SampleReader:
    """Reads single samples of a dataset's folder, each from its place in a file.

    Args: folder: where samples lie, such as a run's dataset/.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts, self._shared, self._known = SharedParts(folder), SharedValues(), _capabilities(folder)

    def item(self, file: str, offset: int, size: int) -> Item:
        """The sample in some bytes of a file. Raises StoreError where they hold none."""
        path = self._folder / file
        place = f"{path}: byte {offset}"
        try:
            with path.open("rb") as content:
                content.seek(offset)
                value = self._parts.join(orjson.loads(content.read(size)))
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise StoreError(f"{place}: no sample: {error}; is index.jsonl of this dataset?") from None
        return _item(RawRecord(place, value), self._shared, self._known, None)


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
        there = ", ".join(part.name for part in parts)
        raise StoreError(
            f"{path}: nothing is held out to test; there are {there}: name one, such as {parts[0]}"
        )
    raise StoreError(f"{path}: no dataset/samples.jsonl; expected the folder of a finished ptool run")


def _item(
    record: RawRecord, shared: SharedValues, known: dict[str, dict[str, str]], group: Group | None
) -> Item:
    origins = argument_origins(record)
    platform, calls = gold_calls(record, lambda call: origins.get(call, {}))
    scenario = record.get("scenario", str)
    tools = shared.get(record, record.get("tools", list), function_schemas)
    places = record.get("platforms", list)
    return Item(
        id=record.get("id", str),
        user=record.get("user_id", str),
        scenario=scenario,
        group=_group(record) or group,
        platform=platform,
        calls=calls,
        query_params=parameter_names(record, "query_params"),
        profile_params=parameter_names(record, "profile_params"),
        tools=tools,
        platforms=shared.get(record, places, platform_functions),
        query=record.get("query", str),
        capabilities={**known.get(scenario, {}), **_own_capabilities(record)},
        user_profile=shared.get(record, record.get("user_profile", dict), unchanged),
        characteristics=shared.get(record, places, platform_characteristics),
    )


def _group(record: RawRecord) -> Group | None:
    group = record.value.get("group")
    if group is not None and group not in _GROUPS:
        raise record.wrong("group", group, f"one of {', '.join(_GROUPS)}")
    return group


def _own_capabilities(record: RawRecord) -> dict[str, str]:
    capabilities = record.value.get("capabilities", {})
    if not isinstance(capabilities, dict) or not all(
        isinstance(capability, str) for capability in capabilities.values()
    ):
        raise record.wrong("capabilities", capabilities, "{function: capability}")
    return capabilities


def _capabilities(path: Path) -> dict[str, dict[str, str]]:
    """scenario -> function -> capability, from the API trees of the run a dataset is of; empty: none."""
    dataset = path if path.is_dir() else path.parent
    run = next((folder.parent for folder in (dataset, dataset.parent) if folder.name in _FOLDERS), path)
    capabilities: dict[str, dict[str, str]] = {}
    for tree in (run / "api_tree.json", run / "unseen" / "api_tree.json"):
        if tree.is_file():
            _read_capabilities(tree, capabilities)
    return capabilities


def _read_capabilities(tree: Path, capabilities: dict[str, dict[str, str]]) -> None:
    try:
        for node in orjson.loads(tree.read_bytes().removeprefix(BOM_UTF8))["nodes"]:
            if node["kind"] == "api":
                scenario = node["id"].partition("/")[0]
                capabilities.setdefault(scenario, {})[node["name"]] = node["capability"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{tree}: cannot be read as an API tree: {error}; was the run finished?") from None
