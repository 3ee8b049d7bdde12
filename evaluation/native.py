"""Functions as tools of a chat endpoint: names it takes, and the way back to the sample's own names.

Endpoints take letters, digits, `_` and `-`, 64 at most, and every name once. A function that several
platforms offer becomes a tool of each, `Platform__function`. It knows no endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ..benchmark import Item
from ..errors import ConfigError
from .visible import Visible

_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST = 64
_EMPTY = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class Naming:
    """The tools of one sample."""

    tools: tuple[dict[str, Any], ...]
    """{name, description, parameters}, under the names on the wire"""
    own: Mapping[str, str]
    """name on the wire -> the sample's: 'function', or 'Platform__function' where several offer it"""
    wires: Mapping[str, str]
    """the other way round"""

    def wire(self, platform: str, function: str) -> str:
        """What a platform's function is called on the wire."""
        return self.wires.get(f"{platform}__{function}") or self.wires[function]

    def restored(self, text: str) -> str:
        """Tool calls with the sample's own names; any other text as it is."""
        if all(wire == one for wire, one in self.own.items()):
            return text
        try:
            answer = orjson.loads(text)
            for call in answer["tool_calls"]:
                function = call["function"]
                function["name"] = self.own.get(function["name"], function["name"])
            return orjson.dumps(answer).decode()
        except (ValueError, TypeError, KeyError):
            return text


def naming(shown: Visible) -> Naming:
    """The tools of a sample."""
    own: dict[str, str] = {}
    tools = []
    for name, function in _offers(shown):
        wire = _free(name, own)
        own[wire] = name
        schema = shown.tools.get(function, {})
        parameters = schema.get("parameters") or _EMPTY
        tools.append({"name": wire, "description": schema.get("description", ""), "parameters": parameters})
    return Naming(tuple(tools), own, {name: wire for wire, name in own.items()})


def check_native(item: Item) -> None:
    """Raises ConfigError where tool calls could not tell which platform they mean."""
    if item.platform is not None and not any(item.platforms.values()):
        raise ConfigError(
            f"format: got 'native', but the dataset does not say which platform offers which function "
            f"(sample {item.id!r:.80}), so tool calls could not name one; expected python or json"
        )


def _offers(shown: Visible) -> Iterator[tuple[str, str]]:
    """(the sample's name of a tool, function), in the order of functions."""
    owners: dict[str, list[str]] = {name: [] for name in shown.tools}
    for platform, functions in (shown.platforms or {}).items():
        for function in functions:
            owners.setdefault(function, []).append(platform)
    for function, platforms in owners.items():
        if len(platforms) < 2:
            yield function, function
        for platform in platforms if len(platforms) > 1 else ():
            yield f"{platform}__{function}", function


def _free(name: str, taken: Mapping[str, str]) -> str:
    plain = _FOREIGN.sub("_", name)[:_LONGEST] or "tool"
    wire, number = plain, 1
    while wire in taken:
        number += 1
        wire = f"{plain[: _LONGEST - 8]}_{number}"
    return wire
