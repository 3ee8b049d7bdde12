"""N = prod k_l distinct profiles, by three strategies, whatever order the answers come in."""

import asyncio
import copy
import itertools
import math
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import TreeError, UnusableAnswerError
from ptool.records import Bundles, Feature
from ptool.trees import assign_values, cluster_features, layer_sizes
from ptool.trees.bundles import check_bundles, fit_bundles
from ptool.trees.layers import spread_evenly
from tree_fakes import cluster_by_name, grown, write_numbered


@pytest.fixture(scope="module")
def population():
    async def build():
        api_tree = await grown(apis=1)
        return await cluster_features(api_tree, cluster_by_name), api_tree.worlds()

    return asyncio.run(build())


FEATURES = {"delivery", "shop0_0_text", "home_address", "shop1_0_text"}


def values(assigned):
    return [tuple((one.profile.basic | one.profile.implicit).items()) for one in assigned]


@pytest.mark.parametrize(
    ("users", "layers", "sizes"),
    [
        (16, 3, [4, 2, 2]),
        (80, 3, [5, 4, 4]),
        (7, 3, [2, 2, 2]),
        (1, 3, [1, 1, 1]),
        (4, 3, [2, 2, 1]),
        (95, 3, [6, 4, 4]),
        (101, 3, [7, 5, 3]),
        (5, 1, [5]),
        (10_000, 4, [10, 10, 10, 10]),
    ],
)
def test_layer_sizes(users, layers, sizes):
    assert layer_sizes(users, layers) == sizes


@given(st.integers(1, 5000), st.integers(1, 6))
def test_layer_sizes_suffice_and_are_largest_at_the_top(users, layers):
    sizes = layer_sizes(users, layers)
    assert len(sizes) == layers
    assert math.prod(sizes) >= users
    assert sizes == sorted(sizes, reverse=True)
    assert all(math.prod(sizes) // size * (size - 1) < users for size in sizes)


@given(st.integers(1, 200), st.integers(0, 100))
def test_those_kept_lie_evenly(users, more):
    kept = spread_evenly(users, users + more)
    assert len(set(kept)) == users
    assert max((b - a for a, b in itertools.pairwise(kept)), default=0) <= math.ceil((users + more) / users)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 4), min_size=3, max_size=3), st.data())
def test_top_down_gives_the_product_of_distinct_profiles(population, branching, data):
    tree, worlds = population
    users = data.draw(st.integers(1, math.prod(branching)))
    found = asyncio.run(assign_values(tree, write_numbered, users, worlds=worlds, branching=branching))
    assert [one.profile.id for one in found] == [f"u{number:04}" for number in range(1, users + 1)]
    assert len(set(values(found))) == users
    if users == math.prod(branching):
        assert len({one.lineage[0]["persona"] for one in found}) == branching[0]


async def test_each_layer_is_asked_for_once_a_branch_with_what_is_given(population):
    tree, worlds = population
    asked = {}

    async def watching(item_id, view):
        asked[item_id] = view
        return await write_numbered(item_id, view)

    found = await assign_values(tree, watching, 8, worlds=worlds)
    assert sorted(asked) == [
        "layer0",
        "layer1/0",
        "layer1/1",
        "layer2/0.0",
        "layer2/0.1",
        "layer2/1.0",
        "layer2/1.1",
    ]
    assert asked["layer0"] == {
        "level": 0,
        "count": 2,
        "scenarios": ["shopping"],
        "features": [
            {
                "name": "persona",
                "description": "who this person is, in one sentence",
                "kind": "basic",
                "path": [],
                "value_schema": {},
            }
        ],
        "given": {},
        "contexts": {
            "shopping": [
                {"name": "gifts", "description": "A need."},
                {"name": "food", "description": "A need."},
            ]
        },
        "avoid": [],
        "assignment": "top_down",
    }
    assert asked["layer2/1.0"]["given"] == {
        "persona": "layer0#1",
        "taste": "layer1/1#0",
        "contact": "layer1/1#0",
    }
    assert {one["name"] for one in asked["layer2/1.0"]["features"]} == FEATURES
    assert found[-1].profile.basic["home_address"] == "layer2/1.1#1"
    assert found[-1].profile.implicit == {"delivery": "layer2/1.1#1"}
    assert found[-1].lineage == ({"persona": "layer0#1"}, {"taste": "layer1/1#1", "contact": "layer1/1#1"})


