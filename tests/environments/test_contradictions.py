"""In eight scenarios: what no such person would ask is objected to, and what only looks like it is not."""

import json

import pytest
from ptool.environments.checks import CHECKS, Case
from ptool.environments.world import World
from ptool.models.scripted.kit import Kit, Library, load_kit, shipped_kits
from ptool.models.scripted.role_request import RoleRequest
from ptool.models.scripted.roles.designer import designer
from ptool.records import Intent, Phrase, Profile, Query, ScenarioWorld, Task

SCENARIOS = [name for name in sorted(shipped_kits()) if name != "tiny"]


def kit_of(scenario: str) -> Kit:
    return load_kit(shipped_kits()[scenario])


def world_of(scenario: str, **basic) -> World:
    """The scenario as its kit has it: one platform, every function, and one person."""
    kit = kit_of(scenario)
    platform = next(iter(kit.platforms))
    asked = {
        "expansion": {
            "asks": "apis",
            "platform": platform,
            "path": [scenario, platform],
            "depth_left": 0,
            "branching": 999,
            "apis": 999,
        },
        "scenario": {"name": scenario},
        "platforms": [{"name": platform}],
    }
    library = Library({scenario: shipped_kits()[scenario]})
    blocks = {view: json.dumps(content) for view, content in asked.items()}
    apis = designer(RoleRequest("designer", blocks, 0, library)).apis
    world = ScenarioWorld(
        name=scenario,
        description="A scenario.",
        contexts=(),
        conflicts=kit.conflicts,
        platforms=(),
        apis={platform: apis},
    )
    return World(world, profiles=[Profile(id="u1", basic=basic, implicit={})])


def codes(check: str, world: World, query: Query) -> list[str]:
    platform = next(iter(world.scenario.apis))
    task = Task(
        id="t",
        scenario=world.name,
        user_id="u1",
        context="c",
        platform=platform,
        plan="free",
        calls=(),
    )
    case = Case(world, world.profile("u1"), (), task, query)
    return [reason.code for reason in CHECKS[check].run(case)]


@pytest.mark.parametrize(
    ("scenario", "fact", "text", "contradicts"),
    [
        ("shopping", {"dietary_preference": "vegan"}, "Order salami and two bread rolls.", True),
        ("shopping", {"dietary_preference": "vegan"}, "Order two bread rolls, without salami.", False),
        ("shopping", {"dietary_preference": "vegan"}, "Order salamander figures for the terrarium.", False),
        ("shopping", {"allergies": ["dust", "peanuts"]}, "Put Peanuts on my list.", True),
        ("shopping", {"allergies": []}, "Put peanuts on my list.", False),
        ("shopping", {"allergies": ["peanuts"]}, "Put peanut-free biscuits on my list.", False),
        ("takeout", {"dietary_preference": "kosher"}, "Have the pepperoni pizzas delivered.", True),
        ("takeout", {"dietary_preference": "kosher"}, "Have a pizza with no pepperoni delivered.", False),
        ("takeout", {"dietary_preference": "halal"}, "No rush. Ham and eggs at nine, please.", True),
        ("takeout", {"dietary_preference": "vegan"}, "A pizza with vegan cheese, please.", False),
        ("takeout", {"dietary_preference": "vegan"}, "A vegan pizza with cheese, please.", True),
        ("takeout", {"allergies": ["lactose"]}, "I'd like lactose-free ice cream.", False),
        ("takeout", {"allergies": ["lactose"]}, "I'd like ice cream, not only sorbet.", True),
        ("entertainment", {"dietary_preference": "vegetarian"}, "Reserve hot dogs for the break.", True),
        ("entertainment", {"dietary_preference": "vegetarian"}, "Two seats for Hamlet.", False),
        ("travel", {"dietary_preference": "vegan"}, "Book the raclette evening.", True),
        ("travel", {"dietary_preference": "vegan"}, "Book the kingfisher hide.", False),
        ("travel", {"allergies": ["shellfish"]}, "A table for a lobster supper.", True),
        ("travel", {"allergies": ["shellfish"]}, "A table, but no oysters or lobster.", False),
        ("travel", {"dietary_preference": "vegetarian"}, "A table for a fishmonger.", False),
        ("finance", {"dietary_preference": "halal"}, "Insure the wine cellar.", True),
        ("finance", {"dietary_preference": "halal"}, "Insure the twine factory.", False),
        ("finance", {"city": "Funchal"}, "Travel cover for Madeira.", True),
        ("finance", {"city": "Porto"}, "Travel cover for Madeira.", False),
        ("lifestyle", {"allergies": ["cat hair"]}, "Find a sitter for two kittens.", True),
        ("lifestyle", {"allergies": ["cat hair"]}, "Find a caterer of that category.", False),
        ("lifestyle", {"gender": "male"}, "Book the prenatal class.", True),
        ("lifestyle", {"gender": "female"}, "Book the prenatal class.", False),
        ("knowledge", {"language": "Spanish"}, "Enrol me in a Spanish course.", True),
        ("knowledge", {"language": "French"}, "Enrol me in a Spanish course.", False),
        ("work", {"dietary_preference": "vegan"}, "Order ham rolls for the meeting.", True),
    ],
)
def test_who_asks_for_what_contradicts_them_is_found(scenario, fact, text, contradicts) -> None:
    found = codes("conflicts", world_of(scenario, **fact), Query(text=text, intents=()))
    assert found == ["query.contradicts"] * contradicts


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_conflict_of_a_kit_is_found_and_nothing_where_it_is_excluded(scenario) -> None:
    for conflict in kit_of(scenario).conflicts:
        world = world_of(scenario, **{conflict.feature: [conflict.value]})
        for word in conflict.words[:6]:
            for text, found in ((f"Please get {word}.", 1), (f"Please nothing without {word}.", 0)):
                query = Query(text=text, intents=())
                assert codes("conflicts", world, query) == ["query.contradicts"] * found, (conflict, text)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_dates_out_of_order_are_found(scenario) -> None:
    world = world_of(scenario)
    pairs = [(tool.api, pair) for tool in world.tools.values() for pair in tool.api.ordered()]
    assert pairs or scenario in ("shopping", "work", "knowledge")  # nothing comes in order there
    for api, (first, last) in pairs:
        for days, found in ((("2027-03-04", "2027-03-31"), 0), (("2027-10-04", "2027-09-30"), 1)):
            stated = dict(zip((first, last), days, strict=True))
            query = Query(
                text="From then to then.", intents=(Intent(api=api.name, stated=stated, phrases=()),)
            )
            assert codes("order", world, query) == ["query.order"] * found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_amount_that_the_words_do_not_say_is_found(scenario) -> None:
    world = world_of(scenario)
    amounts = [
        (api, name)
        for (_, api), tool in world.tools.items()
        for name, schema in tool.properties.items()
        if schema.get("type") in ("integer", "number") and "enum" not in schema
    ]
    assert amounts
    for api, name in amounts:
        for stated, words, found in ((14, "fourteen", 0), (14, "14", 0), (14, "140", 1), (40, "fourteen", 1)):
            phrases = (Phrase(parameter=name, words=words),)
            intent = Intent(api=api, stated={name: stated}, phrases=phrases)
            query = Query(text=f"Make it {words} in all.", intents=(intent,))
            assert codes("stated", world, query) == ["query.value_unclear"] * found, (api, name, stated)
