"""Every check, with cases that nearly fool it."""

from __future__ import annotations

import pytest
from ptool.environments import CHECKS, Case, World, choose_checks, trace
from ptool.errors import ConfigError
from ptool.records import Api, Call, Intent, Phrase, Query, Solution


def codes(check, case):
    found = [reason.code for reason in CHECKS[check].run(case)]
    assert set(found) <= set(CHECKS[check].codes)
    return found


def test_the_faultless_case_passes_everything(make_case, cafe):
    checks, case = choose_checks(), make_case(cafe.query(), cafe.solution())
    assert checks.of_query(case) == ()
    assert checks.of_solution(case) == ()


def test_an_unknown_check_names_what_there_is():
    with pytest.raises(ConfigError, match=r"no check 'leek'.*did you mean 'leak'"):
        choose_checks(["leek"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Tea now!", []),
        ("Tea now", ["query.length"]),
        ("t" * 1200, []),
        ("t" * 1201, ["query.length"]),
        ("Tea\x00 please", ["query.unprintable"]),
        ("Tea please\u202e", ["query.unprintable"]),
        ("Tea,\n\tplease", []),
    ],
)
def test_text(make_case, cafe, text, found):
    assert codes("text", make_case(cafe.query(text))) == found


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"quantity": 2, "item": "flat whites"}, []),
        ({"quantity": 2}, ["query.unstated"]),
        ({"quantity": 3, "item": "flat whites"}, ["query.value_unclear"]),
        ({"quantity": 2, "item": "flat white"}, ["query.value_unclear"]),
        ({"quantity": 200, "item": "flat whites"}, ["query.value_invalid", "query.value_unclear"]),
        ({"quantity": 2, "item": "flat whites", "milk": "oat"}, ["query.excess", "query.no_words"]),
        (
            {"quantity": 2, "item": "flat whites", "sugar": 1},
            ["query.excess", "query.unknown_parameter"],
        ),
    ],
)
def test_stated(make_case, cafe, changed, found):
    assert codes("stated", make_case(cafe.query(**changed))) == found


def test_words_must_stand_in_the_text_exactly(make_case, cafe):
    wrong = {"item": "Flat whites", "quantity": "two"}
    assert codes("stated", make_case(cafe.query(words=wrong))) == ["query.words_absent"]


def test_words_that_do_not_stand_in_the_text_are_answered_with_those_that_do(make_case, cafe):
    (reason,) = CHECKS["stated"].run(make_case(cafe.query(words={"item": "Flat whites", "quantity": "two"})))
    assert reason.message == "'Flat whites' does not stand in the text; copy 'flat whites'"


def test_intents_must_be_the_task(make_case, cafe):
    assert "query.intents" in codes("stated", make_case(cafe.query(api="list_orders")))
    (reason,) = CHECKS["stated"].run(make_case(Query(text=cafe.text, intents=())))
    assert (reason.code, reason.message) == (
        "query.intents",
        "got intents for nothing, the task asks for order_drink x1",
    )


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("Two flat whites to my home address", False),
        ("Two flat whites to 5 Mill Lane, SW1A1AA", True),
        ("Two flat whites to 5 mill lane SW1A 1AA", True),
        ("Two flat whites to 15 Mill Lane, SW1A1AA", False),
        ("Two flat whites for Anna Keller", True),
        ("Two flat whites for Annakeller's", True),
        ("Two flat whites for Joanna Keller", False),
        ("Two flat whites, receipt to anna.keller@example.org", True),
        ("Two flat whites in London, in English", False),
    ],
)
def test_leak(make_case, cafe, text, leaks):
    found = codes("leak", make_case(cafe.query(text)))
    assert set(found) == ({"query.leak"} if leaks else set())


