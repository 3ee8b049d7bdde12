"""Trees as files: node-link JSON and GraphML, written and read without loss (§4.1, §4.2).

Works on any DiGraph with string ids and JSON attributes, and does no file I/O: bytes in, bytes out. Nodes
are written depth first, so that equal trees give equal bytes however they grew. GraphML holds scalars only:
what is nested, empty or holds control characters stands there as JSON text under '<key>:json'. Files are
parsed as data, never unpickled; XML with a DTD is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

import networkx as nx
import orjson

from ..errors import TreeError

JSON_SUFFIX = ":json"
PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
"""Text XML carries unchanged."""


def to_json(graph: nx.DiGraph) -> bytes:
    """The graph as indented node-link JSON, in UTF-8."""
    try:
        data = nx.node_link_data(ordered(graph), edges="edges")
        data["links"] = data["edges"]  # where NetworkX before 3.6 looks for them
        return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    except TypeError as error:
        raise TreeError(f"tree: cannot be written as JSON: {error}") from None


def from_json(data: bytes | str, where: str = "tree JSON") -> nx.DiGraph:
    """Read what `to_json` wrote, or NetworkX itself: its older versions call the edges 'links'.

    Raises:
        TreeError: not JSON, or not a directed graph in node-link form; names `where`.
    """
    try:
        document = orjson.loads(data)
        if document["directed"] is not True or document["multigraph"] is not False:
            raise ValueError("got an undirected graph or parallel edges, expected a directed graph")
        graph = _empty_graph(document["graph"])
        _fill(graph, document["nodes"], _edges(document))
    except orjson.JSONDecodeError as error:
        raise TreeError(f"{where}: not JSON: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise TreeError(f"{where}: not a node-link graph: {type(error).__name__}: {error}") from None
    return graph


def to_graphml(graph: nx.DiGraph) -> bytes:
    """The graph as GraphML, in UTF-8; nested attributes as JSON text."""
    flat = _empty_graph(_flat(graph.graph))
    plain = ordered(graph)
    for node, attributes in plain.nodes(data=True):
        if not isinstance(node, str) or not PLAIN.fullmatch(node):
            raise TreeError(f"GraphML: got the node id {node!r}, expected text without control characters")
        flat.add_node(node, **_flat(attributes))
    flat.add_edges_from(
        (above, below, _flat(attributes)) for above, below, attributes in plain.edges(data=True)
    )
    return "\n".join([*nx.generate_graphml(flat), ""]).encode()


def from_graphml(data: bytes | str, where: str = "tree GraphML") -> nx.DiGraph:
    """Read what `to_graphml` wrote.

    Raises:
        TreeError: not XML, a DTD in it, or not one directed graph; names `where`.
    """
    try:
        text = data.decode() if isinstance(data, bytes) else data
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise TreeError(f"{where}: holds a document type or entity; a plain GraphML file has none")
        return _from_flat(nx.parse_graphml(text, node_type=str))
    except (ParseError, nx.NetworkXException, KeyError, TypeError, ValueError, AttributeError) as error:
        raise TreeError(f"{where}: not GraphML: {type(error).__name__}: {error}") from None


def ordered(graph: nx.DiGraph) -> nx.DiGraph:
    """A copy with nodes and edges depth first from the roots, siblings in the order they were added."""
    copy = _empty_graph(graph.graph)
    order = dict.fromkeys(node for root in _roots(graph) for node in nx.dfs_preorder_nodes(graph, root))
    copy.add_nodes_from((node, graph.nodes[node]) for node in (order | dict.fromkeys(graph)))
    copy.add_edges_from((node, child, graph.edges[node, child]) for node in copy for child in graph[node])
    return copy


def _roots(graph: nx.DiGraph) -> Iterator[Any]:
    return (node for node, degree in graph.in_degree if degree == 0)


def _edges(document: Any) -> Any:
    given = [document[key] for key in ("edges", "links") if key in document]
    if not given:
        raise KeyError("edges")
    if given[0] != given[-1]:
        raise ValueError("'edges' and 'links' differ, expected one of them, or both the same")
    return given[0]


def _fill(graph: nx.DiGraph, nodes: Any, edges: Any) -> None:
    for entry in nodes:
        node = entry["id"]
        if not isinstance(node, str) or node in graph:
            raise ValueError(f"node id {node!r} is no text or is there twice")
        graph.add_node(node, **{key: value for key, value in entry.items() if key != "id"})
    for entry in edges:
        ends = entry["source"], entry["target"]
        if ends[0] not in graph or ends[1] not in graph or graph.has_edge(*ends):
            raise ValueError(f"edge {ends!r} leads to no node or is there twice")
        graph.add_edge(
            *ends, **{key: value for key, value in entry.items() if key not in ("source", "target")}
        )


def _empty_graph(attributes: Any) -> nx.DiGraph:
    if not isinstance(attributes, dict):
        raise ValueError(f"got {type(attributes).__name__} for the graph's attributes, expected an object")
    graph = nx.DiGraph()
    graph.graph.update(attributes)
    return graph


def _flat(attributes: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in attributes.items():
        plain = isinstance(value, bool) or (isinstance(value, str) and PLAIN.fullmatch(value))
        if plain and not key.endswith(JSON_SUFFIX):
            flat[key] = value
        else:
            flat[key + JSON_SUFFIX] = _ascii(value)
    return flat


def _ascii(value: Any) -> str:
    # control characters that JSON may carry as they stand (DEL, U+0085, U+FFFE …) would not survive XML
    text = orjson.dumps(value).decode()
    return re.sub(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]", _escape, text)


def _escape(character: re.Match[str]) -> str:
    return "".join(
        f"\\u{int.from_bytes(pair, 'big'):04x}" for pair in _pairs(character.group().encode("utf-16-be"))
    )


def _pairs(data: bytes) -> Iterator[bytes]:
    return (data[start : start + 2] for start in range(0, len(data), 2))


def _from_flat(flat: Any) -> nx.DiGraph:
    if not isinstance(flat, nx.DiGraph) or flat.is_multigraph():
        raise ValueError("got an undirected graph or parallel edges, expected a directed graph")
    graph = _empty_graph(_nested(flat.graph))
    graph.add_nodes_from((node, _nested(attributes)) for node, attributes in flat.nodes(data=True))
    graph.add_edges_from(
        (above, below, _nested(attributes)) for above, below, attributes in flat.edges(data=True)
    )
    return graph


def _nested(attributes: dict[str, Any]) -> dict[str, Any]:
    # "node_default" and "edge_default" are NetworkX's own, empty here
    return {
        key.removesuffix(JSON_SUFFIX): orjson.loads(value) if key.endswith(JSON_SUFFIX) else value
        for key, value in attributes.items()
        if key not in ("node_default", "edge_default")
    }
