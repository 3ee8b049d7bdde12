"""What a clusterer answers (§4.2): the parent of every node, so that no member of a partition is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model, model_validator

from ...records import Cluster, Clusters, Kind, Record
from .narrowing import FormRole, one_of

_NO_THEMES: Mapping[Kind, tuple[str, ...]] = {}
_Parent = Annotated[
    str,
    Field(
        max_length=60, description="the parent's name in snake_case; nodes with the same parent are merged"
    ),
]
_Description = Annotated[
    str,
    Field(
        max_length=120,
        description="what one knows of a person who has a value for it, one sentence without a platform",
    ),
]


class Clusterer(FormRole):
    """Answers with the parent of every node it is shown (§4.2).

    What is said with every request is an implicit feature: a habit at most.
    """

    keeps_requests = True
    themes: Mapping[Kind, tuple[str, ...]] = {}
    """Kind -> the parents that features may have; empty: those that the model makes up."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """One place for each node; a record of another kind is left as it is."""
        if self.output is not Clusters:
            return self.output
        view = views["clustering"]
        themes = self.themes if view.get("level") else {}
        return placement_form(view["nodes"], keeps_requests=self.keeps_requests, themes=themes)


class FactClusterer(Clusterer):
    """A clusterer to whom what is said with every request is no feature of a user; its themes are given."""

    keeps_requests = False
    themes: Mapping[Kind, tuple[str, ...]] = {
        "basic": ("identity", "contact", "home", "household", "belongings", "money", "health", "skills"),
        "implicit": ("priorities", "tastes", "habits"),
    }


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
    parents: tuple[str, ...] = ()
    """The parents there are; empty: any."""

    @property
    def form(self) -> type[Place] | type[ParameterPlace]:
        if self.parents:
            return _theme_place(self.parents)
        return Place if self.kind else ParameterPlace


@lru_cache(maxsize=64)
def _theme_place(parents: tuple[str, ...]) -> type[Place]:
    """A place below one of the parents there are; another one is taken as it comes."""
    return create_model(f"Theme{'_'.join(parents)}"[:40], __base__=Place, parent=(one_of(parents), ...))


def placement_form(
    nodes: Iterable[Mapping[str, Any]],
    *,
    keeps_requests: bool = True,
    themes: Mapping[Kind, tuple[str, ...]] = _NO_THEMES,
) -> type[Clusters]:
    """A form of `Clusters` that asks for the parent of each of these nodes; made once for each set.

    Only of a parameter there is a kind to decide: what the profile fills is basic; what is said with every
    request is implicit, a habit at most, so that no profile holds it and a query has to state it.

    Args:
        nodes: their `id`, `name`, `source`, `kind` and, of characteristics, `where` count.
        keeps_requests: whether what is said with every request has a parent, or is left out of the tree.
        themes: kind -> the parents there are; of other kinds the model makes them up.
    """
    groups: dict[Any, list[Mapping[str, Any]]] = {}
    for node in nodes:
        groups.setdefault(_dimension(node) or node["id"], []).append(node)
    placed = (_placed_node(group) for group in groups.values())
    nodes_placed = tuple(replace(node, parents=themes.get(node.kind or "basic", ())) for node in placed)
    return _placement_form(nodes_placed, keeps_requests)


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


@lru_cache(maxsize=16)
def _placement_form(nodes: tuple[_PlacedNode, ...], keeps_requests: bool) -> type[Clusters]:
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
            placed = [(node, getattr(places, node.key)) for node in nodes]
            if keeps_requests:
                return {"clusters": _merge_places(placed)}
            said = [number for node, place in placed if _is_said(place) for number in node.numbers]
            kept = ((node, place) for node, place in placed if not _is_said(place))
            return {"clusters": _merge_places(kept), "said": said}

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


def _is_said(place: Place | ParameterPlace) -> bool:
    return isinstance(place, ParameterPlace) and place.filled_from == "request"


def _kind_of(place: Place | ParameterPlace) -> Kind:
    return "basic" if isinstance(place, ParameterPlace) and place.filled_from == "profile" else "implicit"
