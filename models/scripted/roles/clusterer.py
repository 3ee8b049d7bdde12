"""The clusterer groups leaves into features and features into themes (§4.2, bottom-up)."""

from __future__ import annotations

from typing import Any

from ....records import Cluster, Clusters
from ..people import people
from ..role_request import Part
from ..solving import feature_of


def clusterer(part: Part) -> Clusters:
    """Partition the nodes in the prompt."""
    asked = part.view("clustering")
    groups: dict[tuple[str, str, str], list[int]] = {}
    for node in asked["nodes"]:
        key = _theme(node) if asked["level"] else _feature(part, node)
        groups.setdefault(key, []).append(node["id"])
    return Clusters(
        clusters=tuple(
            Cluster(name=name, kind=kind, description=description, members=tuple(members))  # pyright: ignore[reportArgumentType]
            for (name, kind, description), members in groups.items()
        )
    )


def _feature(part: Part, node: dict[str, Any]) -> tuple[str, str, str]:
    kit = part.library.kit(node["where"][0])
    if node["source"] == "characteristic":
        wish = kit.world.dimensions.get(node["name"], node["name"])
        return (
            feature_of(kit, node["name"]),
            "implicit",
            f"How much {wish} counts for the user, and for what.",
        )
    _, platform, api = node["where"]
    place = kit.index(platform)
    capability = next(c for c in kit.capabilities.values() if c.apis[place] == api)
    parameter = next(
        p for p in capability.parameters.values() if kit.parameter_name(p, place) == node["name"]
    )
    if parameter.feature:
        return parameter.feature, "basic", people()["basic"][parameter.feature]["description"]
    habit = kit.habit(parameter)
    if habit == f"{kit.name}_interests":
        return habit, "implicit", f"What the user is drawn to in {kit.name}."
    return habit, "implicit", people()["habits"].get(habit, {}).get("description", f"Habits in {kit.name}.")


def _theme(node: dict[str, Any]) -> tuple[str, str, str]:
    themes, name = people()["themes"], node["name"]
    if name in themes:
        wider = "person" if node["kind"] == "basic" else "character"
        return (
            wider,
            node["kind"],
            f"Everything {'observable' if wider == 'person' else 'latent'} of the user.",
        )
    if node["kind"] == "basic":
        theme = people()["basic"].get(name, {}).get("theme", "identity")
    elif name in people()["habits"]:
        theme = "habits"
    else:
        theme = "tastes" if name.endswith("_interests") else "priorities"
    return theme, node["kind"], themes[theme]
