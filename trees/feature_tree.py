"""The user feature tree (§4.2): persona -> themes -> features -> leaves, on a NetworkX DiGraph.

The leaves (level 0) are platform characteristics and API parameters; level 1 are the features they were
merged into; the levels above are themes; the root, 'persona', is the whole person. It is built by
`clustering`, and its features get values by `assignment`. Parameters that are said with every request, by
their designer's mark or by the clusterer's word, are no leaves: they tell nothing of a person.

Ids are made of level and name ('1:home_address', '2:contact'), so that a feature and its theme may share a
name. Every node carries `kind` (root, basic or implicit), `level`, `name` and `description`; features a
`value_schema`; leaves `source` (characteristic or parameter), `where` (the path to the platform or API) and
`schema` (null for a characteristic), and `fact` where the designer said which personal fact it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import networkx as nx

from ..errors import TreeError, names
from ..records import Feature
from .api_tree import ApiTree, check_arborescence
from .schemas import check_name, inlined

PERSONA = "persona"
"""The id and the name of the root."""
MAX_LEVEL = 20
"""Levels a tree read from a file may have."""


class FeatureTree:
    """What can be known of a user, from the whole person down to single parameters.

    Args:
        graph: a graph as `clustering` made it or `graph_io` read it.

    Raises:
        TreeError: the graph is no feature tree.
    """

    def __init__(self, graph: nx.DiGraph) -> None:
        if graph.graph.get("tree") != "feature" or PERSONA not in graph:
            got = graph.graph.get("tree")
            raise TreeError(
                f"feature tree: got a graph marked {got!r} with {len(graph)} nodes, expected 'feature'"
            )
        self.graph = graph

    def attributes(self, node: str) -> dict[str, Any]:
        """The attributes of a node."""
        if node not in self.graph:
            raise TreeError(f"feature tree: no node {node!r}")
        return self.graph.nodes[node]

    def level(self, level: int) -> tuple[str, ...]:
        """The ids of one level (0: the leaves), in the tree's order."""
        return self._levels.get(level, ())

    def layers(self) -> tuple[tuple[str, ...], ...]:
        """The layers values are assigned to, from the top: persona, themes …, features; without leaves."""
        top = self.graph.nodes[PERSONA]["level"]
        return tuple(self.level(level) for level in range(top, 0, -1))

    def describe(self, node: str) -> Feature:
        """Persona, theme or feature as a record; `path` holds the names from below the root down to it."""
        attributes = self.attributes(node)
        return Feature(
            name=attributes["name"],
            description=attributes["description"],
            kind="implicit" if attributes["kind"] == "implicit" else "basic",
            path=self.path(node),
            value_schema=attributes.get("value_schema", {}),
        )

    def path(self, node: str) -> tuple[str, ...]:
        """Names from below the root down to a node."""
        path: list[str] = []
        while node != PERSONA:
            path.insert(0, self.attributes(node)["name"])
            node = self._parent(node)
        return tuple(path)

    def features(self) -> list[Feature]:
        """Every feature, in the tree's order."""
        return [self.describe(node) for node in self.level(1)]

    def facts(self) -> list[Feature]:
        """The features that a designer named as facts of a person."""
        leaves_of = self.graph.successors
        return [
            self.describe(node)
            for node in self.level(1)
            if any("fact" in self.graph.nodes[leaf] for leaf in leaves_of(node))
        ]

    def fills(self, scenario: str, platform: str, api: str, parameter: str) -> bool:
        """Whether a feature can fill a parameter; not where it is said with every request."""
        return parameter_id(scenario, platform, api, parameter) in self.graph

    def feature_of(self, scenario: str, platform: str, api: str, parameter: str) -> str:
        """The name of the feature that can fill a parameter.

        Raises:
            TreeError: the tree has no such parameter.
        """
        leaf = parameter_id(scenario, platform, api, parameter)
        if leaf not in self.graph:
            api_leaves = parameter_id(scenario, platform, api, "")
            siblings = (str(node) for node in self.graph if str(node).startswith(api_leaves))
            near = names(sibling.removeprefix("parameter:") for sibling in siblings)
            raise TreeError(f"feature tree: no parameter {leaf.partition(':')[2]!r}; there is {near}")
        return self.attributes(self._parent(leaf))["name"]

    @cached_property
    def _levels(self) -> dict[int, tuple[str, ...]]:
        levels: dict[int, list[str]] = {}
        for node in nx.dfs_preorder_nodes(self.graph, PERSONA):
            levels.setdefault(self.graph.nodes[node]["level"], []).append(node)
        return {level: tuple(nodes) for level, nodes in levels.items()}

    def check(self, api_tree: ApiTree | None = None) -> None:
        """Refuse a tree that breaks an invariant (§4.2).

        One root; every branch goes down level by level to a leaf; a branch is of one kind; names are unique
        within a level; with `api_tree`, the leaves are exactly its characteristics and parameters.

        Raises:
            TreeError: the first invariant broken, with the node that breaks it.
        """
        check_arborescence(self.graph, PERSONA, "feature tree")
        for node, attributes in self.graph.nodes(data=True):
            _check_attributes(node, attributes)
        if len(self.layers()) < 3:
            raise TreeError("feature tree: expected a persona, at least one layer of themes, and features")
        for parent, node in nx.dfs_edges(self.graph, PERSONA):
            self._check_node(parent, node)
        for node in self.graph:
            if not self.graph.out_degree(node) and self.graph.nodes[node]["level"]:
                raise TreeError(f"feature tree: {node!r} has nothing below it")
        if api_tree is not None:
            self._check_leaves(api_tree)

    def _check_node(self, parent: str, node: str) -> None:
        attributes, above = self.attributes(node), self.attributes(parent)
        level, kind = attributes["level"], attributes.get("kind")
        if level != above["level"] - 1:
            raise TreeError(f"feature tree: {node!r} is of level {level} below one of {above['level']}")
        if kind not in ("basic", "implicit"):
            raise TreeError(f"feature tree: {node!r} is of kind {kind!r}, expected 'basic' or 'implicit'")
        if parent != PERSONA and kind != above.get("kind"):
            raise TreeError(
                f"feature tree: {node!r} is {kind} below {parent!r}, which is {above.get('kind')}"
            )
        if level:
            check_name(attributes["name"], f"feature tree: {node!r}")
            if node != inner_id(level, attributes["name"]):
                raise TreeError(
                    f"feature tree: {node!r} is not the id of level {level}, {attributes['name']!r}"
                )

    def _check_leaves(self, api_tree: ApiTree) -> None:
        want, got = [node for node, _ in leaves(api_tree)], set(self.level(0))
        said = set(self.graph.graph.get("said", ()))
        lost = [node for node in want if node not in got and node not in said]
        if lost:
            raise TreeError(f"feature tree: {len(lost)} leaves of the API tree are lost, such as {lost[0]!r}")
        more = sorted(got.difference(want))
        if more:
            raise TreeError(f"feature tree: {len(more)} leaves are not in the API tree, such as {more[0]!r}")

    def _parent(self, node: str) -> str:
        return next(iter(self.graph.predecessors(node)))


