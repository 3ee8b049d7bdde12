"""Texts from outside, made harmless for a terminal."""

from __future__ import annotations


def plain(text: str, limit: int) -> str:
    """Text that is safe on a terminal: printable characters on one line, at most `limit` of them."""
    kept = "".join(char if char.isprintable() else " " for char in text[: limit + 1])
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"
