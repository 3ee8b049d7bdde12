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
        "<|channel|>analysis<|message|>{Shop: [g(a=1)]}<|end|>"
        "<|start|>assistant<|channel|>final<|message|>@<|return|>",
        "analysisMaybe {Shop: [g(a=1)]}? No.assistantfinal@",
        "[THINK]{Shop: [g(a=1)]}[/THINK]@",
        "◁think▷{Shop: [g(a=1)]}◁/think▷@",
        "<seed:think>{Shop: [g(a=1)]}</seed:think>@",
        "<|START_THINKING|>{Shop: [g(a=1)]}<|END_THINKING|><|START_RESPONSE|>@<|END_RESPONSE|>",
        "<|begin_of_thought|>{Shop: [g(a=1)]}<|end_of_thought|>\n<|begin_of_solution|>@<|end_of_solution|>",
        "<reasoning>\n{Shop: [g(a=1)]}\n</reasoning>\n<answer>\n@\n</answer>",
        "<｜begin▁of▁thinking｜>{Shop: [g(a=1)]}<｜end▁of▁thinking｜>@<｜end▁of▁sentence｜>",
        "[unused16]{Shop: [g(a=1)]}[unused17]@",
        "<unused94>thought\n{Shop: [g(a=1)]}<unused95>@",
        "<|think|>{Shop: [g(a=1)]}<|content|>@<|end|>",
        "<|think|>{Shop: [g(a=1)]}<|end|><|begin|>assistant<|content|>@",
        "<|inner_prefix|>{Shop: [g(a=1)]}<|inner_suffix|>@",
        "<|channel>thought\n{Shop: [g(a=1)]}<channel|>@",
        "Here is my thought process:\n{Shop: [g(a=1)]}\nHere is my response:\n@",
        "<musings>{Shop: [g(a=1)]}</musings>\n@",
        "[MULL]{Shop: [g(a=1)]}[/MULL]\n@",
        "<|begin_of_mulling|>{Shop: [g(a=1)]}<|end_of_mulling|>@",
        "<pad><|im_start|>assistant\n@<|im_end|>",
        "<json>@</json>",
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
        f"<think>{PYTHON}</think> I cannot help with that.",
        f"[THINK]{PYTHON}",
        f"<musings>{PYTHON}",
        f"<|think|>{PYTHON}",
        f"<|think|>{PYTHON}<|end|>",
        f"<musings>{PYTHON}</musings> Done.",
        f"<|channel|>analysis<|message|>{PYTHON}",
        f"<|channel|>analysis<|message|>{PYTHON}<|end|><|start|>assistant<|channel|>final<|message|>No.<|return|>",
        f"analysisMaybe {PYTHON}",
        f"Here is my thought process: {PYTHON}",
        "{Mart: [f(a=1)",
        "{Mart: [f(1)]} {Shop: [g",
    ],
)
def test_nothing_to_be_found(text: str) -> None:
    assert isinstance(parse(text, "python", "tolerant"), ParseError)


@pytest.mark.parametrize(
    ("text", "town", "ambiguous"),
    [
        ("Say {Mart: [f(a='Bern')]}. No: {Mart: [f(a='Basel')]}.", "Basel", True),
        ("Say {Mart: [f(a='Basel')]}. No: {Mart: [f(a='Bern')]}.", "Bern", True),
        ("```\n{Mart: [f(a='Bern')]}\n```\nor\n```python\n{Mart: [f(a='Basel')]}\n```", "Basel", True),
        ("```\n{Mart: [f(a='Bern')]}\n```\nIn short: {Mart: [f(a='Bern')]}", "Bern", False),
        ("{Mart: [f(a='Basel')]}\nas in {Mart: [f(a=1", "Basel", False),
        ("{Mart: [f(a='Bern')]}<think>no</think>{Mart: [f(a='Basel')]}", "Basel", True),
        ("Sure: {Mart: [f(a='Bern')]}<|eot_id|>{Mart: [f(a='Basel')]}", "Bern", False),
        ("x" * 60_000 + " {Mart: [f(a='Basel')]}", "Basel", False),
    ],
)
def test_the_last_readable_answer_counts(text: str, town: str, ambiguous: bool) -> None:
    found = parse(text, "python", "tolerant")
    assert found == Prediction("Mart", (PredictedCall("f", {"a": town}),))
    assert isinstance(found, Prediction)
    assert found.ambiguous == ambiguous


MARKS = st.sampled_from(
    ["<think>", "</think>", "[THINK]", "[/THINK]", "<musings>", "</musings>", "<|channel|>final<|message|>",
     "<|channel|>analysis<|message|>", "◁think▷", "◁/think▷", "<|im_end|>", "```\n", "x ", PYTHON, "\n"]
)  # fmt: skip


@given(st.lists(MARKS, max_size=8).map("".join))
def test_no_marks_raise_and_what_is_open_is_not_read(text: str) -> None:
    parse(text, "python", "tolerant")
    assert isinstance(
        parse(
            f"<think>{text.replace('</', '<').replace('<|channel|>', '').replace('▷', '').replace(']', '')}",
            "python",
            "tolerant",
        ),
        ParseError,
    )


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
