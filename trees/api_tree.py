"""The API tree (§4.1): scenario -> platform -> functional categories -> APIs, on a NetworkX DiGraph.

It holds what a designer answered, says what is in it, and refuses what breaks an invariant. How it grows
(`growth`), is stored (`graph_io`) and is drawn (`svg`) is said elsewhere.

A node's id is the path of names that leads to it, such as 'shopping/MegaMart/catalogue/search_products'; the
root, named 'ptool', is '/'. Every node carries `kind` and `name`, and its kind's own attributes:

    scenario  description, contexts, conflicts, platforms and apis and depth and branching (what was asked
              for), expanded
    platform  characteristics, apis (the number below it), expanded
    category  description, apis (the number below it), expanded
    api       description, capability, parameters, response, exclusive (no rival offers the capability)
"""

from __future__ import annotations

from typing import Any, TypeVar

import networkx as nx
from pydantic import ValidationError

from ..errors import TreeError, names
from ..records import Api, Platform, Record, ScenarioWorld
from .schemas import check_distinct, check_function, check_name, check_text

ROOT = "/"
"""The id of an API tree's root."""
PARENTS = {
    "scenario": ("root",),
    "platform": ("scenario",),
    "category": ("platform", "category"),
    "api": ("category",),
}
"""Kind of a node -> kinds it may hang below."""
API_FIELDS = ("name", "description", "capability", "parameters", "response")
"""What of a leaf's attributes is the API itself."""

AnyRecord = TypeVar("AnyRecord", bound=Record)


class ApiTree:
    """Scenarios, their platforms and the APIs those offer, below one root.

    Args:
        graph: a graph as `graph_io` read it; None starts an empty tree.

    Raises:
        TreeError: the graph is no API tree.
    """

    def __init__(self, graph: nx.DiGraph | None = None) -> None:
        if graph is None:
            graph = nx.DiGraph(tree="api")
            graph.add_node(ROOT, kind="root", name="ptool")
        if graph.graph.get("tree") != "api" or ROOT not in graph:
            got = graph.graph.get("tree")
            raise TreeError(f"API tree: got a graph marked {got!r} with {len(graph)} nodes, expected 'api'")
        self.graph = graph

    def add(self, parent: str, kind: str, name: str, **attributes: Any) -> str:
        """Hang a new node below `parent` and return its id."""
        node = name if parent == ROOT else f"{parent}/{name}"
        if node in self.graph:
            raise TreeError(f"API tree: {node!r} exists already; names must be unique below one parent")
        self.graph.add_node(node, kind=kind, name=name, **attributes)
        self.graph.add_edge(parent, node)
        return node

    def attributes(self, node: str) -> dict[str, Any]:
        """The attributes of a node, live: a change changes the tree."""
        if node not in self.graph:
            raise TreeError(f"API tree: no node {node!r}")
        return self.graph.nodes[node]

    def children(self, node: str) -> tuple[str, ...]:
        """The ids right below a node, in the order they were added."""
        return tuple(self.graph.successors(node))

    def below(self, node: str, kind: str) -> tuple[str, ...]:
        """All ids of one kind in the branch of a node, depth first."""
        return tuple(
            inner
            for inner in nx.dfs_preorder_nodes(self.graph, node)
            if self.graph.nodes[inner].get("kind") == kind
        )

    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios, in order."""
        return self.children(ROOT)

    def platforms(self, scenario: str) -> tuple[Platform, ...]:
        """The platforms of a scenario, in order."""
        return tuple(self.platform(node) for node in self.children(self._check_known(scenario)))

    def platform(self, node: str) -> Platform:
        """The platform a node right below a scenario stands for."""
        attributes = self.attributes(node)
        return _record(
            Platform, node, {field: attributes.get(field) for field in ("name", "characteristics")}
        )

    def apis(self, scenario: str, platform: str) -> tuple[Api, ...]:
        """The APIs of one platform, in the tree's order."""
        return tuple(
            self.api(node) for node in self.below(f"{self._check_known(scenario)}/{platform}", "api")
        )

    def api(self, node: str) -> Api:
        """The API a leaf stands for."""
        attributes = self.attributes(node)
        return _record(Api, node, {field: attributes.get(field) for field in API_FIELDS})

    def capabilities(self, scenario: str) -> dict[str, tuple[str, ...]]:
        """capability -> names of the platforms that offer it, both in the tree's order."""
        offers: dict[str, tuple[str, ...]] = {}
        for node in self.children(self._check_known(scenario)):
            platform = self.attributes(node)["name"]
            for leaf in self.below(node, "api"):
                capability = self.attributes(leaf)["capability"]
                if platform not in offers.get(capability, ()):
                    offers[capability] = (*offers.get(capability, ()), platform)
        return offers

    def shared_capabilities(self, scenario: str) -> tuple[str, ...]:
        """Capabilities at least two platforms offer: those a task may draw from (Definition 3.1)."""
        return tuple(name for name, platforms in self.capabilities(scenario).items() if len(platforms) > 1)

    def mark_exclusive(self, scenario: str) -> None:
        """Note on every API whether its platform is the only one with that capability."""
        offers = self.capabilities(scenario)
        for leaf in self.below(scenario, "api"):
            attributes = self.attributes(leaf)
            attributes["exclusive"] = len(offers[attributes["capability"]]) == 1

    def world(self, scenario: str) -> ScenarioWorld:
        """One scenario as records, ready for an environment."""
        attributes = self.attributes(self._check_known(scenario))
        platforms = self.platforms(scenario)
        fields = {
            "name": scenario,
            "description": attributes.get("description"),
            "contexts": attributes.get("contexts"),
            "conflicts": attributes.get("conflicts") or (),
            "platforms": platforms,
            "apis": {platform.name: self.apis(scenario, platform.name) for platform in platforms},
        }
        return _record(ScenarioWorld, scenario, fields)

    def worlds(self) -> dict[str, ScenarioWorld]:
        """Every scenario as records, by name."""
        return {scenario: self.world(scenario) for scenario in self.scenarios()}

    def check(self) -> None:
        """Refuse a tree that is unfinished or breaks an invariant (§4.1).

        Raises:
            TreeError: the first invariant broken, with the node that breaks it.
        """
        check_structure(self)
        if not self.scenarios():
            raise TreeError("API tree: no scenario below the root")
        for node, attributes in self.graph.nodes(data=True):
            if attributes.get("kind") not in ("root", "api") and not attributes.get("expanded"):
                raise TreeError(f"{node}: not expanded yet; start the same command again to go on growing")
        for scenario in self.scenarios():
            _check_scenario(self, scenario)

    def _check_known(self, scenario: str) -> str:
        if not self.graph.has_edge(ROOT, scenario):
            known = names(self.scenarios(), scenario)
            raise TreeError(f"API tree: no scenario {scenario!r}; there is {known}")
        return scenario


