"""The `native` answer format: tool calls as chat endpoints return them, written down as JSON.

Read are a list of calls, one call, a message with `tool_calls`, or the text forms of chat templates
(`tool_call_texts`); a call is `{"function": {"name", "arguments"}}` or flat `{"name", "arguments"}`,
arguments (`parameters` with Llama, `input`, `args`) an object or its JSON text. What else endpoints add
(ids, indices, content) is ignored. Tool calls have no place for a platform, so it is, in this order: a field
`platform` beside `tool_calls` (names are then whole); the prefix of names such as `Platform.function`,
`Platform__function` or, where the platform has the function, `Platform_function`; the one platform that
offers every called function. Where several do, or none, it is None, and the platform counts as not chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..items import PredictedCall, Prediction
from .bounds import BOUNDS, Bounds, Refused, short
from .json_format import load
from .tool_call_texts import written_calls

Platforms = Mapping[str, Collection[str]]
"""platform -> names of its functions"""
SEPARATORS = ("__", ".")
"""what stands between a platform and its function in a tool's name"""
_ARGUMENTS = ("arguments", "parameters", "input", "args")


def read(text: str, platforms: Platforms | None = None, bounds: Bounds = BOUNDS) -> Prediction:
    """Read one answer. Raises `Refused`.

    Args:
        text: JSON.
        platforms: who offers which function; empty or None where that is not known.
        bounds: how large it may be.
    """
    try:
        answer = load(text, bounds)
    except Refused:
        written = written_calls(text, bounds) if len(text) <= bounds.answer else None
        if written is None or not written.alone:
            raise
        message = (
            len(written.calls) == 1
            and isinstance(written.calls[0], dict)
            and "tool_calls" in written.calls[0]
        )
        answer = written.calls[0] if message else written.calls
    return _prediction(answer, platforms, bounds)


def read_calls(text: str, platforms: Platforms | None = None, bounds: Bounds = BOUNDS) -> Prediction | None:
    """Read all tool calls written in a text, whatever stands around them; None: there are none.

    Raises `Refused` where one of them cannot be read.
    """
    written = written_calls(text, bounds)
    return _prediction(written.calls, platforms, bounds) if written else None


def _prediction(answer: Any, platforms: Platforms | None, bounds: Bounds) -> Prediction:
    calls = _listed(answer)
    if len(calls) > bounds.calls:
        raise Refused(f"more than {bounds.calls} calls")
    read_calls = [_call(call, number, bounds) for number, call in enumerate(calls)]
    stated = answer.get("platform") if isinstance(answer, dict) else None
    if isinstance(stated, str):
        return Prediction(stated, tuple(read_calls))
    if stated is not None:
        raise Refused(f"platform: expected a name, got {short(stated)}")
    split = [_split(call.name, platforms or {}) for call in read_calls]
    named = [PredictedCall(s[1], call.arguments) for s, call in zip(split, read_calls, strict=True)]
    return Prediction(_owner(split, platforms or {}), tuple(named))


def _listed(answer: Any) -> list[Any]:
    if isinstance(answer, dict):
        if "tool_calls" not in answer:
            return [answer]
        answer = answer["tool_calls"] if answer["tool_calls"] is not None else []
    if not isinstance(answer, list):
        raise Refused(f"tool_calls: expected a list, got {short(answer)}")
    return answer


def _call(call: Any, number: int, bounds: Bounds) -> PredictedCall:
    where = f"tool_calls[{number}]"
    call = call.get("function", call) if isinstance(call, dict) else call
    name = call.get("name", call.get("tool_name")) if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(name, str) or not name:
        raise Refused(f"{where}: expected a call with its name, got {short(call)}")
    arguments = next((call[key] for key in _ARGUMENTS if key in call), None)
    if isinstance(arguments, str):
        arguments = load(arguments, bounds) if arguments.strip() else {}
    if not isinstance(arguments, dict):
        raise Refused(f"{where}.arguments: expected an object, got {short(arguments)}")
    return PredictedCall(name, arguments)


def _split(name: str, platforms: Platforms) -> tuple[str | None, str]:
    """Platform and function of a tool's name; a name that some platform offers as it stands is not taken
    apart."""
    if not any(name in functions for functions in platforms.values()):
        for platform in platforms:
            for separator in SEPARATORS:
                prefix = platform + separator
                if name.startswith(prefix) and len(name) > len(prefix):
                    return platform, name[len(prefix) :]
        for platform, functions in platforms.items():  # harnesses write '.' as '_'
            if name[len(platform) :][:1] == "_" and name.removeprefix(f"{platform}_") in functions:
                return platform, name[len(platform) + 1 :]
    return None, name


def _owner(split: list[tuple[str | None, str]], platforms: Platforms) -> str | None:
    if not split:
        return None
    possible = set(platforms)
    for prefix, name in split:
        offering = {platform for platform, functions in platforms.items() if name in functions}
        possible &= {prefix} if prefix is not None else offering
    return next(iter(possible)) if len(possible) == 1 else None
