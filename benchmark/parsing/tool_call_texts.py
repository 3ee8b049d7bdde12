"""Tool calls as models write them into their text, where no endpoint took them out: `written_calls(text)`.

Read are the forms of the chat templates of Qwen, Hermes and Granite (`<tool_call>{…}</tool_call>`, also with
Python's quotes, and `<tool_call>f(a=1)</tool_call>`),
Qwen3-Coder (`<function=f><parameter=a>…`), GLM (`<arg_key>`), MiniMax and DeepSeek V3.2
(`<invoke name="f">`), Llama 3 (`<|python_tag|>{"name", "parameters"}; …`, `<function=f>{…}</function>`),
Llama 4 (`<|python_start|>[f(a=1)]`), Mistral (`[TOOL_CALLS]`), DeepSeek, Kimi, Command
(`<|START_ACTION|>`), Phi, InternLM, Apertus, Step, OLMo (`<function_calls>f(a=1)`), Gemma
(`call:f{a:<escape>x<escape>}`, `tool_code`), gpt-oss (`to=functions.f`), and ReAct's `Action Input:`. A reply
may hold any number of them. It knows marks, not what a call may hold.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..items import Prediction, UntypedText
from . import python_format
from .bounds import Bounds, Refused
from .json_format import load


@dataclass(frozen=True, slots=True)
class WrittenCalls:
    """Tool calls found in a text."""

    calls: list[Any]
    """as JSON has them: {name, arguments}, or whatever stood there"""
    alone: bool
    """whether nothing but them and their marks is in the text"""


_NAME = r"[\w.\-/]{1,200}"
_OPENING = re.compile(
    # a name, then its arguments as JSON
    rf"(?:<function=(?P<n1>{_NAME})>|\[TOOL_CALLS\]\s*(?P<n2>{_NAME})(?:\[CALL_ID\]\w*)?\[ARGS\]"
    rf"|(?<=[}}\s])(?P<n3>{_NAME})\[ARGS\]"
    rf"|<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?(?P<n4>{_NAME})(?:<｜tool▁sep｜>|\s*```json)"
    rf"|<\|tool_call_begin\|>\s*(?P<n5>{_NAME})(?::\d+)?\s*<\|tool_call_argument_begin\|>"
    rf"|\bto=functions\.(?P<n6>{_NAME})\s*(?:<\|channel\|>\w+\s*)?(?:<\|constrain\|>)?\s*(?:json|code)?\s*"
    rf"(?:<\|message\|>)?|\bAction:\s*(?P<n7>{_NAME})\s*\n\s*Action[ _]Input:)"
    r"\s*(?=\{)"
    # a name, then its arguments without quotes around names, and with a mark around texts
    rf"|(?:<\|tool_call>|<start_function_call>)\s*call:(?P<u1>{_NAME})(?=\{{)"
    # parameter by parameter, as text
    rf"|<(?:\w+:)?(?:tool_call>\s*<)?function=(?P<x1>{_NAME})>(?=\s*<(?:parameter=|/function))"
    rf"|<(?:｜DSML｜|\w+:)?invoke name=\"(?P<x2>{_NAME})\">"
    rf"|<tool_call>\s*(?P<x3>{_NAME})(?=\s*(?:<arg_key>|</tool_call>))"
    # JSON that says its own name
    r"|(?:<tool_calls?>|<\|tool_calls?\|>|<TOOLCALL>|\[TOOL_CALLS\]|<\|python_tag\|>|<\|START_ACTION\|>|\bfunctools"
    r"|<\|action_start\|>\s*<\|plugin\|>)\s*(?P<json>(?=[\[{]))"
    # JSON whose only key is the name
    r"|<\|tools_prefix\|>\s*(?P<keyed>(?=[\[{]))"
    # calls as Python writes them
    r"|(?:<\|python_start\|>|<function_calls>|<tool_call>|```tool_code)\s*(?P<python>(?=\[|[^\W\d][\w.]{0,200}\())"
)
_PARAMETER = re.compile(
    r"\s*<(?:｜DSML｜|\w+:)?parameter(?:=(?P<k1>[^>\n]{1,200})| name=\"(?P<k2>[^\"\n]{1,200})\")"
    r"(?: string=\"(?P<string>true|false)\")?>(?P<v1>.*?)</(?:｜DSML｜|\w+:)?parameter>"
    r"|\s*<arg_key>(?P<k3>[^<\n]{1,200})</arg_key>\s*<arg_value>(?P<v2>.*?)</arg_value>",
    re.DOTALL,
)
_MARKS = re.compile(
    r"</?(?:\w+:)?(?:tool_calls?|function|function_calls|TOOLCALL|tools)>|</?｜DSML｜[\w]+>"
    r"|</(?:｜DSML｜|\w+:)?invoke>|<end_function_call>|<tool_call\|>|<\|/?[\w]{1,40}\|>"
    r"|(?:function)?<｜[\w▁]{1,40}｜>|\[/?TOOL_CALLS\]|```(?:json)?|</s>|<start_of_turn>model"
    r"|\bcommentary\b|\bassistant\b|[;,\s]"
)
_BETWEEN = re.compile(r"\s*(?:[;,]\s*|\n\s*)?(?=[\[{])")
_DECODER = json.JSONDecoder()
_BARE = re.compile(r"\s*(?:[\[{]\s*){1,2}[\"']")
_BARE_PYTHON = re.compile(r"\s*(?P<list>\[\s*)?[^\W\d][\w.]*\(")


def written_calls(text: str, bounds: Bounds) -> WrittenCalls | None:
    """The tool calls in a text; None: there are none. Raises `Refused` for a call that cannot be read."""
    calls: list[Any] = []
    left: list[str] = []
    place = 0
    while (opening := _OPENING.search(text, place)) and len(calls) <= bounds.calls:
        left.append(text[place : opening.start()])
        place = _take(text, opening, calls, bounds)
    if not calls:
        return _bare_calls(text, bounds)
    rest = "".join([*left, text[place:]])
    return WrittenCalls(calls, not _MARKS.sub("", rest))


def _bare_calls(text: str, bounds: Bounds) -> WrittenCalls | None:
    """Calls without any marks, nothing around them: JSON objects after each other, or a list in Python."""
    calls: list[Any] = []
    if _BARE.match(text):
        place = _json_values(text, len(text) - len(text.lstrip()), calls, bounds)
        return WrittenCalls(calls, True) if not _MARKS.sub("", text[place:]) else None
    if bare := _BARE_PYTHON.match(text):
        try:
            return WrittenCalls(_python_calls(_MARKS_AROUND.sub("", text), bounds), True)
        except Refused:
            if bare["list"]:
                raise  # without a list it may be prose
    return None


_LINES = re.compile(r"(?<=\))\s*[\n;]\s*(?=[^\W\d][\w.]{0,200}\()")
_LITERAL_STEP = re.compile(r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"|[\[\](){}]", re.DOTALL)
_UNQUOTED_END = re.compile(r"<end_function_call>|<tool_call\|>|\Z")
_PYTHON_END = re.compile(r"<\|python_end\|>|</function_calls>|</tool_call>|```|\Z")
_QUOTE = re.compile(r"<escape>|<\|\"\|>")
_BARE_KEY = re.compile(r"([{,]\s*+)([^\s\"{}\[\],:]++)(?=\s*+:)")
_MARKS_AROUND = re.compile(r"\A\s*+|(?:<\|\w{1,40}\|>|\s)+\Z")


def _take(text: str, opening: re.Match[str], calls: list[Any], bounds: Bounds) -> int:
    """Add the calls that begin at an opening, and return where they end."""
    kind = opening.lastgroup or ""
    if kind == "json":
        return _json_values(text, opening.end(), calls, bounds)
    if kind == "keyed":
        values: list[Any] = []
        place = _json_values(text, opening.end(), values, bounds)
        calls += [_keyed_call(value) for value in values]
        return place
    if kind == "python":
        ending = _PYTHON_END.search(text, opening.end())
        end = ending.start() if ending else len(text)
        calls += _python_calls(_MARKS_AROUND.sub("", text[opening.end() : end]), bounds)
        return end
    name = opening[kind].removeprefix("functions.")
    if kind[0] == "n":
        values = []
        place = _one_json(text, opening.end(), values, bounds)
        calls.append({"name": name, "arguments": values[0]})
        return place
    if kind[0] == "u":
        arguments, place = _unquoted(text, opening.end(), bounds)
        calls.append({"name": name, "arguments": arguments})
        return place
    arguments: dict[str, Any] = {}
    place = opening.end()
    while parameter := _PARAMETER.match(text, place):
        key = parameter["k1"] or parameter["k2"] or parameter["k3"]
        value = parameter["v1"] if parameter["v1"] is not None else parameter["v2"]
        if key in arguments:
            raise Refused(f"{key!r:.80} is given twice", parameter.start())
        arguments[key] = _written_value(value, parameter["string"])
        place = parameter.end()
    calls.append({"name": name, "arguments": arguments})
    return place


def _written_value(text: str, string: str | None) -> str:
    """A value without the line breaks that templates put around it."""
    text = text.removeprefix("\n").removesuffix("\n")
    return text if string == "true" else UntypedText(text)


def _json_values(text: str, place: int, calls: list[Any], bounds: Bounds) -> int:
    """Add the JSON values that follow each other, lists flattened, and return where they end."""
    while len(calls) <= bounds.calls:
        place = _one_json(text, place, calls, bounds)
        between = _BETWEEN.match(text, place)
        if between is None:
            break
        place = between.end()
    return place


def _one_json(text: str, place: int, calls: list[Any], bounds: Bounds) -> int:
    try:
        _, end = _DECODER.raw_decode(text[place : place + bounds.answer + 1])
    except (ValueError, RecursionError) as error:
        end = _end_of_literal(text, place, bounds)
        if not end:
            raise Refused(f"not JSON: {getattr(error, 'msg', type(error).__name__)}", place) from None
        value = python_format.read_value(text[place : place + end], bounds)
    else:
        value = load(text[place : place + end], bounds)  # once more, bounded and without duplicate keys
    calls += value if isinstance(value, list) else [value]
    return place + end


def _end_of_literal(text: str, place: int, bounds: Bounds) -> int:
    """Characters of a literal as Python writes it, with single quotes; 0: there is none."""
    depth = 0
    for step in _LITERAL_STEP.finditer(text, place, place + bounds.answer):
        depth += (step.group() in "([{") - (step.group() in ")]}")
        if not depth:
            return step.end() - place
    return 0


def _keyed_call(value: Any) -> Any:
    """`{name: arguments}` as a call; whatever else it is stays."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    name, arguments = next(iter(value.items()))
    return {"name": name, "arguments": arguments}


def _unquoted(text: str, place: int, bounds: Bounds) -> tuple[Any, int]:
    """Arguments with bare names and with texts between marks, and where they end."""
    stop = _UNQUOTED_END.search(text, place)
    end = min(stop.start() if stop else len(text), place + bounds.answer)
    parts = _QUOTE.split(text[place:end])
    parts[::2] = [_BARE_KEY.sub(r'\1"\2"', part) for part in parts[::2]]
    parts[1::2] = [json.dumps(part) for part in parts[1::2]]
    return load("".join(parts), bounds), end


def _python_calls(text: str, bounds: Bounds) -> list[dict[str, Any]]:
    """Calls in a list, or a line each."""
    if not text.startswith("["):
        text = f"[{', '.join(_LINES.split(text))}]"
    reading: Prediction = python_format.read(text, False, bounds)
    return [{"name": call.name, "arguments": call.arguments} for call in reading.calls]
