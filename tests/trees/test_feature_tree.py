"""The feature tree: no leaf lost, none twice, every parameter linked to the feature that fills it."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import TreeError
from ptool.records import Cluster, Clusters
from ptool.settings import ClusteringLimits
from ptool.trees import FeatureTree, cluster_features
from ptool.trees.clustering import check_clusters
from ptool.trees.feature_tree import leaves
from ptool.trees.schemas import value_schema
from tree_fakes import cluster_by_name, grown


def parent(name, *members, kind="basic"):
    return Cluster(name=name, description=f"About {name}.", kind=kind, members=members)


async def test_leaves_are_merged_into_features_and_those_into_themes():
    tree = await cluster_features(await grown(apis=2), cluster_by_name)
    assert tree.layers() == (
        ("persona",),
        ("2:taste", "2:contact"),
        (
            "1:delivery",
            "1:shop0_0_text",
            "1:home_address",
            "1:shop0_1_text",
            "1:shop1_0_text",
            "1:shop1_1_text",
        ),
    )
    address = next(one for one in tree.features() if one.name == "home_address")
    assert (address.kind, address.path) == ("basic", ("contact", "home_address"))
    assert address.value_schema == {"type": "string"}
    assert tree.feature_of("shopping", "Shop1", "shop1_0", "home_address") == "home_address"
    assert tree.attributes("characteristic:shopping/Shop0/delivery")["kind"] == "implicit"


async def test_the_clusterer_sees_numbered_leaves_and_in_later_batches_what_is_known():
    views = {}

    async def watching(item_id, view):
        views[item_id] = view
        return await cluster_by_name(item_id, view)

    await cluster_features(
        await grown(apis=1), watching, ClusteringLimits(max_parents=9, max_themes=4, batch=4)
    )
    assert list(views) == ["features/0/000", "features/0/001", "features/1/000"]
    assert views["features/0/000"]["nodes"][0] == {
        "id": 0,
        "kind": None,
        "name": "delivery",
        "description": "In 1 days.",
        "source": "characteristic",
        "where": ["shopping", "Shop0"],
        "schema": None,
    }
    assert [one["name"] for one in views["features/0/001"]["known"]] == [
        "delivery",
        "shop0_0_text",
        "home_address",
    ]
    assert [one["id"] for one in views["features/0/001"]["nodes"]] == [4, 5]
    assert views["features/1/000"]["max_parents"] == 4
    assert views["features/1/000"]["nodes"][0]["source"] == "feature"


@settings(max_examples=30)
@given(st.integers(1, 7), st.integers(1, 9), st.randoms(use_true_random=False))
def test_whatever_is_merged_no_leaf_is_lost_and_none_is_there_twice(apis, batch, random):
    async def at_random(_item, view):
        names = [one["name"] for one in view["known"] if one["kind"] == "basic"] or ["first"]
        found = {}
        for node in view["nodes"]:
            name = random.choice([*names, f"new_{random.randrange(4)}"]) if not view["level"] else "all"
            found.setdefault(name, []).append(node["id"])
        return Clusters(clusters=tuple(parent(name, *members) for name, members in found.items()))

    api_tree = asyncio.run(grown(apis=apis))
    tree = asyncio.run(cluster_features(api_tree, at_random, ClusteringLimits(batch=batch)))
    assert sorted(tree.level(0)) == sorted(node for node, _ in leaves(api_tree))
    assert all(tree.graph.in_degree(leaf) == 1 for leaf in tree.level(0))


KINDS = {0: "basic", 1: "basic", 2: "implicit"}
KNOWN = {"old": parent("old", 9)}


@pytest.mark.parametrize(
    ("clusters", "complaint"),
    [
        ([parent("a", 0, 1)], "nodes in no cluster: 2"),
        ([parent("a", 0, 1, 2, 2)], "nodes in several clusters: 2"),
        ([parent("a", 0), parent("b", 0, 1, 2)], "nodes in several clusters: 0"),
        ([parent("a", 0, 1, 2, 7)], "unknown nodes: 7"),
        ([parent("a", 0, 1, 2), parent("b")], "clusters without members: b"),
        ([parent("a", 0, 1, 2)], "'a' is basic: node 2 is implicit"),
        ([parent("a", 0), parent("a", 1), parent("b", 2, kind="implicit")], "'a' is there twice"),
        (
            [parent("a", 0, 1), parent("old", 2, kind="implicit")],
            "got kind 'implicit', but it is known as 'basic'",
        ),
        ([parent("two words", 0, 1), parent("b", 2, kind="implicit")], "expected an identifier"),
        (
            [parent("a", 0, 1), parent("b", 2, kind="implicit")],
            "got 3 parents on this level, expected at most 2",
        ),
    ],
)
def test_an_answer_that_is_no_partition_is_refused(clusters, complaint):
    with pytest.raises(TreeError, match=complaint):
        check_clusters(Clusters(clusters=tuple(clusters)), KINDS, KNOWN, limit=2)


def test_an_answer_that_uses_known_parents_is_accepted():
    answer = Clusters(clusters=(parent("old", 0, 1), parent("b", 2, kind="implicit")))
    assert check_clusters(answer, KINDS, KNOWN, limit=2) is answer


async def test_a_merge_that_does_not_shrink_a_wide_level_is_shrunk_by_code():
    async def lazy(item_id, view):
        merged = await cluster_by_name(item_id, view)
        if not view["level"]:
            return merged
        return Clusters(clusters=tuple(parent(f"t{n['id']}", n["id"], kind=n["kind"]) for n in view["nodes"]))

    narrow = await cluster_features(await grown(apis=2), lazy, ClusteringLimits(max_themes=5))
    assert [len(layer) for layer in narrow.layers()] == [1, 5, 6]
    tree = await cluster_features(await grown(apis=2), lazy, ClusteringLimits(max_themes=6))
    assert len(tree.layers()) == 3


async def test_merging_goes_on_until_few_themes_are_left():
    async def in_pairs(_item, view):
        if not view["level"]:
            return await cluster_by_name(_item, view)
        groups = {}
        for place, node in enumerate(view["nodes"]):
            groups.setdefault((node["kind"], place // 2), []).append(node["id"])
        return Clusters(
            clusters=tuple(
                parent(f"{kind}_{place}", *members, kind=kind) for (kind, place), members in groups.items()
            )
        )

    tree = await cluster_features(await grown(apis=4), in_pairs, ClusteringLimits(max_themes=3))
    assert [len(layer) for layer in tree.layers()] == [1, 3, 4, 6, 10]


async def test_a_feature_may_be_called_like_its_theme():
    async def same_name(_item, view):
        ids = [node["id"] for node in view["nodes"]]
        return Clusters(clusters=(parent("contact", *ids),))

    tree = await cluster_features(await grown(), same_name)
    assert tree.describe("1:contact").path == ("contact", "contact")


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (
            lambda graph: graph.remove_node("parameter:shopping/Shop0/shop0_0/home_address"),
            "1 leaves .* are lost",
        ),
        (lambda graph: graph.add_edge("1:delivery", "1:home_address"), "has 2 parents"),
        (lambda graph: graph.nodes["1:delivery"].update(kind="basic"), "is basic below '2:taste'"),
        (lambda graph: graph.nodes["1:delivery"].update(kind=None), "of kind None"),
        (lambda graph: graph.nodes["1:delivery"].update(level="1"), "got level '1'"),
        (lambda graph: graph.nodes["1:delivery"].update(level=2), "is of level 2 below one of 2"),
        (lambda graph: graph.nodes["1:delivery"].update(name="speed"), "is not the id of level 1, 'speed'"),
        (lambda graph: graph.nodes["persona"].update(level=10**9), "expected 0 to 20"),
        (lambda graph: graph.remove_node("characteristic:shopping/Shop0/delivery"), "lost"),
    ],
)
async def test_a_damaged_tree_is_refused(damage, complaint):
    api_tree = await grown()
    graph = (await cluster_features(api_tree, cluster_by_name)).graph.copy()
    FeatureTree(graph).check(api_tree)
    damage(graph)
    with pytest.raises(TreeError, match=complaint):
        FeatureTree(graph).check(api_tree)


@pytest.mark.parametrize(
    ("schemas", "expected"),
    [
        ([], {}),
        ([{}], {}),
        ([{"type": "integer"}, {"type": "string"}, {"type": "string"}], {"type": "string"}),
        ([{"type": "string"}, {"type": "string", "format": "date"}], {"type": "string", "format": "date"}),
        ([{"type": ["null", "string"]}], {"type": "string"}),
        (
            [
                {"type": "string", "enum": ["card", "cash", "voucher"]},
                {"type": "string", "enum": ["cash", "card"]},
            ],
            {"type": "string", "enum": ["card", "cash"]},
        ),
        ([{"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["b"]}], {"type": "string"}),
        (
            [{"type": "integer", "minimum": 1, "maximum": 9}, {"type": "integer", "minimum": 3}],
            {"type": "integer", "minimum": 3, "maximum": 9},
        ),
        ([{"type": "integer", "minimum": 5}, {"type": "integer", "maximum": 4}], {"type": "integer"}),
        (
            [{"type": "array", "items": {"type": "string", "format": "date"}}, {"type": "array"}],
            {"type": "array", "items": {"type": "string", "format": "date"}},
        ),
        (
            [{"type": "object", "properties": {"a": {}}}, {"type": "object"}, {"type": "object"}],
            {"type": "object"},
        ),
    ],
)
def test_a_feature_takes_what_its_parameters_agree_on(schemas, expected):
    assert value_schema(schemas) == expected


async def test_an_unknown_parameter_is_named_with_its_neighbours():
    async def one_feature(_item, view):
        return Clusters(clusters=(parent("all", *(node["id"] for node in view["nodes"])),))

    tree = await cluster_features(await grown(), one_feature)
    with pytest.raises(TreeError, match=r"there is 'shopping/Shop0/shop0_0/home_address', .*shop0_0_text"):
        tree.feature_of("shopping", "Shop0", "shop0_0", "home_adress")
