"""Single records out of a run's large files, found by their bytes and not by reading everything.

A line is looked for with the text it must hold, and only that line is parsed. It knows which files a run
leaves, and nothing of what their records mean.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from ..errors import StoreError

INDEX = "dataset/index.jsonl"
"""One line a sample: where it stands, and in which part of the dataset."""

PARTS = ("samples", "train", "test", "unseen", "twins", "reserve")
"""Files of samples below dataset/, without '.jsonl', in the order they are read."""


_HEAD = 200
"""Bytes in which a record's id stands."""
_NEAR = 1 << 20
"""Bytes that are read rather than halved again."""


def needle(key: str, value: str) -> bytes:
    """What a line of compact JSON holds where `key` is `value`."""
    return orjson.dumps(key) + b":" + orjson.dumps(value)


def line_with(file: Path, text: bytes) -> bytes | None:
    """The first line of a file that holds a text; None where there is none, or no file.

    Raises:
        StoreError: the file cannot be read.
    """
    return _line(file, text, beginning=False)


def line_beginning(file: Path, text: bytes) -> bytes | None:
    """The first line of a file that begins with a text; otherwise as `line_with`."""
    return _line(file, text, beginning=True)


def _line(file: Path, text: bytes, *, beginning: bool) -> bytes | None:
    try:
        with file.open("rb") as opened:
            if opened.seek(0, 2) == 0:
                return None
            with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as view:
                at = 0 if beginning and view[: len(text)] == text else view.find(b"\n" * beginning + text)
                if at < 0:
                    return None
                at += beginning and at > 0
                start, end = view.rfind(b"\n", 0, at) + 1, view.find(b"\n", at)
                return view[start : len(view) if end < 0 else end]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error


def line_by_id(file: Path, id: str) -> bytes | None:
    """The line of a record whose first key is its id: found in a few steps where ids are in order.

    Where they are not, the file is searched as `line_beginning` does. Raises as that.
    """
    text = b"{" + needle("id", id)
    try:
        with file.open("rb") as opened:
            low, high = 0, opened.seek(0, 2)
            while high - low > _NEAR:
                middle = (low + high) // 2
                opened.seek(middle)
                opened.readline()
                start, head = opened.tell(), opened.read(_HEAD)
                if not head.startswith(b'{"id":"') or start >= high:
                    break
                low, high = (start, high) if head[7:].partition(b'"')[0].decode() <= id else (low, middle)
            opened.seek(low)
            while opened.tell() <= high and (line := opened.readline()):
                if line.startswith(text):
                    return line.rstrip(b"\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error
    return line_beginning(file, text)


def slice_of(file: Path, offset: int, size: int) -> bytes:
    """Some bytes of a file. Raises as `line_with`, also where the file ends before them."""
    try:
        with file.open("rb") as opened:
            opened.seek(offset)
            found = opened.read(size)
    except (OSError, ValueError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error
    if len(found) != size:
        raise StoreError(
            f"{file}: ends before byte {offset + size}; it is not the file its index was made of"
        )
    return found


def value_of(line: bytes, file: Path) -> dict[str, Any]:
    """The object in a line. Raises StoreError where there is none."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise StoreError(f"{file}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise StoreError(f"{file}: got {type(found).__name__}, expected one object a line")
    return found


def object_in(file: Path) -> dict[str, Any]:
    """The object a JSON file is; empty where there is no file. Raises StoreError."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error
    return value_of(content, file)


def code_sentences(run: Path) -> dict[str, str]:
    """Code of a reason -> the sentence that explains it; empty for a run of a version that left none."""
    sentences = object_in(run / "codes.json")
    return {code: sentence for code, sentence in sentences.items() if isinstance(sentence, str)}


def inside(folder: Path, name: Any) -> Path:
    """A file that an index names, which has to lie in its folder. Raises StoreError where it would not."""
    if not isinstance(name, str) or not name or Path(name).name != name or name.startswith("."):
        raise StoreError(f"{folder / 'index.jsonl'}: got file {name!r}, expected a name in that folder")
    return folder / name


@dataclass(frozen=True)
class Tree:
    """A tree of a run as its JSON file has it: nodes and edges, without any library of graphs."""

    file: Path
    nodes: dict[str, dict[str, Any]]
    """id -> attributes"""
    parents: dict[str, str]
    """id -> the id above"""

    def names_down_to(self, node: str) -> list[str]:
        """Names from below the root down to a node; empty where there is no such node."""
        return [str(self.nodes[one].get("name", one)) for one in self.way_down_to(node)]

    def way_down_to(self, node: str) -> list[str]:
        """Ids from below the root down to a node; empty where there is no such node."""
        way: list[str] = []
        while node in self.parents and node not in way:
            way.insert(0, node)
            node = self.parents[node]
        return way

    @cached_property
    def apis(self) -> dict[tuple[str, str, str], str]:
        """(scenario, platform, API) -> its node, in an API tree."""
        found = {}
        for node, about in self.nodes.items():
            if about.get("kind") == "api":
                way = self.names_down_to(node)
                found[way[0], way[1], way[-1]] = node
        return found

    def platforms(self, scenario: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Name and attributes of every platform of a scenario, in an API tree."""
        for node, about in self.nodes.items():
            if about.get("kind") == "platform" and self.parents.get(node) == scenario:
                yield str(about.get("name")), about


def tree_in(file: Path) -> Tree:
    """A tree that a run left; an empty one where there is no file. Raises StoreError."""
    found = object_in(file)
    try:
        nodes = {one["id"]: one for one in found.get("nodes", ())}
        parents = {one["target"]: one["source"] for one in found.get("edges", ())}
        whole = nodes.keys() >= parents.keys() | set(parents.values())
    except (TypeError, KeyError):
        whole, nodes, parents = False, {}, {}
    if not whole:
        raise StoreError(f"{file}: damaged, expected nodes with ids and edges between them")
    return Tree(file, nodes, parents)
