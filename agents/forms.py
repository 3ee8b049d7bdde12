"""ptool's roles whose answer has a form that depends on what they are asked.

Each is a plain `Role` that narrows its record to the call at hand: how many entries, which of the lists. They
know the views `ptool.trees` and `ptool.environments` hand over, and nothing else of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel

from ..records import Clusters
from ..records.base import json_text
from .narrowing import Wanted, narrowed
from .placing import placed
from .role import Role

_CONTEXTS = (2, 12)
"""Kinds of need a scenario may have: one would decide nothing. The prompt asks for a number between."""

_LONGEST = 300
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
