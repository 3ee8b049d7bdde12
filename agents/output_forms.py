"""The form of a role's answer: its output record, narrowed to what this very call asks.

A model that is shown four lists and told to fill one often fills none, and one that has to write a partition
loses members. So the JSON schema of an answer names only the lists that are wanted, with as many entries as
are wanted (`narrow_form`), and nodes are clustered by asking for the parent of each (`placement_form`). What
comes out is still the record: whoever answers the whole record is right too.
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

_CONTEXTS = (2, 12)
"""Kinds of need a scenario may have: one would decide nothing. The prompt asks for a number between."""
_LONGEST = 300
"""Characters of a text, for endpoints that can see to it: small models do not find an end."""
_TEXT = {"type": "string", "minLength": 1, "maxLength": _LONGEST}


class Designer(Role):
    """Answers with the lists its expansion asks for (§4.1)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """The contexts and platforms of a scenario, the categories below a node, or exactly its APIs."""
        view = views["expansion"]
        match view["asks"]:
            case "scenario":
                count = view["platforms"]
                lists = [WantedList("contexts", *_CONTEXTS), WantedList("platforms", count, count)]
            case "categories":
                lists = [WantedList("categories", 1, min(view["branching"], view["apis"]))]
            case _:
                lists = [WantedList("apis", view["apis"], view["apis"])]
        return narrow_form(self.output, *lists)


class Clusterer(Role):
    """Answers with the parent of every node it is shown (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """One place for each node; a record of another kind is left as it is."""
        if self.output is not Clusters:
            return self.output
        return placement_form(views["clustering"]["nodes"])


class ProfileWriter(Role):
    """Answers with as many bundles as the layer asks for, each with the layer's features (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """Exactly `count` bundles; endpoints that take free-form objects are told their keys as well."""
        layer = views["layer"]
        values = {feature["name"]: _value_form(feature["value_schema"]) for feature in layer["features"]}
        entry = {"properties": values, "required": list(values), "additionalProperties": False}
        items = _dump(json_text(entry))
        return narrow_form(self.output, WantedList("bundles", layer["count"], layer["count"], items))


class Actor(Role):
    """Answers with one action for every visit (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """As many actions as visits."""
        count = len(views["visits"])
        return narrow_form(self.output, WantedList("actions", count, count, _dump(_TEXT)))


class Chooser(Role):
    """Answers with one preference for every kind of need (Definition 3.1)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """As many preferences as contexts, of the names shown."""
        contexts = [context["name"] for context in views["contexts"]]
        platforms = [platform["name"] for platform in views.get("platforms", ())]
        entry = {
            "type": "object",
            "properties": {"context": _choice(contexts), "platform": _choice(platforms)},
            "required": ["context", "platform"],
            "additionalProperties": False,
        }
        return narrow_form(self.output, WantedList("preferences", len(contexts), len(contexts), _dump(entry)))


