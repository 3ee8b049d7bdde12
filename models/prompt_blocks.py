"""The `<data name="…">` blocks by which a prompt shows a view, for its writer and for the scripted model.

A block holds one line of compact JSON in which `<`, `>` and `&` are escaped, so no text from the world or
from another model can end a block or begin one. This module knows neither roles nor views.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

_ESCAPES = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"))
_BEGIN = re.compile(r'<data name="([\w.]+)">\n', re.ASCII)


class Json(str):
    """JSON text that is rendered and escaped already; made by `dump`, kept by whoever memoises it."""

    __slots__ = ()


def dump(value: Any) -> Json:
    """Write a value as compact JSON text that may stand in a block."""
    text = orjson.dumps(value).decode()
    for character, escape in _ESCAPES:
        if character in text:
            text = text.replace(character, escape)
    return Json(text)


def plain(value: Any) -> Any:
    """Return the value itself, whether it comes as a value or as its `Json` text."""
    # orjson takes no subclass of str.
    return orjson.loads(value.encode()) if isinstance(value, Json) else value


def render(name: str, value: Any) -> str:
    """Write one block; a `Json` text is taken as it stands, anything else is dumped."""
    return f'<data name="{name}">\n{quoted(value)}\n</data>'


def quoted(value: Any) -> Json:
    """Write a value as it stands in a block, such as a text in quotes that no text can end."""
    return value if isinstance(value, Json) else dump(value)


def read(text: str) -> dict[str, str]:
    """Find the blocks in a prompt: name -> JSON text; of two blocks with one name the first counts."""
    blocks: dict[str, str] = {}
    at = 0
    while begin := _BEGIN.search(text, at):
        # JSON text here has neither a line break nor a bare '<', so the body ends with its line. Linear on
        # any input, and ten times faster than an expression for all before the line break.
        at, end = begin.end(), text.find("\n", begin.end())
        if end >= 0 and text.startswith("</data>", end + 1) and "<" not in (body := text[at:end]):
            blocks.setdefault(begin[1], body)
            at = end
    return blocks
