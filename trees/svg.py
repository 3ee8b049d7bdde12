"""A tree as a radial SVG picture: own layout, one Jinja2 template, no plotting library.

Knows only `name`, `kind` and `description` of nodes. The same tree gives the same bytes. Names come from
models: the template escapes them, and characters that XML forbids are replaced.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import networkx as nx

from ..errors import TreeError

KINDS = ("root", "scenario", "platform", "category", "api", "basic", "implicit")
LABEL = 26
"""Characters of a label; the whole name stands in the tooltip."""
FONT = 11.0
CHARACTER = 6.3
"""Width of a label's character, about, in pixels at FONT."""
LINE = 13.0
"""Least distance between two neighbours on a ring, in pixels."""
INNER = 1.8
"""Room of an inner node, in leaves: rings further in are shorter."""
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Dot:
    """A node as it is drawn: its place in pixels around the middle, and its label's turn in degrees."""

    x: str
    y: str
    turn: str
    flipped: bool
    kind: str
    label: str
    tooltip: str
    inner: bool


@dataclass(frozen=True)
class _Place:
    angle: float
    depth: int


def draw(graph: nx.DiGraph, title: str) -> bytes:
    """Draw a tree around its root.

    Args:
        graph: a tree with `kind`, `name` and perhaps `description` on its nodes, finished or not.
        title: what stands above the picture.

    Returns:
        An SVG document in UTF-8, self-contained, equal for equal trees.

    Raises:
        TreeError: the graph is no tree.
    """
    if not len(graph) or not nx.is_arborescence(graph):
        raise TreeError(f"picture {title!r}: got a graph of {len(graph)} nodes that is no tree with one root")
    places = _places(graph)
    rings = _rings(graph, places)
    dots = [_dot(graph, node, place, rings) for node, place in places.items()]
    edges = [_edge(places[one], places[other], rings) for one in places for other in graph.successors(one)]
    kinds = {found.get("kind") for _, found in graph.nodes(data=True)}
    half = rings[-1] + LABEL * CHARACTER + 24
    picture = _template().render(
        title=_clean(title),
        half=_px(half),
        size=_px(2 * half),
        font=FONT,
        dots=dots,
        edges=edges,
        legend=[kind for kind in KINDS if kind in kinds and kind != "root"],
    )
    return picture.encode()


def _places(graph: nx.DiGraph) -> dict[str, _Place]:
    root = next(node for node, degree in graph.in_degree if degree == 0)
    room = _room(graph, root)
    places: dict[str, _Place] = {}
    waiting = [(root, 0.0, 2 * math.pi, 0)]
    while waiting:
        node, start, width, depth = waiting.pop(0)
        places[node] = _Place(start + width / 2, depth)
        inside = sum(room[child] for child in graph.successors(node))
        for child in graph.successors(node):
            share = width * room[child] / inside
            waiting.append((child, start, share, depth + 1))
            start += share
    return places


def _room(graph: nx.DiGraph, root: str) -> dict[str, float]:
    room: dict[str, float] = {}
    for node in nx.dfs_postorder_nodes(graph, root):
        inside = [room[child] for child in graph.successors(node)]
        room[node] = max(INNER, sum(inside)) if inside else 1.0
    return room


def _rings(graph: nx.DiGraph, places: dict[str, _Place]) -> list[float]:
    """Radius of every depth: wide enough for the labels further in and for the neighbours on the ring."""
    by_depth: list[list[str]] = [[] for _ in range(max(place.depth for place in places.values()) + 1)]
    for node, place in places.items():
        by_depth[place.depth].append(node)
    rings = [0.0]
    for above, nodes in itertools.pairwise(by_depth):
        longest = max(len(_label(graph, node)) for node in above)
        angles = sorted(places[node].angle for node in nodes)
        gaps = [other - one for one, other in itertools.pairwise(angles)]
        rings.append(max(rings[-1] + longest * CHARACTER + 46, LINE / min(gaps, default=1.0)))
    return rings


def _dot(graph: nx.DiGraph, node: str, place: _Place, rings: list[float]) -> Dot:
    found = graph.nodes[node]
    x, y = _point(place.angle, rings[place.depth])
    degrees = math.degrees(place.angle) - 90
    flipped = place.angle > math.pi
    centre = place.depth == 0
    return Dot(
        x=_px(x),
        y=_px(y),
        turn=_px(0 if centre else degrees + 180 * flipped),
        flipped=flipped and not centre,
        kind=str(found.get("kind")) if found.get("kind") in KINDS else "other",
        label=_label(graph, node),
        tooltip=_tooltip(found),
        inner=graph.out_degree(node) > 0,
    )


def _tooltip(found: dict[str, Any]) -> str:
    about = str(found.get("description") or "")
    return _clean(f"{found.get('name')} ({found.get('kind')})" + (f": {about[:300]}" if about else ""))


def _label(graph: nx.DiGraph, node: str) -> str:
    name = _clean(str(graph.nodes[node].get("name", node)))
    return name if len(name) <= LABEL else f"{name[: LABEL - 1]}…"


def _edge(above: _Place, below: _Place, rings: list[float]) -> str:
    middle = (rings[above.depth] + rings[below.depth]) / 2
    ends = [(above.angle, rings[above.depth]), (above.angle, middle), (below.angle, middle)]
    points = [_point(angle, radius) for angle, radius in (*ends, (below.angle, rings[below.depth]))]
    start, *curve = (f"{_px(x)},{_px(y)}" for x, y in points)
    return f"M{start}C{' '.join(curve)}"


def _point(angle: float, radius: float) -> tuple[float, float]:
    return radius * math.sin(angle), -radius * math.cos(angle)


def _px(value: float) -> str:
    # "-0.0" and "0.0" are the same place
    return f"{round(value, 1) + 0.0:.1f}"


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)


@functools.cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("tree.svg.jinja")