def _choice(names: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": names} if names else {"type": "string"}


def _value_form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of a feature's value, in the few keywords that every grammar knows."""
    if "enum" in schema:
        return {"enum": schema["enum"]}
    kind = schema.get("type", ["string", "number"])
    if kind == "array":
        return {"type": kind, "items": _value_form(schema.get("items", {})), "minItems": 1}
    return (_TEXT if "string" in kind else {}) | {"type": kind}


def _dump(schema: Any) -> str:
    return orjson.dumps(schema).decode()


Output = TypeVar("Output", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class WantedList:
    """One list of a record that a call wants filled.

    Args:
        field: the list's name.
        least, most: how many entries; most None: any number.
        items: JSON text of a schema that says more of an entry than the record does; empty: nothing more.
    """

    field: str
    least: int = 1
    most: int | None = None
    items: str = ""


def narrow_form(record: type[Output], *lists: WantedList) -> type[Output]:
    """A subclass of `record` whose JSON schema has the wanted lists only, none of them empty.

    Every other field keeps its default and may still be given. Made once for every combination (making a
    class takes about a millisecond).
    """
    return cast(type[Output], _narrow_form(record, lists))


@lru_cache(maxsize=1024)
def _narrow_form(record: type[BaseModel], lists: tuple[WantedList, ...]) -> type[BaseModel]:
    return create_model(
        record.__name__,
        __base__=record,
        __module__=record.__module__,
        __doc__=record.__doc__,
        __cls_kwargs__={"json_schema_extra": _narrow_schema(lists)},
        **{wanted.field: _bounded_field(record, wanted) for wanted in lists},
    )


def _bounded_field(record: type[BaseModel], wanted: WantedList) -> Any:
    field = record.model_fields[wanted.field]
    return field.annotation, Field(
        min_length=wanted.least, max_length=wanted.most, description=field.description
    )


def _narrow_schema(lists: Iterable[WantedList]) -> Callable[[dict[str, Any]], None]:
    def change(schema: dict[str, Any]) -> None:
        properties = {wanted.field: schema["properties"][wanted.field] for wanted in lists}
        for wanted in lists:
            if wanted.items:
                properties[wanted.field]["items"] = orjson.loads(wanted.items)
        schema["properties"], schema["required"] = properties, list(properties)

    return change


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
class _PlacedNode:
    """A node, or several that are placed together, as one property of the answer."""

    numbers: tuple[int, ...]
    """Several where one dimension of a scenario is there once for each platform: it is placed once."""
    key: str
    kind: Kind | None
    """None: the answer decides it."""

    @property
    def form(self) -> type[Place] | type[ParameterPlace]:
        return Place if self.kind else ParameterPlace


def placement_form(nodes: Iterable[Mapping[str, Any]]) -> type[Clusters]:
    """A form of `Clusters` that asks for the parent of each of these nodes; made once for each set.

    Only of a parameter there is a kind to decide: what the profile fills is basic; what is said with every
    request is implicit, a habit at most, so that no profile holds it and a query has to state it.

    Args: nodes: their `id`, `name`, `source`, `kind` and, of characteristics, `where` count.
    """
    groups: dict[Any, list[Mapping[str, Any]]] = {}
    for node in nodes:
        groups.setdefault(_dimension(node) or node["id"], []).append(node)
    return _placement_form(tuple(_placed_node(group) for group in groups.values()))


def _dimension(node: Mapping[str, Any]) -> tuple[str, str] | None:
    """Scenario and name of a characteristic: the same on all its platforms."""
    if node.get("source") == "characteristic" and node.get("kind") is None and node.get("where"):
        return node["where"][0], node["name"]
    return None


def _placed_node(group: Sequence[Mapping[str, Any]]) -> _PlacedNode:
    first = group[0]
    kind = first.get("kind")
    if kind is None and first.get("source") == "characteristic":
        kind = "implicit"  # what a person cares about in a platform shows only in behaviour
    # The name reminds the model of what it is placing; the number makes it unique.
    words = re.sub(r"[^A-Za-z0-9]+", "_", first["name"])[:40]
    return _PlacedNode(tuple(node["id"] for node in group), f"n{first['id']}_{words}".rstrip("_"), kind)


@lru_cache(maxsize=256)
def _placement_form(nodes: tuple[_PlacedNode, ...]) -> type[Clusters]:
    properties: dict[str, Any] = {node.key: (node.form, ...) for node in nodes}
    places_form = create_model("Nodes", __base__=Record, **properties)
    answer_form = create_model("Clusters", __base__=Record, nodes=(places_form, ...))

    class PlacedClusters(Clusters):
        __doc__ = Clusters.__doc__

        @model_validator(mode="before")
        @classmethod
        def _from_places(cls, answer: Any) -> Any:
            if not isinstance(answer, dict) or "nodes" not in answer:
                return answer
            places = answer_form.model_validate(answer).nodes  # pyright: ignore[reportAttributeAccessIssue]
            return {"clusters": _merge_places((node, getattr(places, node.key)) for node in nodes)}

        @classmethod
        def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
            return answer_form.model_json_schema(*args, **options)

    PlacedClusters.__name__ = PlacedClusters.__qualname__ = Clusters.__name__
    return PlacedClusters


def _merge_places(places: Iterable[tuple[_PlacedNode, Place | ParameterPlace]]) -> tuple[Cluster, ...]:
    """One cluster for every parent, described by the first node that goes into it.

    Nodes of different kinds that go into one parent are kept apart: models say well what a single node is,
    and lump together under one name what people state and what their profile holds.
    """
    clusters: dict[str, Cluster] = {}
    for node, place in places:
        name, kind = place.parent, node.kind or _kind_of(place)
        if name in clusters and clusters[name].kind != kind:
            name = f"{name}_{kind}"
        first = clusters.get(name) or Cluster(name=name, description=place.description, kind=kind, members=())
        clusters[name] = first.model_copy(update={"members": (*first.members, *node.numbers)})
    return tuple(clusters.values())


def _kind_of(place: Place | ParameterPlace) -> Kind:
    return "basic" if isinstance(place, ParameterPlace) and place.filled_from == "profile" else "implicit"
