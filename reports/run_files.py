"""Single records out of a run's files, found by their bytes and not by reading everything.

A line is looked for with the text it must hold, and only that line is parsed. It knows which files a run
leaves, and nothing of what their records mean.
"""

from __future__ import annotations

import mmap
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from ..errors import ConfigError, StoreError
from ..settings.texts import read_yaml
from ..store import dataset_index

INDEX = f"dataset/{dataset_index.INDEX}"
"""One line a sample: where it stands, and in which part of the dataset."""
UNSEEN = "unseen"
"""Name and folder of the held-out population, as `ptool.synthesis.population` has it."""

_ID_BYTES = 200
"""Bytes in which a record's id stands."""
_SCAN_BYTES = 1 << 20
"""Bytes that are read rather than halved again."""


def json_pair(key: str, value: str) -> bytes:
    """What a line of compact JSON holds where `key` is `value`."""
    return orjson.dumps(key) + b":" + orjson.dumps(value)


def find_line_with(file: Path, text: bytes) -> bytes | None:
    """The first line of a file that holds a text; None where there is none, or no file.

    Raises:
        StoreError: the file cannot be read.
    """
    return _find_line(file, text, at_start=False)


def find_line_starting_with(file: Path, text: bytes) -> bytes | None:
    """The first line of a file that begins with a text; otherwise as `find_line_with`."""
    return _find_line(file, text, at_start=True)


def _find_line(file: Path, text: bytes, *, at_start: bool) -> bytes | None:
    try:
        with file.open("rb") as opened:
            if opened.seek(0, 2) == 0:
                return None
            with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as view:
                match = 0 if at_start and view[: len(text)] == text else view.find(b"\n" * at_start + text)
                if match < 0:
                    return None
                match += at_start and match > 0
                start, end = view.rfind(b"\n", 0, match) + 1, view.find(b"\n", match)
                return view[start : len(view) if end < 0 else end]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error


def find_line_by_id(file: Path, id: str) -> bytes | None:
    """The line of a record whose first key is its id: found in a few steps where ids are in order.

    Where they are not, the file is searched as `find_line_starting_with` does. Raises as that.
    """
    text = b"{" + json_pair("id", id)
    try:
        with file.open("rb") as opened:
            low, high = 0, opened.seek(0, 2)
            while high - low > _SCAN_BYTES:
                middle = (low + high) // 2
                opened.seek(middle)
                opened.readline()
                start, head = opened.tell(), opened.read(_ID_BYTES)
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
    return find_line_starting_with(file, text)


def parse_object(line: bytes, file: Path) -> dict[str, Any]:
    """The JSON object in a line. Raises StoreError where there is none."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise StoreError(f"{file}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise StoreError(f"{file}: got {type(value).__name__}, expected one object a line")
    return value


def read_sample(line: bytes, file: Path) -> dict[str, Any]:
    """The whole sample of a line, joined with what it shares. Raises StoreError."""
    return parse_object(dataset_index.whole_line(line, file), file)


def read_object(file: Path) -> dict[str, Any]:
    """The object a JSON file is; empty where there is no file. Raises StoreError."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error
    return parse_object(content.removeprefix(BOM_UTF8), file)


def read_config(run: Path) -> dict[str, Any]:
    """config.yaml of a run, as it was kept: a run of another version may have other keys.

    Empty where there is no file, or something else in it. Raises StoreError where it cannot be read.
    """
    file = run / "config.yaml"
    try:
        config = read_yaml(file)
    except FileNotFoundError:
        return {}
    except (OSError, ConfigError) as error:
        raise StoreError(f"{file}: cannot be read: {' '.join(str(error).split())[:200]}") from error
    return config if isinstance(config, dict) else {}


def read_code_sentences(run: Path) -> dict[str, str]:
    """Code of a reason -> the sentence that explains it; empty for a run of a version that left none."""
    sentences = read_object(run / "codes.json")
    return {code: sentence for code, sentence in sentences.items() if isinstance(sentence, str)}


@dataclass(frozen=True)
class Tree:
    """A tree of a run as its JSON file has it: nodes and edges, without any library of graphs."""

    file: Path
    nodes: dict[str, dict[str, Any]]
    """id -> attributes"""
    parents: dict[str, str]
    """id -> the id above"""

    def names_to(self, node: str) -> list[str]:
        """Names from below the root down to a node; empty where there is no such node."""
        return [str(self.nodes[id].get("name", id)) for id in self.path_to(node)]

    def path_to(self, node: str) -> list[str]:
        """Ids from below the root down to a node; empty where there is no such node."""
        path: list[str] = []
        while node in self.parents and node not in path:
            path.insert(0, node)
            node = self.parents[node]
        return path

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """id -> the ids directly below it, in the file's order; no entry for a leaf."""
        children: dict[str, list[str]] = {}
        for node in self.nodes:
            parent = self.parents.get(node, node)
            if parent != node:
                children.setdefault(parent, []).append(node)
        return children

    @cached_property
    def apis(self) -> dict[tuple[str, str, str], str]:
        """(scenario, platform, API) -> its node, in an API tree."""
        apis = {}
        for node, attributes in self.nodes.items():
            if attributes.get("kind") == "api":
                names = self.names_to(node)
                apis[names[0], names[1], names[-1]] = node
        return apis

    def platforms(self, scenario: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Name and attributes of every platform of a scenario, in an API tree."""
        for node, attributes in self.nodes.items():
            if attributes.get("kind") == "platform" and self.parents.get(node) == scenario:
                yield str(attributes.get("name")), attributes


def read_tree(file: Path) -> Tree:
    """A tree that a run left; an empty one where there is no file. Raises StoreError."""
    content = read_object(file)
    try:
        nodes = {node["id"]: node for node in content.get("nodes", ())}
        parents = {edge["target"]: edge["source"] for edge in content.get("edges", ())}
        whole = nodes.keys() >= parents.keys() | set(parents.values())
    except (TypeError, KeyError):
        whole, nodes, parents = False, {}, {}
    if not whole:
        raise StoreError(f"{file}: damaged, expected nodes with ids and edges between them")
    return Tree(file, nodes, parents)
