"""What the dataset cost: calls, tokens and US dollars by stage and role, as the ledger counted them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...documents.document import Cell, Row, Section, Table, foreign
from ...documents.texts import inert
from .material import Material
from .wording import words

_COUNTED = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens")


def costs(material: Material) -> Section:
    """The section on what was spent."""
    spent = [(stage, role, one) for stage, role, one in _spent(material.noted("notes", "usage"))]
    if not spent:
        return Section("Cost", ("The manifest says nothing of what was spent.",))
    rows = [
        Row((foreign(words(stage), 40), foreign(role, 40), *_numbers([one]))) for stage, role, one in spent
    ]
    rows.append(Row((Cell("together"), Cell(""), *_numbers([one for *_, one in spent])), "own"))
    columns = ("Stage", "Role", "Calls", "Tokens in", "Tokens out", "Cached", "US dollars")
    text = (
        "Every call is counted, also those whose answers were unusable. What an endpoint without a known "
        "price costs is unknown, and never counted as nothing.",
    )
    return Section("Cost", text, (Table(columns, tuple(rows), words=2),))


def _spent(usage: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for stage, roles in usage.items():
        for role, one in roles.items() if isinstance(roles, dict) else ():
            if isinstance(one, dict):
                yield inert(stage, 60), inert(role, 60), one


def _numbers(found: list[Mapping[str, Any]]) -> Iterator[Cell]:
    for name in _COUNTED:
        yield Cell(f"{sum(_count(one, name) for one in found):,}")
    unpriced, calls = (sum(_count(one, name) for one in found) for name in ("unpriced", "calls"))
    usd = sum(float(value) for one in found if isinstance(value := one.get("usd"), int | float))
    if calls and unpriced >= calls:
        yield Cell("unknown")
    else:
        yield Cell(f"{usd:,.2f}", note=f"{unpriced:,} calls unpriced" if unpriced else "")


def _count(found: Mapping[str, Any], name: str) -> int:
    value = found.get(name)
    return value if isinstance(value, int) else 0
