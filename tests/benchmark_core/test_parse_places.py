"""Where in a reply an answer is looked for, how far, and what is said where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ptool.benchmark import ParseError, PredictedCall, Prediction, parse
from ptool.benchmark.parsing.answers import MAX_TRIES, surroundings
from ptool.benchmark.parsing.bounds import BOUNDS, Bounds

ANSWER = "{Mart: [f(a=1)]}"
READ = Prediction("Mart", (PredictedCall("f", {"a": 1}),))
NOTHING = Prediction(None, ())


def read(text: str, bounds: Bounds = BOUNDS) -> Prediction | ParseError:
    return parse(text, "python", "tolerant", bounds=bounds)


@pytest.mark.parametrize(
    ("text", "bounds", "found"),
    [
        (ANSWER + ".", replace(BOUNDS, text=17), True),
        (ANSWER + "..", replace(BOUNDS, text=17), False),
        (ANSWER + "." * 24, replace(BOUNDS, answer=20), True),  # twice an answer's length from the end
        (ANSWER + "." * 38, replace(BOUNDS, answer=20), False),
        ("so {Mart: [f(a=1)]} .", replace(BOUNDS, depth=3), True),
        ("so {Mart: [f(a=1)]} .", replace(BOUNDS, depth=2), False),
        ("so " + ANSWER + " {x}" * (MAX_TRIES - 1), BOUNDS, True),
        ("so " + ANSWER + " {x}" * MAX_TRIES, BOUNDS, False),
        ("so " + ANSWER + " { (x" * 9, BOUNDS, True),  # brackets that are never closed
    ],
)
def test_how_far_is_looked(text: str, bounds: Bounds, found: bool) -> None:
    reading = read(text, bounds)
    assert reading == READ if found else isinstance(reading, ParseError)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("so {Mart: [f(a=x)]} or {Mart: [f(a=y)]} then", "y"),
        ("so {Mart: [f(a=x)]}", "x"),
        ("<think>no</think>\n\n{Mart: [f(a=x)]}", "x"),
        ("```\n\n  {Mart: [f(a=x)]}\n```", "x"),
        ("so (\n {Mart: [f(a=x)]} and", "x"),
        ("{Mart: [f(a=x)]} then\n```\n{Mart: [f(a=y)]}\n```\nand so", "y"),
    ],
)
def test_what_is_said_of_no_answer_is_about_its_last_place(text: str, wrong: str) -> None:
    reading = read(text)
    assert isinstance(reading, ParseError)
    assert (text[reading.position], reading.reason) == (wrong, f"expected a value, got the name {wrong!r}")


def test_a_reply_that_is_too_long_is_not_looked_at() -> None:
    assert read(ANSWER + "." * 9, replace(BOUNDS, text=17)) == ParseError(17, "longer than 17 characters")


@pytest.mark.parametrize(
    ("text", "strict", "tolerant"),
    [
        ("[]", True, True),
        ("{}", True, True),
        (" None\n", True, True),
        ("null", True, True),
        ("```\n[]\n```", False, True),
        ("```\nNone", False, True),
        ("<think>{Mart: [f(a=1)]}</think>None", False, True),
        ("None<|im_end|>and more", False, True),
        ("[1]", False, False),
        ("[", False, False),
        ("none", False, True),
        ("no call", False, True),
        ("no calling", False, False),
    ],
)
def test_declining_is_an_answer_where_it_may_be_one(text: str, strict: bool, tolerant: bool) -> None:
    assert isinstance(parse(text), ParseError)
    assert (parse(text, may_decline=True) == NOTHING) is strict
    assert (parse(text, tolerance="tolerant", may_decline=True) == NOTHING) is tolerant
    assert parse(ANSWER, may_decline=True) == READ
    long = replace(BOUNDS, text=len(text) - 1)
    assert isinstance(parse(text, bounds=long, may_decline=True), ParseError)
    assert (parse(text, bounds=replace(BOUNDS, text=len(text)), may_decline=True) == NOTHING) is strict


@pytest.mark.parametrize(
    ("text", "around"),
    [
        (f"<think>hm</think>{ANSWER}", "reasoning"),
        (f"```\n{ANSWER}\n```", "a code fence"),
        (f"Sure: {ANSWER}", "text around it"),
    ],
)
def test_what_stands_around_an_answer_is_named(text: str, around: str) -> None:
    assert surroundings(text) == around


@pytest.mark.parametrize(
    ("text", "calls", "ambiguous"),
    [
        ('{"name": "f", "arguments": {"a": 1}}', 1, False),
        ('<tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>\n' * 2, 2, False),
        ('so\n<tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>\nand so', 1, False),
    ],
)
def test_native_calls_of_a_part_are_one_answer(text: str, calls: int, ambiguous: bool) -> None:
    reading = parse(text, "native", "tolerant")
    assert isinstance(reading, Prediction)
    assert ([call.arguments for call in reading.calls], reading.ambiguous) == ([{"a": 1}] * calls, ambiguous)
