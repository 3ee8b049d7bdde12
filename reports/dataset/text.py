"""How numbers and names of a dataset stand in its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from ...rendering.document import Cell

FATES = {
    "made": "episodes played",
    "rule_rejected": "rejected by rules",
    "judge_rejected": "rejected by judges",
    "gate_rejected": "rejected by gates",
    "failed": "without a model's answer",
    "kept": "kept as samples",
}
"""Part of the funnel -> its name."""


def share(value: float | None, digits: int = 1) -> str:
    """A share in percent with its unit."""
    return "n/a" if value is None else f"{100 * value:.{digits}f} %"


def part(count: int, whole: int, digits: int = 1) -> str:
    """A count as a share of a whole; n/a of nothing."""
    return share(count / whole if whole else None, digits)


def number(value: int) -> Cell:
    """A cell with a count."""
    return Cell(f"{value:,}")


def ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Names and counts, the largest count first; files keep their keys sorted by name."""
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def ordered(counts: Mapping[str, int], order: Iterable[str]) -> dict[str, int]:
    """Counts in a given order of names, those without a place in it last."""
    known = [name for name in order if name in counts]
    return {name: counts[name] for name in [*known, *(one for one in counts if one not in known)]}


def words(name: str) -> str:
    """An identifier as words: 'near_duplicates' -> 'near duplicates'."""
    return name.replace("_", " ")


def json_text(value: Any) -> str:
    """A value as people read it: text as it stands, everything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
