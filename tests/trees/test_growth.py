"""The API tree grows depth first, is saved at every step, goes on where it stopped, refuses bad answers."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import TreeError, UnusableAnswerError
from ptool.records import Category, Conflict, Context, Expansion
from ptool.trees import ApiTree, TreeShape, from_graphml, from_json, grow_tree, to_graphml, to_json
from tree_fakes import FakeDesigner, grown, make_api

SHOPPING = {"shopping": "People buy."}
SMALL = TreeShape(platforms=2, apis=3, depth=1, branching=2)


class StoppedError(Exception):
    pass


async def test_it_grows_depth_first_and_shows_what_rivals_offer():
    designer = FakeDesigner()
    tree = await grow_tree(ApiTree(), SHOPPING, SMALL, designer)
    assert [item for item, _ in designer.asked] == [
        "shopping",
        "shopping/Shop0",
        "shopping/Shop0/part0",
        "shopping/Shop0/part1",
        "shopping/Shop1",
        "shopping/Shop1/part0",
        "shopping/Shop1/part1",
    ]
    views = dict(designer.asked)
    assert views["shopping/Shop0"] | {"capabilities": 0} == {
        "asks": "categories",
        "path": ["shopping", "Shop0"],
        "platform": "Shop0",
        "platforms": None,
        "apis": 3,
        "depth_left": 1,
        "branching": 2,
        "capabilities": 0,
        "categories": [],
        "taken": [],
    }
    assert views["shopping/Shop1"]["categories"] == ["part0", "part1"]
    assert [one["capability"] for one in views["shopping/Shop1"]["capabilities"]] == [
        "cap_0",
        "cap_1",
        "cap_2",
    ]
    last = views["shopping/Shop1/part1"]
    assert last["taken"] == ["shop1_0", "shop1_1"]
    assert last["capabilities"] == [
        {
            "capability": "cap_2",
            "description": "Does shop0_2.",
            "category": "part1",
            "parameters": {"shop0_2_text": "string", "home_address": "string"},
        }
    ]
    world = tree.worlds()["shopping"]
    assert [api.name for api in world.apis["Shop1"]] == ["shop1_0", "shop1_1", "shop1_2"]
    assert [context.name for context in world.contexts] == ["gifts", "food"]


async def test_what_contradicts_a_fact_comes_along_with_the_tree():
    conflict = Conflict(feature="diet", value="vegan", words=("ham", "crème"))

    class Knowing(FakeDesigner):
        def scenario(self, view):
            return super().scenario(view).model_copy(update={"conflicts": (conflict,)})

    tree = await grow_tree(ApiTree(), SHOPPING, TreeShape(2, 1, 1, 6), Knowing())
    for graph in (from_json(to_json(tree.graph)), from_graphml(to_graphml(tree.graph))):
        assert ApiTree(graph).world("shopping").conflicts == (conflict,)
    tree.attributes("shopping").pop("conflicts")  # a tree of before
    assert tree.world("shopping").conflicts == ()
    tree.attributes("shopping")["conflicts"] = [{"feature": "diet", "value": "vegan", "words": ["x" * 65]}]
    with pytest.raises(TreeError, match=r"conflicts\.0\.words\.0"):
        tree.check()


@settings(max_examples=40)
@given(st.integers(2, 4), st.integers(1, 3), st.integers(1, 4), st.data())
def test_every_platform_gets_exactly_its_quota(platforms, depth, branching, data):
    apis = data.draw(st.integers(1, min(30, branching ** (depth + 1))))
    shape = TreeShape(platforms=platforms, apis=apis, depth=depth, branching=branching)
    tree = asyncio.run(grow_tree(ApiTree(), SHOPPING, shape, FakeDesigner()))
    world = tree.worlds()["shopping"]
    assert {len(found) for found in world.apis.values()} == {apis}
    assert len(world.platforms) == platforms
    assert all(len(tree.children(node)) <= branching for node in tree.below("shopping", "category"))
    assert {leaf.count("/") for leaf in tree.below("shopping", "api")} == {depth + 2}
    assert len(tree.shared_capabilities("shopping")) == apis


@pytest.mark.parametrize("stop_after", range(1, 8))
async def test_an_interrupted_growth_goes_on_and_ends_in_the_same_bytes(stop_after):
    saved = []

    def save(tree):
        saved.append(to_json(tree.graph))
        if len(saved) == stop_after:
            raise StoppedError

    with pytest.raises(StoppedError):
        await grow_tree(ApiTree(), SHOPPING, SMALL, FakeDesigner(), save=save)
    designer = FakeDesigner()
    tree = await grow_tree(ApiTree(from_json(saved[-1])), SHOPPING, SMALL, designer)
    assert len(designer.asked) == 7 - stop_after
    assert to_json(tree.graph) == to_json((await grow_tree(ApiTree(), SHOPPING, SMALL, FakeDesigner())).graph)


async def test_scenarios_grow_side_by_side_in_an_order_that_time_does_not_change():
    class Slow(FakeDesigner):
        async def __call__(self, item_id, view):
            await asyncio.sleep(0.002 if item_id.startswith("shopping") else 0)
            return await super().__call__(item_id, view)

    scenarios = {"shopping": "People buy.", "travel": "People go."}
    slow = await grow_tree(ApiTree(), scenarios, SMALL, Slow())
    assert slow.scenarios() == ("shopping", "travel")
    assert to_json(slow.graph) == to_json(
        (await grow_tree(ApiTree(), scenarios, SMALL, FakeDesigner())).graph
    )


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        (TreeShape(platforms=1), "no tool personalisation"),
        (TreeShape(apis=0), "apis: got 0"),
        (TreeShape(depth=0), "depth: got 0"),
        (TreeShape(apis=37, depth=1, branching=6), "apis: got 37, expected at most 36"),
    ],
)
async def test_an_impossible_shape_is_refused_before_anything_is_asked(shape, complaint):
    designer = FakeDesigner()
    with pytest.raises(TreeError, match=complaint):
        await grow_tree(ApiTree(), SHOPPING, shape, designer)
    assert designer.asked == []


async def test_a_saved_tree_of_another_shape_is_refused():
    tree = await grow_tree(ApiTree(), SHOPPING, SMALL, FakeDesigner())
    with pytest.raises(TreeError, match="the saved tree has apis=3, asked for 4"):
        await grow_tree(tree, SHOPPING, TreeShape(platforms=2, apis=4, depth=1, branching=2), FakeDesigner())
    with pytest.raises(TreeError, match="holds 'shopping', which is not asked for"):
        await grow_tree(tree, {"travel": "People go."}, SMALL, FakeDesigner())


def spoilt(**answers):
    """A designer who answers one kind of question wrongly."""

    class Spoilt(FakeDesigner):
        def __getattribute__(self, name):
            return (
                (lambda view: answers[name](self, view))
                if name in answers
                else super().__getattribute__(name)
            )

    return Spoilt()


def with_quotas(*quotas):
    return lambda *_: Expansion(
        categories=tuple(Category(name=f"c{n}", description="d", apis=q) for n, q in enumerate(quotas))
    )


def fixed_apis(*apis):
    return lambda _, view: Expansion(apis=apis[: view["apis"]])


@pytest.mark.parametrize(
    ("designer", "complaint"),
    [
        (spoilt(scenario=lambda *_: Expansion()), "got 0 platforms, asked for 2"),
        (
            spoilt(
                scenario=lambda _, view: (
                    FakeDesigner()
                    .scenario(view)
                    .model_copy(update={"contexts": (Context(name="one", description="d"),)})
                )
            ),
            "got 1 contexts, asked for at least 2",
        ),
        (spoilt(categories=with_quotas(3)), "a category with 3 APIs, asked for at most 2"),
        (spoilt(apis=lambda *_: Expansion()), "got 0 APIs, asked for exactly 2"),
        (
            spoilt(apis=fixed_apis(make_api("a"), make_api("no name", "b"))),
            "part0/no name: got the name 'no name'",
        ),
    ],
)
async def test_a_bad_answer_is_named_after_three_tries(designer, complaint):
    with pytest.raises(UnusableAnswerError, match=complaint) as refusal:
        await grow_tree(ApiTree(), SHOPPING, SMALL, designer)
    assert "asked 3 times" in str(refusal.value)
    assert refusal.value.exit_status == 1
    tries = [item for item, _ in designer.asked][-3:]
    assert tries == [tries[0], f"{tries[0]}~1", f"{tries[0]}~2"]


async def test_a_designer_is_shown_its_fault_and_may_repair_it():
    designer = spoilt(
        categories=lambda self, view: (
            FakeDesigner.categories(self, view) if "problem" in view else Expansion()
        )
    )
    tree = await grow_tree(ApiTree(), SHOPPING, SMALL, designer)
    problems = [view["problem"] for _, view in designer.asked if "problem" in view]
    assert problems == [f"shopping/Shop{n}: got 0 categories, asked for 1 to 2" for n in range(2)]
    tree.check()


async def test_capabilities_of_one_platform_only_are_marked_exclusive():
    def own(_, view):
        number = len(view["taken"])
        last = f"{view['platform'].lower()}_only" if number == 2 else f"cap_{number}"
        return Expansion(
            apis=tuple(
                make_api(f"{view['platform'].lower()}_{number + n}", last if n == 0 else f"cap_{number + n}")
                for n in range(view["apis"])
            )
        )

    tree = await grow_tree(ApiTree(), SHOPPING, SMALL, spoilt(apis=own))
    assert tree.shared_capabilities("shopping") == ("cap_0", "cap_1")
    assert [
        leaf.rpartition("/")[2]
        for leaf in tree.below("shopping", "api")
        if tree.attributes(leaf)["exclusive"]
    ] == ["shop0_2", "shop1_2"]


async def test_platforms_without_anything_in_common_are_refused():
    def alone(_, view):
        first = len(view["taken"])
        return Expansion(
            apis=tuple(make_api(f"{view['platform'].lower()}_{first + n}") for n in range(view["apis"]))
        )

    with pytest.raises(
        UnusableAnswerError, match=r"part1: no capability of Shop1 is .* `capabilities`: 'shop0_0'"
    ):
        await grow_tree(ApiTree(), SHOPPING, SMALL, spoilt(apis=alone))


@pytest.mark.parametrize(
    ("apis", "names", "capabilities", "problem"),
    [
        ((make_api("a"), make_api("a", "b")), "a a_part0 a_part1", "a b a_part1", "'a' is there twice"),
        ((make_api("a", "c"), make_api("b", "c")), "a b a_part1", "c c_part0 c_part1", "'c' is there twice"),
    ],
)
async def test_names_that_stay_taken_are_told_apart_by_their_category(apis, names, capabilities, problem):
    designer = spoilt(apis=fixed_apis(*apis))
    world = (await grow_tree(ApiTree(), SHOPPING, SMALL, designer)).worlds()["shopping"]
    for platform in ("Shop0", "Shop1"):
        assert [one.name for one in world.apis[platform]] == names.split()
        assert [one.capability for one in world.apis[platform]] == capabilities.split()
    problems = [
        view.get("problem", "") for item, view in designer.asked if item.startswith("shopping/Shop0/part0")
    ]
    assert problems[0] == "" and all(problem in one for one in problems[1:])


@pytest.mark.parametrize("quotas", [(2, 2), (1, 1, 1), (9, 1)])
async def test_quotas_that_do_not_add_up_are_repaired_at_once(quotas):
    designer = spoilt(categories=with_quotas(*quotas))
    tree = await grow_tree(ApiTree(), SHOPPING, SMALL, designer)
    assert not [item for item, _ in designer.asked if "~" in item]
    assert [tree.attributes(node)["apis"] for node in tree.below("shopping/Shop0", "category")] == [2, 1]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda graph: graph.add_node("lonely", kind="scenario", name="lonely"), "got the roots .*lonely"),
        (lambda graph: graph.add_edge("shopping/Shop1", "shopping/Shop0/part0"), "has 2 parents"),
        (lambda graph: (graph.add_edge("x", "y"), graph.add_edge("y", "x")), "lies on a cycle"),
        (lambda graph: graph.nodes["shopping/Shop0"].update(name="Shop1"), "is not the path of its name"),
        (lambda graph: graph.nodes["shopping/Shop0"].update(kind="api"), "cannot hang below 'scenario'"),
        (lambda graph: graph.nodes["shopping/Shop0"].update(expanded=False), "not expanded yet"),
        (lambda graph: graph.nodes["shopping/Shop0"].pop("expanded"), "expected the attributes"),
        (lambda graph: graph.nodes["shopping/Shop0"].update(characteristics=3), "characteristics"),
        (lambda graph: graph.nodes["shopping"].update(contexts=None), "contexts"),
        (lambda graph: graph.nodes["shopping/Shop0/part0/shop0_0"].update(parameters={}), "type 'object'"),
        (lambda graph: graph.nodes["shopping/Shop0/part0/shop0_0"].pop("capability"), "capability"),
        (lambda graph: graph.nodes["shopping/Shop0/part0/shop0_0"].update(exclusive=True), "expected False"),
        (lambda graph: graph.remove_node("shopping/Shop0/part0/shop0_0"), "got 3 APIs, expected 4"),
    ],
)
async def test_a_damaged_tree_is_refused(damage, complaint):
    tree = await grown()
    tree.check()
    damage(tree.graph)
    with pytest.raises(TreeError, match=complaint):
        tree.check()


async def test_an_unknown_scenario_is_named_with_its_neighbour():
    with pytest.raises(TreeError, match="no scenario 'shoping'; there is 'shopping' \\(did you mean"):
        (await grown()).world("shoping")
