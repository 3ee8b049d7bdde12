"""The functions of several documents as those of several platforms.

What a document is, its content says: an OpenAPI document, an answer of an MCP server, or function schemas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import ConfigError, names, printable
from ...records import Api
from ..naming import camel_case
from ..schemas import IDENTIFIER
from .function_lists import functions_of, listed_functions
from .functions import GivenFunction, LeftOut, unique
from .openapi import openapi_functions
from .reading import read_document
from .references import BrokenDocument

KEY = "tools.file"
MOST_FILES = 200
"""Documents that a folder may hold."""
MOST_FUNCTIONS = 5_000
"""Functions of all documents together."""
_SUFFIXES = (".json", ".yaml", ".yml")
_PATTERN = frozenset("*?[")


@dataclass(frozen=True)
class PairDecision:
    """Two functions of rival platforms of which likeness does not tell well whether they do the same."""

    first: tuple[str, str]
    """platform and function"""
    second: tuple[str, str]
    likeness: float
    """0 to 1"""
    alike: bool
    """whether code puts them together"""
    same: bool | None = None
    """what somebody says who was asked; None: nothing that tells, code's answer stands"""
    chance: float | None = None
    """how likely they take it that the two do the same; None: they gave no answer"""

    @property
    def id(self) -> str:
        """Such as 'Skyhop.searchFlights Farefox.find_flights'."""
        return f"{'.'.join(self.first)} {'.'.join(self.second)}"


@dataclass(frozen=True)
class Toolset:
    """Functions by platform, with what was made of the documents they are from."""

    platforms: Mapping[str, tuple[GivenFunction, ...]]
    """platform -> its functions, both in the documents' order"""
    left_out: tuple[LeftOut, ...]
    decisions: tuple[PairDecision, ...] = ()
    """pairs in doubt that somebody was asked about"""
    corrected: bool = False
    """whether a person has said which functions do the same"""

    def apis(self) -> dict[str, tuple[Api, ...]]:
        """Platform -> its APIs."""
        return {name: tuple(function.api for function in own) for name, own in self.platforms.items()}


def read_toolset(given: Sequence[str], skip: Sequence[str | None] = ()) -> Toolset:
    """The functions of documents.

    Args:
        given: files, folders (every JSON or YAML file in them) and patterns.
        skip: files in such a folder that are something else.

    Raises:
        ConfigError: a document cannot be read or is broken (with the place), or there are not two platforms.
    """
    paths = list(_paths(given, {Path(name).resolve() for name in skip if name}))
    names_of = _platform_names(paths)
    found: dict[str, list[GivenFunction]] = {}
    left_out: list[LeftOut] = []
    for path, own_name in zip(paths, names_of, strict=True):
        for function in _read(path):
            if isinstance(function, LeftOut):
                left_out.append(function)
                continue
            name = _platform(function.platform or own_name, bool(function.platform), path)
            own = found.setdefault(name, [])
            api_name = unique(function.api.name, [other.api.name for other in own])
            own.append(
                replace(function, platform=name, api=function.api.model_copy(update={"name": api_name}))
            )
    if sum(map(len, found.values())) > MOST_FUNCTIONS:
        raise ConfigError(
            f"{KEY}: got {sum(map(len, found.values())):,} functions, expected at most {MOST_FUNCTIONS:,}"
        )
    _check_platforms(found, paths, left_out)
    return Toolset({name: tuple(own) for name, own in found.items()}, tuple(left_out))


def _paths(given: Sequence[str], skip: set[Path]) -> Iterator[Path]:
    for name in given:
        path = Path(name)
        own = [path]
        if path.is_dir():
            inside = sorted(
                file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES and file.is_file()
            )
            own = [file for file in inside if not _is_hidden(file, path) and file.resolve() not in skip]
            if not own:
                raise ConfigError(f"{KEY}: the folder {name} holds no file that ends in {names(_SUFFIXES)}")
        elif not path.exists() and _PATTERN & set(name):
            own = [file for file in _matching(path) if file.is_file() and file.resolve() not in skip]
            if not own:
                raise ConfigError(f"{KEY}: no file is like {name!r}")
        if len(own) > MOST_FILES:
            raise ConfigError(f"{KEY}: {name} stands for {len(own)} files, expected at most {MOST_FILES}")
        yield from own


def _matching(pattern: Path) -> list[Path]:
    root = Path(pattern.anchor) if pattern.is_absolute() else Path()
    try:
        return sorted(root.glob(str(pattern.relative_to(root))))
    except (ValueError, NotImplementedError):
        return []


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _read(path: Path) -> Iterator[GivenFunction | LeftOut]:
    """The functions of one document, their sources with its name."""
    shown = f"{KEY}: {path}"
    document = read_document(path, shown)
    try:
        for function in _functions(document, shown):
            yield replace(function, source=f"{path}{function.source}")
    except BrokenDocument as fault:
        raise ConfigError(f"{shown}: {fault.pointer}: {fault.reason}") from None


def _functions(document: Any, shown: str) -> Iterator[GivenFunction | LeftOut]:
    if isinstance(document, dict) and "openapi" in document:
        yield from openapi_functions(document)
        return
    if isinstance(document, dict) and "swagger" in document:
        got = printable(str(document["swagger"]), 40)
        raise ConfigError(f"{shown}: got Swagger {got}, expected OpenAPI 3: converters make one of the other")
    listed = listed_functions(document)
    if listed is None:
        got = (
            f"the keys {names(list(document)[:8])}"
            if isinstance(document, dict)
            else printable(repr(document), 60)
        )
        raise ConfigError(
            f"{shown}: got {got}, expected an OpenAPI 3 document ('openapi'), an MCP answer to tools/list "
            "('tools') or a list of function schemas"
        )
    yield from functions_of(*listed)


def _platform_names(paths: Sequence[Path]) -> list[str]:
    """Every document's own name: that of its file, or of its folder where several files are called alike.

    A document that is named twice is two providers of the same functions, the second with a number.
    """
    stems = Counter(path.stem.lower() for path in set(paths))
    chosen: list[str] = []
    for path in paths:
        name = path.resolve().parent.name if stems[path.stem.lower()] > 1 else path.stem
        chosen.append(unique(name.removesuffix(".openapi"), chosen))
    return chosen


def _platform(name: str, said: bool, path: Path) -> str:
    """A platform's name as an identifier. Args: said: whether the document says it."""
    clean = name if said and IDENTIFIER.fullmatch(name) else camel_case(name)
    if not clean:
        raise ConfigError(
            f"{KEY}: {path}: got the platform {printable(name, 60)!r}, expected a name with letters a to z: "
            "say another one as x-platform"
        )
    return clean


def _check_platforms(
    found: Mapping[str, Sequence[GivenFunction]], paths: Sequence[Path], left_out: Sequence[LeftOut]
) -> None:
    if not found:
        why = f"; the first: {left_out[0].reason}" if left_out else ""
        raise ConfigError(f"{KEY}: no function in {len(paths)} document(s){why}")
    if len(found) < 2:
        raise ConfigError(
            f"{KEY}: got functions of one platform, {names(found)}, expected at least two that people choose "
            "between: give a document for each (tools.file=[a.yaml,b.yaml] or a folder), say x-platform at "
            "functions, or name the one document twice (tools.file=[a.yaml,a.yaml]): then two offer the same"
        )
