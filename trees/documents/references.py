"""References within a document, found and followed; those that lead out of it are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ...errors import printable

_DATA = frozenset(("example", "examples", "default", "enum", "const"))
"""Keys whose values are data: a `$ref` in it is none."""


class _OfAPlace(Exception):  # noqa: N818 - outcomes that become a line about the document
    """Args: pointer: its place; reason: why."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer}: {reason}")
        self.pointer, self.reason = pointer, reason


class UnusableSchema(_OfAPlace):
    """A part of a document that is in order, and that no function of a tree can have."""


class BrokenDocument(_OfAPlace):
    """A part of a document that says nothing in its format; the whole document is refused."""


def pointer_to(pointer: str, *steps: object) -> str:
    """The JSON pointer some steps further."""
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return "/".join((pointer, *escaped))


def check_references(document: Any, pointer: str = "#") -> None:
    """Refuse a document that refers to another one (nothing is ever fetched), or to nothing.

    Args: pointer: of the document, where it is a part of a file.

    Raises BrokenDocument.
    """
    for where, reference in _references(document, pointer):
        if not reference.startswith("#"):
            raise BrokenDocument(
                f"{where}/$ref",
                f"got {printable(reference, 120)!r}, which leads out of the document; nothing is fetched: "
                "put all of it into one document (a bundler does that)",
            )
        resolve(document, reference, where)


def _references(document: Any, pointer: str) -> Iterator[tuple[str, str]]:
    open_values = [(pointer, document)]
    while open_values:
        where, value = open_values.pop()
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield where, value["$ref"]
            open_values += [
                (pointer_to(where, key), inner)
                for key, inner in value.items()
                if isinstance(inner, dict | list) and key not in _DATA and not key.startswith("x-")
            ]
        elif isinstance(value, list):
            open_values += [(pointer_to(where, at), inner) for at, inner in enumerate(value)]


def resolve(root: Any, reference: str, pointer: str) -> Any:
    """What a reference within a document leads to.

    Args: root: the document, or the schema it stands in; pointer: where the reference is.

    Raises BrokenDocument: it leads nowhere.
    """
    if reference != "#" and not reference.startswith("#/"):
        raise BrokenDocument(
            f"{pointer}/$ref", f"got {printable(reference, 120)!r}, expected a JSON pointer, '#/…'"
        )
    target = root
    for part in unquote(reference).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(target, list) and key.isdecimal() and int(key) < len(target):
            target = target[int(key)]
        elif isinstance(target, dict) and key in target:
            target = target[key]
        else:
            raise BrokenDocument(f"{pointer}/$ref", f"{printable(reference, 120)!r} leads nowhere")
    return target


def followed(root: Any, value: Any, pointer: str) -> tuple[Any, str]:
    """A value that may stand elsewhere (`$ref`), with its place; of a parameter or a body, not of a schema.

    Raises BrokenDocument: a reference leads nowhere, or round in a circle.
    """
    seen: list[str] = []
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        reference = value["$ref"]
        if reference in seen:
            raise BrokenDocument(f"{pointer}/$ref", f"{printable(reference, 120)!r} leads to itself")
        seen.append(reference)
        value, pointer = resolve(root, reference, pointer), reference
    return value, pointer
