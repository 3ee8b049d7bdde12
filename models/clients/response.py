"""A chat-completions reply becomes a result, or an `AttemptError` that says what came instead.

What an endpoint sends is hostile: shapes are checked, numbers bounded, texts shortened before they are shown.
It knows no connection and no record; what the answer's text is worth is the gateway's matter.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import orjson
from autogen_core import FunctionCall
from autogen_core.models import CreateResult, RequestUsage
from autogen_core.models import FinishReasons as Finish

from ..faults import AttemptError, Kind, kind_of_status
from ..request import CHARACTERS_A_TOKEN

_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
_KINDS: dict[str, Kind] = {
    "rate_limit_exceeded": "rate_limited",
    "insufficient_quota": "unauthorised",
    "invalid_api_key": "unauthorised",
    "invalid_request_error": "refused",
    "context_length_exceeded": "refused",
}
"""What endpoints call their errors; with no money left, no other request would be answered either."""
_UNIQUE_FIELDS = tuple(
    f'"{name}"'.encode() for name in ("choices", "message", "content", "finish_reason", "usage")
)
_MOST_TOKENS = 1_000_000_000
_MOST_CANDIDATES = 64


class CompletionResult(CreateResult):
    """A result, and what AutoGen's has no room for."""

    cached_tokens: int | None = None
    """tokens of the prompt that the endpoint had in its prefix cache; None: it does not say"""
    refusal: bool = False
    """the content is the model's refusal, not an answer"""
    first_tokens: dict[str, float] | None = None
    """what might have stood at the answer's beginning -> its probability; None: the endpoint does not say"""


def read_completion(reply: bytes, characters: int) -> CompletionResult:
    """Read a reply of status 200.

    Args: reply: the body; characters: of the prompt, for endpoints that do not count tokens.

    Raises AttemptError: 'malformed' for what is no completion, or as the error in it says.
    """
    data = _decode(reply)
    if data.get("error"):
        raise error_in(data)
    choice = _first(data.get("choices"), "choices")
    message = choice.get("message")
    if not isinstance(message, dict):
        _malformed("choices[0] holds no message")
    refusal = message.get("refusal")
    refused = isinstance(refusal, str) and bool(refusal)
    content = _text(refusal if refused else message.get("content"))
    calls = _tool_calls(message.get("tool_calls"))
    thought = message.get("reasoning_content") or message.get("reasoning")
    usage, cached = _usage(data.get("usage"), characters, len(content))
    return CompletionResult(
        finish_reason="function_calls"
        if calls
        else _FINISHES.get(_string(choice.get("finish_reason")) or "", "unknown"),
        content=calls or content,
        usage=usage,
        cached=False,
        logprobs=None,
        thought=thought if isinstance(thought, str) else None,
        cached_tokens=cached,
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


def error_in(data: Any, status: int | None = None) -> AttemptError:
    """The fault an error body stands for, in the endpoint's own words.

    Args: data: the decoded body; status: of the HTTP reply; None: it was 200, and the body's code decides.
    """
    error = data.get("error", data) if isinstance(data, dict) else data
    fields = error if isinstance(error, dict) else {}
    message = fields.get("message") or fields.get("detail") or (error if isinstance(error, str) else "")
    codes = [code for code in (fields.get("code"), fields.get("type")) if isinstance(code, str | int)]
    kind: Kind | None = next((_KINDS[code] for code in map(str, codes) if code in _KINDS), None)
    if status is None:
        number = next((int(code) for code in codes if str(code).isdecimal() and len(str(code)) == 3), 500)
        kind = kind or kind_of_status(max(number, 400))
    elif kind != "unauthorised":
        kind = kind_of_status(status)
    return AttemptError(kind or "server", f"HTTP {status or 200}: {_as_text(message) or 'without a word'}")


def _as_text(message: Any) -> str:
    if isinstance(message, str):
        return message
    try:
        return orjson.dumps(message)[:2000].decode(errors="replace")
    except orjson.JSONEncodeError:  # too deep for anybody
        return ""


def _decode(reply: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(reply)
    except orjson.JSONDecodeError:
        _malformed(f"{len(reply)} bytes that are no JSON: {reply[:80].decode(errors='replace')!r}")
    if not isinstance(data, dict):
        _malformed(f"a JSON {type(data).__name__}, expected an object")
    # Cheap first: inside of a JSON text the quotes would be escaped.
    if any(reply.count(name) > 1 for name in _UNIQUE_FIELDS):
        try:
            json.loads(reply, object_pairs_hook=_refuse_duplicates)
        except (ValueError, RecursionError):
            _malformed("JSON that only some readers can read")
    return data


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        _malformed("the same field twice in one object")
    return fields


def _first(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        _malformed(f"no {name}")
    return value[0]


def _text(content: Any) -> str:
    """The answer's text: as it is, of a list the text parts joined, '' where there is none."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if not isinstance(content, list):
        _malformed(f"content is a {type(content).__name__}, expected text")
    texts = [part if isinstance(part, str) else _string(part, "text") for part in content]
    return "".join(text for text in texts if isinstance(text, str))


def _tool_calls(calls: Any) -> list[FunctionCall]:
    """The calls of a message, unread: arguments are the text the model wrote."""
    if not calls:
        return []
    if not isinstance(calls, list):
        _malformed(f"tool_calls is a {type(calls).__name__}, expected a list")
    return [_tool_call(call) for call in calls]


def _tool_call(call: Any) -> FunctionCall:
    """One call, whatever is wrong with it: a missing name or broken arguments are the model's answer."""
    function = call.get("function") if isinstance(call, dict) else None
    fields = function if isinstance(function, dict) else {}
    arguments = fields.get("arguments")
    if arguments is not None and not isinstance(arguments, str):
        arguments = orjson.dumps(arguments).decode()  # some endpoints send it decoded
    name = _string(fields, "name") or ""
    return FunctionCall(
        id=(_string(call, "id") if isinstance(call, dict) else None) or "",
        name=name,
        arguments=arguments or "",
    )


def _string(value: Any, key: str | None = None) -> str | None:
    """A text, or the text under a key of an object; None where there is none."""
    text = value.get(key) if key is not None and isinstance(value, dict) else value
    return text if isinstance(text, str) else None


def _usage(usage: Any, prompt_characters: int, characters: int) -> tuple[RequestUsage, int | None]:
    fields = usage if isinstance(usage, dict) else {}
    prompt, completion = _count(fields.get("prompt_tokens")), _count(fields.get("completion_tokens"))
    details = fields.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    counted = RequestUsage(
        prompt_tokens=prompt if prompt is not None else prompt_characters // CHARACTERS_A_TOKEN,
        completion_tokens=completion if completion is not None else characters // CHARACTERS_A_TOKEN,
    )
    return counted, cached if cached is None else min(cached, counted.prompt_tokens)


def _count(value: Any) -> int | None:
    """A number of tokens; None where there is none."""
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < _MOST_TOKENS:
        _malformed(f"a number of tokens is a {type(value).__name__}, or absurd")
    return value


def _malformed(what: str) -> NoReturn:
    raise AttemptError("malformed", f"no completion: {what}")
