"""What a scorer says of one answer, and what it says of one that could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from ..items import CodedError, Item, Origin, ParseError


@dataclass(slots=True)
class Marks:
    """The flags and counts of equations 2 to 8 for one answer."""

    format_ok: bool
    platform: bool | None
    tool_name: bool
    tool_param: bool
    tool_value: bool
    query_hits: int
    query_total: int
    profile_hits: int
    profile_total: int
    errors: list[CodedError]


def missed(error: ParseError, platform: bool | None, query_total: int, profile_total: int) -> Marks:
    """The marks of an answer without readable format: nothing is right, and every parameter still counts."""
    coded = CodedError("parse", f"character {error.position}", "", error.reason)
    return Marks(False, platform, False, False, False, 0, query_total, 0, profile_total, [coded])


def gold_total(item: Item, origin: Origin) -> int:
    """How many gold arguments come from the query, or from the profile (denominators of equations 4 and
    5)."""
    return sum(found == origin for call in item.calls for found in call.origins.values())