def test_a_value_the_query_is_to_state_is_no_leak(make_case, cafe):
    said = cafe.query("Order one for Anna Keller", item="Anna Keller", words={"item": "Anna Keller"})
    assert codes("leak", make_case(said)) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("From BeanBar, please", True),
        ("From bean-bar's counter", True),
        ("From the Bean Bar", True),
        ("From the beanbars of town", False),
        ("A bean bar is fine", True),
        ("a slow cup", True),
        ("a slow cupping", False),
    ],
)
def test_platform_named(make_case, cafe, text, named):
    assert codes("platform_named", make_case(cafe.query(text))) == ["query.platform"] * named


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ({"platform": "beanbar"}, ["solution.unknown_platform"]),
        ({"platform": "SlowCup"}, ["solution.foreign_tool"]),
        ({"api": "order_drinks"}, ["solution.unknown_tool"]),
        ({}, []),
    ],
)
def test_tools(make_case, cafe, made, found):
    assert codes("tools", make_case(cafe.query(), cafe.solution(**made))) == found


def test_a_solution_must_call_something_but_not_everything(make_case, cafe):
    nothing = Solution(platform="BeanBar", calls=())
    assert codes("tools", make_case(cafe.query(), nothing)) == ["solution.empty"]
    for count, found in ((16, []), (17, ["solution.too_many"])):
        much = Solution(platform="BeanBar", calls=(Call(api="list_orders", arguments={}),) * count)
        assert codes("tools", make_case(cafe.query(), much)) == found


def test_an_unknown_tool_is_answered_with_those_of_the_platform(make_case, cafe):
    (reason,) = CHECKS["tools"].run(make_case(cafe.query(), cafe.solution(api="fly")))
    assert reason.message == "no function 'fly' on 'BeanBar'; there are 'list_orders', 'order_drink'"


def test_the_place_of_a_wrong_argument_is_named(cafe):
    sizes = {"type": "array", "items": {"type": "object", "properties": {"size": {"enum": ["S", "L"]}}}}
    order = Api(
        name="order",
        description="order",
        capability="order",
        parameters={"type": "object", "properties": {"cups": sizes}},
        response={"type": "object"},
    )
    world = World(cafe.scenario.model_copy(update={"apis": {"BeanBar": (order,)}}), profiles=[cafe.profile])
    call = Call(api="order", arguments={"cups": [{"size": "S"}, {"size": "M"}]})
    solution = Solution(platform="BeanBar", calls=(call,))
    (reason,) = CHECKS["arguments"].run(Case(world, cafe.profile, (), cafe.task, cafe.query(), solution))
    assert (reason.code, reason.path) == ("arguments.enum", "calls[0].arguments.cups[1].size")


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"quantity": "2"}, ["arguments.type"]),
        ({"quantity": True}, ["arguments.type"]),
        ({"quantity": 2.5}, ["arguments.type"]),
        ({"quantity": 100}, ["arguments.value"]),
        ({"milk": "soy"}, ["arguments.enum"]),
        ({"day": "14 March 2027"}, ["arguments.format"]),
        ({"day": "2027-02-29"}, ["arguments.format"]),
        ({"time": "18:30"}, []),
        ({"time": "24:30"}, ["arguments.format"]),
        ({"address": None}, ["arguments.missing"]),
        ({"adress": "x"}, ["arguments.unknown"]),
        ({"adress": "x", "quantity": "2"}, ["arguments.unknown", "arguments.type"]),
    ],
)
def test_arguments(make_case, cafe, changed, found):
    assert codes("arguments", make_case(cafe.query(), cafe.solution(**changed))) == found


def test_duplicate(make_case, cafe):
    first = Call(api="order_drink", arguments={"item": "tea", "quantity": 1})
    turned = Call(api="order_drink", arguments={"quantity": 1, "item": "tea"})
    other = Call(api="order_drink", arguments={"quantity": 2, "item": "tea"})
    twice = Solution(platform="BeanBar", calls=(first, other, turned))
    assert codes("duplicate", make_case(cafe.query(), twice)) == ["solution.duplicate"]


@pytest.mark.parametrize(
    ("changed", "traced"),
    [
        ({}, True),
        ({"currency": "EUR"}, True),
        ({"currency": "USD"}, False),
        ({"address": "5 Mill Lane"}, False),
        ({"address": "London"}, True),
        ({"quantity": 3}, False),  # the profile holds a 3, but not for this parameter
        ({"quantity": 4}, False),
        ({"gift": True}, False),
        ({"milk": "oat"}, False),
        ({"item": "whites"}, True),
        ({"item": "white"}, False),
    ],
)
def test_grounding(make_case, cafe, changed, traced):
    expected = [] if traced else ["grounding.untraced"]
    task = cafe.task.model_copy(update={"calls": ()})
    assert codes("grounding", make_case(cafe.query(), cafe.solution(**changed), task)) == expected


