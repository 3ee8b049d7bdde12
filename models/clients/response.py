"""A chat-completions reply becomes a result, or an `AttemptError` that says what came instead.

What an endpoint sends is hostile: shapes are checked, numbers bounded, texts shortened before they are shown.
It knows no connection and no record; what the answer's text is worth is the gateway's matter.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import orjson
from autogen_core import FunctionCall
from autogen_core.models import CreateResult, RequestUsage
from autogen_core.models import FinishReasons as Finish

from ..faults import AttemptError
from ..request import CHARACTERS_A_TOKEN
from .error_body import error_in
from .framing import bounded_integer, decode_reply

_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
_UNIQUE_FIELDS = ('"choices"', '"message"', '"content"', '"finish_reason"', '"usage"')
_THOUGHT = re.compile(r"(?:reasoning|think|thought)(?!\w*(?:signature|token|effort|id$))\w*")
"""Where thoughts stand in a message or beside it, and the type of a part of the content that is one."""
_MOST_TOKENS = 100_000_000
_MOST_CANDIDATES = 64


class CompletionResult(CreateResult):
    """A result, and what AutoGen's has no room for."""

    cached_tokens: int | None = None
    """tokens of the prompt that the endpoint had in its prefix cache; None: it does not say"""
    estimated: bool = False
    """whether tokens were estimated, because the endpoint's counts are missing or can be none"""
    refusal: bool = False
    """the content is the model's refusal, not an answer"""
    first_tokens: dict[str, float] | None = None
    """what might have stood at the answer's beginning -> its probability; None: the endpoint does not say"""


def read_completion(reply: bytes, characters: int, *, tools: bool = True) -> CompletionResult:
    """Read a reply of status 200.

    Args: reply: the body; characters: of the prompt, for endpoints that do not count tokens; tools: whether
        any were offered: otherwise calls beside a text are no answer.

    Raises AttemptError: 'malformed' for what is no completion, or as the error in it says.
    """
    data = _decode(reply)
    if _says(data.get("error")):
        raise error_in(data)
    choice = _first(data)
    message = choice.get("message")
    if not isinstance(message, dict):
        _malformed("choices[0] holds no message")
    refusal = message.get("refusal")
    refused = isinstance(refusal, str) and bool(refusal)
    content = _text(refusal if refused else message.get("content"))
    calls = _tool_calls(message) if tools or not content else []
    thought = _thought({**choice, **message})
    written = len(content) + len(thought) + sum(len(call.name) + len(call.arguments) for call in calls)
    usage, cached, estimated = _usage(data.get("usage"), characters, written)
    return CompletionResult(
        finish_reason="function_calls"
        if calls
        else _FINISHES.get((_string(choice.get("finish_reason")) or "").lower(), "unknown"),
        content=calls or content,
        usage=usage,
        cached=False,
        logprobs=None,
        thought=thought or None,
        cached_tokens=cached,
        estimated=estimated,
        refusal=refused,
        first_tokens=_first_tokens(choice.get("logprobs")),
    )


def _first_tokens(logprobs: Any) -> dict[str, float] | None:
    """The candidates for the first token and their probabilities, tokens of the same letters added up."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    first = content[0] if isinstance(content, list) and content else None
    candidates = first.get("top_logprobs") if isinstance(first, dict) else None
    if not isinstance(candidates, list):
        return None
    found: dict[str, float] = {}
    for candidate in candidates[:_MOST_CANDIDATES]:
        fields = candidate if isinstance(candidate, dict) else {}
        token, logprob = _string(fields, "token"), fields.get("logprob")
        if isinstance(logprob, bool) or token is None:
            continue
        if isinstance(logprob, int | float) and -math.inf < logprob <= 0:
            word = token.strip().strip("\"'().:*`").strip()
            found[word] = found.get(word, 0.0) + math.exp(logprob)
    return found or None


def _says(error: Any) -> bool:
    """Whether the error of a reply is one: some endpoints send the field along, with nothing in it."""
    return any(error.values()) if isinstance(error, dict) else bool(error)


def _decode(reply: bytes) -> dict[str, Any]:
    try:
        data, text = decode_reply(reply)
    except ValueError:
        _malformed(f"{len(reply)} bytes that hold none: {reply[:80].decode(errors='replace')!r}")
    if not isinstance(data, dict):
        _malformed(f"a JSON {type(data).__name__}, expected an object")
    # Cheap first: inside of a JSON text the quotes would be escaped.
    if text is not None and any(text.count(name) > 1 for name in _UNIQUE_FIELDS):
        try:
            json.loads(text, object_pairs_hook=_refuse_duplicates, parse_int=bounded_integer)
        except (ValueError, RecursionError):
            _malformed("JSON that only some readers can read")
    return data


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        _malformed("the same field twice in one object")
    return fields


def _first(data: dict[str, Any]) -> dict[str, Any]:
    """The first choice; where there is none, what was said instead is the fault."""
    choices = data.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    if not data or "choices" in data:
        _malformed("no choices")
    raise error_in(data)


def _text(content: Any) -> str:
    """The answer's text: as it is, of a list the text parts joined, '' where there is none."""
    if content is None:
        return ""
    if not isinstance(content, str | list | dict):
        _malformed(f"content is a {type(content).__name__}, expected text")
    if isinstance(content, dict) and "text" not in content:
        return _as_json(content)  # some endpoints send a record decoded
    said = "".join(text for text, is_thought in _parts(content) if not is_thought)
    if not said.isascii() and any("\ud800" <= char <= "\udfff" for char in said):
        _malformed("letters that are none")
    return said


