r"""Foreign text in a field that people edit: what is not seen is written as `\u{202e}`, and read back.

A browser drops some control characters of a field and shows none of the directions, so text would change, or
hide something, without anybody having touched it. What was not edited comes back character by character.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ...rendering.text import inert

_ESCAPED = re.compile(r"\\u\{([0-9a-f]{1,6})\}")


def shown_text(text: str) -> str:
    r"""Text for a field: what is not seen, line breaks apart, as `\u{202e}`; such an escape is escaped."""
    text = _ESCAPED.sub(lambda match: rf"\u{{5c}}{match.group()[1:]}", text)
    return "".join(_shown(character) for character in text)


def typed_text(text: str) -> str:
    """What `shown_text` was given, as a browser sends it back: lines end with one character again."""
    return _ESCAPED.sub(_character, text.replace("\r\n", "\n").replace("\r", "\n"))


def shown_json(value: Any) -> str:
    """A value for a field, as JSON with everything that is not seen escaped; JSON reads the same back."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return "".join(character if is_seen(character) else json.dumps(character)[1:-1] for character in text)


def is_seen(character: str) -> bool:
    """Whether a character shows in a field, a line break and a space included."""
    return character == "\n" or (character not in "\r\t" and inert(character) == character)


def _shown(character: str) -> str:
    return character if is_seen(character) else rf"\u{{{ord(character):x}}}"


def _character(match: re.Match[str]) -> str:
    code = int(match.group(1), 16)
    return chr(code) if code <= 0x10FFFF else match.group()