def test_trace_proves_every_argument(make_case, cafe):
    origins = {one.parameter: one for one in trace(make_case(cafe.query(), cafe.solution())).origins}
    assert origins["quantity"].origin == "query"
    assert cafe.text[slice(*origins["quantity"].evidence.span)] == "two"
    assert origins["address"].origin == "profile"
    assert origins["address"].evidence.path == "basic_features.home_address"


def test_the_task_decides_where_query_and_profile_both_hold_a_value(make_case, cafe):
    said = cafe.query("Two flat whites for London, delivered to London", item="London", quantity=2)
    made = cafe.solution(item="London", address="London")
    known = cafe.task.calls[0].model_copy(update={"known": {"address": "city"}})
    guided = cafe.task.model_copy(update={"calls": (known,)})
    by = {one.parameter: one.origin for one in trace(make_case(said, made, guided)).origins}
    assert (by["item"], by["address"]) == ("query", "profile")


def test_trace_tells_two_calls_of_one_tool_apart(make_case, cafe):
    text = "One tea and then two mochas to my home."
    said = Query(
        text=text,
        intents=tuple(
            Intent(
                api="order_drink",
                stated={"item": item, "quantity": number},
                phrases=(Phrase(parameter="item", words=item), Phrase(parameter="quantity", words=word)),
            )
            for item, number, word in (("tea", 1, "One"), ("mochas", 2, "two"))
        ),
    )
    calls = [
        {
            "api": "order_drink",
            "arguments": {"item": item, "quantity": number, "address": "5 Mill Lane, SW1A1AA"},
        }
        for item, number in (("mochas", 2), ("tea", 1))
    ]
    made = Solution.model_validate({"platform": "BeanBar", "calls": calls})
    task = cafe.task.model_copy(update={"calls": cafe.task.calls * 2})
    case = make_case(said, made, task)
    assert [one.evidence.words for one in trace(case).origins if one.parameter == "quantity"] == [
        "two",
        "One",
    ]
    assert choose_checks().of_solution(case) == ()


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ({}, []),
        ({"quantity": 2.0, "item": " Flat Whites"}, []),
        ({"platform": "SlowCup", "api": "brew"}, [("agreement.platform", "solution")]),
        ({"api": "list_orders"}, [("agreement.calls", "query")]),
        ({"quantity": 3}, [("agreement.value", "solution")]),
        ({"item": None}, [("agreement.missing", "solution")]),
        ({"milk": "oat"}, [("agreement.extra", "query")]),
        ({"address": "London"}, [("agreement.value", "solution")]),
    ],
)
def test_agreement(make_case, cafe, made, found):
    case = make_case(cafe.query(), cafe.solution(**made))
    assert [(one.code, one.blames) for one in CHECKS["agreement"].run(case)] == found


def test_an_optional_known_parameter_left_out_is_the_querys_fault(make_case, cafe):
    call = cafe.task.calls[0].model_copy(update={"known": {"address": "home_address", "currency": "city"}})
    case = make_case(cafe.query(), cafe.solution(), cafe.task.model_copy(update={"calls": (call,)}))
    assert [(one.code, one.blames) for one in CHECKS["agreement"].run(case)] == [
        ("agreement.missing", "query")
    ]


def test_a_free_plan_has_nothing_to_agree_with(make_case, cafe):
    free = cafe.task.model_copy(update={"plan": "free", "calls": ()})
    assert codes("agreement", make_case(cafe.query(), cafe.solution(platform="SlowCup"), free)) == []
    assert codes("stated", make_case(cafe.query(), task=free)) == []
    assert codes("stated", make_case(cafe.query(api="brew"), task=free)) == ["query.unknown_tool"]


def test_an_api_of_another_platform_is_refused_with_those_of_this_one(make_case, cafe):
    (reason,) = (
        one
        for one in CHECKS["stated"].run(make_case(cafe.query(api="brew")))
        if one.code == "query.unknown_tool"
    )
    assert "order_drink" in reason.message
    assert "list_orders" in reason.message
    assert "there are brew" not in reason.message
