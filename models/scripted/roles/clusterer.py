"""The clusterer groups leaves into features and features into themes (§4.2, bottom-up)."""

from __future__ import annotations

from typing import Any

from ....errors import UnknownPartError
from ....records import Cluster, Clusters
from ..people import people
from ..preferences import implicit_feature
from ..role_request import RoleRequest


def clusterer(request: RoleRequest) -> Clusters:
    """Partition the nodes in the prompt."""
    layer = request.view("clustering")
    groups: dict[tuple[str, str, str], list[int]] = {}
    for node in layer["nodes"]:
        key = _theme(node) if layer["level"] else _feature(request, node)
        groups.setdefault(key, []).append(node["id"])
    return Clusters(
        clusters=tuple(
            Cluster(name=name, kind=kind, description=description, members=tuple(members))  # pyright: ignore[reportArgumentType]
            for (name, kind, description), members in groups.items()
        )
    )


def _feature(request: RoleRequest, node: dict[str, Any]) -> tuple[str, str, str]:
    """Name, kind and description of the feature a leaf belongs to."""
    kit = request.library.kit(node["where"][0])
    if node["source"] == "characteristic":
        wish = kit.dimensions.get(node["name"], node["name"])
        return (
            implicit_feature(kit, node["name"]),
            "implicit",
            f"How much {wish} counts for the user, and for what.",
        )
    _, platform, api = node["where"]
    if (parameter := kit.parameters.get((platform, api, node["name"]))) is None:
        raise UnknownPartError(
            f"scenario {kit.name!r}: the scripted model does not know the parameter {node['name']!r} of "
            f"{platform}.{api}; its kit has no words for it"
        )
    if parameter.feature:
        return parameter.feature, "basic", people()["basic"][parameter.feature]["description"]
    name = kit.latent_feature(parameter)
    if name == f"{kit.name}_interests":
        return name, "implicit", f"What the user is drawn to in {kit.name}."
    return name, "implicit", people()["habits"].get(name, {}).get("description", f"Habits in {kit.name}.")


def _theme(node: dict[str, Any]) -> tuple[str, str, str]:
    """Name, kind and description of the theme a feature belongs to, or of what is above a theme."""
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
