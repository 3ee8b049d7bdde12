"""The published PTBench: `data.json`, one array of records, in a folder for every part and group.

A record has the seven keys of the published code. Three things are said beside them, which that code does
not look at: `origins` for each argument (the flat lists of names cannot tell two calls apart), the `apis` of
a platform, and in the names of folders the group of users.
"""

from __future__ import annotations

from typing import Any

import orjson

from ..benchmark import Item
from ..errors import ConfigError
from ..evaluation.prompt import visible_sample
from .conversation import wrapped
from .folder import ExportFolder, OutputFile
from .fragments import OPTIONS, Fragments
from .source import ExportSource


def write_ptbench(source: ExportSource, folder: ExportFolder) -> None:
    """`PART_GROUP/data.json`, or `PART/data.json` of samples without a group."""
    files: dict[str, OutputFile] = {}
    fragments = Fragments()
    for part in source.parts:
        for item in source.items(part):
            place = part.name if item.group in (None, part.name) else f"{part.name}_{item.group}"
            if place not in files:
                files[place] = folder.create(f"{place}/data.json")
            file = files[place]
            file.write(b",\n" if file.records else b"[\n")
            file.write(orjson.dumps(_record(item, source.settings.variant, fragments), option=OPTIONS))
            file.records += 1
    for file in files.values():
        file.write(b"\n]\n")


def _record(item: Item, variant: Any, fragments: Fragments) -> dict[str, Any]:
    shown = visible_sample(item, variant)
    return {
        "user_profile": fragments.of("user_profile", item.user_profile, lambda: shown.profile or {}),
        "platforms": fragments.of("platforms", item.platforms, lambda: platform_records(item)),
        "tools": fragments.of("tools", item.tools, lambda: wrapped(item.tools.values())),
        **gold_record(item),
    }


def gold_record(item: Item) -> dict[str, Any]:
    """Query, answer and where its arguments are from, under the keys of a published record.

    Raises ConfigError: the answer names no platform.
    """
    if item.platform is None:
        raise ConfigError(
            f"format: got one whose answers name a platform, but sample {item.id!r:.80} has none; "
            "expected another, such as messages"
        )
    calls = [
        {call.name: {name: call.published.get(name, values) for name, values in call.accepted.items()}}
        for call in item.calls
    ]
    origins = [
        {"call": number, "parameter": name, "value": call.accepted[name][0], "origin": origin}
        for number, call in enumerate(item.calls)
        for name, origin in call.origins.items()
    ]
    return {
        "query": item.query,
        "answer": [item.platform, calls],
        "query_params": item.query_params,
        "profile_params": item.profile_params,
        "origins": origins,
    }


def platform_records(item: Item) -> list[dict[str, Any]]:
    """The platforms of a sample, each with its characteristics and the names of its functions."""
    return [
        {"name": name, "profile": item.characteristics.get(name, {}), "apis": list(functions)}
        for name, functions in item.platforms.items()
    ]
