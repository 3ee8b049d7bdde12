"""The form of an answer follows what is asked: which lists, how many entries, which keys."""

import pytest
from ptool.agents import (
    Actor,
    Chooser,
    Clusterer,
    Designer,
    DraftDesigner,
    Observation,
    ProfileWriter,
    Role,
    WantedList,
    narrow_form,
)
from ptool.agents.output_forms import choice_form, refuse_copies
from ptool.errors import ConfigError
from ptool.models.output_schema import most_tokens, schema_of
from ptool.models.request import NO_USAGE, Reply
from ptool.records import Actions, Bundles, Category, Expansion, Preferences
from pydantic import ValidationError

CATEGORY = {"name": "returns", "description": "Sending back.", "apis": 2}


def test_the_schema_names_what_is_wanted_and_nothing_else():
    form = narrow_form(Expansion, WantedList("categories", 1, 4))
    schema = form.model_json_schema()
    assert list(schema["properties"]) == schema["required"] == ["categories"]
    assert (
        schema["properties"]["categories"]["minItems"],
        schema["properties"]["categories"]["maxItems"],
    ) == (1, 4)
    assert list(schema["$defs"]) == ["Category"]
    assert Expansion.model_json_schema()["properties"].keys() > {
        "contexts",
        "conflicts",
        "platforms",
        "categories",
        "apis",
    }
    assert schema_of(form, strict=True)["required"] == ["categories"]


def test_what_comes_out_is_the_record_and_whoever_answers_all_of_it_is_right():
    form = narrow_form(Expansion, WantedList("categories", 1, 4))
    whole = {"contexts": [], "platforms": [], "categories": [CATEGORY], "apis": []}
    for answer in (whole, {"categories": [CATEGORY]}):
        record = form.model_validate(answer)
        assert isinstance(record, Expansion)
        assert record.categories == (Category(**CATEGORY),)
        assert record.model_dump_json() == Expansion.model_validate(answer).model_dump_json()


@pytest.mark.parametrize("answer", [{}, {"categories": []}, {"apis": []}, {"more": 1}])
def test_an_empty_list_is_refused(answer):
    with pytest.raises(ValidationError):
        narrow_form(Expansion, WantedList("categories", 1, 4)).model_validate(answer)


def test_a_list_with_too_many_or_too_few_entries_is_left_to_who_mends_it():
    form = narrow_form(Expansion, WantedList("categories", 2, 4))
    for count in (1, 5):
        assert len(form.model_validate({"categories": [CATEGORY] * count}).categories) == count


def test_a_form_is_made_once():
    assert narrow_form(Bundles, WantedList("bundles", 3, 3)) is narrow_form(
        Bundles, WantedList("bundles", 3, 3)
    )
    assert narrow_form(Bundles, WantedList("bundles", 3, 3)) is not narrow_form(
        Bundles, WantedList("bundles", 2, 2)
    )


def form_of(role, output, view, value):
    made = role("somebody", "PROMPT", f"ptool.records.{output}", [view], prompts=AnyPrompt())
    return made.request(
        Observation(role="somebody", turn="stage/item/somebody", seed=1, views={view: value})
    ).output


class AnyPrompt:
    """Stands for a loader of prompts, and for the prompt."""

    def load(self, *_):
        return self

    examples = ()

    def render(self, _):
        return "system", "user"


def bounds(form):
    properties = form.model_json_schema()["properties"]
    return {name: (one["minItems"], one.get("maxItems")) for name, one in properties.items()}


@pytest.mark.parametrize(
    ("view", "wanted"),
    [
        ({"asks": "scenario", "platforms": 3}, {"contexts": (2, 12), "platforms": (3, 3)}),
        ({"asks": "categories", "branching": 6, "apis": 24}, {"categories": (1, 6)}),
        ({"asks": "categories", "branching": 6, "apis": 4}, {"categories": (1, 4)}),
        ({"asks": "apis", "apis": 5}, {"apis": (5, 5)}),
    ],
)
def test_the_designer_is_asked_for_what_the_node_lacks(view, wanted):
    assert bounds(form_of(Designer, "Expansion", "expansion", view)) == wanted


def test_the_clusterer_is_asked_for_a_place_of_every_node_unless_its_record_is_another():
    view = {"nodes": [{"id": 4, "name": "price"}]}
    schema = form_of(Clusterer, "Clusters", "clustering", view).model_json_schema()
    assert list(schema["$defs"]["Nodes"]["properties"]) == ["n4_price"]
    assert form_of(Clusterer, "Actions", "clustering", view) is Actions


def test_actor_and_chooser_answer_once_for_everything_shown():
    assert bounds(form_of(Actor, "Actions", "visits", [{}, {}, {}])) == {"actions": (3, 3)}
    form = form_of(Chooser, "Preferences", "contexts", [{"name": "gifts"}, {"name": "food"}])
    assert list(schema_of(form, strict=True)["properties"]) == ["c0_gifts", "c1_food"]


