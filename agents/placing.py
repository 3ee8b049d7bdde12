"""Clusters written node by node: for every node the parent it goes into.

Asked for clusters with lists of members, models forget nodes and name others twice, the more the longer the
list. Asked where each node goes, every answer is a partition. What comes out is `Clusters` all the same, and
whoever answers with clusters is right too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import Field, create_model, model_validator

from ..records import Cluster, Clusters, Kind, Record

_OTHER = re.compile(r"[^A-Za-z0-9]+")


class Place(Record):
    """Where one node goes."""

    parent: str = Field(description="the parent's name in snake_case; nodes with the same parent are merged")
    description: str = Field(
        description="what one knows of a user who has a value for the parent, one sentence"
    )
    kind: Kind = Field(description="basic: observable; implicit: latent")


@dataclass(frozen=True, slots=True)
class _Node:
    number: int
    key: str
    kind: Kind | None
    """None: the answer decides it."""


def placed(nodes: Iterable[Mapping[str, Any]]) -> type[Clusters]:
    """The form of an answer that places these nodes; made once for each set.

    Args: nodes: their `id`, `name` and `kind` count; a kind of None is the model's to decide.
    """
    return _placed(tuple(_Node(one["id"], _key(one["id"], one["name"]), one.get("kind")) for one in nodes))


def _key(number: int, name: str) -> str:
    # The name reminds the model of what it is placing; the number makes it unique.
    return f"n{number}_{_OTHER.sub('_', name)[:40]}".rstrip("_")


@lru_cache(maxsize=256)
def _placed(nodes: tuple[_Node, ...]) -> type[Clusters]:
    each: dict[str, Any] = {one.key: (Place, ...) for one in nodes}
    inner = create_model("Nodes", __base__=Record, **each)
    shown = create_model("Clusters", __base__=Record, nodes=(inner, ...))

    class Placed(Clusters):
        __doc__ = Clusters.__doc__

        @model_validator(mode="before")
        @classmethod
        def _from_places(cls, said: Any) -> Any:
            if not isinstance(said, dict) or "nodes" not in said:
                return said
            places = shown.model_validate(said).nodes  # pyright: ignore[reportAttributeAccessIssue]
            return {"clusters": _merged((one, getattr(places, one.key)) for one in nodes)}

        @classmethod
        def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
            return shown.model_json_schema(*args, **options)

    Placed.__name__ = Placed.__qualname__ = Clusters.__name__
    return Placed


def _merged(places: Iterable[tuple[_Node, Place]]) -> tuple[Cluster, ...]:
    """One cluster for every parent, described by the first node that goes into it.

    Nodes of known kinds that go into one parent are kept apart by kind: no cluster holds both.
    """
    found: dict[str, Cluster] = {}
    for node, place in places:
        name, kind = place.parent, node.kind or place.kind
        if node.kind and name in found and found[name].kind != node.kind:
            name = f"{name}_{node.kind}"
        first = found.get(name) or Cluster(name=name, description=place.description, kind=kind, members=())
        found[name] = first.model_copy(update={"members": (*first.members, node.number)})
    return tuple(found.values())
