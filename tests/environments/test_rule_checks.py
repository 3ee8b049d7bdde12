"""Agreement and grounding where a change of one sign once went unseen."""

from __future__ import annotations

import pytest
from ptool.environments import CHECKS
from ptool.environments.checks.grounding import trace
from ptool.records import Query


def reasons(case):
    return [(one.code, one.blames, one.path) for one in CHECKS["agreement"].run(case)]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"platform": "SlowCup"}, [("agreement.platform", "solution", "platform")]),
        ({"api": "list_orders"}, [("agreement.calls", "query", "calls")]),
        ({"quantity": 3}, [("agreement.value", "solution", "calls[0].arguments.quantity")]),
        ({"quantity": None}, [("agreement.missing", "solution", "calls[0].arguments.quantity")]),
        ({"milk": "oat"}, [("agreement.extra", "query", "calls[0].arguments.milk")]),
        ({"address": "elsewhere"}, [("agreement.value", "solution", "calls[0].arguments.address")]),
    ],
)
def test_agreement_names_who_is_to_blame_and_where(make_case, cafe, changed, found):
    assert reasons(make_case(cafe.query(), cafe.solution(**changed))) == found


def test_a_free_plan_and_no_solution_have_nothing_to_agree_with(make_case, cafe):
    wrong = cafe.solution(platform="SlowCup")
    free = cafe.task.model_copy(update={"plan": "free"})
    assert reasons(make_case(cafe.query(), wrong, free)) == []
    assert reasons(make_case(cafe.query())) == []


def test_who_is_to_blame_for_a_missing_value_of_the_profile(make_case, cafe):
    call = cafe.task.calls[0].model_copy(update={"known": {"address": "home_address", "milk": "city"}})
    task = cafe.task.model_copy(update={"calls": (call,)})
    assert reasons(make_case(cafe.query(), cafe.solution(address=None), task)) == [
        ("agreement.missing", "solution", "calls[0].arguments.address"),
        ("agreement.missing", "query", "calls[0].arguments.milk"),
    ]


@pytest.mark.parametrize(
    ("feature", "argument", "found"),
    [
        ("languages", "German", []),  # one of several
        ("languages", ["German", "English"], []),
        ("languages", "French", ["agreement.value"]),
        ("home_address", "5 Mill Lane", ["agreement.value"]),  # a text has no parts
    ],
)
def test_of_a_feature_a_part_is_enough(make_case, cafe, feature, argument, found):
    call = cafe.task.calls[0].model_copy(update={"known": {"address": feature}})
    task = cafe.task.model_copy(update={"calls": (call,)})
    assert [
        code for code, *_ in reasons(make_case(cafe.query(), cafe.solution(address=argument), task))
    ] == found


@pytest.mark.parametrize(("item", "found"), [(["tea", "cake"], []), ("tea", ["agreement.value"])])
def test_of_a_stated_value_a_part_is_not(make_case, cafe, item, found):
    case = make_case(cafe.query(item=["tea", "cake"], quantity=2), cafe.solution(item=item))
    assert [code for code, *_ in reasons(case)] == found


def test_a_call_without_an_intent_or_an_intent_without_a_task_is_compared_with_nothing(make_case, cafe):
    (first,), (second,) = cafe.query().intents, cafe.query(item="tea", quantity=1).intents
    for intents in ((), (first, second)):  # the call is the second's, the task the first's
        made = cafe.solution(item="tea", quantity=1)
        assert reasons(make_case(Query(text=cafe.text, intents=intents), made)) == []


def origins(case):
    return {one.parameter: (one.origin, one.evidence.path) for one in trace(case).origins}


def test_a_number_is_from_the_profile_only_by_a_link(make_case, cafe):
    """cups_a_day is 3: an argument of 3 is no proof, unless the task says that it comes from there."""
    case = make_case(cafe.query(), cafe.solution(quantity=3))
    assert "quantity" not in origins(case)
    call = cafe.task.calls[0].model_copy(
        update={"known": {"address": "home_address", "quantity": "cups_a_day"}, "stated": ("item",)}
    )
    task = cafe.task.model_copy(update={"calls": (call,)})
    linked = origins(make_case(cafe.query(), cafe.solution(quantity=3), task))
    assert linked["quantity"] == ("profile", "basic_features.cups_a_day")


def test_a_text_is_from_the_profile_without_a_link(make_case, cafe):
    found = origins(make_case(cafe.query(), cafe.solution(milk="German")))
    assert found["milk"] == ("profile", "basic_features.languages")
    assert found["address"] == ("profile", "basic_features.home_address")


@pytest.mark.parametrize(
    ("quantity", "stated", "words", "proof"),
    [
        (2, 2, "two", "two"),  # the words that are said to state it, wherever else it stands
        (2, 3, "two", "2"),  # they state something else
        (2, 2, "flat whites", "2"),  # they do not state it
        (2, 2, None, "2"),
    ],
)
def test_the_words_for_a_value_are_its_proof_where_they_say_it(
    make_case, cafe, quantity, stated, words, proof
):
    text = "To table 2, please, and it is two flat whites."
    given = {"item": "flat whites"} | ({"quantity": words} if words else {})
    said = cafe.query(text, words=given, item="flat whites", quantity=stated)
    case = make_case(said, cafe.solution(quantity=quantity))
    (evidence,) = (one.evidence for one in trace(case).origins if one.parameter == "quantity")
    assert (evidence.words, text[slice(*evidence.span)]) == (proof, proof)


def test_words_that_prove_one_call_do_not_prove_the_next(make_case, cafe):
    text = "two flat whites here and two flat whites there"
    made = cafe.solution()
    twice = made.model_copy(update={"calls": made.calls * 2})
    said = cafe.query(text)
    said = said.model_copy(update={"intents": said.intents * 2})
    spans = [
        one.evidence.span for one in trace(make_case(said, twice)).origins if one.parameter == "quantity"
    ]
    assert spans == [(0, 3), (25, 28)]


def test_a_default_that_the_task_means_is_one_wherever_it_stands(make_case, cafe):
    said, made = cafe.query("two flat whites, in EUR"), cafe.solution(currency="EUR")
    call = cafe.task.calls[0].model_copy(update={"defaults": ("currency",)})
    task = cafe.task.model_copy(update={"calls": (call,)})
    assert origins(make_case(said, made, task))["currency"] == ("default", None)
    assert origins(make_case(said, made))["currency"] == ("query", None)


def test_a_default_is_one_only_where_the_schema_has_it(make_case, cafe):
    assert origins(make_case(cafe.query(), cafe.solution(currency="EUR")))["currency"] == ("default", None)
    assert "currency" not in origins(make_case(cafe.query(), cafe.solution(currency="USD")))