def _record(record: type[AnyRecord], where: str, fields: dict[str, Any]) -> AnyRecord:
    try:
        return record.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise TreeError(f"{where}: {at}: {first['msg']}") from None


def check_structure(tree: ApiTree) -> None:
    """Refuse a graph that is not one tree of scenarios, platforms, categories and APIs.

    Raises:
        TreeError: a cycle, a second root or parent, a node in the wrong place, a bad name or id.
    """
    check_arborescence(tree.graph, ROOT, "API tree")
    for parent, node in nx.dfs_edges(tree.graph, ROOT):
        attributes, above = tree.attributes(node), tree.attributes(parent)
        kind, name = attributes.get("kind"), attributes.get("name")
        if above.get("kind") not in PARENTS.get(str(kind), ()):
            raise TreeError(f"{node}: a node of kind {kind!r} cannot hang below {above.get('kind')!r}")
        check_name(name, str(node))
        if node != (name if parent == ROOT else f"{parent}/{name}"):
            raise TreeError(f"{node}: the id is not the path of its name {name!r} below {parent!r}")
        _check_attributes(tree, str(node))


def _check_attributes(tree: ApiTree, node: str) -> None:
    # a file may have been edited; the designer's own answers were checked when they came
    attributes = tree.attributes(node)
    if attributes["kind"] == "api":
        tree.api(node)
    elif not isinstance(attributes.get("expanded"), bool) or not isinstance(attributes.get("apis"), int):
        raise TreeError(f"{node}: expected the attributes 'expanded' (true or false) and 'apis' (a number)")
    if attributes["kind"] == "platform":
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
    check_distinct([context.name for context in world.contexts], f"{scenario}: contexts")
    check_distinct([platform.name for platform in world.platforms], f"{scenario}: platforms")
    for platform, apis in world.apis.items():
        where = f"{scenario}/{platform}"
        check_distinct([api.name for api in apis], f"{where}: APIs")
        check_distinct([api.capability for api in apis], f"{where}: capabilities")
        wanted = tree.attributes(where).get("apis")
        if len(apis) != wanted:
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
        attributes = tree.attributes(leaf)
        capability, marked = attributes["capability"], attributes.get("exclusive")
        exclusive = capability not in shared
        if marked is not exclusive:
            raise TreeError(
                f"{leaf}: capability {capability!r} is marked exclusive={marked!r}, expected {exclusive!r}: "
                f"it is offered by {', '.join(tree.capabilities(scenario)[capability])}"
            )
