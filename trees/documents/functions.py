"""Functions as a document has them become functions as a tree has them, each with where it comes from.

Names that no answer could be written with (`page-size`, `from`) are changed and kept beside (`x-name`), as is
where a request has a parameter (`x-in`); both are ptool's own marks, which models are not shown.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import TreeError
from ...records import Api
from ...texts.hidden import faults
from ..naming import name_words, snake_case
from ..schemas import IDENTIFIER, MAX_PARAMETERS, Schema, check_function
from .references import BrokenDocument, UnusableSchema
from .schema_converter import SchemaConverter
from .schema_keywords import plain_text

_MOST_VALUES = 1700
"""Values that the parameters of a function may consist of together."""
_MOST_RETURNED, _MOST_RETURNED_PARTS = 8, 60
_LONGEST_TEXT = 1000
_RETURNED = frozenset(("string", "integer", "number", "boolean"))


@dataclass(frozen=True)
class GivenParameter:
    """A parameter of a document's function."""

    name: str
    """as the document has it"""
    schema: Schema
    """converted"""
    required: bool
    place: str = ""
    """path, query, header, cookie or body; "": the function's only place"""


@dataclass(frozen=True)
class GivenFunction:
    """A function of a document that a tree can have."""

    platform: str
    """as the document says it (`x-platform`); "": it does not"""
    category: str
    """tag of an operation; "": none"""
    category_text: str
    api: Api
    """without a capability, which only the functions of all platforms together tell"""
    source: str
    """document and JSON pointer"""
    cut: tuple[tuple[str, str], ...] = ()
    """optional parts that were left out: place and reason"""


@dataclass(frozen=True)
class LeftOut:
    """A function of a document that no tree can have."""

    name: str
    source: str
    reason: str


def identifier(name: str) -> str:
    """A name that an answer can be written with, as near to the document's as can be; "": no letter in it."""
    if IDENTIFIER.fullmatch(name) and not keyword.iskeyword(name):
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:60]
    if words[:1].isdigit():
        words = f"n_{words}"
    return f"{words}_" if keyword.iskeyword(words) else words


def unique(name: str, taken: Iterable[str]) -> str:
    """The name, or with a number behind it that nothing taken has."""
    taken, number, candidate = set(taken), 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name[:58]}_{number}"
    return candidate


def make_api(
    name: str,
    description: str,
    parameters: Sequence[GivenParameter],
    response: dict[str, Any],
    converter: SchemaConverter,
    pointer: str,
    extra: Mapping[str, Any] | None = None,
) -> Api:
    """The API of a function.

    Args:
        name: an identifier.
        description: as the document has it.
        parameters: converted ones.
        response: what a call returns (`response_schema`).
        converter: the document's; it is told what is cut.
        pointer: of the function.
        extra: keywords beside the properties, such as alternatives.

    Raises UnusableSchema: it has too many required parameters, or is no valid JSON Schema.
    """
    kept = _fitting(parameters, converter, pointer)
    names: dict[str, GivenParameter] = {}
    for number, parameter in enumerate(kept):
        own = identifier(parameter.name) or f"parameter_{number + 1}"
        if own in names and parameter.place:
            own = identifier(f"{parameter.place}_{own}")
        names[unique(own, names)] = parameter
    if extra and any(own != parameter.name for own, parameter in names.items()):
        raise UnusableSchema(pointer, "a parameter has to be renamed, and other keywords refer to it")
    properties = {own: _property(own, parameter) for own, parameter in names.items()}
    required = [own for own, parameter in names.items() if parameter.required]
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": required}
    schema |= {"additionalProperties": False, **(extra or {})}
    api = Api(
        name=name,
        description=plain_text(description)[:_LONGEST_TEXT] or _sentence(name),
        capability=snake_case(name, "function"),
        parameters=schema,
        response=response,
    )
    try:
        check_function(api, pointer)
    except TreeError as error:
        raise UnusableSchema(pointer, str(error).removeprefix(f"{pointer}: ")) from None
    for fault in faults(api.model_dump(), name, _LONGEST_TEXT * 20):
        raise UnusableSchema(pointer, fault)
    return api


def _fitting(
    parameters: Sequence[GivenParameter], converter: SchemaConverter, pointer: str
) -> list[GivenParameter]:
    """The required parameters, and as many optional ones as a function may have, in their order."""
    left, kept = _MOST_VALUES, set[int]()
    for at, parameter in sorted(enumerate(parameters), key=lambda pair: not pair[1].required):
        size = _size(parameter.schema)
        if len(kept) < MAX_PARAMETERS and size <= left:
            kept.add(at)
            left -= size
        elif parameter.required:
            raise UnusableSchema(
                pointer, f"too many or too large required parameters, as of {parameter.name!r}"
            )
        else:
            reason = f"{parameter.name!r} is one parameter too many: a function has at most {MAX_PARAMETERS}"
            converter.cut.append((pointer, reason))
    return [parameter for at, parameter in enumerate(parameters) if at in kept]


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1


def _property(own: str, parameter: GivenParameter) -> Schema:
    """The parameter's schema with a description; what is required is said, whatever its default is."""
    schema = {
        key: part for key, part in parameter.schema.items() if not (parameter.required and key == "default")
    }
    schema.setdefault("description", " ".join(name_words(parameter.name)) or own)
    schema |= {"x-in": parameter.place} if parameter.place else {}
    return schema | ({"x-name": parameter.name} if own != parameter.name else {})


def _sentence(name: str) -> str:
    words = " ".join(name_words(name))
    return f"{words[:1].upper()}{words[1:]}."


def response_schema(returned: Any, converter: SchemaConverter, pointer: str) -> dict[str, Any]:
    """What a call returns, as far as it is plain: what comes back is not what is learnt.

    Args: returned: its schema, in the document's own form; converter: of its own.
    """
    try:
        schema = (
            converter.convert(returned, pointer, _MOST_RETURNED_PARTS) if isinstance(returned, dict) else {}
        )
    except (UnusableSchema, BrokenDocument):
        schema = {}
    if schema.get("type") in _RETURNED:
        schema = {"properties": {"result": schema}}
    fields = {
        name: {key: part[key] for key in ("type", "description", "enum") if key in part}
        for name, part in schema.get("properties", {}).items()
        if part.get("type") in _RETURNED and IDENTIFIER.fullmatch(name)
    }
    kept = dict(list(fields.items())[:_MOST_RETURNED])
    result = {"type": "string", "description": "What came of it."}
    return {"type": "object", "properties": kept or {"result": result}}
