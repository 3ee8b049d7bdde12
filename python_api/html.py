"""Small tables for notebooks. Models wrote much of what they show, so every text is escaped and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ..rendering.text import inert


def table(rows: Iterable[Iterable[Any]], heading: Iterable[Any] = ()) -> str:
    """Rows of texts and numbers; what is no text is written as Python does."""
    head = "".join(f"<th>{cell(name)}</th>" for name in heading)
    body = "".join(f"<tr>{''.join(f'<td>{cell(value)}</td>' for value in row)}</tr>" for row in rows)
    return f"<table>{head and f'<thead><tr>{head}</tr></thead>'}<tbody>{body}</tbody></table>"


def pairs(values: Mapping[str, Any]) -> str:
    """Names and values, a row each."""
    return table(values.items())


def paragraph(text: str) -> str:
    """One foreign text as a paragraph."""
    return f"<p>{cell(text)}</p>"


def cell(value: Any) -> str:
    """A text, every character of which is shown as itself and stands for nothing else."""
    return escape(inert(f"{value:,}" if isinstance(value, int) else value))