def _parts(content: Any) -> Iterator[tuple[str, bool]]:
    """The texts of a content, and whether each is a thought."""
    for part in content if isinstance(content, list) else [content]:
        text = part if isinstance(part, str) else _string(part, "text")
        kind = (_string(part, "type") or "") if isinstance(part, dict) else ""
        if isinstance(text, str):
            yield text, _THOUGHT.match(kind) is not None


def _thought(fields: dict[str, Any]) -> str:
    """What stands where models think: a text, or a list of parts, or parts of the content."""
    for name, value in fields.items():
        if _THOUGHT.fullmatch(name) and (found := "".join(text for text, _ in _parts(value))):
            return found
    return "".join(text for text, is_thought in _parts(fields.get("content")) if is_thought)


def _tool_calls(message: dict[str, Any]) -> list[FunctionCall]:
    """The calls of a message, unread: arguments are the text the model wrote.

    A call that is none, or has no name, is the model's fault and no fault of the reply: it is handed on.
    """
    calls = message.get("tool_calls")
    if not calls and message.get("function_call"):  # as before there were several
        calls = [{"function": message["function_call"]}]
    if isinstance(calls, dict):
        calls = [calls]
    return [_tool_call(call) for call in calls] if isinstance(calls, list) else []


def _tool_call(call: Any) -> FunctionCall:
    """One call, whatever is wrong with it: a missing name or broken arguments are the model's answer."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        id = _string(call, "id") if isinstance(call, dict) else None
        return FunctionCall(id=id or "", name="", arguments=_as_json(call))
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        arguments = "" if arguments is None else _as_json(arguments)  # some endpoints send it decoded
    return FunctionCall(
        id=_string(call, "id") or "", name=_string(function, "name") or "", arguments=arguments
    )


def _as_json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # too deep for anybody
        return ""


def _string(value: Any, key: str | None = None) -> str | None:
    """A text, or the text under a key of an object; None where there is none."""
    text = value.get(key) if key is not None and isinstance(value, dict) else value
    return text if isinstance(text, str) else None


def _usage(usage: Any, prompt_characters: int, characters: int) -> tuple[RequestUsage, int | None, bool]:
    """Tokens of prompt and answer, those of the prompt that were cached, and whether any was estimated."""
    fields = usage if isinstance(usage, dict) else {}
    prompt = _count(fields.get("prompt_tokens", fields.get("input_tokens")), prompt_characters)
    completion = _count(fields.get("completion_tokens", fields.get("output_tokens")), characters)
    details = fields.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens"), 0) if isinstance(details, dict) else None
    counted = RequestUsage(
        prompt_tokens=prompt if prompt is not None else prompt_characters // CHARACTERS_A_TOKEN,
        completion_tokens=completion if completion is not None else characters // CHARACTERS_A_TOKEN,
    )
    estimated = prompt is None or completion is None
    return counted, cached if cached is None else min(cached, counted.prompt_tokens), estimated


def _count(value: Any, characters: int) -> int | None:
    """A number of tokens; None where it cannot be one: a flaw beside the answer does not cost the answer.

    Args: characters: of the text that is counted; no tokens for some text were not counted.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value < _MOST_TOKENS:
        return None
    return None if value == 0 and characters >= CHARACTERS_A_TOKEN else value


def _malformed(what: str) -> NoReturn:
    raise AttemptError("malformed", f"no completion: {what}")
