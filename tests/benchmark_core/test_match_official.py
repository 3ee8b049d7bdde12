"""`scorer=official` computes what the published code computes: its own answers are the expectation."""

from dataclasses import replace

import pytest
from core_fakes import gold, item
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import GoldCall, Item, SampleScore, score
from ptool.benchmark.matching import official_parse
from ptool.benchmark.parsing import Bounds
from ptool.benchmark.parsing.bounds import Refused


def official(gold_item: Item, answer: str) -> SampleScore:
    """The official score of a text."""
    return score(gold_item, answer, scorer="official")


def read(value: str) -> object:
    """The value the published parser reads for an argument."""
    (call,) = official_parse(f"P: [f(a={value})]").calls
    return call.arguments["a"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("'x'", "x"),
        ("True", True),
        ("...", "..."),
        ("Paris", "Paris"),
        ("true", "true"),
        ("b'x'", b"x"),
        ("1j", 1j),
        ("-5", -5),
        ("+5", -5),
        ("~5", -5),
        ("not 0", 0),
        ("-True", -1),
        ("[1, x]", [1, "x"]),
        ("(1, 2)", (1, 2)),
        ("{'k': -1}", {"k": -1}),
        ("{k: v}", {"k": "v"}),
        ("g(1, 'a')", "g(1, 'a')"),
        ("g(b=1)", {"g": {"b": 1}}),
        ("g()()", "g()()"),
        ("x[1]", "x[1]"),
        ("x[1:2]", "x[1:2]"),
        ("1+2*3", 7),
        ("2**-1", 0.5),
        ("-2**2", None),
        ("1-(-1)", 2),
        ("~1+1", -1),
        ("'a'+'b'", "ab"),
        ("'ab'*2", "abab"),
        ("7%4", 3),
        ("1<<3", 8),
        ("5//2", 2),
        ("6&3", 2),
        ("1.5+1j", 1.5 + 1j),
        ("True+1", 2),
    ],
)
def test_values_as_published(written: str, value: object) -> None:
    if (
        written == "-2**2"
    ):  # minus of a binary operation: the published code looks for `.value` of it and fails
        with pytest.raises(Refused):
            read(written)
        return
    found = read(written)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "written",
    [
        "-'x'",
        "-x",
        "-None",
        "- -1",
        "x.y",
        "f'x'",
        "{1}",
        "1<2",
        "1 and 2",
        "1 if 2 else 3",
        "[x for x in y]",
        "{**x}",
        "{[]: 1}",
        "lambda: 1",
        "x+1",
        "1/0",
        "'a'+1",
        "'a'*1.5",
        "1@2",
        "10**10**10",
        "'a'*10**9",
        "1<<10**9",
        "'%1000000d' % 1",
        "2**99999",
        "__import__('os')+1",
        "[0]*3",
        "9**9**9",
    ],
)
def test_values_that_fail(written: str) -> None:
    with pytest.raises(Refused):
        read(written)


@pytest.mark.parametrize(
    ("text", "platform", "names"),
    [
        ("P: [f()]", "P", ["f"]),
        ("'P q': [f()]", "P q", ["f"]),
        ("1: [f()]", 1, ["f"]),
        ("P: f()", "P", ["f"]),
        ("P: (f(), g())", "P", ["f", "g"]),
        ("P: {f(), g()}", "P", ["f", "g"]),
        ("P: [f()], Q: [g()]", "P", ["f"]),
        ("P: [a.b.c()]", "P", ["a.b.c"]),
        ("P: [g()()]", "P", [""]),
        ("P: ['s'.f()]", "P", ["f"]),
        ("P: []", "P", []),
        ("P: [f(1, 2)]", "P", ["f"]),
        ("P: [f()]}#", "P", ["f"]),
        ("None: [f()]", None, ["f"]),
    ],
)
def test_answers_as_published(text: str, platform: object, names: list[str]) -> None:
    found = official_parse(text)
    assert (found.platform, [call.name for call in found.calls]) == (platform, names)


