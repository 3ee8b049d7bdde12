"""Nodes are placed one by one, and every such answer is a partition into clusters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.agents.output_forms import placement_form
from ptool.models.output_schema import schema_of
from ptool.records import Clusters
from pydantic import ValidationError

NODES = [{"id": 3, "name": "home_address"}, {"id": 7, "name": "low price!"}, {"id": 9, "name": "deliver_to"}]


def place(parent, filled_from="profile", description="What one knows."):
    return {"parent": parent, "description": description} | (
        {"filled_from": filled_from} if filled_from else {}
    )


def test_nodes_with_the_same_parent_are_one_cluster():
    said = {
        "n3_home_address": place("address", description="Where they live."),
        "n7_low_price": place("limit", "request"),
        "n9_deliver_to": place("address", description="Another word."),
    }
    clusters = placement_form(NODES).model_validate({"nodes": said})
    assert isinstance(clusters, Clusters)
    assert [one.model_dump() for one in clusters.clusters] == [
        {"name": "address", "description": "Where they live.", "kind": "basic", "members": (3, 9)},
        {"name": "limit", "description": "What one knows.", "kind": "implicit", "members": (7,)},
    ]


def test_what_a_request_says_and_what_the_profile_fills_are_never_in_one_cluster():
    said = {
        "n3_home_address": place("order"),
        "n7_low_price": place("order", "request"),
        "n9_deliver_to": place("order"),
    }
    clusters = placement_form(NODES).model_validate({"nodes": said}).clusters
    assert [(one.name, one.kind, one.members) for one in clusters] == [
        ("order", "basic", (3, 9)),
        ("order_implicit", "implicit", (7,)),
    ]


def test_who_says_the_value_is_asked_first():
    definitions = placement_form(NODES).model_json_schema()["$defs"]
    assert list(definitions["ParameterPlace"]["properties"]) == ["filled_from", "parent", "description"]


def test_a_characteristic_is_implicit_and_never_in_a_cluster_with_what_the_profile_fills():
    nodes = [
        {"id": 0, "name": "delivery", "kind": None, "source": "characteristic"},
        {"id": 1, "name": "delivery", "kind": None, "source": "parameter"},
        {"id": 2, "name": "speed", "kind": None, "source": "characteristic"},
    ]
    said = {
        "n0_delivery": place("delivery", None),
        "n1_delivery": place("delivery"),
        "n2_speed": place("delivery", None),
    }
    clusters = placement_form(nodes).model_validate({"nodes": said}).clusters
    assert [(one.name, one.kind, one.members) for one in clusters] == [
        ("delivery", "implicit", (0, 2)),
        ("delivery_basic", "basic", (1,)),
    ]


def test_a_characteristic_of_several_platforms_is_placed_once():
    def characteristic(number, name, scenario="cafes", platform="A"):
        return {"id": number, "name": name, "source": "characteristic", "where": [scenario, platform]}

    nodes = [
        characteristic(0, "price"),
        characteristic(1, "speed"),
        characteristic(2, "price", platform="B"),
        characteristic(3, "price", scenario="trains"),
    ]
    said = {key: place(key[3:], None) for key in ("n0_price", "n1_speed")} | {
        "n3_price": place("fares", None)
    }
    clusters = placement_form(nodes).model_validate({"nodes": said}).clusters
    assert [(one.name, one.members) for one in clusters] == [
        ("price", (0, 2)),
        ("speed", (1,)),
        ("fares", (3,)),
    ]


def test_where_kinds_are_known_no_cluster_holds_both():
    nodes = [dict(one, kind=kind) for one, kind in zip(NODES, ("basic", "implicit", "implicit"), strict=True)]
    said = {key: place("life", None) for key in ("n3_home_address", "n7_low_price", "n9_deliver_to")}
    clusters = placement_form(nodes).model_validate({"nodes": said}).clusters
    assert [(one.name, one.kind, one.members) for one in clusters] == [
        ("life", "basic", (3,)),
        ("life_implicit", "implicit", (7, 9)),
    ]


def test_an_answer_in_clusters_is_right_too():
    whole = {"clusters": [{"name": "a", "description": "d", "kind": "basic", "members": [3, 7, 9]}]}
    assert (
        placement_form(NODES).model_validate(whole).model_dump()
        == Clusters.model_validate(whole).model_dump()
    )


@pytest.mark.parametrize("strict", [True, False])
def test_every_node_has_a_key_of_its_own_that_reminds_of_its_name(strict):
    schema = schema_of(placement_form(NODES), strict)
    keys = ["n3_home_address", "n7_low_price", "n9_deliver_to"]
    assert schema["required"] == ["nodes"]
    assert list(schema["$defs"]["Nodes"]["properties"]) == schema["$defs"]["Nodes"]["required"] == keys
    assert placement_form(NODES) is placement_form(list(NODES))


@pytest.mark.parametrize(
    "said",
    [
        {"nodes": {"n3_home_address": place("a"), "n7_low_price": place("b")}},
        {"nodes": {key: place("a") for key in ("n3_home_address", "n7_low_price", "n9_deliver_to", "n10_x")}},
        {"nodes": {key: place("a", "odd") for key in ("n3_home_address", "n7_low_price", "n9_deliver_to")}},
        {"nodes": []},
        {"nodes": {}, "clusters": []},
        {},
    ],
)
def test_a_node_left_out_invented_or_of_no_kind_is_refused(said):
    with pytest.raises(ValidationError):
        placement_form(NODES).model_validate(said)


NAMES = st.lists(st.text(max_size=60), min_size=1, max_size=12)


@given(NAMES, st.data())
def test_whatever_the_names_every_node_is_in_exactly_one_cluster(names, data):
    nodes = [{"id": number, "name": name} for number, name in enumerate(names)]
    form = placement_form(nodes)
    keys = list(form.model_json_schema()["$defs"]["Nodes"]["properties"])
    parents = data.draw(st.lists(st.sampled_from("abc"), min_size=len(keys), max_size=len(keys)))
    said = {key: place(parent) for key, parent in zip(keys, parents, strict=True)}
    members = [one for cluster in form.model_validate({"nodes": said}).clusters for one in cluster.members]
    assert sorted(members) == list(range(len(names)))
