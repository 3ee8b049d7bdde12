"""Tool calls as chat templates write them into a model's text, alone and among prose."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import ParseError, PredictedCall, Prediction, parse

F = '{"name": "f", "arguments": {"a": 1}}'
G = '{"name": "g", "arguments": {}}'
ONE = (PredictedCall("f", {"a": 1}),)
BOTH = (*ONE, PredictedCall("g", {}))
UNTYPED = (PredictedCall("f", {"a": "1", "b": "x y"}),)

ALONE = {
    "Qwen, Hermes": (f"<tool_call>\n{F}\n</tool_call>\n<tool_call>\n{G}\n</tool_call>", BOTH),
    "not closed": (f"<tool_call>\n{F}\n</tool_call>\n<tool_call>\n{G}", BOTH),
    "Granite": (f"<|tool_call|>[{F}, {G}]", BOTH),
    "Phi": (f"<|tool_call|>[{F}]<|/tool_call|>", ONE),
    "functools": (f"functools[{F}]", ONE),
    "Nemotron": (f"<TOOLCALL>[{F}, {G}]</TOOLCALL>", BOTH),
    "InternLM": (f"<|action_start|><|plugin|>{F}<|action_end|>", ONE),
    "Llama 3": (
        '<|python_tag|>{"name": "f", "parameters": {"a": 1}}; {"name": "g", "parameters": {}}<|eom_id|>',
        BOTH,
    ),
    "Llama 3, bare": ('{"name": "f", "parameters": {"a": 1}}; {"name": "g", "parameters": {}}', BOTH),
    "Llama 3, own function": ('<function=f>{"a": 1}</function><function=g>{}</function>', BOTH),
    "Llama 4": ("<|python_start|>[f(a=1), g()]<|python_end|><|eot|>", BOTH),
    "Llama 4, bare": ("[f(a=1), g()]", BOTH),
    "Python, bare": ("f(a=1)", ONE),
    "Python, bare, lines": ("f(a=1)\ng()", BOTH),
    "Python, bare, one line": ("f(a=1); g()", BOTH),
    "Hermes, Python": ("<tool_call>\nf(a=1)\n</tool_call>\n<tool_call>\ng()\n</tool_call>", BOTH),
    "Hermes, Python's quotes": (
        "<tool_call>\n{'name': 'f', 'arguments': {'a': 1}}\n</tool_call>"
        "<tool_call>{'arguments': {}, 'name': 'g'}",
        BOTH,
    ),
    "Python's quotes, bare": ("[{'name': 'f', 'arguments': {'a': 1}}]", ONE),
    "a message in Python's quotes": (
        "{'content': null, 'tool_calls': [{'function': {'name': 'f', 'arguments': '{\"a\": 1}'}}]}",
        ONE,
    ),
    "Mistral": (f"[TOOL_CALLS] [{F}, {G}]</s>", BOTH),
    "Mistral, newer": ('[TOOL_CALLS]f[ARGS]{"a": 1}[TOOL_CALLS]g[CALL_ID]x9[ARGS]{}', BOTH),
    "DeepSeek V3": (
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{"a": 1}\n```'
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>", ONE,
    ),
    "DeepSeek V3.1": (
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{"a": 1}<｜tool▁call▁end｜>'
        "<｜tool▁call▁begin｜>g<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", BOTH,
    ),
    "Kimi": (
        '<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{"a": 1}'
        "<|tool_call_end|><|tool_calls_section_end|>", ONE,
    ),
    "Command": (
        '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "f", "parameters": {"a": 1}}]<|END_ACTION|>',
        ONE,
    ),
    "Qwen3-Coder": (
        "<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\nx y\n</parameter>\n"
        "</function>\n</tool_call>", UNTYPED,
    ),
    "Qwen3-Coder, bare": (
        "<function=f>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\nx y\n</parameter>\n</function>",
        UNTYPED,
    ),
    "GLM": (
        "<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>1</arg_value>\n<arg_key>b</arg_key>\n"
        "<arg_value>x y</arg_value>\n</tool_call>", UNTYPED,
    ),
    "MiniMax": (
        '<minimax:tool_call>\n<invoke name="f">\n<parameter name="a">1</parameter>\n'
        '<parameter name="b">x y</parameter>\n</invoke>\n</minimax:tool_call>', UNTYPED,
    ),
    "DeepSeek V3.2": (
        '<｜DSML｜function_calls>\n<｜DSML｜invoke name="f">\n<｜DSML｜parameter name="a" string="true">1'
        '</｜DSML｜parameter>\n<｜DSML｜parameter name="b" string="true">x y</｜DSML｜parameter>\n'
        "</｜DSML｜invoke>\n</｜DSML｜function_calls>", UNTYPED,
    ),
    "Step": (
        '<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="f">'
        '<steptml:parameter name="a">1</steptml:parameter><steptml:parameter name="b">x y</steptml:parameter>'
        "</steptml:invoke><｜tool_call_end｜><｜tool_calls_end｜>", UNTYPED,
    ),
    "Apertus": ('<|tools_prefix|>[{"f": {"a": 1}}, {"g": {}}]<|tools_suffix|>', BOTH),
    "OLMo": ("<function_calls>f(a=1)\ng()</function_calls>", BOTH),
    "Gemma 3": ("```tool_code\nf(a=1)\n```", ONE),
    "FunctionGemma": (
        "<start_function_call>call:f{a:1}<end_function_call><start_function_call>call:g{}"
        "<end_function_call>", BOTH,
    ),
    "Gemma 4": ('<|tool_call>call:f{a:<|"|>1<|"|>, b:<|"|>x y<|"|>}<tool_call|>', UNTYPED),
    "ReAct": ('Action: f\nAction Input: {"a": 1}', ONE),
}  # fmt: skip


ONLY_ALONE = ("Llama 3, bare", "Python, bare, lines", "Python, bare, one line")
"""Without marks, several among prose are several answers, of which the last counts."""


@pytest.mark.parametrize("form", ALONE)
def test_alone_they_are_read_strictly(form: str) -> None:
    text, calls = ALONE[form]
    assert parse(text, "native") == Prediction(None, calls)


@pytest.mark.parametrize("form", [form for form in ALONE if form not in ONLY_ALONE])
def test_among_prose_and_after_reasoning_they_are_read_tolerantly(form: str) -> None:
    text, calls = ALONE[form]
    reply = f"<think>perhaps {ALONE['Kimi'][0]} or [h(b=2)]</think>I look both up.\n{text}"
    assert isinstance(parse(reply, "native"), ParseError)
    assert parse(reply, "native", "tolerant") == Prediction(None, calls)


@pytest.mark.parametrize(
    "text",
    [
        '<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.f '
        '<|constrain|>json<|message|>{"a": 1}<|call|>',
        '<|channel|>analysis<|message|>hm<|end|><|start|>assistant to=functions.f<|channel|>commentary json'
        '<|message|>{"a": 1}<|call|>',
        'analysisHm f.assistantcommentary to=functions.f json{"a": 1}',
    ],
)  # fmt: skip
def test_calls_in_a_channel(text: str) -> None:
    assert parse(text, "native", "tolerant") == Prediction(None, ONE)


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>\n{F}\n</tool_call>\n<tool_call>\n{{\"name\": \n</tool_call>",
        f"<tool_call>\n{F}\n</tool_call>\n<tool_call>\n{{\"arguments\": {{}}}}\n</tool_call>",
        '<function=f>{"a": }</function>',
        "<function=f><parameter=a>1</parameter><parameter=a>2</parameter></function>",
        "[f(a=1), g(1)]",
        '<tool_call>{"name": "f", "arguments": {"a": 1, "a": 2}}</tool_call>',
    ],
)  # fmt: skip
def test_one_broken_call_makes_the_answer_unreadable(text: str) -> None:
    for tolerance in ("strict", "tolerant"):
        assert isinstance(parse(text, "native", tolerance), ParseError)  # type: ignore[arg-type]


_json = st.dictionaries(
    st.text(max_size=4), st.none() | st.booleans() | st.integers() | st.text(max_size=9), max_size=3
)


@given(
    st.lists(st.tuples(st.from_regex(r"[a-z][a-z_.]{0,8}", fullmatch=True), _json), min_size=1, max_size=4)
)
def test_any_number_of_blocks_gives_as_many_calls(calls: list[tuple[str, dict]]) -> None:
    blocks = (json.dumps({"name": name, "arguments": arguments}) for name, arguments in calls)
    text = "\n".join(f"<tool_call>\n{block}\n</tool_call>" for block in blocks)
    assert parse(text, "native") == Prediction(None, tuple(PredictedCall(*call) for call in calls))


@pytest.mark.parametrize(
    "text",
    [
        "f(1)",
        "f(a=1) is what I would call",
        "<tool_call>{'name': 'f', 'arguments': {'a': __import__('os')}}</tool_call>",
        "<tool_call>{'name': 'f', 'name': 'g', 'arguments': {}}</tool_call>",
        "<tool_call>{'name': 'f', 'arguments': {'a': it's}}</tool_call>",
        "<tool_call>{'name': 'f', 'arguments': {'a': 1}</tool_call>",
        "<tool_call>" + "{'a':" * 5_000,
    ],
)
def test_what_only_looks_like_calls_in_pythons_words_is_unreadable(text: str) -> None:
    assert isinstance(parse(text, "native", "strict"), ParseError)


def test_pythons_words_for_values_are_read_beside_jsons() -> None:
    arguments = "{'a': True, 'b': false, 'c': None, 'd': 'it\\'s', 'e': [-1.5, null]}"
    text = f"<tool_call>{{'name': 'f', 'arguments': {arguments}}}"
    call = PredictedCall("f", {"a": True, "b": False, "c": None, "d": "it's", "e": [-1.5, None]})
    assert parse(text, "native", "strict") == Prediction(None, (call,))