async def test_seven_of_eight_come_from_all_branches(population):
    tree, worlds = population
    found = await assign_values(tree, write_numbered, 7, worlds=worlds)
    addresses = [one.profile.basic["home_address"] for one in found]
    assert {address.split("#")[0] for address in addresses} == {
        "layer2/0.0",
        "layer2/0.1",
        "layer2/1.0",
        "layer2/1.1",
    }


async def test_branches_nobody_is_kept_from_are_not_asked_for(population):
    tree, worlds = population
    asked = []

    async def watching(item_id, view):
        asked.append(item_id)
        return await write_numbered(item_id, view)

    await assign_values(tree, watching, 2, worlds=worlds, branching=[4, 1, 1])
    assert sorted(asked) == ["layer0", "layer1/0", "layer1/2", "layer2/0.0", "layer2/2.0"]


async def test_order_of_answers_does_not_matter(population):
    tree, worlds = population

    async def slow_first(item_id, view):
        await asyncio.sleep(0.003 if item_id.endswith("0") else 0)
        return await write_numbered(item_id, view)

    first = await assign_values(tree, write_numbered, 12, worlds=worlds)
    assert list(await assign_values(tree, slow_first, 12, worlds=worlds)) == list(first)


async def test_branches_that_chose_the_same_values_are_asked_again(population):
    tree, worlds = population
    again = []

    async def alike(item_id, view):
        if item_id.endswith("/again"):
            again.append((item_id, view["count"], view["avoid"]))
            return await write_numbered(item_id, view)
        return Bundles(bundles=tuple({f["name"]: n for f in view["features"]} for n in range(view["count"])))

    found = await assign_values(tree, alike, 4, worlds=worlds, branching=[2, 1, 2])
    assert len(set(values(found))) == 4
    assert [item for item, _, _ in again] == ["layer2/1.0.0/again", "layer2/1.0.1/again"]
    assert "home_address: 0" in again[0][2][0]


async def test_one_user_at_a_time_is_told_whom_to_differ_from(population):
    tree, worlds = population
    asked = {}

    async def watching(item_id, view):
        asked[item_id] = view
        return await write_numbered(item_id, view)

    found = await assign_values(tree, watching, 3, "per_user", worlds=worlds)
    assert list(asked) == ["user/0001", "user/0002", "user/0003"]
    assert [len(view["avoid"]) for view in asked.values()] == [0, 1, 2]
    assert asked["user/0003"]["count"] == 1
    assert len(set(values(found))) == 3
    assert found[0].lineage == ()


async def test_all_users_in_one_pass(population):
    tree, worlds = population
    asked = {}

    async def watching(item_id, view):
        asked[item_id] = view
        return await write_numbered(item_id, view)

    found = await assign_values(tree, watching, 5, "single_pass", worlds=worlds)
    assert {item: view["count"] for item, view in asked.items()} == {"users": 5}
    assert len(set(values(found))) == 5


def bundle(**changes):
    return dict.fromkeys(FEATURES, "v") | changes


@pytest.mark.parametrize(
    ("bundles", "complaint", "mended"),
    [
        ([bundle()], "got 1 bundles, asked for exactly 2", {"missing_bundle": 1}),
        ([bundle()] * 3, "got 3 bundles", {"surplus": 1, "equal_bundle": 1}),
        ([bundle(), bundle()], r"bundles\[1\]: equals another person's", {"equal_bundle": 1}),
        (
            [bundle(), dict(reversed(bundle().items()))],
            r"bundles\[1\]: equals another person's",
            {"equal_bundle": 1},
        ),
        ([bundle(), bundle(mood="x", delivery="w")], "not asked for: 'mood'", {}),
        ([bundle(), {"delivery": "v"}], "missing: 'home_address', 'shop0_0_text'", {"missing_value": 3}),
        (
            [bundle(), {"Delivery": "w"} | dict.fromkeys(FEATURES - {"delivery"}, "v")],
            "missing: 'delivery'",
            {"near_name": 1},
        ),
        ([bundle(), bundle(delivery=None)], r"bundles\[1\].delivery: got None", {"missing_value": 1}),
        ([bundle(), bundle(delivery="")], r"bundles\[1\].delivery: got ''", {"missing_value": 1}),
        ([bundle(), bundle(delivery="x" * 2001)], "delivery: got 2003 bytes", {"missing_value": 1}),
        ([bundle(), bundle(delivery=2**70)], "JSON cannot hold", {"missing_value": 1}),
    ],
)
async def test_bad_bundles_are_named_and_mended(population, bundles, complaint, mended):
    tree, worlds = population
    given, notes = Bundles(bundles=tuple(bundles)), []

    class Writer:
        async def __call__(self, *_):
            return given

        def note(self, *outcome):
            notes.append(outcome)

    with pytest.raises(TreeError, match=complaint):
        check_bundles(given, sorted(FEATURES), 2)
    people = await assign_values(tree, Writer(), 2, "single_pass", worlds=worlds)
    assert len(set(values(people))) == 2
    assert notes == ([("users", "mended", mended)] if mended else [])


