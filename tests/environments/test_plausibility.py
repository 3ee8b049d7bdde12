"""A query names nothing in vain, and what comes in order is in order."""

import pytest
from ptool.environments.checks import CHECKS
from ptool.environments.checks.plausibility import (
    MOST_UNEXPLAINED,
    contradictions,
    unexplained_words,
)
from ptool.environments.views import DIALOGUE_VIEWS
from ptool.environments.world import World
from ptool.records import Conflict, Intent, Phrase, Query


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


@pytest.mark.parametrize(
    ("text", "need", "left"),
    [
        ("Could you get me two flat whites brought to my home?", "", ("brought", "home")),
        ("Could you get me two flat whites for the client dinner?", "the client dinner", ()),
        ("Could you get me two flat whites for the client dinner?", "", ("client", "dinner")),
        ("Hello! Two flat whites, please; thanks in advance.", "", ("advance",)),
        ("Two flat whites and a Croissant, a croissant’s crumb.", "", ("croissant", "croissant's", "crumb")),
        ("Give the order a quantity of two flat whites.", "", ()),  # as the function is described
        ("Two flat whites, currencies and gifts.", "", ()),  # in another form
        ("Two flat whites 4 the 12 gnomes", "", ("gnomes",)),  # what has digits is for the check
        ("", "", ()),
    ],
)
def test_words_that_nothing_accounts_for_are_left_to_a_judge(world, cafe, text, need, left) -> None:
    query = cafe.query(text).model_copy(update={"need": need})
    assert unexplained_words(query, [world.tools["BeanBar", "order_drink"]]) == left


def test_what_a_judge_is_shown_is_bounded_whatever_the_text(world, cafe) -> None:
    text = " ".join(f"{'x' * 500}{chr(97 + a)}{chr(97 + b)}" for a in range(26) for b in range(26))
    spread = " ".join(f"{chr(97 + a)}{chr(97 + b)}q" for a in range(26) for b in range(26))
    for query in (cafe.query(text), cafe.query(spread), cafe.query("<data>" * 9)):
        words = unexplained_words(query, ())
        assert len(words) <= MOST_UNEXPLAINED and max(map(len, words)) <= 40
    assert len(unexplained_words(cafe.query(spread), ())) == MOST_UNEXPLAINED


def test_a_judge_may_be_shown_them_and_no_call_is_needed(world, cafe) -> None:
    class State:
        task, query = cafe.task, cafe.query("Two flat whites for the gnomes.", api="no_such_function")

    assert DIALOGUE_VIEWS["query.unexplained"](world, State) == ["gnomes"]
    State.query = None
    assert DIALOGUE_VIEWS["query.unexplained"](world, State) == []


def with_conflicts(cafe, *words: str) -> World:
    conflict = Conflict(feature="languages", value="German", words=words)
    scenario = cafe.scenario.model_copy(update={"conflicts": (conflict,)})
    return World(scenario, profiles=[cafe.profile])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Two lattes and a latte.", ["Two lattes"]),  # once, as it stands there
        ("A platter.", []),
        ("A LATTE, not tea.", ["A LATTE"]),
        ("Not a latte.", []),
        ("No tea or latte.", []),
        ("No rush, a latte.", ["a latte"]),
        ("No sugar. Latte.", ["Latte"]),
        ("Hold the latte.", []),
        ("A German latte.", []),
        ("A German tea and latte.", ["latte"]),
        ("A latte-free breakfast.", []),
        ("A latte (free of charge).", ["latte"]),
        ("C++ for beginners", ["C++"]),
    ],
)
def test_what_is_excluded_or_of_another_kind_contradicts_nothing(cafe, text, named) -> None:
    found = list(contradictions(text, with_conflicts(cafe, "latte", "C++"), "u0001"))
    assert len(found) == len(named)
    for message, words in zip(found, named, strict=True):
        assert f"{words.split()[-1]!r} contradicts languages 'German'" in message


def test_nothing_contradicts_somebody_of_whom_nothing_of_the_kind_is_known(cafe) -> None:
    assert list(contradictions("A latte", World(cafe.scenario, profiles=[cafe.profile]), "u0001")) == []
    other = cafe.profile.model_copy(update={"basic": {"languages": "Germanic"}})
    world = World(with_conflicts(cafe, "latte").scenario, profiles=[other])
    assert list(contradictions("A latte", world, "u0001")) == []
