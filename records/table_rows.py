"""A sample as a row of a table: every column is text, so no reader has to guess a type.

What is no text in a sample (profile, platforms, tools, answer, origins and all lists) is JSON text, and what
is absent is the empty text: no column changes its type from row to row, whoever infers it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson

from .sample import Sample

TEXTS = frozenset(("id", "scenario", "user_id", "query", "assistant", "group", "twin_of"))
"""Fields of a sample that are text; the columns of all others hold JSON."""
_JSON = frozenset(Sample.model_fields) - TEXTS
_OPTIONAL = frozenset(name for name, field in Sample.model_fields.items() if not field.is_required())


def columns(without: Collection[str] = ()) -> tuple[str, ...]:
    """The columns, in the order of a sample's fields. Args: without: names of fields that are left out."""
    return tuple(name for name in Sample.model_fields if name not in without)


def column_text(value: Any) -> str:
    """One value of a sample as a column has it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def from_row(row: dict[str, Any]) -> dict[str, Any]:
    """The sample, or the part of one, that a row holds; what is no row is returned as it is.

    Raises ValueError, one line, where a column of JSON holds something else.
    """
    coded = [name for name, value in row.items() if isinstance(value, str) and name in _JSON]
    if not coded:
        return row
    values = {name: value for name, value in row.items() if value or name not in _OPTIONAL}
    return values | {name: _parsed(name, row[name]) for name in coded if name in values}


def to_row(sample: Mapping[str, Any], columns: Collection[str]) -> dict[str, str]:
    """The row of a sample as a file has it, or of a part of one."""
    return {name: column_text(sample.get(name)) for name in columns}


def _parsed(name: str, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{name}: got {text[:60]!r}, which is no JSON: {error}") from None
