"""A query names nothing in vain, and what comes in order is in order."""

import pytest
from ptool.environments.checks import CHECKS
from ptool.environments.world import World
from ptool.records import Intent, Phrase, Query


def codes(check: str, case) -> list[str]:
    return [reason.code for reason in CHECKS[check].run(case)]


@pytest.mark.parametrize(
    ("text", "need", "found"),
    [
        ("Could you get me two flat whites brought to my home?", "", []),
        ("Could you get me two flat whites for the client dinner?", "the client dinner", []),
        ("Could you get me two flat whites for 14 people?", "", ["query.unused"]),
        ('Could you get me two flat whites on the list "slow days"?', "", ["query.unused"]),
        ("Could you get me two flat whites, and call Mateo Kowalczyk?", "", ["query.unused"]),
        ("Could you get me two flat whites under order TN-0653?", "", ["query.unused"]),
        ("Could you get me two flat whites with 2 sugars?", "", ["query.unused"]),  # the 2 is not the two
        ("Could you get me two flat whites?", "the morning rush", ["query.need_absent"]),
        ("Hi. Could you order two flat whites? I am late.", "", []),  # capitals that begin a sentence
    ],
)
def test_values_that_no_call_carries_are_found(
    make_case, cafe, text: str, need: str, found: list[str]
) -> None:
    query = cafe.query(text).model_copy(update={"need": need})
    assert codes("used_up", make_case(query)) == found


def test_words_that_describe_the_called_function_may_be_said(make_case, cafe) -> None:
    assert codes("used_up", make_case(cafe.query("Could you give me two flat whites, paid in EUR?"))) == []


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2027-03-01", "2027-03-04", []),
        ("2027-03-04", "2027-03-01", ["query.order"]),
        ("2027-03-01", "2027-03-01", ["query.order"]),
        ("2027-03-01", None, []),
        (3, 12, []),
        (12, 3, ["query.order"]),
        (12, "3", []),  # nothing that could be compared
    ],
)
def test_what_comes_in_order_is_in_order(make_case, cafe, first, last, found: list[str]) -> None:
    stated = {name: value for name, value in (("first", first), ("last", last)) if value is not None}
    api = cafe.scenario.apis["BeanBar"][0]
    ordered = api.model_copy(update={"parameters": api.parameters | {"x-ordered": [["first", "last"]]}})
    apis = cafe.scenario.apis | {"BeanBar": (ordered,)}
    case = make_case(
        Query(
            text="From then to then.",
            intents=(
                Intent(api="order_drink", stated=stated, phrases=(Phrase(parameter="first", words="then"),)),
            ),
        )
    )
    world = World(cafe.scenario.model_copy(update={"apis": apis}), profiles=[cafe.profile])
    object.__setattr__(case, "world", world)
    assert codes("order", case) == found


def test_annotations_are_not_shown_to_a_model(cafe) -> None:
    api = cafe.scenario.apis["BeanBar"][0]
    properties = api.properties() | {"milk": {"type": "string", "x-contexts": ["morning"]}}
    annotated = api.model_copy(
        update={"parameters": {"type": "object", "properties": properties, "x-contexts": ["party"]}}
    )
    assert "x-" not in str(annotated.function_schema())
    assert (annotated.serves("party"), annotated.serves("morning")) == (True, False)
    assert (annotated.serves("morning", "milk"), annotated.serves("party", "milk")) == (True, False)
    assert annotated.serves("morning", "item")