@pytest.mark.parametrize(
    "text",
    [
        "{P: [f()]}",
        "P.q: [f()]",
        "**x: [f()]",
        "**x",
        "P: [f]",
        "P: f",
        "P: [[f()]]",
        "[f()]",
        "",
        "P",
        "P: [f()",
        "P: [f()]} | {1: 2",
    ],
)
def test_answers_that_fail(text: str) -> None:
    with pytest.raises(Refused):
        official_parse(text)
    assert not official(item(gold(town="Lyon")), text).format_ok


@pytest.mark.parametrize(
    ("wanted", "written", "outcome"),
    [
        (("Lyon",), "'lyon'", "right"),
        (("Lyon",), "Lyon", "right"),
        (("Lyon",), "'Paris'", "wrong"),
        ((True,), "'true'", "right"),
        ((True,), "true", "right"),
        (("true",), "'true'", "wrong"),
        ((1,), "True", "right"),
        (("5",), "5", "raises"),
        ((5, 8), "5", "right"),
        ((5, 8), "8", "wrong"),
        ((5.005,), "5", "right"),
        ((5,), "5.0", "right"),
        ((5,), "5.001", "wrong"),
        ((True,), "1", "right"),
        ((None,), "1", "raises"),
        ((), "1", "raises"),
        (("a", 1), "'a'", "raises"),
        ((["a", "b"],), "['B', 'a', 'a']", "right"),
        ((["a"],), "[1]", "raises"),
        (([1],), "['a']", "raises"),
        (("ab",), "['a', 'b']", "right"),
        ((["a"],), "('a',)", "wrong"),
        (({"k": 1},), "{'k': 1}", "right"),
        ((None,), "None", "right"),
        ((-1,), "1 - 2", "right"),
    ],
)
def test_the_published_membership(wanted: tuple, written: str, outcome: str) -> None:
    found = official(item(gold(town=wanted)), f"MegaMart: [bookTable(town={written})]")
    got = "right" if found.overall else "wrong" if found.format_ok else "raises"
    assert got == outcome


def test_a_bare_string_in_place_of_a_list_is_its_characters() -> None:
    call = GoldCall("bookTable", {"town": ("Lyon",)}, {"town": "query"}, published={"town": "Lyon"})
    assert not official(item(call), "MegaMart: [bookTable(town='Lyon')]").overall
    assert official(item(call), "MegaMart: [bookTable(town='y')]").overall
    assert not official(item(call), "MegaMart: [bookTable(town='true')]").format_ok


TWO = item(gold(town="Lyon", people=2), gold("findMenu", origin="profile", diet="vegan"))


@pytest.mark.parametrize(
    ("answer", "flags", "errors"),
    [
        ("bookTable(town='Lyon', people=2), findMenu(diet='vegan')", "navo", []),
        ("bookTable(town='Lyon', people=2)", "", ["tool.excessive"]),
        ("bookTable(town='Lyon', people=2), findMenu(diet='vegan'), pay()", "", ["tool.missing"]),
        ("bookTable(town='Lyon', people=2), pay()", "", ["tool.wrong"]),
        ("bookTable(town='Lyon'), findMenu(diet='vegan')", "n", ["parameter.excessive"]),
        ("bookTable(town='Lyon', people=2, x=1), findMenu(diet='vegan')", "n", ["parameter.missing"]),
        ("bookTable(town='Lyon', x=2), findMenu(diet=1)", "", ["parse"]),
        (
            "bookTable(town='Lyon', x=2), findMenu(diet='no')",
            "n",
            ["parameter.excessive", "parameter.missing"],
        ),
        ("bookTable(town='Lyon', people=9), findMenu(diet='vegan')", "na", ["parameter.wrong"]),
        # a second call of the same name is compared, but neither too much nor counted as a wrong value
        ("bookTable(town='Lyon', people=2), findMenu(diet='vegan'), findMenu(diet='vegan')", "navo", []),
        ("bookTable(town='Lyon', people=2), findMenu(diet='vegan'), findMenu(diet='no')", "na", []),
        ("", "", ["tool.excessive"]),
    ],
)
def test_flags_and_swapped_error_counts(answer: str, flags: str, errors: list[str]) -> None:
    found = official(TWO, f"MegaMart: [{answer}]")
    got = [found.tool_name, found.tool_param, found.tool_value, found.overall]
    assert "".join(letter for letter, flag in zip("navo", got, strict=True) if flag) == flags
    assert sorted(one.code for one in found.errors) == errors


