"""The feature tree from the bottom up (§4.2): leaves are merged into features, features into themes.

Knows nothing of models: the clusterer is any async callable. Each of its answers must partition what it was
shown, so that no leaf is lost and none is counted twice, whatever the model says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from ..errors import TreeError
from ..records import Cluster, Clusters
from ..settings import ClusteringLimits
from .api_tree import ApiTree
from .defaults import default_features, importance_of
from .feature_tree import PERSONA, FeatureTree, inner_id, leaves
from .repair import repair_clusters
from .retry import AskRole, Mended, ask_until_accepted, note
from .schemas import check_name, check_text, value_schema

MAX_THEME_LEVELS = 6
"""Levels of themes after which merging that hardly shrinks anything is given up."""


async def cluster_features(
    api_tree: ApiTree,
    clusterer: AskRole[Clusters],
    limits: ClusteringLimits = ClusteringLimits(),  # noqa: B008 (frozen)
    *,
    retries: int = 2,
    strict: bool = True,
) -> FeatureTree:
    """Merge the leaves of an API tree into features, and those into themes, until few are left on top.

    Args:
        api_tree: a finished API tree.
        clusterer: async `(item_id, view "clustering") -> Clusters`; ids like 'features/0/003' (level, batch).
            Batches of one level are shown one after another, later ones with the parents `known` already.
        limits: how wide the tree may be.
        retries: how often an objectionable answer is asked for again, its fault as `problem` in the view.
        strict: whether nodes that nobody merges acceptably end the clustering; else code goes by their names.

    Raises:
        TreeError: themes stay too many, and it is strict.
        UnusableAnswerError: an answer is beyond repair, and it is strict.
    """
    graph = nx.DiGraph(tree="feature")
    graph.add_nodes_from(leaves(api_tree))
    merger = _Merger(graph, clusterer, limits, retries, strict)
    drafted = [name for name in api_tree.scenarios() if "facts" in api_tree.attributes(name)]
    nodes, level = await merger.merge(list(graph), 0, merger.hang_facts(drafted)), 1
    for feature in nodes:
        _finish_feature(graph, feature)
    while level == 1 or len(nodes) > limits.max_themes:
        if level > MAX_THEME_LEVELS and not strict:
            nodes, level = merger.merge_by_name(nodes, level), level + 1
            break
        if level > MAX_THEME_LEVELS:
            raise TreeError(
                f"feature tree: {len(nodes)} themes left after {MAX_THEME_LEVELS} levels of merging, "
                f"expected at most {limits.max_themes}; raise features.max_themes or use another model"
            )
        nodes, level = await merger.merge(nodes, level), level + 1
    return _add_root(graph, nodes, level + 1, api_tree)


def _finish_feature(graph: nx.DiGraph, feature: str) -> None:
    attributes = graph.nodes[feature]
    below = [graph.nodes[leaf] for leaf in graph.successors(feature)]
    for leaf in below:
        leaf["kind"] = attributes["kind"]
    attributes["value_schema"] = value_schema(
        [leaf["schema"] for leaf in below if leaf["schema"] is not None]
    )


def _add_root(graph: nx.DiGraph, themes: list[str], level: int, api_tree: ApiTree) -> FeatureTree:
    graph.add_node(
        PERSONA, kind="root", level=level, name=PERSONA, description="who this person is, in one sentence"
    )
    graph.add_edges_from((PERSONA, theme) for theme in themes)
    tree = FeatureTree(graph)
    tree.check(api_tree)
    return tree


@dataclass(frozen=True)
class _Merger:
    """Puts levels of parents above the leaves of one graph."""

    graph: nx.DiGraph
    clusterer: AskRole[Clusters]
    limits: ClusteringLimits
    retries: int
    strict: bool

    def hang_facts(self, scenarios: Collection[str]) -> dict[str, Cluster]:
        """Put features above what needs no clusterer, and give them by name.

        Where a scenario was drafted, its designer has said which parameter is which fact of a person, and all
        its platforms have the same characteristics: what a person cares about is how much each matters.
        """
        features: dict[str, Cluster] = {}
        drafted = {leaf: node for leaf, node in self.graph.nodes(data=True) if node["where"][0] in scenarios}
        for leaf, attributes in drafted.items():
            name, description, kind = attributes.get("fact"), attributes["description"], "basic"
            if attributes["source"] == "characteristic":
                name, description = importance_of(attributes["name"])
                kind = "implicit"
            if name:
                feature = Cluster(name=name, description=description, kind=kind, members=())
                self.hang(features.setdefault(name, feature), [leaf], 1)
        return features

    async def merge(
        self, nodes: list[str], level: int, settled: Mapping[str, Cluster] | None = None
    ) -> list[str]:
        """Put parents above the nodes of one level; returns the parents' ids in the order they came up.

        Args: settled: parents that hang above some of the nodes already.
        """
        parents: dict[str, Cluster] = dict(settled or {})
        open_nodes = [node for node in nodes if not self.graph.in_degree(node)]
        for number, start in enumerate(range(0, len(open_nodes), self.limits.batch)):
            shown = dict(enumerate(open_nodes[start : start + self.limits.batch], start))
            answer = await self.ask(f"features/{level}/{number:03}", shown, level, len(open_nodes), parents)
            for cluster in answer.clusters:
                parent = parents.setdefault(cluster.name, cluster)
                self.hang(parent, [shown[member] for member in cluster.members], level + 1)
            self.leave_out([shown[member] for member in answer.said])
        return [inner_id(level + 1, name) for name in parents]

    def merge_by_name(self, nodes: list[str], level: int) -> list[str]:
        """As `merge`, by code alone: as few parents as the top may have."""
        shown = dict(enumerate(nodes))
        view = self.view(shown, level, {})["nodes"]
        note(self.clusterer, f"features/{level}", "degraded", {"themes": 1})
        answer = repair_clusters(
            default_features(view, level), view, {}, level, self.limits.max_themes, Mended()
        )
        for cluster in answer.clusters:
            self.hang(cluster, [shown[member] for member in cluster.members], level + 1)
        return [inner_id(level + 1, cluster.name) for cluster in answer.clusters]

    def leave_out(self, leaves_said: list[str]) -> None:
        """Take parameters that are said with every request out of the tree, and remember which."""
        self.graph.remove_nodes_from(leaves_said)
        if leaves_said:
            self.graph.graph.setdefault("said", []).extend(leaves_said)

    async def ask(
        self, item_id: str, shown: dict[int, str], level: int, width: int, parents: Mapping[str, Cluster]
    ) -> Clusters:
        kinds = {number: self.graph.nodes[node].get("kind") for number, node in shown.items()}
        limit = self.limits.max_parents
        if level:  # the top may stay as it is; what is wider has to shrink
            limit = min(limit, width - (width > self.limits.max_themes))
        view = self.view(shown, level, parents)

        def repair(answer: Clusters, mended: Mended) -> Clusters:
            return repair_clusters(answer, view["nodes"], parents, level, limit, mended)

        def fallback() -> Clusters:
            return repair(default_features(view["nodes"], level), Mended())

        return await ask_until_accepted(
            self.clusterer,
            item_id,
            view,
            lambda answer: check_clusters(answer, kinds, parents, limit),
            self.retries,
            repair,
            fallback=None if self.strict else fallback,
            piece="themes" if level else "features",
        )

    def view(self, shown: dict[int, str], level: int, parents: Mapping[str, Cluster]) -> dict[str, Any]:
        known = [
            {"name": parent.name, "description": parent.description, "kind": parent.kind}
            for parent in parents.values()
        ]
        return {
            "level": level,
            "max_parents": self.limits.max_themes if level else self.limits.max_parents,
            "known": known,
            "nodes": [self.node_view(number, node) for number, node in shown.items()],
        }

    def node_view(self, number: int, node: str) -> dict[str, Any]:
        attributes = self.graph.nodes[node]
        return {
            "id": number,
            "kind": attributes.get("kind"),
            "name": attributes["name"],
            "description": attributes["description"],
            "source": attributes.get("source", "feature"),
            "where": attributes.get("where", []),
            "schema": attributes.get("schema"),
        }

    def hang(self, parent: Cluster, nodes: list[str], level: int) -> None:
        above = inner_id(level, parent.name)
        self.graph.add_node(
            above, kind=parent.kind, level=level, name=parent.name, description=parent.description
        )
        self.graph.add_edges_from((above, node) for node in nodes)


def check_clusters(
    answer: Clusters, kinds: Mapping[int, str | None], known: Mapping[str, Cluster], limit: int
) -> Clusters:
    """Refuse an answer that is not a partition into at most `limit` parents of one kind each.

    Args:
        answer: the clusters.
        kinds: number of every node shown -> its kind; None for leaves, whose kind the answer decides.
        known: parents that earlier batches of the level made, by name.
        limit: parents the level may have, known ones included.

    Raises:
        TreeError: what is wrong, in words the clusterer can mend it by.
    """
    _check_partition(answer, kinds)
    for cluster in answer.clusters:
        check_name(cluster.name, "cluster")
        check_text(cluster.description, f"cluster {cluster.name!r}: description")
        earlier = known.get(cluster.name, cluster)
        if earlier.kind != cluster.kind:
            raise TreeError(
                f"cluster {cluster.name!r}: got kind {cluster.kind!r}, but it is known as {earlier.kind!r}"
            )
        foreign = [member for member in cluster.members if kinds[member] not in (None, cluster.kind)]
        if foreign:
            raise TreeError(
                f"cluster {cluster.name!r} is {cluster.kind}: node {foreign[0]} is {kinds[foreign[0]]}"
            )
    own = Counter(cluster.name for cluster in answer.clusters)
    twice = [name for name, count in own.items() if count > 1]
    if twice:
        raise TreeError(f"cluster {twice[0]!r} is there twice; put all its members into one")
    width = len(own | Counter(known.keys()))
    if width > limit:
        raise TreeError(
            f"got {width} parents on this level, expected at most {limit}; merge more, use known ones"
        )
    return answer


def _check_partition(answer: Clusters, kinds: Mapping[int, Any]) -> None:
    members = Counter(answer.said) + Counter(
        member for cluster in answer.clusters for member in cluster.members
    )
    faults = {
        "unknown nodes": [member for member in members if member not in kinds],
        "nodes in several clusters": [member for member, count in members.items() if count > 1],
        "nodes in no cluster": [n for n in kinds if n not in members and n not in answer.said],
        "clusters without members": [cluster.name for cluster in answer.clusters if not cluster.members],
    }
    named = [f"{what}: {', '.join(map(str, which[:20]))}" for what, which in faults.items() if which]
    if named:
        raise TreeError(f"expected every node in exactly one cluster; {'; '.join(named)}")
