"""Small deterministic stand-ins for the designer, the clusterer and the profile writer."""

from __future__ import annotations

from typing import Any

from ptool.records import (
    Api,
    Bundles,
    Category,
    Characteristic,
    Cluster,
    Clusters,
    Context,
    Expansion,
    Platform,
)
from ptool.trees import ApiTree, TreeShape, grow_tree

TEXT = {"type": "string", "description": "free text"}


def make_api(name: str, capability: str | None = None, **changes: Any) -> Api:
    fields: dict[str, Any] = {
        "name": name,
        "description": f"Does {name}.",
        "capability": capability or name,
        "parameters": {
            "type": "object",
            "properties": {f"{name}_text": TEXT, "home_address": TEXT},
            "required": ["home_address"],
        },
        "response": {"type": "object", "properties": {"ok": {"type": "boolean"}}},
    }
    return Api.model_validate(fields | changes)


class FakeDesigner:
    """Fills quotas evenly; every platform offers the capabilities cap_0 … under its own names."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, item_id: str, view: dict[str, Any]) -> Expansion:
        self.asked.append((item_id, view))
        return getattr(self, view["asks"])(view)

    def scenario(self, view: dict[str, Any]) -> Expansion:
        return Expansion(
            contexts=tuple(Context(name=name, description="A need.") for name in ("gifts", "food")),
            platforms=tuple(
                Platform(
                    name=f"Shop{number}",
                    characteristics=(Characteristic(name="delivery", text=f"In {number + 1} days."),),
                )
                for number in range(view["platforms"])
            ),
        )

    def categories(self, view: dict[str, Any]) -> Expansion:
        count = min(view["branching"], view["apis"])
        each, more = divmod(view["apis"], count)
        return Expansion(
            categories=tuple(
                Category(name=f"part{number}", description="Functions.", apis=each + (number < more))
                for number in range(count)
            )
        )

    def apis(self, view: dict[str, Any]) -> Expansion:
        first = len(view["taken"])
        return Expansion(
            apis=tuple(
                make_api(f"{view['platform'].lower()}_{number}", f"cap_{number}")
                for number in range(first, first + view["apis"])
            )
        )


async def grown(apis: int = 4, platforms: int = 2, scenarios: tuple[str, ...] = ("shopping",)) -> ApiTree:
    shape = TreeShape(platforms=platforms, apis=apis, depth=1, branching=6)
    return await grow_tree(ApiTree(), dict.fromkeys(scenarios, "People buy."), shape, FakeDesigner())


async def cluster_by_name(_item: str, view: dict[str, Any]) -> Clusters:
    """One parent for every name below; above the features two: contact and taste."""
    found: dict[str, list[int]] = {}
    for node in view["nodes"]:
        above = "contact" if node["kind"] == "basic" else "taste"
        found.setdefault(above if view["level"] else node["name"], []).append(node["id"])
    implicit = {"delivery", "taste"}
    return Clusters(
        clusters=tuple(
            Cluster(
                name=name,
                description=f"About {name}.",
                kind="implicit" if name in implicit else "basic",
                members=tuple(members),
            )
            for name, members in found.items()
        )
    )


async def write_numbered(item_id: str, view: dict[str, Any]) -> Bundles:
    """Values that tell where they were asked for and which bundle they stand in."""
    return Bundles(
        bundles=tuple(
            {one["name"]: f"{item_id}#{number}" for one in view["features"]}
            for number in range(view["count"])
        )
    )
