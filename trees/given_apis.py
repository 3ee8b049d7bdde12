"""APIs that are brought along instead of being invented: what a growth hangs below their platforms (§4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..records import Api, Platform
from .personal_facts import recognise


class GivenApi(NamedTuple):
    """An API that is brought along, with the functional category it belongs to."""

    category: str
    description: str
    """of the category"""
    api: Api


GivenApis = Mapping[str, Sequence[GivenApi]]
"""Platform -> its APIs."""


def called_as_given(platforms: Sequence[Platform], given: GivenApis) -> Iterator[Platform]:
    """The platforms under the names of those that are brought along, in their order."""
    for platform, name in zip(platforms, given, strict=True):
        characteristics = tuple(
            each.model_copy(update={"text": each.text.replace(platform.name, name)})
            for each in platform.characteristics
        )
        yield Platform(name=name, characteristics=characteristics)


def with_facts(api: Api) -> Api:
    """The API, its parameters marked that are called like a fact of a person."""
    properties = {
        name: {**schema, "x-origin": "profile", "x-fact": fact.name}
        if schema.get("type") == "string" and (fact := recognise(schema.get("x-name", name)))
        else schema
        for name, schema in api.properties().items()
    }
    return api.model_copy(update={"parameters": {**api.parameters, "properties": properties}})
