"""Clusters written node by node: for every node the parent it goes into.

Asked for clusters with lists of members, models forget nodes and name others twice, the more the longer the
list. Asked where each node goes, every answer is a partition. What comes out is `Clusters` all the same, and
whoever answers with clusters is right too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, create_model, model_validator

from ..records import Cluster, Clusters, Kind, Record

_LONGEST = 300
"""Characters of a description, for endpoints that can see to it: small models do not find an end."""

_OTHER = re.compile(r"[^A-Za-z0-9]+")


_Parent = Annotated[
    str,
    Field(
        max_length=60, description="the parent's name in snake_case; nodes with the same parent are merged"
    ),
]
_Description = Annotated[
    str,
    Field(
        max_length=_LONGEST,
        description="what one knows of a person who has a value for it, one sentence without a platform",
    ),
]


class Place(Record):
    """Where one node goes whose kind is settled."""

    parent: _Parent
    description: _Description


class ParameterPlace(Record):
    """Where a parameter goes, and who says its value: asked first, before words lead the model astray."""

    filled_from: Literal["request", "profile"] = Field(
        description="request: said anew each time, such as what is searched or bought, which item, how many, "
        "when; profile: a fact about the person that stays the same from request to request"
    )
    parent: _Parent
    description: _Description


@dataclass(frozen=True, slots=True)
class _Node:
    numbers: tuple[int, ...]
    """Several where one dimension of a scenario is there once for each platform: it is placed once."""
    key: str
    kind: Kind | None
    """None: the answer decides it."""

    @property
    def form(self) -> type[Place] | type[ParameterPlace]:
        return Place if self.kind else ParameterPlace


def placed(nodes: Iterable[Mapping[str, Any]]) -> type[Clusters]:
    """The form of an answer that places these nodes; made once for each set.

    Only of a parameter there is a kind to decide: what the profile fills is basic; what is said with every
    request is implicit, a habit at most, so that no profile holds it and a query has to state it.

    Args: nodes: their `id`, `name`, `source`, `kind` and, of characteristics, `where` count.
    """
    groups: dict[Any, list[Mapping[str, Any]]] = {}
    for one in nodes:
        groups.setdefault(_dimension(one) or one["id"], []).append(one)
    return _placed(tuple(_node(group) for group in groups.values()))


def _dimension(node: Mapping[str, Any]) -> tuple[str, str] | None:
    """Scenario and name of a characteristic: the same on all its platforms."""
    if node.get("source") == "characteristic" and node.get("kind") is None and node.get("where"):
        return node["where"][0], node["name"]
    return None


def _node(group: Sequence[Mapping[str, Any]]) -> _Node:
    first = group[0]
    kind = first.get("kind")
    if kind is None and first.get("source") == "characteristic":
        kind = "implicit"  # what a person cares about in a platform shows only in behaviour
    return _Node(tuple(one["id"] for one in group), _key(first["id"], first["name"]), kind)


def _key(number: int, name: str) -> str:
    # The name reminds the model of what it is placing; the number makes it unique.
    return f"n{number}_{_OTHER.sub('_', name)[:40]}".rstrip("_")


@lru_cache(maxsize=256)
def _placed(nodes: tuple[_Node, ...]) -> type[Clusters]:
    each: dict[str, Any] = {one.key: (one.form, ...) for one in nodes}
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


def _merged(places: Iterable[tuple[_Node, Place | ParameterPlace]]) -> tuple[Cluster, ...]:
    """One cluster for every parent, described by the first node that goes into it.

    Nodes of different kinds that go into one parent are kept apart: models say well what a single node is,
    and lump together under one name what people state and what their profile holds.
    """
    found: dict[str, Cluster] = {}
    for node, place in places:
        name, kind = place.parent, node.kind or _kind(place)
        if name in found and found[name].kind != kind:
            name = f"{name}_{kind}"
        first = found.get(name) or Cluster(name=name, description=place.description, kind=kind, members=())
        found[name] = first.model_copy(update={"members": (*first.members, *node.numbers)})
    return tuple(found.values())


def _kind(place: Place | ParameterPlace) -> Kind:
    return "basic" if isinstance(place, ParameterPlace) and place.filled_from == "profile" else "implicit"
