"""Trees go out and come back unchanged; files that are no trees are refused, never trusted."""

import networkx as nx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import TreeError
from ptool.trees import ApiTree, FeatureTree, cluster_features, from_graphml, from_json, to_graphml, to_json
from tree_fakes import cluster_by_name, grown

FORMATS = [(to_json, from_json), (to_graphml, from_graphml)]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
)
JSON = st.recursive(
    SCALARS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["name", "kind", "parameters", "a:json", "expanded"]), JSON, max_size=4
)


@st.composite
def trees(draw):
    graph = nx.DiGraph()
    graph.graph.update(draw(ATTRIBUTES))
    graph.add_node("/", **draw(ATTRIBUTES))
    for number in range(draw(st.integers(0, 6))):
        parent = draw(st.sampled_from(list(graph)))
        graph.add_node(f"n <&\"'{number} é", **draw(ATTRIBUTES))
        graph.add_edge(parent, f"n <&\"'{number} é")
    return graph


@pytest.mark.parametrize(("write", "read"), FORMATS)
@settings(max_examples=60)
@given(graph=trees())
def test_any_tree_comes_back_as_it_was(write, read, graph):
    data = write(graph)
    back = read(data)
    assert back.graph == graph.graph
    assert dict(back.nodes(data=True)) == dict(graph.nodes(data=True))
    assert [list(back[node]) for node in graph] == [list(graph[node]) for node in graph]
    assert write(back) == data


@pytest.mark.parametrize(("write", "read"), FORMATS)
async def test_real_trees_come_back_valid(write, read):
    api_tree = await grown()
    features = await cluster_features(api_tree, cluster_by_name)
    again = ApiTree(read(write(api_tree.graph)))
    again.check()
    assert again.worlds() == api_tree.worlds()
    same_features = FeatureTree(read(write(features.graph)))
    same_features.check(again)
    assert same_features.features() == features.features()


@pytest.mark.parametrize(("write", "read"), FORMATS)
async def test_one_tree_is_not_taken_for_the_other(write, read):
    graph = read(write((await grown()).graph))
    with pytest.raises(TreeError, match=r"marked 'api' with .* expected 'feature'"):
        FeatureTree(graph)


def test_equal_trees_give_equal_bytes_however_they_grew():
    one, other = nx.DiGraph([("/", "a"), ("/", "b"), ("a", "c")]), nx.DiGraph()
    other.add_nodes_from(["b", "c", "/", "a"])
    other.add_edges_from([("a", "c"), ("/", "a"), ("/", "b")])
    assert to_json(one) == to_json(other)
    assert to_graphml(one) == to_graphml(other)


@pytest.mark.parametrize("edges", ["edges", "links"])
async def test_every_form_of_networkx_is_read_and_written(edges):
    graph = (await grown()).graph
    theirs = orjson.dumps(nx.node_link_data(graph, edges=edges))
    assert dict(from_json(theirs).nodes(data=True)) == dict(graph.nodes(data=True))
    assert set(from_json(theirs).edges) == set(graph.edges)
    assert nx.utils.graphs_equal(nx.node_link_graph(orjson.loads(to_json(graph)), edges=edges), graph)


HEAD = '{"directed": true, "multigraph": false, "graph": {}, '


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 5000,
        b"\x80\x04\x95.",
        HEAD + '"nodes": [{"id": "a"}, {"id": "a"}], "edges": []}',
        HEAD + '"nodes": [{"id": ["a"]}], "edges": []}',
        HEAD + '"nodes": [{"name": "a"}], "edges": []}',
        HEAD + '"nodes": ["a"], "edges": []}',
        HEAD + '"nodes": [{"id": "a"}], "edges": [{"source": "a", "target": "b"}]}',
        HEAD + '"nodes": [{"id": "a", "node_for_adding": 1}], "edges": []}',
        HEAD + '"nodes": 3, "edges": []}',
        HEAD + '"nodes": []}',
        HEAD + '"nodes": [{"id": "a"}, {"id": "b"}], "edges": [], "links": [{"source": "a", "target": "b"}]}',
        HEAD.replace("{}", "[]") + '"nodes": [], "edges": []}',
        HEAD.replace("true", "false") + '"nodes": [], "edges": []}',
    ],
)
def test_what_is_no_node_link_graph_is_refused(data):
    with pytest.raises(TreeError, match=r"^api_tree.json: not "):
        from_json(data, "api_tree.json")


GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{}</graphml>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe<\x00",
        "<html/>",
        GRAPHML.format('<graph edgedefault="undirected"><node id="a"/></graph>'),
        GRAPHML.format('<graph edgedefault="directed"><node id="a"><data key="k">1</data></node></graph>'),
        GRAPHML.format(
            '<key id="k" for="node" attr.name="p:json" attr.type="string"/>'
            '<graph edgedefault="directed"><node id="a"><data key="k">{bad</data></node></graph>'
        ),
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + GRAPHML.format("<graph/>"),
    ],
)
def test_what_is_no_graphml_is_refused(data):
    with pytest.raises(TreeError, match=r"^tree\.graphml: "):
        from_graphml(data, "tree.graphml")
