"""Texts and YAML that people hand in: refused where they hide something or never end.

A YAML alias of aliases stands for more values than there is memory. What is refused is named with its place
and written out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError, printable
from ..texts.hidden import faults

LONGEST_TEXT = 20_000
"""Characters of a text that is no name."""
MAX_ALIASED = 100_000
"""Values that the aliases of one YAML text may stand for."""


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UniqueKeys:
    """Of a loader of YAML: a key that is given twice is no mapping, for one of its values would be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping's value, as PyYAML builds it."""
        known: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in known:
                    raise yaml.constructor.ConstructorError(
                        problem=f"{key.value!r} is given twice", problem_mark=key.start_mark
                    )
                known.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)  # pyright: ignore[reportAttributeAccessIssue]
        return mapping


class _Loader(UniqueKeys, _SafeLoader):
    """Builds plain values."""


def check_texts(value: Any, where: str) -> None:
    """Refuse texts and keys in a value of JSON's types that are endless or hide something.

    Raises ConfigError with the place, `where` and the keys that lead there.
    """
    for fault in faults(value, where, LONGEST_TEXT):
        raise ConfigError(fault)


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
