"""Texts and YAML that people hand in: refused where they hide something or never end.

A character that is not seen could make a line on the terminal say something else, a YAML alias of aliases
stands for more values than there is memory. What is refused is named with its place and written out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError, printable

LONGEST_NAME = 200
"""Characters of a key, or of what is called a name."""
LONGEST_TEXT = 20_000
"""Characters of any other text."""
MAX_ALIASED = 100_000
"""Values that the aliases of one YAML text may stand for."""
MAX_DEPTH = 100
"""Lists and mappings within each other."""

_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters other than tab and line break, directions that override those of the letters, halves."""
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def hidden_character(text: str) -> str | None:
    """The first character of a text that nobody sees and that changes how the text is shown, as 'U+202E'."""
    found = _HIDDEN.search(text)
    return f"U+{ord(found.group()):04X}" if found else None


def check_texts(value: Any, where: str, depth: int = 0) -> None:
    """Refuse texts and keys in a value of JSON's types that are endless or hide something.

    Raises ConfigError with the place, `where` and the keys that lead there.
    """
    if depth > MAX_DEPTH:
        raise ConfigError(f"{where[:LONGEST_NAME]}…: more than {MAX_DEPTH} lists and mappings in each other")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_text(str(key), f"{where}: a key", LONGEST_NAME)
            if key == "name" and isinstance(inner, str):
                _check_text(inner, f"{where}.name", LONGEST_NAME)
            check_texts(inner, f"{where}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            check_texts(inner, f"{where}[{position}]", depth + 1)
    elif isinstance(value, str):
        _check_text(value, where, LONGEST_TEXT)


def _check_text(text: str, where: str, longest: int) -> None:
    if (hidden := hidden_character(text)) is not None:
        shown = printable(text, 80)
        raise ConfigError(f"{where}: got '{shown}' with the character {hidden}, expected a text without it")
    if len(text) > longest:
        raise ConfigError(f"{where}: got {len(text):,} characters, expected at most {longest:,}")


def read_yaml(path: Path) -> Any:
    """The content of a YAML file, in any of Unicode's encodings.

    Raises:
        ConfigError: it is no YAML, or its aliases stand for too much.
        OSError: it cannot be read.
    """
    return parse_yaml(path.read_bytes(), str(path))


def parse_yaml(text: str | bytes, where: str) -> Any:
    """The value of a YAML text. Raises ConfigError as `read_yaml` does, naming `where`."""
    check_yaml(text, where)
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _not_yaml(error, where) from None


def check_yaml(text: str | bytes, where: str) -> None:
    """Refuse a YAML text whose aliases stand for too much, or for themselves; builds nothing.

    Raises ConfigError that names `where`.
    """
    if (isinstance(text, str) and "*" not in text) or (isinstance(text, bytes) and b"*" not in text):
        return
    sizes: dict[str, int] = {}  # anchor -> values it stands for
    open_nodes: list[tuple[str | None, int]] = []  # anchor, values before it
    values = aliased = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                if any(event.anchor == anchor for anchor, _ in open_nodes):
                    raise ConfigError(f"{where}: the alias '*{event.anchor}' stands for itself")
                aliased += sizes.get(event.anchor, 0)
                values += sizes.get(event.anchor, 1)
            elif isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, values))
                values += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, before = open_nodes.pop()
                sizes |= {anchor: values - before} if anchor else {}
            elif isinstance(event, yaml.ScalarEvent):
                values += 1
                sizes |= {event.anchor: 1} if event.anchor else {}
            if aliased > MAX_ALIASED:
                raise ConfigError(f"{where}: its aliases stand for more than {MAX_ALIASED:,} values")
    except (yaml.YAMLError, ValueError) as error:
        raise _not_yaml(error, where) from None


def _not_yaml(error: Exception, where: str) -> ConfigError:
    return ConfigError(f"{where}: not YAML: {printable(' '.join(str(error).split()), 300)}")
