"""Checks of a solution's form: the platform, the tools, and their arguments against their schemas (§4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import orjson

from ...errors import names
from ...records import Call, Reason
from ..world import Tool
from .case import Case
from .check import Check

MOST_CALLS = 16
"""Calls a request could ask for."""

_KINDS = {
    "required": "arguments.missing",
    "additionalProperties": "arguments.unknown",
    "unevaluatedProperties": "arguments.unknown",
    "type": "arguments.type",
    "enum": "arguments.enum",
    "const": "arguments.enum",
    "format": "arguments.format",
    "pattern": "arguments.format",
}


def _reason(code: str, path: str, message: str) -> Reason:
    return Reason(code=code, blames="solution", path=path, message=message[:600])


class ToolsCheck(Check):
    """The platform exists, something is called, and every API called is the platform's own."""

    phase = "solution"
    codes: ClassVar = {
        "solution.empty": "the solution calls nothing",
        "solution.too_many": "the solution calls more than a request could ask for",
        "solution.unknown_platform": "the platform does not exist",
        "solution.unknown_tool": "no platform has such an API",
        "solution.foreign_tool": "the API belongs to another platform",
    }

    def run(self, case: Case) -> Iterator[Reason]:
        """Count the calls and look up the platform and every API."""
        if case.solution is None:
            return
        if not case.calls:
            yield _reason("solution.empty", "calls", "got no calls, expected at least one")
        if len(case.calls) > MOST_CALLS:
            message = f"got {len(case.calls)} calls, expected at most {MOST_CALLS}"
            yield _reason("solution.too_many", "calls", message)
        platform, there = case.solution.platform, case.world.platforms
        if platform not in there:
            message = f"no platform {platform[:100]!r}; there are {names(there, platform[:100])}"
            yield _reason("solution.unknown_platform", "platform", message)
            return
        for index, call in enumerate(case.calls[:MOST_CALLS]):
            if (platform, call.api) not in case.world.tools:
                yield _no_such_tool(case, platform, call, f"calls[{index}].api")


def _no_such_tool(case: Case, platform: str, call: Call, path: str) -> Reason:
    api = call.api[:100]
    if owners := case.world.owners.get(call.api):
        message = f"{api!r} belongs to {names(owners)}, not to {platform!r}; call functions of one platform"
        return _reason("solution.foreign_tool", path, message)
    known = [name for owner, name in case.world.tools if owner == platform]
    message = f"no function {api!r} on {platform!r}; there are {names(known, api)}"
    return _reason("solution.unknown_tool", path, message)


class ArgumentsCheck(Check):
    """Every call's arguments satisfy its schema: names, required ones, types, enums, formats, bounds."""

    phase = "solution"
    codes: ClassVar = {
        "arguments.unknown": "the API has no such parameter",
        "arguments.missing": "a required parameter is missing",
        "arguments.type": "an argument has another type than the schema wants",
        "arguments.enum": "an argument is none of the values the schema lists",
        "arguments.format": "an argument is not in the format the schema wants",
        "arguments.value": "an argument breaks another rule of the schema",
    }

    def run(self, case: Case) -> Iterator[Reason]:
        """Validate every call of an API that the platform has."""
        for index, call in enumerate(case.calls):
            if tool := case.world.tools.get((case.solution.platform, call.api)):  # type: ignore[union-attr]
                yield from _against_schema(call, tool, f"calls[{index}].arguments")


def _against_schema(call: Call, tool: Tool, path: str) -> Iterator[Reason]:
    unknown = [name for name in call.arguments if name not in tool.properties]
    for name in unknown:
        message = (
            f"{call.api} has no parameter {name[:100]!r}; there are {names(tool.properties, name[:100])}"
        )
        yield _reason("arguments.unknown", path, message)
    if tool.arguments.is_valid(call.arguments):
        return
    for error in tool.arguments.iter_errors(call.arguments):
        code = _KINDS.get(error.kind.name, "arguments.value")
        if code == "arguments.unknown" and unknown and not error.instance_path:
            continue
        where = "".join(_step(step) for step in error.instance_path)
        yield _reason(code, path + where, error.message)


def _step(step: str | int) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"


class DuplicateCheck(Check):
    """No call is made twice with the same arguments."""

    phase = "solution"
    codes: ClassVar = {"solution.duplicate": "the same call is made twice"}

    def run(self, case: Case) -> Iterator[Reason]:
        """Name every call that stands there before."""
        seen: dict[tuple[str, bytes], int] = {}
        for index, call in enumerate(case.calls):
            key = (call.api, orjson.dumps(call.arguments, option=orjson.OPT_SORT_KEYS))
            if key in seen:
                message = f"the same call as calls[{seen[key]}]; make it once"
                yield _reason("solution.duplicate", f"calls[{index}]", message)
            seen.setdefault(key, index)
