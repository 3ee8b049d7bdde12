"""Texts that hide something or never end, found in whatever people hand in, each with its place.

A character that is not seen could make a line on the terminal say something else. It knows values of JSON's
types, and neither where they come from nor what becomes of who handed them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import printable

LONGEST_NAME = 200
"""Characters of a key, or of what is called a name."""
MAX_DEPTH = 100
"""Lists and mappings within each other."""

HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters other than tab and line break, directions that override those of the letters, halves."""
STEERING = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\x9b\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Those of them that steer a terminal or turn letters around: strangers' texts hold odd spaces and quotes."""


def hidden_character(text: str, hidden: re.Pattern[str] = HIDDEN) -> str | None:
    """The first character of a text that nobody sees and that changes how the text is shown, as 'U+202E'."""
    found = hidden.search(text)
    return f"U+{ord(found.group()):04X}" if found else None


def faults(
    value: Any, where: str, longest: int, hidden: re.Pattern[str] = HIDDEN, depth: int = 0
) -> Iterator[str]:
    """Every text and key in a value that is endless or hides something, as a line that begins with its place.

    Args:
        value: of JSON's types.
        where: its place; the keys that lead further are put behind it.
        longest: characters of a text that is no name.
        hidden: what such a text must not hold; names hold nothing of HIDDEN.
    """
    if depth > MAX_DEPTH:
        yield f"{where[:LONGEST_NAME]}…: more than {MAX_DEPTH} lists and mappings in each other"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _faults_of_text(str(key), f"{where}: a key", LONGEST_NAME, HIDDEN)
            if key == "name" and isinstance(inner, str):
                yield from _faults_of_text(inner, f"{where}.name", LONGEST_NAME, HIDDEN)
            else:
                yield from faults(
                    inner, f"{where}.{printable(str(key), LONGEST_NAME)}", longest, hidden, depth + 1
                )
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from faults(inner, f"{where}[{position}]", longest, hidden, depth + 1)
    elif isinstance(value, str):
        yield from _faults_of_text(value, where, longest, hidden)


def _faults_of_text(text: str, where: str, longest: int, hidden: re.Pattern[str]) -> Iterator[str]:
    if (found := hidden_character(text, hidden)) is not None:
        yield f"{where}: got '{printable(text, 80)}' with the character {found}, expected a text without it"
    if len(text) > longest:
        yield f"{where}: got {len(text):,} characters, expected at most {longest:,}"
