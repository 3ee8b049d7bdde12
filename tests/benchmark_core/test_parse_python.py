"""The `python` answer format: what is read, and why the rest is refused."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import Bounds, ParseError, PredictedCall, Prediction, parse
from ptool.benchmark.parsing import python_format

CALL = PredictedCall("f", {"a": 1, "b": "x"})


@pytest.mark.parametrize(
    ("text", "platform", "calls"),
    [
        ("{Mart: [f(a=1, b='x')]}", "Mart", (CALL,)),
        ("Mart: [f(a=1, b='x')]", "Mart", (CALL,)),
        ("\n{\n  Mart:[\n    f(\n      a=1, b='x'\n    )\n  ]\n}\n", "Mart", (CALL,)),
        ("{'Mega Mart': [f(a=1, b='x'),]}", "Mega Mart", (CALL,)),
        ('{Mart.com: [f(a=1, b="x")]}', "Mart.com", (CALL,)),
        ("{Mart: (f(a=1, b='x'),)}", "Mart", (CALL,)),
        ("{Mart: f(a=1, b='x')}", "Mart", (CALL,)),
        ("{Mart: [f(b='x', a=1)]}  # done", "Mart", (CALL,)),
        ("{Mart: []}", "Mart", ()),
        ("{Mart: [f(), g.h()]}", "Mart", (PredictedCall("f", {}), PredictedCall("g.h", {}))),
        ("{Mart: ['get-price'(**{'user-id': 1})]}", "Mart", (PredictedCall("get-price", {"user-id": 1}),)),
        ("{Mart: [f(from='x', with=1)]}", "Mart", (PredictedCall("f", {"from": "x", "with": 1}),)),
        (
            "Mart: [f(a={'from': 'class='}, class='(is=1')]",
            "Mart",
            (PredictedCall("f", {"a": {"from": "class="}, "class": "(is=1"}),),
        ),
        (
            "{Mart: [f(user-id=1, None=2, 2nd='x')]}",
            "Mart",
            (PredictedCall("f", {"user-id": 1, "None": 2, "2nd": "x"}),),
        ),
        (
            "{Mart: [import(a=1), shop.del(), get-price()]}",
            "Mart",
            (
                PredictedCall("import", {"a": 1}),
                PredictedCall("shop.del", {}),
                PredictedCall("get-price", {}),
            ),
        ),
        ("{lambda: [f()]}", "lambda", (PredictedCall("f", {}),)),
        ("{Mart: [f(a='}])', b='#')]}", "Mart", (PredictedCall("f", {"a": "}])", "b": "#"}),)),
    ],
)
def test_read(text: str, platform: str, calls: tuple[PredictedCall, ...]) -> None:
    assert parse(text) == Prediction(platform, calls)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("True", True),
        ("None", None),
        ("-5", -5),
        ("+2.5", 2.5),
        ("1e-3", 0.001),
        ("'it\\'s'", "it's"),
        ("'a' 'b'", "ab"),
        (r"r'\d'", r"\d"),
        (r"'\d'", r"\d"),
        ("'''two\nlines'''", "two\nlines"),
        ("[1, 'a', [None]]", [1, "a", [None]]),
        ("(1, 2)", [1, 2]),
        ("{'k': {'l': -1}}", {"k": {"l": -1}}),
        ("'😀 é'", "😀 é"),
    ],
)
def test_values(written: str, value: object) -> None:
    found = parse(f"{{Mart: [f(a={written})]}}")
    assert isinstance(found, Prediction)
    (got,) = found.calls[0].arguments.values()
    assert (got, type(got)) == (value, type(value))


def test_an_unusual_escape_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(parse(r"{Mart: [f(a='\d')]}"), Prediction)


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "expected one platform, got 0"),
        ("I would call f.", 0, "not an expression"),
        ("{Mart: [f(1)]}", 10, "an argument without its name"),
        ("Mart: [f(1)]", 9, "an argument without its name"),
        ("  Mart: [f(a=Paris)]", 13, "got the name 'Paris'"),
        ("{Mart: [f(a=true)]}", 12, "got the name 'true'"),
        ("{Mart: [f(a=1+1)]}", 12, "got BinOp"),
        ("{Mart: [f(a=g())]}", 12, "got Call"),
        ("{Mart: [f(a=-'x')]}", 12, "an operation"),
        ("{Mart: [f(a=not 1)]}", 12, "an operation"),
        ("{Mart: [f(a=1j)]}", 12, "got 1j"),
        ("{Mart: [f(a=b'x')]}", 12, "got b'x'"),
        ("{Mart: [f(a=...)]}", 12, "got Ellipsis"),
        ("{Mart: [f(a=1e999)]}", 12, "got inf"),
        ("{Mart: [f(a={1})]}", 12, "got Set"),
        ("{Mart: [f(a={1: 2})]}", 13, "expected a name in quotes"),
        ("{Mart: [f(a=1, a=1)]}", 17, "'a' is given twice"),
        ("{Mart: [f(a=1, **{'a': 1})]}", 23, "'a' is given twice"),
        ("{Mart: [f(**kw)]}", 12, "got the name 'kw'"),
        ("{Mart: [f]}", 8, "expected a call, got the name 'f'"),
        ("{Mart: [g()()]}", 8, "expected a function, got Call"),
        ("{Mart: {f()}}", 7, "expected a call, got Set"),
        ("{Mart: [f()], Shop: [g()]}", 0, "expected one platform, got 2"),
        ("{**x}", 0, "got '**'"),
        ("{1: [f()]}", 1, "expected a platform"),
        ("Mart: [f()]} | {Shop: []", 0, "expected {platform: [calls]}"),
        ("{Mart: [f()]", 0, "not an expression"),
        ("Mart: [f()]}", 12, "not an expression"),
        ("{Mart: [f(from=x)]}", 15, "got the name 'x'"),
        ("{Mart: [f(from=1, from=2)]}", 23, "'from' is given twice"),
        ("[f()]", 0, "expected {platform: [calls]}"),
        ("{Mart: [f(a='é', b=x)]}", 19, "got the name 'x'"),
        ("{Mart: [\n f(a=x)]}", 14, "got the name 'x'"),
        ("{Mart: [f(a='x)]}", 12, "a string that does not end"),
        ("{Mart: [f(a='long text', b=f'{1}')]}", 27, "an f-string"),
        ("{Mart: [f(a='\0')]}", 13, "a NUL character"),
        ("{Mart: [f(a='\ud800')]}", 13, "a lone surrogate"),
        (r"{Mart: [f(a='\ud800')]}", 12, "a lone surrogate"),
    ],
)
def test_refused(text: str, position: int, reason: str) -> None:
    found = parse(text)
    assert isinstance(found, ParseError)
    assert (found.position, reason in found.reason) == (position, True), found


def test_a_dataset_without_platforms() -> None:
    calls = (PredictedCall("f", {"a": 1}), PredictedCall("g", {}))
    assert parse("[f(a=1), g()]", platforms={}) == Prediction(None, calls)
    assert parse("f(a=1)", platforms={}) == Prediction(None, calls[:1])
    assert isinstance(parse("{Mart: [f(a=1)]}", platforms={}), ParseError)
    assert isinstance(parse("f()) + (g()", platforms={}), ParseError)


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        (Bounds(answer=20), "Mart: [f(a='abcdefghi')]"),
        (Bounds(depth=3), "Mart: [f(a=[[1]])]"),
        (Bounds(calls=1), "Mart: [f(), f()]"),
    ],
)
def test_bounds_are_the_callers(bounds: Bounds, text: str) -> None:
    assert isinstance(parse(text, bounds=bounds), ParseError)
    assert isinstance(parse(text), Prediction)


@pytest.mark.parametrize(
    "text", ["Mart: [f(a=1)]", "Mart : [ f( a = 'x' , b = -0.5 ) , g.h() ]", "'A b': [f()]"]
)
def test_plain_answers_take_the_short_way(text: str) -> None:
    assert python_format.read_plain(text) == python_format.read(f"{{{text}}}", True, Bounds()) != None  # noqa: E711


@pytest.mark.parametrize(
    "text",
    [
        "class: [f()]",
        "Mart: [None()]",
        "Mart: [f(if=1)]",
        "Mart: [a.is.b()]",
        "Mart: [f(a=01)]",
        "Mart: [f(a=1_0)]",
        "Mart: [f(a=1.)]",
        "Mart: [f(a=1e5)]",
        "Mart: [f(a=0x1)]",
        "Mart: [f(a='a' 'b')]",
        r"Mart: [f(a='\n')]",
        "Mart: [f(a=b'x')]",
        "Mart: [f(a=1, a=2)]",
        "Mart: [f(a=1,)]",
        "Mart: [f(),]",
        "Mart: [f()] x",
        "Mart: [f()]}",
        "Mart: [f(a=1])",
        "Mart: [f(,)]",
        "Mart: [f(a=1 b=2)]",
        "Mart: [f() g()]",
        "Mart: [ﬁ()]",
        "Mart: [f(a=Truex)]",
        "Mart: [f(a='\ud800')]",
        "Mart: []",
        "Mart: [f(a=1)\x0b]",
        "Mart: [f(a='\x01')]",
        "Mart: [f(a=1.5.5)]",
    ],
)
def test_what_is_not_plain_takes_the_long_way(text: str) -> None:
    assert python_format.read_plain(text) is None


_PIECES = st.sampled_from([*"f(),1-0.5 \n[]'e#{}:é", "a=", "b=", "class=", "'x'", '"y"', "True", "None"])


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_both_ways_read_the_same(inner: str) -> None:
    for text in (f"Mart: [f({inner})]", f"Mart: [{inner}]", f"Mart: [f(a={inner})]"):
        found = python_format.read_plain(text)
        if found is not None:
            assert repr(python_format.read(f"{{{text}}}", True, Bounds())) == repr(found)
