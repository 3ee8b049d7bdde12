"""The picture of a tree: the same bytes for the same tree, names escaped, nothing fetched."""

import re
from xml.etree import ElementTree

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import TreeError
from ptool.trees import cluster, draw, from_json, to_json
from tree_fakes import cluster_by_name, grown

SVG = "{http://www.w3.org/2000/svg}"


async def test_every_node_is_drawn_once_with_its_name():
    tree = await grown(apis=5, platforms=3)
    picture = ElementTree.fromstring(draw(tree.graph, "API tree"))
    labels = [one.text for one in picture.iter(f"{SVG}text") if "label" in one.get("class", "")]
    assert sorted(labels) == sorted(found["name"] for _, found in tree.graph.nodes(data=True))
    assert len(list(picture.iter(f"{SVG}path"))) == len(tree.graph) - 1


async def test_a_feature_tree_is_drawn_by_kind():
    picture = draw((await cluster(await grown(), cluster_by_name)).graph, "Features").decode()
    assert 'class="basic"' in picture
    assert 'class="implicit"' in picture


async def test_a_tree_read_back_gives_the_same_picture():
    graph = (await grown(apis=6)).graph
    assert draw(from_json(to_json(graph)), "t") == draw(graph, "t")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.text(max_size=40)), max_size=30), st.text(max_size=20))
def test_whatever_the_names_the_picture_is_well_formed_and_the_same_again(nodes, title):
    graph = nx.DiGraph()
    graph.add_node(0, name="root", kind="root")
    for number, (parent, name) in enumerate(nodes, start=1):
        graph.add_node(number, name=name, kind=name, description=name)
        graph.add_edge(parent % number, number)
    picture = draw(graph, title)
    ElementTree.fromstring(picture)
    assert picture == draw(graph, title)
    assert b"nan" not in re.sub(rb">[^<]*<", b"><", picture)


def test_a_hostile_name_stays_text():
    graph = nx.DiGraph()
    graph.add_node(0, name="</text><script>alert(1)</script>", kind='"><script>', description="<&\x00")
    picture = draw(graph, "<script>").decode()
    assert "<script" not in picture
    assert "\x00" not in picture


@pytest.mark.parametrize("edges", [[(0, 1), (1, 0)], [(0, 1), (2, 3)], [(0, 2), (1, 2)]])
def test_what_is_no_tree_is_not_drawn(edges):
    with pytest.raises(TreeError, match="no tree with one root"):
        draw(nx.DiGraph(edges), "t")
    with pytest.raises(TreeError, match="graph of 0 nodes"):
        draw(nx.DiGraph(), "t")
