"""Answers inside a reply: found when asked for, refused when the format is to be kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import ParseError, PredictedCall, Prediction, parse

ANSWER = Prediction("Mart", (PredictedCall("f", {"a": "it's ] }"}),))
PYTHON = '{Mart: [f(a="it\'s ] }")]}'
JSON = '{"platform": "Mart", "functions": [{"name": "f", "parameters": {"a": "it\'s ] }"}}]}'


@pytest.mark.parametrize("answer", [PYTHON, PYTHON[1:-1], JSON], ids=["braces", "bare", "json"])
@pytest.mark.parametrize(
    "reply",
    [
        "<think>I could say {Shop: [g(a=1)]}.</think>\n@",
        "reasoning without an opening {Shop: [g(a=1)]}</think>@",
        "<think>one</think> or <think>two</think>\n\n@",
        "```python\n@\n```",
        "Here you are:\n```json\n@\n```\nAnything else?",
        "```\n@",
        "Sure, I'll do it: @",
        "Sure! The answer is @. I hope it's right!",
        "@<|im_end|>\n<|im_start|>user\nagain {Shop: [g(a=1)]}",
        "As asked, {platform:[func1(param1_name = param1_value, param2...), func2...]}:\n@",
        "@\n@",
    ],
)
def test_found(answer: str, reply: str) -> None:
    format = "json" if answer == JSON else "python"
    text = reply.replace("@", answer)
    assert parse(text, format, "tolerant") == ANSWER
    assert isinstance(parse(text, format), ParseError)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot help with that.",
        f"<think>{PYTHON}",
        f"<think>{PYTHON}</think>",
        "{Mart: [f(a=1)",
        "{Mart: [f(1)]} {Shop: [g",
    ],
)
def test_nothing_to_be_found(text: str) -> None:
    assert isinstance(parse(text, "python", "tolerant"), ParseError)


def test_calls_without_platform_are_found() -> None:
    text = "I will call [f(a=1)] now"
    assert parse(text, "python", "tolerant", {}) == Prediction(None, (PredictedCall("f", {"a": 1}),))
    text = "I will call f(a=1), then stop (really)."
    assert parse(text, "python", "tolerant", {}) == Prediction(None, (PredictedCall("f", {"a": 1}),))


def test_native_calls_are_found() -> None:
    text = '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>'
    assert parse(text, "native", "tolerant") == Prediction(None, (PredictedCall("f", {"a": 1}),))


def test_the_error_of_an_unfound_answer_points_into_it() -> None:
    text = "<think>hm</think> {Mart: [f(a=x)]}"
    found = parse(text, "python", "tolerant")
    assert isinstance(found, ParseError)
    assert text[found.position] == "x"


@given(st.text("ab {}[]():,'\"`=<>/think\n", max_size=40))
def test_what_is_strictly_right_is_read_alike(noise: str) -> None:
    for text in (PYTHON, noise):
        strict = parse(text)
        if isinstance(strict, Prediction):
            assert parse(text, "python", "tolerant") == strict
