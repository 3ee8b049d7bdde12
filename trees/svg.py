"""The picture of a tree as an SVG file: all of it, every name to be read.

Knows only `name`, `kind` and `description` of nodes; the drawing is `rendering.radial`'s. The same tree gives
the same bytes, and names, which come from models, are inert.
"""

from __future__ import annotations

from typing import Any

import networkx as nx

from ..errors import TreeError
from ..rendering.document import as_svg
from ..rendering.radial import Sector, radial_tree_in_full
from ..rendering.text import inert

FEATURE_KINDS = ("basic", "implicit")
"""Kinds of feature with a colour each; the branches of an API tree are told apart by their colours."""
_INNER_ROOM = 1.8
"""Room of an inner node, in leaves: rings further in are shorter."""


def draw_tree(graph: nx.DiGraph, title: str) -> bytes:
    """Draw a tree around its root.

    Args:
        graph: a tree with `kind`, `name` and perhaps `description` on its nodes, finished or not.
        title: what the picture is called.

    Returns:
        An SVG document in UTF-8, self-contained, equal for equal trees.

    Raises:
        TreeError: the graph is no tree.
    """
    if not len(graph) or not nx.is_arborescence(graph):
        raise TreeError(f"picture {title!r}: got a graph of {len(graph)} nodes that is no tree with one root")
    root = next(node for node, degree in graph.in_degree if degree == 0)
    sectors: dict[Any, Sector] = {}
    for node in nx.dfs_postorder_nodes(graph, root):
        sectors[node] = _sector(graph, node, tuple(sectors[child] for child in graph.successors(node)))
    kinds = {about.get("kind") for _, about in graph.nodes(data=True)}
    colours = FEATURE_KINDS if kinds.intersection(FEATURE_KINDS) else ()
    rings = sectors[root].below or (sectors[root],)
    return as_svg(radial_tree_in_full("tree", inert(title), rings, colours))


def _sector(graph: nx.DiGraph, node: Any, below: tuple[Sector, ...]) -> Sector:
    about = graph.nodes[node]
    name, kind = str(about.get("name", node)), about.get("kind")
    description = str(about.get("description") or "")
    tip = f"{name} ({kind}): {description}" if description else f"{name} ({kind})"
    colour = FEATURE_KINDS.index(kind) if kind in FEATURE_KINDS else -1
    return Sector(name, inert(tip, 400), below, colour, _INNER_ROOM if below else 1.0)
