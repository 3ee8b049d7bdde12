"""JSON values: when two mean the same, when one is part of another, and the scalars a nested one is made of.

Knows no schema and no text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any


def same(left: Any, right: Any) -> bool:
    """Tell whether two values mean the same: 5 and 5.0, ' Anna ' and 'anna'; but never 1 and True."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right or math.isclose(left, right, rel_tol=1e-9)
    if isinstance(left, str) and isinstance(right, str):
        return left == right or fold(left) == fold(right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    return left is None and right is None


def fold(text: str) -> str:
    """Forget case, and blanks at the ends or more than one in a row."""
    return " ".join(text.casefold().split())


def scalars(value: Any) -> Iterator[Any]:
    """Yield the scalars of a nested value, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from scalars(part)
    else:
        yield value


def within(value: Any, whole: Any) -> bool:
    """Tell whether a value is the whole, an element or member of it, or a selection of its elements."""
    if same(value, whole):
        return True
    if isinstance(whole, dict):
        if isinstance(value, dict) and value:
            return all(name in whole and within(part, whole[name]) for name, part in value.items())
        return any(within(value, part) for part in whole.values())
    if isinstance(value, list) and value:
        return all(within(part, whole) for part in value)
    return isinstance(whole, list) and any(within(value, part) for part in whole)
