"""Why the published rules cannot score a gold answer right, known before it is tried.

Under `official` a perfect answer can lose: this names each reason, so that a report can tell a model's
mistake from the rules'. Where nothing is named, every rendering of the gold scores right (a property the
tests prove).
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from typing import Any

from ..items import GoldCall, Item

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def obstacles(item: Item) -> tuple[str, ...]:
    """The reasons, each once, in the order of the answer; empty: the published rules can score it."""
    found = list(_of_names(item))
    for call in item.calls:
        found += _of_call(call)
    return tuple(dict.fromkeys(found))


def _of_names(item: Item) -> Iterator[str]:
    names = [call.name for call in item.calls]
    if len(set(names)) < len(names):
        yield "a function is called twice: only its first call is looked at"
    for name in names:
        if not all(_is_name(part) for part in name.split(".")):
            yield "a function's name is not a Python name"


def _of_call(call: GoldCall) -> Iterator[str]:
    for name, wanted in call.accepted.items():
        if not _is_name(name):
            yield "a parameter's name is not a Python name"
        if name in call.published:
            yield "accepted values are not a list"
        if not wanted:
            yield "a parameter without accepted values"
        for value in wanted:
            yield from _of_value(value, wanted)


def _of_value(value: Any, wanted: tuple[Any, ...]) -> Iterator[str]:
    if value in ("true", "false"):
        yield "the text 'true' or 'false' is read as a truth value"
    elif isinstance(value, str) and not all(isinstance(one, str) for one in wanted):
        yield "text among accepted values that are not all text: comparing raises"
    elif isinstance(value, list) and not all(_is_words(one) for one in wanted):
        yield "a list that holds other things than text: comparing raises"
    elif isinstance(value, int) and not isinstance(value, bool):
        first = wanted[0]
        if not isinstance(first, int | float) or not first - 0.01 <= value <= first + 0.01:
            yield "a whole number that is not the first accepted value"


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not keyword.iskeyword(name)
