"""How numbers, names and foreign text are written in reports and on terminals. It knows no file.

Whatever a model, an endpoint or a dataset wrote is foreign: it is bounded here, and characters that are not
seen (control characters, directions, halves of characters) are written out in reports (`inert`) and left out
on terminals (`terminal_text`), so that nothing hides in them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

NOT_APPLICABLE = "n/a"
LONGEST = 240
"""Characters of foreign text that are shown."""

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode categories without a glyph of their own."""


def inert(text: Any, longest: int = LONGEST) -> str:
    """Foreign text on one line, bounded, with every unseen character written out."""
    text = text if isinstance(text, str) else str(text)
    shown = "".join(map(_visible, text[:longest]))
    return shown + (f" … ({len(text):,} characters)" if len(text) > longest else "")


def _visible(character: str) -> str:
    if character in "\r\n\t":
        return " "
    if unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def inert_lines(text: str, longest: int) -> str:
    """Foreign text with its lines kept, bounded, every other unseen character written out."""
    shown = "\n".join(inert(line, longest) for line in text[:longest].split("\n"))
    return shown + (f" … ({len(text):,} characters)" if len(text) > longest else "")


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


def share(value: float | None, digits: int = 1) -> str:
    """A share in percent with its unit; n/a where not applicable."""
    return NOT_APPLICABLE if value is None else f"{100 * value:.{digits}f} %"


def share_of(count: int, whole: int, digits: int = 1) -> str:
    """A count as a share of a whole; n/a of nothing."""
    return share(count / whole if whole else None, digits)


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """'1 sample', '2 samples'."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def counts_text(counts: Mapping[str, int]) -> str:
    """'timeout 3, unreachable 1'."""
    return ", ".join(f"{inert(name, 60)} {count:,}" for name, count in counts.items())


def ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Names and counts, the largest count first; files keep their keys sorted by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def in_order(counts: Mapping[str, int], order: Iterable[str]) -> dict[str, int]:
    """Counts in a given order of names, those without a place in it last."""
    known = [name for name in order if name in counts]
    return {name: counts[name] for name in [*known, *(name for name in counts if name not in known)]}


def words(name: str) -> str:
    """An identifier as words: 'near_duplicates' -> 'near duplicates'."""
    return name.replace("_", " ")


def json_text(value: Any) -> str:
    """A value as people read it: text as it stands, everything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def terminal_text(text: str, limit: int) -> str:
    """Text that is safe on a terminal: printable characters on one line, at most `limit` of them."""
    printable = "".join(char if char.isprintable() else " " for char in text[: limit + 1])
    return printable if len(printable) <= limit else printable[: limit - 1] + "…"
