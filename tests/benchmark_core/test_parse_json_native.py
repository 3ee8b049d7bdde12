"""The `json` and `native` answer formats, and whose platform native calls are."""

import json

import pytest
from ptool.benchmark import ParseError, PredictedCall, Prediction, parse

OWNERS = {"Mart": ("find", "pay"), "Shop": ("pay", "look"), "Big.Co": ("big",)}


def test_json() -> None:
    text = '{"platform": "Mart", "functions": [{"name": "f", "parameters": {"a": [1, null], "b": 2.0}}]}'
    assert parse(text, "json") == Prediction("Mart", (PredictedCall("f", {"a": [1, None], "b": 2.0}),))
    assert parse('{"functions": []}', "json", platforms={}) == Prediction(None, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{'platform': 'A', 'functions': []}", "not JSON"),
        ('{"platform": "A"}', "exactly functions and platform"),
        ('{"platform": "A", "functions": [], "why": ""}', "exactly functions and platform"),
        ('{"platform": 1, "functions": []}', "platform: expected a name, got 1"),
        ('{"platform": "A", "functions": {}}', "functions: expected a list"),
        ('{"platform": "A", "functions": [{"name": "f"}]}', "functions[0]: expected exactly"),
        ('{"platform": "A", "functions": [{"name": 1, "parameters": {}}]}', "functions[0].name"),
        ('{"platform": "A", "functions": [{"name": "f", "parameters": "{}"}]}', "functions[0].parameters"),
        ('{"platform": "A", "platform": "B", "functions": []}', "'platform' is given twice"),
        ('{"platform": "A", "functions": []} ok', "Extra data"),
        ('{"platform": "A", "functions": [NaN]}', "NaN is not JSON"),
        ('{"platform": "A", "functions": [1e999]}', "out of range"),
        ('{"platform": "\\ud800", "functions": []}', "a lone surrogate"),
        ('{"platform": "\ud800", "functions": []}', "a lone surrogate"),
        (
            '{"platform": "A", "functions": [{"name": "f", "parameters": {"a": ["\\ud800"]}}]}',
            "a lone surrogate",
        ),
        ('{"platform": "A", "functions": [{"name": "f", "parameters": {"\\udfff": 1}}]}', "a lone surrogate"),
        ("[" * 41, "brackets nest deeper than 40"),
        ("[]", "expected an object"),
    ],
)
def test_json_refused(text: str, reason: str) -> None:
    found = parse(text, "json")
    assert isinstance(found, ParseError)
    assert reason in found.reason


@pytest.mark.parametrize(("calls", "read"), [(100, True), (101, False)])
def test_an_answer_makes_so_many_calls_at_most(calls: int, read: bool) -> None:
    functions = [{"name": "f", "parameters": {}}] * calls
    found = parse(json.dumps({"platform": "A", "functions": functions}), "json")
    assert isinstance(found, Prediction) is read
    assert read or found == ParseError(0, "more than 100 calls")


@pytest.mark.parametrize(("length", "read"), [(16_384, True), (16_385, False)])
def test_an_answer_is_so_long_at_most(length: int, read: bool) -> None:
    text = '{"platform": "A", "functions": []}'.ljust(length)
    found = parse(text, "json")
    assert isinstance(found, Prediction) is read
    assert read or found == ParseError(16_384, "longer than 16,384 characters")


def test_escapes_that_are_letters_are_read() -> None:
    found = parse('{"platform": "\\u00c9lan", "functions": []}', "json")
    assert found == Prediction("Élan", ())


def test_brackets_inside_texts_do_not_nest() -> None:
    text = json.dumps({"platform": "[" * 50 + '"', "functions": []})
    assert isinstance(parse(text, "json"), Prediction)


def native(*names: str) -> str:
    """Tool calls without arguments."""
    return json.dumps([{"type": "function", "function": {"name": name, "arguments": "{}"}} for name in names])


@pytest.mark.parametrize(
    ("names", "platform", "read"),
    [
        (("find",), "Mart", ("find",)),
        (("find", "pay"), "Mart", ("find", "pay")),
        (("pay",), None, ("pay",)),
        (("find", "look"), None, ("find", "look")),
        (("nobody",), None, ("nobody",)),
        (("Shop__pay",), "Shop", ("pay",)),
        (("Shop.pay", "look"), "Shop", ("pay", "look")),
        (("Shop_pay", "look"), "Shop", ("pay", "look")),
        (("Shop_nothing",), None, ("Shop_nothing",)),
        (("Big.Co.big",), "Big.Co", ("big",)),
        (("Shop__",), None, ("Shop__",)),
        ((), None, ()),
    ],
)
def test_the_platform_of_native_calls(names: tuple, platform: str | None, read: tuple) -> None:
    found = parse(native(*names), "native", platforms=OWNERS)
    assert found == Prediction(platform, tuple(PredictedCall(name, {}) for name in read))


@pytest.mark.parametrize(
    "text",
    [
        '[{"function": {"name": "find", "arguments": "{\\"a\\": 1}"}}]',
        '[{"id": "call_1", "type": "function", "function": {"name": "find", "arguments": {"a": 1}}}]',
        '{"name": "find", "arguments": {"a": 1}}',
        '{"role": "assistant", "content": null, "tool_calls": [{"name": "find", "arguments": {"a": 1}}]}',
    ],
)
def test_shapes_of_native_calls(text: str) -> None:
    assert parse(text, "native", platforms=OWNERS) == Prediction("Mart", (PredictedCall("find", {"a": 1}),))


def test_a_stated_platform_counts() -> None:
    text = '{"platform": "Shop", "tool_calls": [{"name": "pay", "arguments": ""}]}'
    assert parse(text, "native", platforms=OWNERS) == Prediction("Shop", (PredictedCall("pay", {}),))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("find(1)", "not JSON"),
        ('[{"name": "f", "arguments": "{"}]', "not JSON"),
        ('[{"name": "f", "arguments": "[1]"}]', "arguments: expected an object"),
        ('[{"name": "f"}]', "arguments: expected an object, got None"),
        ('[{"arguments": {}}]', "a call with its name"),
        ("[1]", "a call with its name"),
        ('{"tool_calls": 1}', "tool_calls: expected a list"),
        ('{"platform": 1, "tool_calls": []}', "platform: expected a name"),
    ],
)
def test_native_refused(text: str, reason: str) -> None:
    found = parse(text, "native", platforms=OWNERS)
    assert isinstance(found, ParseError)
    assert reason in found.reason


def test_the_reason_is_bounded_however_deep_the_value() -> None:
    """Found by Hypothesis: four keys of four values of forty characters each."""
    deep = {f"{n}" * 60: {f"{m}" * 60: "x" * 60 for m in range(9)} for n in range(9)}
    found = parse(json.dumps(deep), "native")
    assert isinstance(found, ParseError)
    assert len(found.reason) < 300
