"""Where only arithmetic is wrong, code settles it: nothing lost, nothing twice, nothing invented."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.records import Api, Category, Cluster, Clusters, Expansion
from ptool.trees.clustering import check_clusters
from ptool.trees.expansion_checks import check_categories
from ptool.trees.naming import styled
from ptool.trees.repair import repair_apis, repair_categories, repair_clusters
from ptool.trees.tree_shape import TreeShape


def categories(*quotas, name="c{}"):
    return Expansion(
        categories=tuple(
            Category(name=name.format(n), description="d", apis=quota) for n, quota in enumerate(quotas)
        )
    )


@pytest.mark.parametrize(
    ("quotas", "quota", "most", "repaired"),
    [
        ((2, 2), 3, 6, [2, 1]),
        ((1, 1, 1, 1), 24, 6, [6, 6, 6, 6]),
        ((3, 1), 8, 6, [6, 2]),
        ((1, 1, 1), 2, 6, [1, 1]),
        ((5, 5, 5), 4, 2, [2, 2]),
        ((10**30, 1), 4, 6, [3, 1]),
    ],
)
def test_quotas_keep_their_proportions_and_add_up(quotas, quota, most, repaired):
    mended = Counter()
    assert [
        one.apis for one in repair_categories(categories(*quotas), quota, most, mended).categories
    ] == repaired
    assert mended["sizes"] == (max(quotas[:most]) > 1)  # all 1: they were left to code


def test_a_category_named_twice_counts_once():
    mended = Counter()
    repaired = repair_categories(categories(1, 1, name="same"), 4, 6, mended)
    assert +mended == {"duplicate": 1}
    assert [(one.name, one.apis) for one in repaired.categories] == [("same", 4)]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=9), st.integers(2, 6), st.data())
def test_repaired_quotas_pass_the_check_wherever_the_tree_has_room(quotas, branching, data):
    quota = data.draw(st.integers(1, branching))
    shape = TreeShape(apis=quota, depth=1, branching=branching)
    repaired = repair_categories(categories(*quotas), quota, branching, Counter())
    assert check_categories(repaired, "shopping/Shop0", quota, shape) is repaired


def leaf(number, name, source="parameter", kind=None):
    return {"id": number, "kind": kind, "name": name, "description": f"About {name}.", "source": source}


def cluster(name, *members, kind="basic"):
    return Cluster(name=name, description=f"All {name}.", kind=kind, members=members)


def test_a_leaf_has_one_place_and_one_left_out_keeps_its_own_name():
    nodes = [leaf(0, "street"), leaf(1, "city"), leaf(2, "price", "characteristic"), leaf(3, "quantity")]
    answer = Clusters(clusters=(cluster("Home address", 0, 1, 1, 9), cluster("b", 1)))
    mended = Counter()
    repaired = repair_clusters(answer, nodes, {}, 0, 9, mended)
    assert +mended == {"node_twice_or_unknown": 3, "node_left_out": 2}
    assert [(one.name, one.kind, one.members) for one in repaired.clusters] == [
        ("home_address", "basic", (0, 1)),
        ("price", "implicit", (2,)),
        ("quantity", "basic", (3,)),
    ]


def test_a_feature_left_out_joins_the_others_of_its_kind():
    nodes = [leaf(0, "a", kind="basic"), leaf(1, "b", kind="implicit"), leaf(2, "c", kind="basic")]
    answer = Clusters(clusters=(cluster("theme", 0, 1),))
    repaired = repair_clusters(answer, nodes, {}, 1, 9, Counter())
    assert [(one.name, one.kind, one.members) for one in repaired.clusters] == [
        ("theme", "basic", (0,)),
        ("other_implicit", "implicit", (1,)),
        ("other_basic", "basic", (2,)),
    ]


NODES = st.lists(
    st.tuples(
        st.sampled_from(["price", "Delivery!", "é", "9 lives", ""]),
        st.sampled_from(["characteristic", "parameter"]),
    ),
    min_size=1,
    max_size=8,
)
SAID = st.lists(
    st.builds(
        Cluster,
        name=st.sampled_from(["old", "new", "price", "Two Words", "___", "x" * 90]),
        description=st.sampled_from(["", "what it is", "y" * 3000]),
        kind=st.sampled_from(["basic", "implicit"]),
        members=st.lists(st.integers(-1, 9), max_size=6).map(tuple),
    ),
    max_size=5,
)


@given(NODES, SAID, st.booleans(), st.sampled_from(["basic", "implicit", None]))
def test_whatever_a_model_says_the_repaired_answer_is_a_partition(names, said, leaves, old):
    nodes = [
        leaf(n, name, source, None if leaves else ["basic", "implicit"][n % 2])
        for n, (name, source) in enumerate(names)
    ]
    known = {"old": cluster("old", 99, kind=old)} if old else {}
    level = 0 if leaves else 1
    repaired = repair_clusters(Clusters(clusters=tuple(said)), nodes, known, level, 100, Counter())
    kinds = {one["id"]: one["kind"] for one in nodes}
    assert check_clusters(repaired, kinds, known, limit=100) is repaired


def test_of_eighteen_parents_where_seventeen_are_allowed_the_two_most_alike_become_one():
    names = [f"topic {letter * 9}" for letter in "abcdefghijklmnop"] + ["price care", "price caring"]
    nodes = [leaf(n, name, kind="basic") for n, name in enumerate(names)]
    answer = Clusters(clusters=tuple(cluster(name.replace(" ", "_"), n) for n, name in enumerate(names)))
    mended = Counter()
    repaired = repair_clusters(answer, nodes, {}, 1, 17, mended)
    assert check_clusters(repaired, dict.fromkeys(range(18), "basic"), {}, limit=17) is repaired
    assert next(one.members for one in repaired.clusters if one.name == "price_care") == (16, 17)
    assert +mended == {"parents_merged": 1}


@given(st.lists(st.sampled_from(["basic", "implicit"]), min_size=1, max_size=9), st.integers(2, 9))
def test_however_many_parents_there_are_as_many_stay_as_may_and_none_holds_both_kinds(kinds, limit):
    nodes = [leaf(n, f"f{n}", kind=kind) for n, kind in enumerate(kinds)]
    answer = Clusters(clusters=tuple(cluster(f"t{n}", n, kind=kind) for n, kind in enumerate(kinds)))
    repaired = repair_clusters(answer, nodes, {}, 1, limit, Counter())
    assert check_clusters(repaired, dict(enumerate(kinds)), {}, limit) is repaired


def test_no_function_and_no_parameter_is_called_like_a_keyword_of_python():
    grown = Api(
        name="import",
        description="Move.",
        capability="move",
        parameters={
            "type": "object",
            "properties": {"from": {"type": "string"}, "from_value": {"type": "string"}, "to": {}},
            "required": ["from", "to"],
        },
        response={},
    )
    (api,) = repair_apis(Expansion(apis=(grown,)), "trips", 1, (), Counter()).apis
    assert api.name == "import_value"
    assert list(api.properties()) == ["from_value_more", "from_value", "to"]
    assert api.parameters["required"] == ["from_value_more", "to"]


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        ("from", 0, "from_value"),
        ("with", 1, "withValue"),
        ("class", 2, "Class"),
        ("none", 2, "NoneValue"),
        ("a_b", 1, "aB"),
    ],
)
def test_styled_names_are_no_keywords(name, place, expected):
    assert styled(name, place) == expected
