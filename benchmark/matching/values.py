"""Whether a value is an accepted one: typed JSON values, and the few liberties a dataset may declare.

1 is not "1", True is not 1, 5 is 5.0; lists are ordered unless the schema says `uniqueItems`. It knows
values and their schema, not calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..items import Rules
from .formats import NORMAL

_NOTHING: dict[str, Any] = {}
_FOLDED = str.maketrans("", "", " ,./-_*^")


def accepted(value: Any, wanted: tuple[Any, ...], schema: Callable[[], dict[str, Any]], rules: Rules) -> bool:
    """Whether `value` is one of `wanted`; `schema` is only asked where plain comparison does not settle
    it."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or kind is float:
        for one in wanted:
            if type(one) is kind and one == value:
                return True
        if kind is bool:
            return False
    return any(same(value, one, schema(), rules) for one in wanted)


def same(value: Any, wanted: Any, schema: dict[str, Any], rules: Rules) -> bool:
    """Whether two JSON values mean the same under a schema and a dataset's rules."""
    if isinstance(value, bool) or isinstance(wanted, bool) or value is None or wanted is None:
        return value is wanted
    if isinstance(value, str) and isinstance(wanted, str):
        return value == wanted or _same_text(value, wanted, schema, rules)
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return value == wanted
    if isinstance(value, list | tuple) and isinstance(wanted, list | tuple):
        return len(value) == len(wanted) and _same_list(value, wanted, schema, rules)
    if isinstance(value, dict) and isinstance(wanted, dict):
        inner = part(schema, "properties")
        return value.keys() == wanted.keys() and all(
            same(value[key], one, part(inner, key), rules) for key, one in wanted.items()
        )
    return False


def part(schema: Any, key: str) -> dict[str, Any]:
    """What stands under a key of a schema; nothing where the dataset's schema is odd."""
    found = schema.get(key) if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else _NOTHING


def _same_text(value: str, wanted: str, schema: dict[str, Any], rules: Rules) -> bool:
    if rules.text == "folded" and _fold(value) == _fold(wanted):
        return True
    if not rules.normalise:
        return False
    declared = schema.get("format")
    normal = NORMAL.get(declared) if isinstance(declared, str) and declared in rules.normalise else None
    meaning = normal(wanted) if normal else None
    return normal is not None and meaning is not None and normal(value) == meaning


def _fold(text: str) -> str:
    return text.lower().translate(_FOLDED).replace("'", '"')


def _same_list(value: Any, wanted: Any, schema: dict[str, Any], rules: Rules) -> bool:
    items = part(schema, "items")
    if schema.get("uniqueItems") is not True:
        return all(same(one, other, items, rules) for one, other in zip(value, wanted, strict=True))
    left = list(wanted)
    for one in value:
        place = next((n for n, other in enumerate(left) if same(one, other, items, rules)), None)
        if place is None:
            return False
        del left[place]
    return True