def test_a_chooser_says_what_decides_before_the_platform_and_is_right_with_the_whole_record_too():
    form = choice_form(("gifts", "food"), ("Shop0", "Shop1"), ("price", "speed"))
    choice = schema_of(form, strict=False)["$defs"]["Choice"]["properties"]
    assert [(name, part["enum"]) for name, part in choice.items()] == [
        ("decides", ["price", "speed"]),
        ("platform", ["Shop0", "Shop1"]),
    ]
    chosen = {key: {"decides": "price", "platform": "Shop1"} for key in ("c0_gifts", "c1_food")}
    whole = [{"context": name, "platform": "Shop1"} for name in ("gifts", "food")]
    for answer in (chosen, {"preferences": whole}):
        assert form.model_validate(answer).model_dump() == {"preferences": tuple(whole)}
    with pytest.raises(ValidationError):
        form.model_validate({"c0_gifts": chosen["c0_gifts"]})


FEATURES = [
    {"name": "home_address", "value_schema": {"type": "string", "maxLength": 80}},
    {"name": "language", "value_schema": {"type": "string", "enum": ["en", "fr"]}},
    {"name": "hobbies", "value_schema": {"type": "array", "items": {"type": "string"}}},
    {"name": "taste", "value_schema": {}},
]


def test_bundles_are_objects_with_known_keys_where_an_endpoint_takes_objects_and_text_elsewhere():
    form = form_of(ProfileWriter, "Bundles", "layer", {"count": 2, "features": FEATURES})
    plain = schema_of(form, strict=False)["properties"]["bundles"]
    assert plain["minItems"] == plain["maxItems"] == 2
    text = {"minLength": 1, "maxLength": 120}
    assert plain["items"]["properties"] == {
        "home_address": {"type": "string", **text, "maxLength": 80},
        "language": {"enum": ["en", "fr"]},
        "hobbies": {"type": "array", "items": {"type": "string", **text}, "minItems": 1, "maxItems": 6},
        "taste": {"type": ["string", "number"], **text},
    }
    assert plain["items"]["required"] == ["home_address", "language", "hobbies", "taste"]
    assert plain["items"]["additionalProperties"] is False
    assert schema_of(form, strict=True)["properties"]["bundles"]["items"]["type"] == "string"


@pytest.mark.parametrize(
    ("written", "length", "kept"),
    [
        ("Likes what is made by hand, and wood. Prefers it to steel and would ", 70, None),
        ("Likes what is made by hand and not in some great factory far away. Prefers wood, ", 120, 79),
        ("Likes what is made by hand and lasts for all the years to come, not less than ", 120, 62),
        ("Pays " + "more " * 20 + "for the ", 120, 104),
    ],
)
def test_a_text_that_the_form_ended_ends_with_a_whole_part(written, length, kept):
    text = f"{written}{'x' * (length - len(written))}"
    whole = {"whole": "y" * 119 + ".", "long": "z" * 121, "number": 3}
    writer = ProfileWriter("somebody", "PROMPT", "ptool.records.Bundles", ["layer"], prompts=AnyPrompt())
    [bundle] = writer.accept(Bundles(bundles=({"taste": text, **whole},)), {}).bundles
    assert bundle == {"taste": text[:kept], **whole}


def test_a_role_without_a_form_of_its_own_answers_its_output():
    assert form_of(Role, "Actions", "visits", []) is Actions
    assert form_of(Role, "Preferences", "contexts", []) is Preferences


PARTS = ("needs", "topics", "names", "facts", "dimensions", "categories", "drafts", "twins")


def draft_designer(**sampling):
    return DraftDesigner(
        name="designer",
        output="ptool.records.Expansion",
        sees=["expansion"],
        sampling=sampling,
        parts=dict.fromkeys(PARTS, "P"),
        prompts=AnyPrompt(),
    )


async def asked_parts(view, answers, role=None):
    """Part -> the question; each answered by the next of the answers."""
    requests, left = {}, list(answers)

    async def ask(request, accept):
        requests[request.turn.rpartition("/")[2]] = request
        return Reply(accept(request.output.model_validate(left.pop(0))), NO_USAGE)

    seen = Observation(role="designer", turn="api_tree/x/designer", seed=1, views={"expansion": view})
    reply = await (role or draft_designer()).respond(seen, ask)
    return requests, reply.record


NEED = {"name": "n", "description": "d"}
TOPIC = {"thing": "a rake", "sort": "tools"}
STAND = {"name": "price", "best": "low", "worst": "high"}


