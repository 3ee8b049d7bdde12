"""A request is carried to another platform where that is certain, and not where it would be a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.environments.world import Tool, World
from ptool.records import (
    Api,
    Context,
    Intent,
    Phrase,
    Platform,
    Profile,
    Query,
    ScenarioWorld,
    Task,
    TaskCall,
)
from ptool.synthesis.twin_transfer import NotTransferable, RequestTransfer, match_parameters

BEN = Profile(
    id="u0002",
    basic={"home_address": "9 Oak Row", "phone": "+1 555 0102", "clothing_size": "XL", "city": "Ghent"},
    implicit={},
)
TEXT = "Two flat whites with oat milk please, and call me."


def text(about: str = "", **more) -> dict:
    return {"type": "string", **({"description": about} if about else {}), **more}


def tool(platform: str, name: str, properties: dict, required=(), capability="order") -> Tool:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    schema["additionalProperties"] = False
    response = {"type": "object", "properties": {}}
    return Tool(
        platform,
        Api(name=name, description="d", capability=capability, parameters=schema, response=response),
    )


def world(*tools: Tool, links: dict[tuple[str, str], str] | None = None) -> World:
    apis = {one: tuple(t.api for t in tools if t.platform == one) for one in ("Ants", "Bees")}
    scenario = ScenarioWorld(
        name="garden",
        description="d",
        contexts=(Context(name="day", description="d"),),
        platforms=tuple(Platform(name=one, characteristics=()) for one in apis),
        apis=apis,
    )
    owner = {(t.platform, name): t.api.name for t in tools for name in t.properties}
    feature_of = {(p, owner[p, name], name): feature for (p, name), feature in (links or {}).items()}
    return World(scenario, feature_of=feature_of, profiles=[BEN])


def pairs_of(here: dict, there: dict, links: dict | None = None) -> dict[str, str]:
    one, other = tool("Ants", "order", here), tool("Bees", "brew", there)
    return match_parameters(one, other, world(one, other, links=links).feature_of, frozenset(BEN.basic))


# Which parameter is which


def test_names_schemas_and_features_each_make_a_pair():
    here = {"milk_kind": text(), "item": text("What to drink."), "address": text("Where to.")}
    there = {"street": text("Destination."), "drink": text("What  to DRINK."), "milkKind": text("Which.")}
    links = {("Ants", "address"): "home_address", ("Bees", "street"): "home_address"}
    assert pairs_of(here, there, links) == {"milk_kind": "milkKind", "item": "drink", "address": "street"}


def test_two_parameters_with_equal_schemas_and_no_link_are_not_guessed():
    here = {"start": text("A station."), "end": text("A station."), "item": text("What.")}
    there = {"origin": text("A station."), "goal": text("A station."), "thing": text("What.")}
    assert pairs_of(here, there) == {"item": "thing"}


def test_equal_schemas_without_a_description_say_nothing():
    assert pairs_of({"item": text()}, {"note": text()}) == {}


def test_a_name_that_means_another_thing_there_is_no_pair():
    here = {"name": text("What to drink."), "buyer": text("Who pays.")}
    there = {"label": text("What to drink."), "name": text("Who is called out.")}
    assert pairs_of(here, there) == {}


def test_what_another_profile_feature_fills_is_no_pair_even_of_equal_name_and_schema():
    here, there = {"place": text("Where to.")}, {"place": text("Where to.")}
    both = {("Ants", "place"): "home_address", ("Bees", "place"): "city"}
    assert pairs_of(here, there, both) == {}
    assert pairs_of(here, there, {("Bees", "place"): "city"}) == {}
    assert pairs_of(here, there, {**both, ("Bees", "place"): "home_address"}) == {"place": "place"}


def test_a_habit_pairs_only_values_of_one_form():
    links = {("Ants", "count"): "thirst", ("Bees", "amount"): "thirst"}
    assert pairs_of({"count": {"type": "integer"}}, {"amount": {"type": "integer"}}, links)
    assert not pairs_of({"count": {"type": "integer"}}, {"amount": text()}, links)


def test_names_of_other_scripts_are_told_apart():
    assert pairs_of({"数量": text()}, {"地址": text()}) == {}
    assert pairs_of({"数量": text(), "_": text()}, {"数量": text(), "__": text()}) == {"数量": "数量"}


SIDE = st.dictionaries(
    st.sampled_from(["a", "b", "c", "A_", "d"]),
    st.builds(text, st.sampled_from(["", "one", "two", "three"])),
    max_size=5,
)


@given(
    here=SIDE,
    there=SIDE,
    links=st.dictionaries(
        st.tuples(st.sampled_from(["Ants", "Bees"]), st.sampled_from("abcd")),
        st.sampled_from(["home_address", "city", "thirst", "taste"]),
    ),
)
def test_there_and_back_are_the_same_pairs(here, there, links):
    one, other = tool("Ants", "order", here), tool("Bees", "brew", there)
    known = {
        key: feature for key, feature in links.items() if key[1] in (here if key[0] == "Ants" else there)
    }
    feature_of = world(one, other, links=known).feature_of
    forth = match_parameters(one, other, feature_of, frozenset(BEN.basic))
    back = match_parameters(other, one, feature_of, frozenset(BEN.basic))
    assert {value: key for key, value in forth.items()} == back


# The whole request


ORDER = {
    "item": text("What to drink."),
    "quantity": {"type": "integer", "description": "How many.", "minimum": 1},
    "milk": text("Which milk.", enum=["oat", "cow"]),
    "address": text("Where to."),
    "phone": text("Whom to call."),
}
BREW = {
    "drink": text("What to drink."),
    "count": {"type": "integer", "description": "How many.", "minimum": 1},
    "milk": text("Which milk it gets.", enum=["oat", "cow"]),
    "street": text("Destination."),
    "callback": text("Number."),
}
LINKS = {
    ("Ants", "address"): "home_address",
    ("Bees", "street"): "home_address",
    ("Ants", "phone"): "phone",
    ("Bees", "callback"): "phone",
}


def carried(brew=BREW, required=("drink", "street"), calls=1, profile=BEN, links=LINKS, known=None, **stated):
    """The request of two flat whites, carried to the Bees."""
    here = tool("Ants", "order", ORDER, ["item", "address"])
    there = tool("Bees", "brew", brew, required)
    stated = stated or {"item": "flat whites", "quantity": 2, "milk": "oat"}
    known = known if known is not None else {"address": "home_address", "phone": "phone"}
    asked = TaskCall(api="order", capability="order", stated=tuple(stated), known=known)
    phrases = tuple(Phrase(parameter=name, words=str(value)) for name, value in stated.items())
    intents = [
        Intent(api="order", stated={**stated, "quantity": 2 + n}, phrases=phrases) for n in range(calls)
    ]
    task = Task(
        id="garden-u0001-0001", scenario="garden", user_id="u0001", context="day", platform="Ants",
        plan="guided", calls=(asked,) * calls,
    )  # fmt: skip
    linked = {key: feature for key, feature in links.items() if key[0] == "Ants" or key[1] in brew}
    made = RequestTransfer(world(here, there, links=linked))
    return made.transfer(task, Query(text=TEXT, intents=tuple(intents)), profile, "Bees")


def refused(**changes) -> str:
    with pytest.raises(NotTransferable) as without:
        carried(**changes)
    return str(without.value)


def ben(**basic) -> Profile:
    return BEN.model_copy(
        update={"basic": {k: v for k, v in {**BEN.basic, **basic}.items() if v is not None}}
    )


def test_calls_and_intents_are_the_other_platforms_and_the_words_stay():
    made = carried()
    assert made.query.text == TEXT
    (intent,) = made.query.intents
    assert intent.stated == {"drink": "flat whites", "count": 2, "milk": "oat"}
    assert [(one.parameter, one.words) for one in intent.phrases] == [
        ("drink", "flat whites"), ("count", "2"), ("milk", "oat"),
    ]  # fmt: skip
    (call,) = made.calls
    assert (intent.api, call.api, call.stated) == ("brew", "brew", ("drink", "count", "milk"))
    assert call.known == {"street": "home_address", "callback": "phone"}


def test_an_api_called_twice_keeps_the_two_calls_apart():
    made = carried(calls=2)
    assert [one.api for one in made.calls] == ["brew", "brew"]
    assert [one.stated["count"] for one in made.query.intents] == [2, 3]


def test_an_option_the_other_platform_lacks_ends_it():
    assert refused(brew={**BREW, "milk": text("Which milk it gets.", enum=["cow", "soy"])}) == "twin.value"
    assert refused(brew={**BREW, "count": {**BREW["count"], "maximum": 1}}) == "twin.value"
    assert carried(brew={**BREW, "milk": text("Which milk it gets.", enum=["soy", "oat"])})


def test_what_is_said_and_has_no_place_there_ends_it():
    assert refused(brew={name: one for name, one in BREW.items() if name != "milk"}) == "twin.parameter"
    twice = {**BREW, "drink": text("A drink."), "extra": text("A drink.")}
    assert refused(brew=twice, required=("street",)) == "twin.parameter"


@pytest.mark.parametrize("phone", [None, 5550102])
def test_what_the_query_alludes_to_must_be_in_the_other_profile(phone):
    assert refused(profile=ben(phone=phone)) == "twin.feature"


def test_what_only_the_first_platform_requires_is_not_asked_for_there():
    assert carried(required=("drink",)).calls[0].known == {"callback": "phone"}


def test_what_only_the_other_platform_requires_comes_from_the_profile_or_a_default_or_ends_it():
    city = {**BREW, "town": text("Town.")}
    links = {**LINKS, ("Bees", "town"): "city"}
    required = ("drink", "street", "town")
    assert carried(brew=city, required=required, links=links).calls[0].known["town"] == "city"
    assert refused(brew=city, required=required, links=links, profile=ben(city=None)) == "twin.required"
    default = {**BREW, "town": text("Town.", default="Ghent")}
    assert carried(brew=default, required=required).calls[0].defaults == ("town",)
    assert refused(profile=ben(home_address=None)) == "twin.required"


def test_a_value_of_the_profile_that_breaks_the_other_schema_fills_nothing():
    size = {**BREW, "street": {"type": "string", "description": "Destination.", "maxLength": 3}}
    assert refused(brew=size) == "twin.required"


def test_it_takes_exactly_one_api_there():
    here, there = tool("Ants", "order", ORDER), tool("Bees", "brew", BREW)
    other = tool("Bees", "steep", BREW)
    call = TaskCall(api="order", capability="order", stated=("item",), known={"phone": "phone"})
    task = Task(
        id="t", scenario="garden", user_id="u", context="day", platform="Ants", plan="guided", calls=(call,)
    )
    for tools in ((here,), (here, tool("Bees", "sell", BREW, capability="trade")), (here, there, other)):
        with pytest.raises(NotTransferable, match=r"^twin\.call$"):
            RequestTransfer(world(*tools)).transfer(task, Query(text=TEXT, intents=()), BEN, "Bees")


def test_a_request_that_needs_nothing_of_the_profile_is_none():
    assert refused(brew=BREW, required=("drink",), known={}) == "twin.impersonal"
