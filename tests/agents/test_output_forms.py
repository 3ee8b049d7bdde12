"""The form of an answer follows what is asked: which lists, how many entries, which keys."""

import pytest
from ptool.agents import (
    Actor,
    Chooser,
    Clusterer,
    Designer,
    Observation,
    ProfileWriter,
    Role,
    WantedList,
    narrow_form,
)
from ptool.models.output_schema import schema_of
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
    assert Expansion.model_json_schema()["properties"].keys() == {
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


@pytest.mark.parametrize(
    "answer", [{}, {"categories": []}, {"categories": [CATEGORY] * 5}, {"apis": []}, {"more": 1}]
)
def test_an_empty_or_overfull_list_is_refused(answer):
    with pytest.raises(ValidationError):
        narrow_form(Expansion, WantedList("categories", 1, 4)).model_validate(answer)


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
    assert bounds(form) == {"preferences": (2, 2)}
    entry = schema_of(form, strict=True)["properties"]["preferences"]["items"]["properties"]
    assert entry == {"context": {"type": "string", "enum": ["gifts", "food"]}, "platform": {"type": "string"}}


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
    text = {"minLength": 1, "maxLength": 300}
    assert plain["items"]["properties"] == {
        "home_address": {"type": "string", **text},
        "language": {"enum": ["en", "fr"]},
        "hobbies": {"type": "array", "items": {"type": "string", **text}, "minItems": 1},
        "taste": {"type": ["string", "number"], **text},
    }
    assert plain["items"]["required"] == ["home_address", "language", "hobbies", "taste"]
    assert plain["items"]["additionalProperties"] is False
    assert schema_of(form, strict=True)["properties"]["bundles"]["items"]["type"] == "string"


def test_a_role_without_a_form_of_its_own_answers_its_output():
    assert form_of(Role, "Actions", "visits", []) is Actions
    assert form_of(Role, "Preferences", "contexts", []) is Preferences