def _check_attributes(node: Any, attributes: dict[str, Any]) -> None:
    level, where = attributes.get("level"), attributes.get("where")
    if not isinstance(level, int) or not 0 <= level <= MAX_LEVEL:
        raise TreeError(f"feature tree: {node!r}: got level {level!r}, expected 0 to {MAX_LEVEL}")
    for key in ("name", "description"):
        if not isinstance(attributes.get(key), str):
            raise TreeError(f"feature tree: {node!r}: got {key} {attributes.get(key)!r}, expected text")
    if level == 0 and not (isinstance(where, list) and len(where) >= 2):
        raise TreeError(f"feature tree: {node!r}: got where={where!r}, expected [scenario, platform, …]")


def inner_id(level: int, name: str) -> str:
    """The id of a feature or theme."""
    return f"{level}:{name}"


def parameter_id(scenario: str, platform: str, api: str, parameter: str) -> str:
    """The id of a parameter's leaf."""
    return f"parameter:{scenario}/{platform}/{api}/{parameter}"


def leaves(api_tree: ApiTree) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every characteristic and parameter of an API tree as (leaf id, attributes), in its order.

    Parameters that are marked as said with the query are left out.
    """
    for scenario, world in api_tree.worlds().items():
        for platform in world.platforms:
            where = [scenario, platform.name]
            for dimension in platform.characteristics:
                node = f"characteristic:{'/'.join(where)}/{dimension.name}"
                yield node, _leaf(dimension.name, dimension.text, "characteristic", where, None)
            for api in world.apis[platform.name]:
                properties = inlined(api.parameters, "/".join([*where, api.name]))["properties"]
                for name, schema in properties.items():
                    if api.origin(name) == "query":
                        continue
                    text = str(schema.get("description", ""))
                    node = parameter_id(scenario, platform.name, api.name, name)
                    leaf = _leaf(name, text, "parameter", [*where, api.name], schema)
                    fact = schema.get("x-fact")
                    yield node, leaf | ({"fact": fact} if isinstance(fact, str) else {})


def _leaf(
    name: str, description: str, source: str, where: list[str], schema: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "level": 0,
        "name": name,
        "description": description,
        "source": source,
        "where": where,
        "schema": schema,
    }
