"""How numbers and foreign text are written in reports. It knows no file and no format of one.

Whatever a model, an endpoint or a dataset wrote is foreign: it is bounded here, and characters that are not
seen (control characters, directions, halves of characters) are written out, so that nothing hides in them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

NOT_APPLICABLE = "n/a"
LONGEST = 240
"""Characters of foreign text that are shown."""

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode categories without a glyph of their own."""


def inert(text: Any, longest: int = LONGEST) -> str:
    """Foreign text on one line, bounded, with every unseen character written out."""
    text = text if isinstance(text, str) else str(text)
    kept = "".join(map(_seen, text[:longest]))
    return kept + (f" … ({len(text):,} characters)" if len(text) > longest else "")


def _seen(character: str) -> str:
    if character in "\r\n\t":
        return " "
    if unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def percent(value: float | None) -> str:
    """A share in percent with two decimals, as the paper prints them; n/a where not applicable."""
    return NOT_APPLICABLE if value is None else f"{100 * value:.2f}"


def interval(low: float | None, high: float | None) -> str:
    """Limits in percent; nothing where there are none."""
    return "" if low is None or high is None else f"{100 * low:.1f}–{100 * high:.1f}"


def points(value: float) -> str:
    """A difference of two shares, in points, with its sign."""
    return f"{100 * value:+.2f}"


def p_value(value: float | None) -> str:
    """A probability; nothing where there is none."""
    if value is None:
        return ""
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def many(count: int, one: str, more: str | None = None) -> str:
    """'1 sample', '2 samples'."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def listed(counts: Mapping[str, int]) -> str:
    """'timeout 3, unreachable 1'."""
    return ", ".join(f"{inert(name, 60)} {count:,}" for name, count in counts.items())


def plain(text: str, limit: int) -> str:
    """Text that is safe on a terminal: printable characters on one line, at most `limit` of them."""
    kept = "".join(char if char.isprintable() else " " for char in text[: limit + 1])
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"
