"""Drafts of a weak designer become platforms that differ and functions that only a profile can fill."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.errors import TreeError
from ptool.records import (
    ApiDraft,
    Category,
    Cluster,
    Clusters,
    Context,
    Dimension,
    Expansion,
    PersonalFact,
    SaidParameter,
)
from ptool.trees import ApiTree, TreeShape, cluster_features, grow_tree
from ptool.trees.defaults import default_drafts
from ptool.trees.drafts import complete_apis, complete_scenario
from ptool.trees.naming import without_names
from ptool.trees.personal_facts import BY_NAME, choose_fact, recognise
from ptool.trees.schemas import check_function

GARDEN = {"gardening": "Planning a garden and looking after lawns."}
SHAPE = TreeShape(platforms=3, apis=4, depth=1, branching=6)
SOIL = PersonalFact(name="soil_type", description="The soil at home.", options=("clay", "sand"))


def dimension(name, *texts):
    return Dimension(name=name, best=texts[0], between=texts[1:-1], worst=texts[-1])


def text(name, **changes):
    return SaidParameter(**{"name": name, "description": f"The {name}.", "type": "text"} | changes)


def draft(capability, *said, personal=("soil_type",)):
    return ApiDraft(
        capability=capability, description="Does it.", said=said, personal=personal, returns="A number"
    )


class Drafter:
    """Answers with drafts; keeps account of what code did."""

    def __init__(self, **answers):
        self.answers, self.asked, self.notes = answers, [], []

    async def __call__(self, item, view):
        self.asked.append((item, view))
        return self.answers[view["asks"]](view)

    def note(self, item, outcome, kinds):
        self.notes.append((item, outcome, dict(kinds)))

    def degraded(self):
        return [(item, kinds) for item, outcome, kinds in self.notes if outcome == "degraded"]


SCENARIO = Expansion(
    contexts=tuple(Context(name=name, description="A need.") for name in ("lawn", "balcony")),
    names=("Green Thumb", "root&co", "Leafy"),
    dimensions=(
        dimension("price", "From 2 euros", "From 5 euros", "From 9 euros"),
        dimension("speed", "Same day", "Two days", "A week"),
        dimension("advice", "Experts", "A chat", "None"),
    ),
    facts=(SOIL,),
)


def apis(view):
    count = view["apis"] - len(view["twins"])
    first = len(view["taken"])
    return Expansion(
        drafts=tuple(
            draft(f"plan bed {first + n}", text("plant_name"), text("day", type="date")) for n in range(count)
        ),
        twins={
            twin["capability"]: {
                "name": f"do_{number + first}",
                "description": "Another word.",
                "parameters": {parameter: f"my_{parameter}" for parameter in twin["parameters"]},
            }
            for number, twin in enumerate(view["twins"])
        },
    )


def categories(_):
    return Expansion(
        categories=(Category(name="beds", description="d"), Category(name="care", description="d"))
    )


def good():
    return Drafter(scenario=lambda _: SCENARIO, categories=categories, apis=apis)


async def test_platforms_differ_and_none_is_best_at_everything():
    tree = await grow_tree(ApiTree(), GARDEN, SHAPE, good())
    platforms = tree.platforms("gardening")
    assert [one.name for one in platforms] == ["GreenThumb", "RootCo", "Leafy"]
    assert [list(one.profile().values()) for one in platforms] == [
        ["From 2 euros", "Two days", "None"],
        ["From 5 euros", "A week", "Experts"],
        ["From 9 euros", "Same day", "A chat"],
    ]


async def test_rivals_have_the_same_functions_under_their_own_names_and_are_asked_for_names_alone():
    designer = good()
    tree = await grow_tree(ApiTree(), GARDEN, SHAPE, designer)
    world = tree.worlds()["gardening"]
    assert [[api.name for api in found] for found in world.apis.values()] == [
        ["plan_bed_0", "plan_bed_1", "plan_bed_2", "plan_bed_3"],
        ["do0", "do1", "do2", "do3"],
        ["Do0", "Do1", "Do2", "Do3"],
    ]
    assert len(tree.shared_capabilities("gardening")) == 4
    assert list(world.apis["RootCo"][0].properties()) == ["myPlantName", "myDay", "soilType"]
    for found in world.apis.values():
        assert [api.origin(name) for api in found for name in api.properties()] == [
            "query",
            "query",
            "profile",
        ] * 4
    assert [item for item, view in designer.asked if view["asks"] == "categories"] == ["gardening/GreenThumb"]
    assert all(not view["facts"] for item, view in designer.asked if "RootCo" in item)
    assert designer.notes == []


async def test_what_requests_say_is_no_feature_and_facts_are_without_a_clusterers_guess():
    tree = await grow_tree(ApiTree(), GARDEN, SHAPE, good())
    seen = []

    async def clusterer(_item, view):
        seen.append(view)
        groups = {}
        for node in view["nodes"]:
            groups.setdefault(
                (node["kind"] or "implicit", "all" if view["level"] else node["name"]), []
            ).append(node["id"])
        return Clusters(
            clusters=tuple(
                Cluster(name=f"{name}_{kind}", description="d", kind=kind, members=tuple(members))
                for (kind, name), members in groups.items()
            )
        )

    features = await cluster_features(tree, clusterer)
    assert [(view["level"], {node["source"] for node in view["nodes"]}) for view in seen] == [
        (1, {"feature"})
    ]
    assert [one.name for one in features.features() if one.kind == "implicit"] == [
        "price_importance",
        "speed_importance",
        "advice_importance",
    ]
    assert [(one.name, one.kind) for one in features.features() if one.kind == "basic"] == [
        ("soil_type", "basic")
    ]
    assert features.describe("1:soil_type").value_schema == {"type": "string", "enum": ["clay", "sand"]}
    assert not features.fills("gardening", "Leafy", "Do0", "MyPlantName")
    assert features.feature_of("gardening", "Leafy", "Do0", "SoilType") == "soil_type"


PLATFORMS = ("GreenThumb", "Ebay")
NEEDS = ("roses", "garden_tools")


def completed(*drafts, twins=None, rivals=(), place=0, quota=None):
    mended = Counter()
    answer = Expansion(drafts=drafts, twins=twins or {})
    quota = len(drafts) or len(rivals) if quota is None else quota
    found = complete_apis(answer, "beds", quota, (), rivals, (SOIL,), NEEDS, place, PLATFORMS, mended).apis
    for api in found:
        check_function(api, api.name)
    return found, {kind: count for kind, count in mended.items() if count}


@pytest.mark.parametrize(
    ("given", "parameters", "mended"),
    [
        (draft("find plants", text("plant")), ["plant", "soil_type"], {}),
        (draft("find plants", text("plant"), personal=()), ["plant", "city"], {"personal": 1}),
        (draft("order plants", text("plant"), personal=()), ["plant", "delivery_address"], {"personal": 1}),
        (
            draft("find plants", text("plant"), personal=("Soil type",)),
            ["plant", "soil_type"],
            {"near_name": 1},
        ),
        (
            draft("find plants", text("plant"), personal=("moon",)),
            ["plant", "city"],
            {"personal": 1, "unknown_fact": 1},
        ),
        (
            draft("find plants", text("customerEmail"), text("plant")),
            ["plant", "soil_type", "email"],
            {"said_fact": 1},
        ),
        (draft("find plants", text("plant_id")), ["item", "soil_type"], {"identifier": 1, "said": 1}),
        (
            draft("cancel", text("store"), text("day", type="date")),
            ["item", "day", "soil_type"],
            {"identifier": 1, "said": 1},
        ),
        (draft("find plants", text("catalog"), text("plant")), ["plant", "soil_type"], {"identifier": 1}),
        (draft("find plants", text("day"), text("plant")), ["plant", "day", "soil_type"], {}),
        (draft("find plants", text("title", type="number")), ["title", "soil_type"], {}),
        (
            draft("buy", text("product", type="choice", options=("shoes", "toys")), text("day", type="date")),
            ["product", "day", "soil_type"],
            {},
        ),
        (draft("find plants", text("plant"), text("Plant")), ["plant", "soil_type"], {}),
        (draft("find", text("x"), text("X")), ["item", "x", "soil_type"], {"duplicate": 1, "said": 1}),
        (draft("find plants", text("soil_type")), ["item", "soil_type"], {"said": 1}),
        (draft("find plants"), ["item", "soil_type"], {"said": 1}),
    ],
)
def test_what_a_draft_got_wrong_is_mended_and_counted(given, parameters, mended):
    (api,), counts = completed(given)
    assert list(api.properties()) == parameters
    assert counts == mended
    assert api.parameters["required"][0] == parameters[0]


def test_a_parameter_has_the_schema_of_its_type_and_a_choice_without_values_is_a_text():
    (api,), _ = completed(
        draft(
            "do",
            text("size", type="choice", options=("S", "s", "L")),
            text("kind", type="choice", options=("x",)),
        )
    )
    _thing, size, kind, _soil = api.properties().values()
    assert (size["enum"], "enum" in kind, kind["type"]) == (["s", "L"], False, "string")


@pytest.mark.parametrize(
    ("twins", "names", "mended"),
    [
        ({}, ["findPlants", "plant", "soilType"], {"names": 1}),
        ({"find_plants": "nonsense"}, ["findPlants", "plant", "soilType"], {"names": 1}),
        (
            {"find_plants": {"name": "find_plants", "parameters": 3}},
            ["findPlants", "plant", "soilType"],
            {"names": 1},
        ),
        (
            {"find_plants": {"name": "seek!!", "parameters": {"plant": "the species"}}},
            ["seek", "theSpecies", "soilType"],
            {},
        ),
    ],
)
def test_a_counterpart_is_there_whatever_was_answered(twins, names, mended):
    (rival,), _ = completed(draft("find plants", text("plant")))
    (api,), counts = completed(twins=twins or {"other": 1}, rivals=[rival], place=1)
    assert [api.name, *api.properties()] == names
    assert (api.capability, api.parameters["required"]) == ("find_plants", names[1:])
    assert counts == mended


def test_too_few_drafts_are_filled_up_and_too_many_cut():
    found, mended = completed(draft("a b", text("x")), quota=3)
    assert [api.capability for api in found] == ["a_b", "find_beds", "order_beds"]
    assert mended == {"missing": 2, "personal": 2, "said": 3}
    assert len(completed(*[draft(f"a{n}", text("x")) for n in range(5)], quota=2)[0]) == 2


def test_a_function_drafted_again_makes_room_for_another():
    found, mended = completed(draft("find plant", text("x")), draft("find_plants", text("x")))
    assert [api.capability for api in found] == ["find_plant", "order_beds"]
    assert mended == {"duplicate": 1, "missing": 1, "personal": 1, "said": 2}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("search_plants", "browse catalogue", True),
        ("buy_plant", "add_to_cart", True),
        ("place_order", "purchase_item", True),
        ("track_order", "cancel_order", False),
        ("water_lawn", "water_beds", False),
    ],
)
def test_of_functions_that_a_request_does_not_tell_apart_one_stays(first, second, same):
    found, _ = completed(draft(first, text("plant")), draft(second, text("plant")))
    assert ([api.capability for api in found][1] != second.replace(" ", "_")) == same


def test_everything_that_only_the_profile_knows_is_required():
    ((api,), _) = completed(draft("find plants", text("plant"), text("day"), personal=("soil_type", "email")))
    assert api.parameters["required"] == ["plant", "soil_type", "email"]


@pytest.mark.parametrize("capability", ["log_in", "update profile", "add_inventory", "register user"])
def test_what_no_customer_asks_about_a_thing_makes_room_for_another(capability):
    found, mended = completed(draft(capability, text("x")))
    assert [api.capability for api in found] == ["find_beds"]
    assert mended == {"not_a_customers": 1, "missing": 1, "personal": 1, "said": 1}


def test_what_the_service_does_to_customers_makes_room_for_another():
    sells = draft("plant_selling", text("x")).model_copy(
        update={"description": "Sells plants to the customers."}
    )
    found, mended = completed(sells)
    assert ([api.capability for api in found], mended["not_a_customers"]) == (["find_beds"], 1)


@pytest.mark.parametrize(
    ("capability", "name", "thing"),
    [
        ("plant_selling", "plant", "plant"),  # one of three plants, and any plant besides
        ("add_decorations", "decoration", "decoration"),
        ("track_delivery", "delivery_speed", "item"),
    ],
)
def test_a_choice_of_what_a_function_is_about_is_the_thing(capability, name, thing):
    ((api,), _) = completed(draft(capability, text(name, type="choice", options=("a", "b"))))
    first, schema = next(iter(api.properties().items()))
    assert (first, "enum" in schema, name in api.properties()) == (thing, False, True)


def test_a_choice_among_kinds_of_need_is_the_thing_again():
    choice = text("for_what", type="choice", options=("Roses", "garden tools"))
    ((api,), mended) = completed(draft("find plants", text("plant"), choice))
    assert (list(api.properties()), mended) == (["plant", "soil_type"], {"said_need": 1})


@pytest.mark.parametrize(
    ("capability", "served"), [("cut_rose", {"roses"}), ("lend_tool", {"garden_tools"}), ("dig", set())]
)
def test_a_function_that_names_a_kind_of_need_is_for_no_other(capability, served):
    ((api,), _) = completed(draft(capability, text("x")))
    assert api.contexts() == served


async def test_a_kind_of_need_that_no_function_serves_opens_all_of_them():
    def lawn_only(view):
        return Expansion(
            drafts=tuple(draft(f"mow_lawn_{len(view['taken'])}{n}", text("x")) for n in range(view["apis"])),
            twins={twin["capability"]: {} for twin in view["twins"]},
        )

    tree = await grow_tree(ApiTree(), GARDEN, SHAPE, Drafter(**{**good().answers, "apis": lawn_only}))
    apis = [api for own in tree.worlds()["gardening"].apis.values() for api in own]
    assert all(api.serves("lawn") and api.serves("balcony") for api in apis)


@pytest.mark.parametrize("kind", ["integer", "number", "date"])
def test_the_thing_is_said_by_its_name_whatever_type_it_was_given(kind):
    ((api,), _) = completed(
        draft("find plants", text("plant_title", type=kind, description="The ID by number."))
    )
    name, schema = next(iter(api.properties().items()))
    assert (name, schema["type"]) == ("plant_title", "string")
    assert schema["description"] == "The thing it is about, by its name."


def test_a_description_names_no_platform():
    said = text("size", description="The size as Green Thumb's shop calls it.")
    seen = draft("find plants", text("plant"), said).model_copy(
        update={"description": "Finds a plant on eBay."}
    )
    (api,), mended = completed(seen)
    assert (api.description, mended) == ("Finds a plant.", {"platform_named": 2})
    assert api.properties()["size"]["description"] == "The size as shop calls it."


@pytest.mark.parametrize(
    ("given", "bare"),
    [
        ("Books a table at the Blue Anchor!", "Books a table!"),
        ("An anchor of blue steel.", "An anchor of blue steel."),
        ("Blueprints and anchors.", "Blueprints and anchors."),
        ("blue_anchor", ""),
    ],
)
def test_only_the_name_itself_goes(given, bare):
    assert without_names(given, ["BlueAnchor"]) == bare
    assert without_names(given, ["!?"]) == given


def test_a_need_that_is_the_scenario_again_is_none():
    contexts = [Context(name=name, description="d") for name in ("Gardening", "lawn", "balcony")]
    answer = SCENARIO.model_copy(update={"contexts": tuple(contexts)})
    made = complete_scenario(answer, "gardening", GARDEN["gardening"], 3, Counter())
    assert [context.name for context in made.contexts] == ["lawn", "balcony"]


@given(
    st.lists(st.text(max_size=30), max_size=4),
    st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=3), max_size=4),
    st.integers(2, 4),
)
def test_whatever_a_designer_drafts_a_scenario_has_platforms_that_differ(names, stands, count):
    answer = Expansion(
        contexts=(Context(name="", description=""),),
        names=tuple(names),
        dimensions=(dimension("price", "low", "high"), *(dimension(texts[0], *texts) for texts in stands)),
        facts=(PersonalFact(name="email", description=""), PersonalFact(name="?", description="")),
    )
    made = complete_scenario(answer, "gardening", GARDEN["gardening"], count, Counter())
    assert len({platform.name for platform in made.platforms}) == count
    assert len({str(platform.profile()) for platform in made.platforms}) == count
    assert len(made.contexts) >= 2
    assert [fact.name for fact in made.facts] == ["fact"]


SILENT = dict.fromkeys(("scenario", "categories", "apis"), lambda _: Expansion())


@pytest.mark.parametrize(
    "shape", [SHAPE, TreeShape(2, 24, 1, 6), TreeShape(2, 9, 2, 3), TreeShape(2, 1, 1, 2)]
)
async def test_a_designer_who_says_nothing_ends_no_growth_unless_it_is_strict(shape):
    designer = Drafter(**SILENT)
    tree = await grow_tree(ApiTree(), GARDEN, shape, designer, strict=False)
    tree.check()
    assert {kind for _, kinds in designer.degraded() for kind in kinds} == {"scenario", "categories", "apis"}
    assert len(tree.shared_capabilities("gardening")) == shape.apis
    with pytest.raises(Exception, match="gardening: got 0 platforms, asked for"):
        await grow_tree(ApiTree(), GARDEN, shape, Drafter(**SILENT), strict=True)


@pytest.mark.parametrize("asks", ["categories", "apis"])
async def test_one_piece_that_nobody_answers_is_filled_and_the_rest_stays_the_designers(asks):
    designer = Drafter(**{**good().answers, asks: lambda _: Expansion()})
    tree = await grow_tree(ApiTree(), GARDEN, SHAPE, designer, strict=False)
    tree.check()
    assert {kind for _, kinds in designer.degraded() for kind in kinds} == {asks}
    assert [one.name for one in tree.platforms("gardening")] == ["GreenThumb", "RootCo", "Leafy"]
    assert "soil_type" in str(tree.graph.nodes["gardening"]["facts"])


@pytest.mark.parametrize(
    ("parameter", "fact"),
    [
        ("email", "email"),
        ("customerEmail", "email"),
        ("shipping_address", "home_address"),
        ("user_id", "membership_number"),
        ("id", None),
        ("product_id", None),
        ("destination_city", None),
        ("paypal_item", None),
        ("", None),
    ],
)
def test_a_parameter_is_a_fact_by_its_name_and_not_by_a_part_of_it(parameter, fact):
    found = recognise(parameter)
    assert (found and found.name) == fact


def test_every_fact_has_a_value_that_fits_its_schema():
    import random

    from ptool.trees.values import fits

    for name, fact in BY_NAME.items():
        assert all(fits(fact.draw(random.Random(seed)), fact.schema) for seed in range(20)), name
        assert recognise(name) is fact
    assert choose_fact("pay a bill", 0, ["payment_method"]).name != "payment_method"


async def test_a_broken_fallback_is_no_silent_success():
    with pytest.raises(TreeError, match="at most 36"):
        await grow_tree(ApiTree(), GARDEN, TreeShape(2, 40, 1, 6), Drafter(**SILENT), strict=False)


@pytest.mark.parametrize(
    ("category", "found"),
    [("shopping_cart", "find_item"), ("product_search", "find_item"), ("garden_tools", "find_garden_tools")],
)
def test_what_is_found_is_what_a_service_is_about_and_no_part_of_it(category, found):
    [draft] = default_drafts(category, 1, set())
    assert draft.capability == found
