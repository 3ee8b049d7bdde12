"""What BFCL and ACEBench share: folded texts (no case, spaces or `,./-_*^`) and declared types."""

from __future__ import annotations

from typing import Any

_GONE = str.maketrans("", "", " ,./-_*^")


def fold(text: str) -> str:
    """The folded text."""
    return text.translate(_GONE).lower().replace("'", '"')


def folded(value: Any) -> Any:
    """A text folded, any other value as it is."""
    return fold(value) if isinstance(value, str) else value


def listed(values: Any) -> list[Any]:
    """The elements of a list (or the letters of a text, as upstream takes them), texts folded."""
    return [folded(one) for one in values]


def declared_type(schema: Any, types: dict[str, type]) -> type:
    """The type of the values a schema declares; text where it declares none that upstream knows."""
    declared = schema.get("type") if isinstance(schema, dict) else None
    return types.get(declared, str) if isinstance(declared, str) else str
