"""A document's bytes as values of JSON's types: JSON or YAML by content, bounded in size, aliases and depth.

YAML is read as its version 1.2, which OpenAPI is written in, means it: `NO` is Norway and `12:30` a time.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import yaml

from ...errors import ConfigError, printable
from ...settings.texts import UniqueKeys, check_yaml

MAX_BYTES = 64 * 1024 * 1024
"""Bytes a document may have."""
MAX_DEPTH = 200
"""Lists and mappings of a document within each other."""
MAX_VALUES = 5_000_000
"""Values a document may consist of, its aliases written out."""

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")


class _CoreLoader(UniqueKeys, _Base):
    """A safe loader of YAML 1.2's core schema: no yes and no, no dates, no numbers to the base of sixty."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (as PyYAML has it)


_CoreLoader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])
_CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
)
_CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]
)
_CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(rf"(?:{_INT.pattern})\Z"), list("-+0123456789")
)
_CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)\Z"),
    list("-+.0123456789"),
)


def _integer(loader: Any, node: Any) -> int | str:
    text = str(loader.construct_scalar(node))
    if len(text) > 40:
        return text  # no number that a tool takes
    return int(text, 0) if text.startswith(("0o", "0x")) else int(text)


def _number(loader: Any, node: Any) -> float:
    return float(str(loader.construct_scalar(node)))


_CoreLoader.add_constructor("tag:yaml.org,2002:int", _integer)
_CoreLoader.add_constructor("tag:yaml.org,2002:float", _number)


def read_document(path: Path, shown: str) -> Any:
    """The value of a JSON or YAML document.

    Args: path: the file; shown: its name in messages.

    Raises:
        ConfigError: it cannot be read, is neither, or is larger than any document of tools.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{shown}: has more than {MAX_BYTES:,} bytes")
        content = path.read_bytes().removeprefix(BOM_UTF8)
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {error.strerror}") from None
    return parse_document(content, shown)


def parse_document(content: bytes, shown: str) -> Any:
    """As `read_document`, from the content of a file."""
    if content.lstrip()[:1] in (b"{", b"["):
        try:
            return _bounded(orjson.loads(content), shown)
        except orjson.JSONDecodeError as error:
            fault = f"{shown}: not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        try:  # YAML may begin with a bracket, too
            value = _yaml(content, shown)
        except ConfigError:
            raise ConfigError(fault) from None
        return _bounded(value, shown)
    return _bounded(_yaml(content, shown), shown)


def _yaml(content: bytes, shown: str) -> Any:
    check_yaml(content, shown)
    try:
        return yaml.load(content, Loader=_CoreLoader)  # noqa: S506 (a safe loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{shown}: not YAML: {printable(reason, 300)}") from None


def _bounded(value: Any, shown: str) -> Any:
    """The value with texts for keys, if it is of JSON's types and no deeper and larger than documents are."""
    count, level = 0, [value]
    for _ in range(MAX_DEPTH):
        count += len(level)
        if count > MAX_VALUES:
            raise ConfigError(f"{shown}: has more than {MAX_VALUES:,} values")
        if strange := next((one for one in level if not isinstance(one, _JSON_TYPES)), None):
            raise ConfigError(f"{shown}: holds a {type(strange).__name__}, which JSON has not")
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return value
    raise ConfigError(f"{shown}: has more than {MAX_DEPTH} lists and mappings in each other")


_JSON_TYPES = (dict, list, str, int, float, bool, type(None))
_WORDS = {True: "true", False: "false", None: "null"}


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key in [key for key in value if not isinstance(key, str)]:
            text = _WORDS[key] if key is None or isinstance(key, bool) else str(key)
            value[text] = value.pop(key)
        yield from value.values()
    elif isinstance(value, list):
        yield from value
