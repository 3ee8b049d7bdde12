"""The picture of a tree: the same bytes for the same tree, names escaped, nothing fetched."""

import re
from xml.etree import ElementTree

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import TreeError
from ptool.trees import cluster_features, draw_tree, from_json, to_json
from tree_fakes import cluster_by_name, grown

SVG = "{http://www.w3.org/2000/svg}"


async def test_every_node_but_the_root_is_a_sector_with_its_name():
    tree = await grown(apis=5, platforms=3)
    picture = ElementTree.fromstring(draw_tree(tree.graph, "API tree"))
    labels = [text[0].tail for text in picture.iter(f"{SVG}text")]
    assert sorted(labels) == sorted(
        about["name"] for node, about in tree.graph.nodes(data=True) if node != "/"
    )
    assert len(list(picture.iter(f"{SVG}path"))) == len(tree.graph) - 1
    assert picture.get("width") == picture.get("viewBox").split()[2]


async def test_platforms_of_the_only_scenario_have_a_colour_each():
    tree = await grown(apis=5, platforms=3)
    picture = draw_tree(tree.graph, "API tree").decode()
    looks = re.findall(r'<path class="ring s(\d)"', picture)
    assert [looks.count(colour) for colour in "7012"] == [1] + [(len(looks) - 1) // 3] * 3


async def test_basic_and_implicit_features_have_a_colour_each_and_a_legend():
    picture = draw_tree((await cluster_features(await grown(), cluster_by_name)).graph, "Features").decode()
    assert set(re.findall(r'<path class="ring s(\d)"', picture)) == {"0", "1"}
    assert re.findall(r'<text class="label"[^>]*>(\w+)<', picture) == ["basic", "implicit"]


def test_a_tree_deeper_than_the_stack_and_a_root_alone_are_drawn():
    chain = nx.DiGraph([(number, number + 1) for number in range(2_000)])
    assert draw_tree(chain, "t").count(b"<path") == 2_000
    alone = nx.DiGraph()
    alone.add_node("/", name="ptool", kind="root")
    assert b">ptool<" in draw_tree(alone, "t")


async def test_a_tree_read_back_gives_the_same_picture():
    graph = (await grown(apis=6)).graph
    assert draw_tree(from_json(to_json(graph)), "t") == draw_tree(graph, "t")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 30), st.text(max_size=40)), max_size=30), st.text(max_size=20))
def test_whatever_the_names_the_picture_is_well_formed_and_the_same_again(nodes, title):
    graph = nx.DiGraph()
    graph.add_node(0, name="root", kind="root")
    for number, (parent, name) in enumerate(nodes, start=1):
        graph.add_node(number, name=name, kind=name, description=name)
        graph.add_edge(parent % number, number)
    picture = draw_tree(graph, title)
    ElementTree.fromstring(picture)
    assert picture == draw_tree(graph, title)
    assert b"nan" not in re.sub(rb">[^<]*<", b"><", picture)


def test_a_hostile_name_stays_text():
    graph = nx.DiGraph()
    graph.add_node(0, name="</text><script>alert(1)</script>", kind='"><script>', description="<&\x00")
    picture = draw_tree(graph, "<script>").decode()
    assert "<script" not in picture
    assert "\x00" not in picture


@pytest.mark.parametrize("edges", [[(0, 1), (1, 0)], [(0, 1), (2, 3)], [(0, 2), (1, 2)]])
def test_what_is_no_tree_is_not_drawn(edges):
    with pytest.raises(TreeError, match="no tree with one root"):
        draw_tree(nx.DiGraph(edges), "t")
    with pytest.raises(TreeError, match="graph of 0 nodes"):
        draw_tree(nx.DiGraph(), "t")
