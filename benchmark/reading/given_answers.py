"""What a line of somebody's result file answers: text, or tool calls as an endpoint returned them.

Read are an answer under one of `KEYS` and the lines that other programs leave: batch outputs of OpenAI,
vLLM's `run_batch` and Anthropic, BFCL's result files (`[{function: arguments}]`), LLaMA-Factory's
`generated_predictions.jsonl`, lm-evaluation-harness's samples and vLLM's outputs. What is none of them is
refused. Texts are handed on, never looked into.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from ...errors import StoreError
from .raw_records import RawRecord, shortened

KEYS = ("predict", "prediction", "result", "output", "response", "completion", "generated_text", "generation")
"""Names under which an answer may stand, in the order they are looked for."""
_MORE = ("filtered_resps", "resps", "outputs", "choices", "message", "body")
_EXPECTED = "text, tool calls or a message"


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer that was given earlier."""

    text: str
    """as it stands; tool calls as the JSON of a message that holds them"""
    native: bool = False
    """whether it is tool calls that an endpoint returned: read as such, whatever format was asked for"""
    finish: str = "stop"
    """why it ended: stop | length | content_filter | refusal | unknown"""


def given_answer(record: RawRecord) -> GivenAnswer:
    """The answer of a line. Raises StoreError where there is none, where several stand there, or where the
    request failed."""
    error = record.value.get("error")
    if error:
        raise record.wrong(
            "error", _message(error), "an answer; ask again, or leave the line and its item out"
        )
    for key in (*KEYS, *_MORE):
        if key in record.value:
            return _answer(record, key, record.value[key])
    expected = ", ".join(repr(key) for key in KEYS)
    raise StoreError(f"{record.place}: no answer; expected one of the keys {expected}")


def answer_id(record: RawRecord) -> str | None:
    """The id of the item a line answers; None: it has none. A batch's own ids are not the items'."""
    key = "custom_id" if "custom_id" in record.value else "id"
    return record.get(key, str) if key in record.value else None


def _answer(record: RawRecord, where: str, value: Any) -> GivenAnswer:
    if value is None:
        return GivenAnswer("")
    if isinstance(value, str):
        return GivenAnswer(value)
    if isinstance(value, dict):
        return _from_object(record, where, value)
    if isinstance(value, list):
        return _from_list(record, where, value)
    raise record.wrong(where, value, _EXPECTED)


def _from_object(record: RawRecord, where: str, value: dict[str, Any]) -> GivenAnswer:
    status = value.get("status_code")
    kind = value.get("type")
    if (isinstance(status, int) and status != 200) or kind in ("errored", "canceled", "expired"):
        got = _message(value.get("error") or value.get("body") or kind)
        raise record.wrong(
            where, got, "an answer; the request failed: ask again, or leave the line and its item out"
        )
    for key in ("body", "message", "choices", "output", "text", "outputs"):
        if isinstance(value.get(key), dict | list | str):
            found = _answer(record, f"{where}.{key}", value[key])
            ended = value.get("finish_reason")
            return GivenAnswer(found.text, found.native, ended) if ended == "content_filter" else found
    if isinstance(value.get("refusal"), str) and value["refusal"]:
        return GivenAnswer(value["refusal"], finish="refusal")
    if value.get("tool_calls"):
        return _calls(record, f"{where}.tool_calls", value["tool_calls"])
    if "content" in value:
        return _answer(record, f"{where}.content", value["content"])
    if "functions" in value or "function" in value or "name" in value:
        return GivenAnswer(orjson.dumps(value).decode(), native="functions" not in value)
    raise record.wrong(where, value, _EXPECTED)


def _from_list(record: RawRecord, where: str, values: list[Any]) -> GivenAnswer:
    """Tool calls, the parts of a message, or a list of one answer."""
    if not values:
        return GivenAnswer("[]", native=True)
    parts = [value for value in values if isinstance(value, dict) and isinstance(value.get("type"), str)]
    if len(parts) == len(values) and any(part["type"] in _PARTS for part in parts):
        return _from_parts(record, where, parts)
    if all(isinstance(value, dict) and _is_call(value) for value in values):
        return _calls(record, where, values)
    if len(values) == 1 and isinstance(values[0], str | list | dict):
        return _answer(record, f"{where}[0]", values[0])
    raise record.wrong(where, values, f"{_EXPECTED}, one for each line")


_HOLDERS = frozenset(("message", "text", "content", "output", "body"))
_PARTS = frozenset(
    (
        "text",
        "output_text",
        "thinking",
        "redacted_thinking",
        "reasoning",
        "message",
        "tool_use",
        "function_call",
        "refusal",
    )
)


def _from_parts(record: RawRecord, where: str, parts: list[dict[str, Any]]) -> GivenAnswer:
    """The parts of a message: tool calls where there are any, else its texts; reasoning is left out."""
    calls = [part for part in parts if part["type"] in ("tool_use", "function_call")]
    if calls:
        return _calls(record, where, calls)
    refused = [part["refusal"] for part in parts if isinstance(part.get("refusal"), str)]
    if refused:
        return GivenAnswer("".join(refused), finish="refusal")
    said = [part for part in parts if part["type"] in ("text", "output_text", "message")]
    texts = [
        part["text"]
        if isinstance(part.get("text"), str)
        else _answer(record, where, part.get("content")).text
        for part in said
    ]
    return GivenAnswer("".join(texts))


def _is_call(value: dict[str, Any]) -> bool:
    """A call as an endpoint has it, or BFCL's {function: arguments}."""
    if isinstance(value.get("function"), dict) or "name" in value or "function" in value:
        return True
    return (
        len(value) == 1
        and value.keys().isdisjoint(_HOLDERS)
        and isinstance(next(iter(value.values())), str | dict)
    )


def _calls(record: RawRecord, where: str, values: Any) -> GivenAnswer:
    if not isinstance(values, list):
        raise record.wrong(where, values, "a list of tool calls")
    calls = [_call(value) for value in values]
    return GivenAnswer(orjson.dumps({"tool_calls": calls}).decode(), native=True)


def _call(value: Any) -> Any:
    """One call as an endpoint has it; what is none is handed on, and is the model's fault."""
    if not isinstance(value, dict):
        return value
    function = value.get("function", value)
    if not isinstance(function, dict):
        return value
    if "name" not in function and len(function) == 1:
        name, arguments = next(iter(function.items()))
        return {"type": "function", "function": {"name": name, "arguments": arguments}}
    arguments = next(
        (function[key] for key in ("arguments", "parameters", "input", "args") if key in function), {}
    )
    return {"type": "function", "function": {"name": function.get("name"), "arguments": arguments}}


def _message(error: Any) -> str:
    fields = error if isinstance(error, dict) else {}
    inner = fields.get("error", fields)
    message = inner.get("message") if isinstance(inner, dict) else inner
    return message if isinstance(message, str) else shortened(error)
