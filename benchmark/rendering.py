"""Gold answers as text, in every format: for gold replay, for few-shot prompts and for training data.

The inverse of `parsing`: what is written here is read there as the same calls.
"""

from __future__ import annotations

import json
import keyword
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from .items import Item, Prediction
from .parsing import Format, parse
from .parsing.native_format import SEPARATORS

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def render(item: Item, format: Format = "python", pick: int = 0, braces: bool = True) -> str:
    """The gold answer in a format.

    Args:
        item: whose answer.
        format: the answer format.
        pick: which accepted value of every parameter, counted round (0: the canonical ones).
        braces: `python` with the outer braces of Fig. 7; False: as the published runner asks for it.
    """
    calls = [
        (call.name, {name: values[pick % len(values)] for name, values in call.accepted.items() if values})
        for call in item.calls
    ]
    if format == "python":
        return "{}" if item.may_decline and not calls and braces else _python(item.platform, calls, braces)
    if format == "json":
        platform = {"platform": item.platform} if item.names_platforms else {}
        functions = [{"name": name, "parameters": arguments} for name, arguments in calls]
        return _json({**platform, "functions": functions})
    return _native(item, calls)


def renderings(item: Item, format: Format = "python", braces: bool = True) -> Iterator[str]:
    """The gold answer as often as needed for every accepted value of every parameter to occur."""
    most = max((len(values) for call in item.calls for values in call.accepted.values()), default=1)
    for pick in range(max(most, 1)):
        yield render(item, format, pick, braces)


def _python(platform: str | None, calls: list[tuple[str, dict[str, Any]]], braces: bool) -> str:
    written = ", ".join(f"{_name(name)}({_arguments(arguments)})" for name, arguments in calls)
    if platform is None:
        return f"[{written}]"
    # The published rules read a dotted function, but no dotted platform.
    body = f"{_name(platform) if '.' not in platform else repr(platform)}: [{written}]"
    return f"{{{body}}}" if braces else body


def _name(name: str) -> str:
    """Bare where Python reads it as it stands, else quoted."""
    words = name.split(".")
    bare = _DOTTED.fullmatch(name) and all(_is_word(word) for word in words)
    return name if bare else repr(name)


def _is_word(name: str) -> bool:
    plain = name.isascii() or unicodedata.normalize("NFKC", name) == name
    return plain and name.isidentifier() and not keyword.iskeyword(name)


def _arguments(arguments: dict[str, Any]) -> str:
    bare = [f"{name}={value!r}" for name, value in arguments.items() if _is_word(name)]
    odd = {name: value for name, value in arguments.items() if not _is_word(name)}
    return ", ".join([*bare, *([f"**{odd!r}"] if odd else [])])


def _native(item: Item, calls: list[tuple[str, dict[str, Any]]]) -> str:
    """With plain names where they tell the platform, else with prefixed ones, else with it beside them."""
    prefix = "" if item.platform is None else f"{item.platform}{SEPARATORS[0]}"
    for text in (_tool_calls(calls), _tool_calls(calls, prefix)):
        answer = parse(text, "native", platforms=item.platforms)
        names = [call.name for call in answer.calls] if isinstance(answer, Prediction) else []
        chosen = isinstance(answer, Prediction) and answer.platform == item.platform
        if chosen and names == [name for name, _ in calls]:
            return text
    return _tool_calls(calls, platform=item.platform)


def _tool_calls(
    calls: list[tuple[str, dict[str, Any]]], prefix: str = "", platform: str | None = None
) -> str:
    written = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": f"{prefix}{name}", "arguments": _json(arguments)},
        }
        for number, (name, arguments) in enumerate(calls)
    ]
    return _json({**({} if platform is None else {"platform": platform}), "tool_calls": written})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