def test_the_platform_is_its_own_matter() -> None:
    found = official(TWO, "Shop: [bookTable(town='Lyon', people=2), findMenu(diet='vegan')]")
    assert (found.platform, found.tool_value, found.overall, found.errors) == (False, True, False, ())


def test_hits_are_counted_per_predicted_call_and_a_name_in_both_lists_is_the_querys() -> None:
    both = replace(TWO, query_params=("town",), profile_params=("town", "diet", "people"))
    found = official(
        both, "MegaMart: [bookTable(town='Lyon'), bookTable(town='Lyon'), findMenu(diet='vegan')]"
    )
    assert (found.query_param_hits, found.query_param_total) == (2, 1)
    assert (found.profile_param_hits, found.profile_param_total) == (1, 3)


def test_gold_functions_of_one_name_are_the_first_one() -> None:
    twice = item(gold(town="Lyon"), gold(town="Nice"))
    found = official(twice, "MegaMart: [bookTable(town='Lyon'), bookTable(town='Nice')]")
    assert (found.tool_name, found.tool_value, found.query_param_hits) == (True, False, 1)


def test_what_cannot_be_read_still_counts_in_the_denominators() -> None:
    found = official(TWO, "MegaMart: [bookTable(town=1)]")
    assert (found.format_ok, found.platform, found.query_param_total, found.profile_param_total) == (
        False, False, 2, 1,
    )  # fmt: skip
    assert "AttributeError" in official(item(gold(town=("a", 1))), "MegaMart: [bookTable(town='a')]").reason


def test_other_formats_and_items_without_platforms_are_read_by_our_parser() -> None:
    text = '{"platform": "MegaMart", "functions": [{"name": "bookTable", "parameters": {"town": "lyon"}}]}'
    one = item(gold(town="Lyon"))
    assert score(one, text, "json", "official").overall
    assert score(
        replace(one, platform=None, platforms={}), "[bookTable(town='LYON')]", scorer="official"
    ).overall


def test_a_tolerant_reading_of_the_official_parser() -> None:
    one = item(gold(town="Lyon"))
    reply = "<think>hm</think>\nMegaMart: [bookTable(town='Lyon')]\nDone."
    assert not official(one, reply).format_ok
    assert score(one, reply, scorer="official", tolerance="tolerant").overall


_NUMBERS = st.integers(-99, 99).map(str) | st.sampled_from(["1.5", "True", "(2)", "-3", "~4", "0"])
_OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^"])


@given(st.lists(st.tuples(_NUMBERS, _OPERATORS), min_size=1, max_size=4), _NUMBERS)
def test_arithmetic_is_pythons(parts: list[tuple[str, str]], last: str) -> None:
    """Numbers and operators only, so the expected value may be evaluated here."""
    written = "0+" + "".join(number + operator for number, operator in parts) + last
    if written.count("**") > 1 or "<<" in written:  # towers are beyond the bounds
        return
    try:
        expected = eval(written)
    except (ArithmeticError, TypeError, ValueError):
        expected = None
    try:
        found = read(written)
    except Refused:
        found = None
    assert repr(found) == repr(expected) or (found is None and len(repr(expected)) > 100)


def test_the_short_way_reads_as_the_long_way() -> None:
    text = "MegaMart: [bookTable(town='Lyon', people=-2, f=-0.5, b=True), a.b()]"
    assert official_parse(text) == official_parse(text, Bounds())