async def test_a_draft_designer_is_asked_one_thing_at_a_time():
    answers = [
        {"names": ["A", "B", "C"]},
        *[{"answers": [TOPIC]}] * 3,
        {"facts": [NEED]},
        {"dimensions": [STAND]},
    ]
    requests, record = await asked_parts({"asks": "scenario", "platforms": 3}, answers)
    assert {part: bounds(request.output) for part, request in requests.items() if part not in "12"} == {
        "names": {"names": (3, 3)},
        "topics": {"answers": (8, 8)},
        "facts": {"facts": (3, 3)},
        "dimensions": {"dimensions": (4, 4)},
    }
    assert (record.names, record.facts[0].name, record.dimensions[0].best) == (("A", "B", "C"), "n", "low")
    assert len(record.answers) == 3
    assert len({request.seed for part, request in requests.items() if part in ("topics", "1", "2")}) == 3
    requests, _ = await asked_parts(
        {"asks": "categories", "branching": 6, "apis": 7}, [{"categories": [CATEGORY]}]
    )
    assert [bounds(request.output) for request in requests.values()] == [{"categories": (3, 3)}]


async def test_whoever_answers_whole_platforms_is_not_asked_for_parts():
    platform = {"name": "A", "characteristics": [{"name": "price", "text": "low"}]}
    whole = {"contexts": [NEED], "platforms": [platform] * 2}
    requests, record = await asked_parts({"asks": "scenario", "platforms": 2}, [whole | {"names": ["A"]}])
    assert list(requests) == ["names"]
    assert record.platforms[0].name == "A"


async def test_what_people_need_brought_along_functions_for_is_asked_beside_them():
    view = {"asks": "scenario", "platforms": 2, "functions": {"find_plants": "Finds plants."}}
    requests, record = await asked_parts(
        view, [{"contexts": [NEED]}, {"facts": [NEED]}, {"dimensions": [STAND]}]
    )
    assert list(requests) == ["needs", "facts", "dimensions"]
    assert record.contexts[0].name == "n"


async def test_a_rivals_functions_are_named_anew_one_by_one():
    twins = [{"capability": "find_plants", "parameters": ["plant", "day"]}]
    view = {"asks": "apis", "apis": 2, "twins": twins, "facts": {"email": "d"}}
    draft = {"capability": "find_plants", "description": "Finds plants.", "said": [], "personal": []}
    requests, record = await asked_parts(view, [{"twins": {"find_plants": {}}}, {"drafts": [draft]}])
    assert list(requests) == ["twins", "drafts"]
    twin = schema_of(requests["twins"].output, strict=False)["properties"]["twins"]["properties"]
    assert list(twin["find_plants"]["properties"]["parameters"]["properties"]) == ["plant", "day"]
    assert bounds(requests["drafts"].output) == {"drafts": (1, 1)}
    assert (record.twins, len(record.drafts)) == ({"find_plants": {}}, 1)


@pytest.mark.parametrize("repeated", [0, 1, 2])
async def test_an_answer_may_be_as_long_as_its_form_and_is_warmer_where_it_was_the_same_twice(repeated):
    view = {"asks": "categories", "branching": 6, "apis": 7} | ({"repeated": repeated} if repeated else {})
    role = draft_designer(temperature=0.7, max_tokens=8192)
    requests, _ = await asked_parts(view, [{"categories": [CATEGORY]}], role)
    (request,) = requests.values()
    assert request.sampling["max_tokens"] == most_tokens(request.output) < 400
    assert request.sampling["temperature"] == pytest.approx([0.7, 1.0, 1.2][repeated])


def test_a_part_without_a_prompt_is_named():
    with pytest.raises(ConfigError, match=r"agent.designer.parts: 'twins' is missing"):
        DraftDesigner(
            name="designer",
            output="ptool.records.Expansion",
            sees=["expansion"],
            parts=dict.fromkeys(PARTS[:-1], "P"),
            prompts=AnyPrompt(),
        )


async def test_entries_that_repeat_an_example_are_left_out_and_a_list_of_nothing_else_is_refused():
    class Examples(AnyPrompt):
        examples = ('{"name":"berth_booking","description":"Booking a place on deck."}',)

        def load(self, *_):
            return self

    role = DraftDesigner(
        name="designer",
        output="ptool.records.Expansion",
        sees=["expansion"],
        parts=dict.fromkeys(PARTS, "P"),
        prompts=Examples(),
    )
    facts = {"facts": [{"about": "belongings", "name": "n", "description": "d"}]}
    form = narrow_form(Expansion, WantedList("facts"))
    examples = ('"belongings"', *Examples.examples)
    assert refuse_copies(form.model_validate(facts), examples, {}).facts[0].about == "belongings"
    copy = {"name": "berth_booking", "description": "Anything."}
    view = {"asks": "categories", "branching": 6, "apis": 7}
    _, record = await asked_parts(view, [{"categories": [copy, CATEGORY]}], role)
    assert [category.name for category in record.categories] == ["returns"]
    with pytest.raises(ValueError, match="berth_booking"):
        await asked_parts(view, [{"categories": [copy, copy]}], role)
