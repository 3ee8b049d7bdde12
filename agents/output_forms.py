"""A record asked for in part: only some of its lists, each with so many entries.

A model that is shown four lists and told to fill one often fills none. So the *form* of an answer is narrowed
to what this very call wants: the JSON schema names the wanted fields alone, and they may not be empty. What
comes out is still the record. This module knows neither roles nor what the fields mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar, cast

import orjson
from pydantic import BaseModel, Field, create_model, model_validator

from ..records import Cluster, Clusters, Kind, Record
from ..records.base import json_text
from .role import Role

Asked = TypeVar("Asked", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One list of a record that a call wants.

    Args:
        field: the list's name.
        least, most: how many entries; most None: any number.
        items: JSON text of a schema that says more of an entry than the record does; empty: nothing more.
    """

    field: str
    least: int = 1
    most: int | None = None
    items: str = ""


def narrowed(record: type[Asked], *wanted: Wanted) -> type[Asked]:
    """A subclass of `record` whose JSON schema has the wanted fields only, none of them empty.

    Every other field keeps its default and may still be given, so whoever answers the whole record is right
    too. Made once for every combination (making a class takes about a millisecond).
    """
    return cast(type[Asked], _narrowed(record, wanted))


@lru_cache(maxsize=1024)
def _narrowed(record: type[BaseModel], wanted: tuple[Wanted, ...]) -> type[BaseModel]:
    return create_model(
        record.__name__,
        __base__=record,
        __module__=record.__module__,
        __doc__=record.__doc__,
        __cls_kwargs__={"json_schema_extra": _only(wanted)},
        **{one.field: _bounded(record, one) for one in wanted},
    )


def _bounded(record: type[BaseModel], wanted: Wanted) -> Any:
    field = record.model_fields[wanted.field]
    return field.annotation, Field(
        min_length=wanted.least, max_length=wanted.most, description=field.description
    )


def _only(wanted: Iterable[Wanted]) -> Callable[[dict[str, Any]], None]:
    def change(schema: dict[str, Any]) -> None:
        properties = {one.field: schema["properties"][one.field] for one in wanted}
        for one in wanted:
            if one.items:
                properties[one.field]["items"] = orjson.loads(one.items)
        schema["properties"], schema["required"] = properties, list(properties)

    return change


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


_CONTEXTS = (2, 12)
"""Kinds of need a scenario may have: one would decide nothing. The prompt asks for a number between."""

"""Characters of a feature's value and of an action, for endpoints that can see to it."""


_ACTION = orjson.dumps({"type": "string", "minLength": 1, "maxLength": _LONGEST}).decode()


class Designer(Role):
    """Answers with the lists its expansion asks for (§4.1)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """The contexts and platforms of a scenario, the categories below a node, or exactly its APIs."""
        view = views["expansion"]
        match view["asks"]:
            case "scenario":
                count = view["platforms"]
                wanted = [Wanted("contexts", *_CONTEXTS), Wanted("platforms", count, count)]
            case "categories":
                wanted = [Wanted("categories", 1, min(view["branching"], view["apis"]))]
            case _:
                wanted = [Wanted("apis", view["apis"], view["apis"])]
        return narrowed(self.output, *wanted)


class Clusterer(Role):
    """Answers with the parent of every node it is shown (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """One place for each node; a record of another kind is left as it is."""
        if self.output is not Clusters:
            return self.output
        return placed(views["clustering"]["nodes"])


class ProfileWriter(Role):
    """Answers with as many bundles as the layer asks for, each with the layer's features (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """Exactly `count` bundles; endpoints that take free-form objects are told their keys as well."""
        layer = views["layer"]
        properties = {one["name"]: _value(one["value_schema"]) for one in layer["features"]}
        inside = {"properties": properties, "required": list(properties), "additionalProperties": False}
        bundle = orjson.dumps(json_text(inside)).decode()
        return narrowed(self.output, Wanted("bundles", layer["count"], layer["count"], bundle))


def _value(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of a feature's value, in the few keywords that every grammar knows."""
    if "enum" in schema:
        return {"enum": schema["enum"]}
    kind = schema.get("type", ["string", "number"])
    if kind == "array":
        return {"type": kind, "items": _value(schema.get("items", {})), "minItems": 1}
    return {"type": kind} | ({"minLength": 1, "maxLength": _LONGEST} if "string" in kind else {})


class Actor(Role):
    """Answers with one action for every visit (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """As many actions as visits."""
        count = len(views["visits"])
        return narrowed(self.output, Wanted("actions", count, count, _ACTION))


class Chooser(Role):
    """Answers with one preference for every kind of need (Definition 3.1)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """As many preferences as contexts, of the names shown."""
        contexts = [one["name"] for one in views["contexts"]]
        known = {"context": contexts, "platform": [one["name"] for one in views.get("platforms", ())]}
        properties = {key: {"type": "string", "enum": names} for key, names in known.items() if names}
        items = {
            "type": "object",
            "properties": {"context": {"type": "string"}, "platform": {"type": "string"}} | properties,
            "required": ["context", "platform"],
            "additionalProperties": False,
        }
        count = len(contexts)
        return narrowed(self.output, Wanted("preferences", count, count, orjson.dumps(items).decode()))
