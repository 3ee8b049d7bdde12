"""The invariants of an API tree (§4.1), each with an error that names the node.

`check_structure` holds for a tree that is still growing, `check` for a finished one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import networkx as nx

from ..errors import TreeError
from .schemas import check_function, check_name, check_text

if TYPE_CHECKING:
    from .api_tree import ApiTree

ROOT = "/"
"""The id of an API tree's root."""
PARENTS = {
    "scenario": ("root",),
    "platform": ("scenario",),
    "category": ("platform", "category"),
    "api": ("category",),
}


def check(tree: ApiTree) -> None:
    """Refuse a tree that is unfinished or breaks an invariant.

    Raises:
        TreeError: the first one found.
    """
    check_structure(tree)
    if not tree.scenarios():
        raise TreeError("API tree: no scenario below the root")
    for node, found in tree.graph.nodes(data=True):
        if found.get("kind") not in ("root", "api") and not found.get("expanded"):
            raise TreeError(f"{node}: not expanded yet; start the same command again to go on growing")
    for scenario in tree.scenarios():
        _check_scenario(tree, scenario)


def check_structure(tree: ApiTree) -> None:
    """Refuse a graph that is not one tree of scenarios, platforms, categories and APIs.

    Raises:
        TreeError: a cycle, a second root or parent, a node in the wrong place, a bad name or id.
    """
    check_arborescence(tree.graph, ROOT, "API tree")
    for parent, node in nx.dfs_edges(tree.graph, ROOT):
        found, above = tree.attributes(node), tree.attributes(parent)
        kind, name = found.get("kind"), found.get("name")
        if above.get("kind") not in PARENTS.get(str(kind), ()):
            raise TreeError(f"{node}: a node of kind {kind!r} cannot hang below {above.get('kind')!r}")
        check_name(name, str(node))
        if node != (name if parent == ROOT else f"{parent}/{name}"):
            raise TreeError(f"{node}: the id is not the path of its name {name!r} below {parent!r}")
        _check_attributes(tree, str(node))


def _check_attributes(tree: ApiTree, node: str) -> None:
    # a file may have been edited; the designer's own answers were checked when they came
    found = tree.attributes(node)
    if found["kind"] == "api":
        tree.api(node)
    elif not isinstance(found.get("expanded"), bool) or not isinstance(found.get("apis"), int):
        raise TreeError(f"{node}: expected the attributes 'expanded' (true or false) and 'apis' (a number)")
    if found["kind"] == "platform":
        tree.platform(node)


def check_arborescence(graph: nx.DiGraph, root: str, what: str) -> None:
    """Refuse a graph that is not one tree whose edges lead away from `root`.

    Raises:
        TreeError: a second root, a node with several parents, or a cycle.
    """
    roots = [node for node, degree in graph.in_degree if degree == 0]
    if roots != [root]:
        raise TreeError(f"{what}: got the roots {roots[:4]!r}, expected one: {root!r}")
    for node, degree in graph.in_degree:
        if degree > 1:
            raise TreeError(f"{what}: {node!r} has {degree} parents, expected one")
    if len(nx.descendants(graph, root)) + 1 != len(graph):
        cycle = nx.find_cycle(graph)
        raise TreeError(f"{what}: {cycle[0][0]!r} lies on a cycle of {len(cycle)} nodes; a tree has none")


def _check_scenario(tree: ApiTree, scenario: str) -> None:
    world = tree.world(scenario)
    check_text(world.description, f"{scenario}: description")
    if len(world.platforms) < 2:
        raise TreeError(
            f"{scenario}: got {len(world.platforms)} platform, expected at least 2: "
            "with one there is no tool personalisation"
        )
    _check_unique((one.name for one in world.contexts), f"{scenario}: context")
    _check_unique((one.name for one in world.platforms), f"{scenario}: platform")
    for platform, apis in world.apis.items():
        where = f"{scenario}/{platform}"
        _check_unique((api.name for api in apis), f"{where}: API")
        _check_unique((api.capability for api in apis), f"{where}: capability")
        if len(apis) != tree.attributes(where).get("apis"):
            wanted = tree.attributes(where).get("apis")
            raise TreeError(f"{where}: got {len(apis)} APIs, expected {wanted}")
        for api in apis:
            check_function(api, f"{where}/{api.name}")
    _check_capabilities(tree, scenario)


def _check_capabilities(tree: ApiTree, scenario: str) -> None:
    shared = set(tree.shared_capabilities(scenario))
    if not shared:
        raise TreeError(
            f"{scenario}: no capability is offered by two platforms, so there is no tool personalisation; "
            "rivals must name what they have in common with the same capability"
        )
    for leaf in tree.below(scenario, "api"):
        found = tree.attributes(leaf)
        exclusive = found["capability"] not in shared
        if found.get("exclusive") is not exclusive:
            raise TreeError(
                f"{leaf}: capability {found['capability']!r} is marked exclusive={found.get('exclusive')!r}, "
                f"expected {exclusive!r}: it is offered by "
                f"{', '.join(tree.capabilities(scenario)[found['capability']])}"
            )


def _check_unique(found: Iterable[str], where: str) -> None:
    twice = [name for name, count in Counter(found).items() if count > 1]
    if twice:
        raise TreeError(f"{where}: {twice[0]!r} is there twice, expected unique names")