@pytest.mark.parametrize(
    ("address", "is_kept"),
    [
        ("Chapel Lane 4, Cork", True),
        ("12 Isle Road, Whereham", True),
        ("Ann Lee lives on 12 Mill Street, Cork", False),
        ("Cork, where the market is", False),
        ("Any city", False),
        ("outskirts of a bustling city", False),
        ("Anytown Road 3, Cork", True),
        ("123 Elm Street, City", False),
        ("123 Main St, Anytown, USA", False),
        ("Your address", False),
        ("Alice's home address", False),
        ("3 Market Street, City Centre, Cork", True),
    ],
)
def test_an_address_is_neither_a_sentence_about_somebody_nor_any_place(address, is_kept):
    feature = Feature(
        name="home_address", kind="basic", description="Where the person lives.",
        path=("life", "home_address"),
        value_schema={"type": "string", "maxLength": 80},
    )  # fmt: skip
    mended = Counter()
    fitted = fit_bundles(Bundles(bundles=({"home_address": address},)), [feature], random.Random(1), mended)
    [person] = fitted.bundles
    assert (person["home_address"] == address, dict(mended)) == (
        is_kept,
        {} if is_kept else {"value_drawn": 1},
    )


async def test_nobody_of_a_few_shares_an_address(population):
    tree, worlds = population
    tree = copy.deepcopy(tree)
    [place] = [node for node in tree.level(1) if tree.describe(node).name == "home_address"]
    for leaf in tree.graph.successors(place):
        tree.graph.nodes[leaf]["fact"] = "home_address"  # as a designer names it

    async def monotonous(item_id, view):
        answer = await write_numbered(item_id, view)
        same = {"home_address": "1 Mill Street, Cork"}
        return Bundles(
            bundles=tuple(bundle | (same if "home_address" in bundle else {}) for bundle in answer.bundles)
        )

    people = await assign_values(tree, monotonous, 6, worlds=worlds)
    addresses = Counter(one.profile.basic["home_address"] for one in people)
    assert max(addresses.values()) == 1
    assert addresses["1 Mill Street, Cork"] == 1


async def test_people_whom_nobody_describes_are_drawn_unless_that_is_too_little(population):
    tree, worlds = population

    async def silent(item_id, _view):
        raise UnusableAnswerError(f"{item_id}: no JSON")

    people = await assign_values(tree, silent, 6, worlds=worlds, strict=False)
    assert len(set(values(people))) == 6
    assert list(people) == list(await assign_values(tree, silent, 6, worlds=worlds, strict=False))
    with pytest.raises(UnusableAnswerError, match="no JSON"):
        await assign_values(tree, silent, 6, worlds=worlds)


@pytest.mark.parametrize(
    "bundles", [[bundle(delivery=1), bundle(delivery=True)], [bundle(delivery=0), bundle(delivery=False)]]
)
async def test_values_that_python_takes_for_equal_differ(population, bundles):
    async def writer(*_):
        return Bundles(bundles=tuple(bundles))

    tree, worlds = population
    assert len(await assign_values(tree, writer, 2, "single_pass", worlds=worlds)) == 2


@pytest.mark.parametrize(
    ("users", "options", "complaint"),
    [
        (0, {}, "users: got 0"),
        (3, {"strategy": "topdown"}, "got 'topdown', expected one of .*did you mean 'top_down'"),
        (9, {"branching": [2, 2, 2]}, "product is at least 9 users"),
        (4, {"branching": [2, 2]}, "expected 3 numbers"),
        (4, {"branching": [4, 4, 0]}, "expected 3 numbers"),
    ],
)
async def test_an_assignment_that_cannot_work_asks_nobody(population, users, options, complaint):
    tree, worlds = population
    with pytest.raises(TreeError, match=complaint):
        await assign_values(tree, None, users, worlds=worlds, **options)
