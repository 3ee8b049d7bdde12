"""From the bytes of a reply to the one completion in them, however they are framed.

Plain JSON in any UTF, behind byte order marks, in a list of one, as the value of a field, as server-sent
events or as JSON values one after another that nobody asked for, with numbers that JSON does not have (NaN).
It knows what chunks of a completion look like, and nothing of what an answer is worth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import orjson

_END_MARK = re.compile(r"^(?:data:)?[^\S\n]*\[DONE\]", re.MULTILINE)
_LINE_MARKS = re.compile(r"^data:|^(?:event|id|retry)?:.*|^\)\]\}'", re.MULTILINE)
"""Of server-sent events; the last is a guard against scripts."""
_BETWEEN = re.compile(r"[\s,\x00\x1e\ufeff]*")
_LONGEST_INTEGER = 19
_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")
_MOST_CALLS = 1_000
_DEEPEST_WRAPPING = 3


def decode_reply(reply: bytes) -> tuple[Any, str | None]:
    """The JSON value of a reply, and its text where it is one JSON text.

    A stream's chunks are put together to the completion they are parts of. Raises ValueError: it is nothing
    of the kind, or a stream that breaks off.
    """
    done = False
    try:
        values, text = [orjson.loads(reply)], reply.decode()
    except orjson.JSONDecodeError:
        text = reply.decode(json.detect_encoding(reply), "surrogateescape")
        text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff\x00 \t\n")
        values, done = _values(text), _END_MARK.search(text) is not None
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    if len(values) == 1 and "delta" not in _part_of(values[0]):
        return _unwrapped(values[0]), text
    return _joined(values, done), None


def _values(text: str) -> list[Any]:
    """The JSON values in a text, one after another, whatever marks stand between them."""
    try:
        return [_DECODER.decode(text)]
    except json.JSONDecodeError:
        text = _LINE_MARKS.sub("", _END_MARK.sub("", text))
    except RecursionError:
        raise ValueError("nested too deep") from None
    values: list[Any] = []
    place = 0
    while (between := _BETWEEN.match(text, place)) and between.end() < len(text):
        value, place = _DECODER.raw_decode(text, between.end())
        values.append(value)
    return values


def bounded_integer(digits: str) -> int | float:
    """An integer, or a float where it is too long for any count."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


_DECODER = json.JSONDecoder(parse_int=bounded_integer, strict=False)
"""Reads numbers that are none and control characters in texts, which some endpoints write."""


def _unwrapped(value: Any, depth: int = _DEEPEST_WRAPPING) -> Any:
    """What a gateway put into a field or a text of its own; the value itself where that is no completion."""
    if isinstance(value, str) and value[:1] == "{":
        try:
            return _unwrapped(_DECODER.decode(value), depth - 1) if depth else value
        except (ValueError, RecursionError):
            return value
    if not isinstance(value, dict) or not depth or "choices" in value or value.get("error"):
        return value
    inner = (_unwrapped(part, depth - 1) for part in value.values() if isinstance(part, dict | str))
    return next((part for part in inner if isinstance(part, dict) and "choices" in part), value)


def _joined(chunks: Sequence[Any], done: bool) -> dict[str, Any]:
    """The completion that chunks are the parts of; a whole one among them, or an error, stands for itself.

    Args: done: whether the stream said that this is its end.
    """
    message: dict[str, list[str]] = {}
    calls: dict[int, dict[str, Any]] = {}
    choice: dict[str, Any] = {"finish_reason": None}
    usage = whole = None
    for chunk in chunks:
        if not isinstance(chunk, dict):
            raise ValueError("a stream of something else than objects")
        usage = chunk.get("usage") or usage
        if chunk.get("error"):
            return chunk
        if "choices" not in chunk and isinstance(chunk.get("message") or chunk.get("detail"), str):
            return {"error": chunk}
        part = _part_of(chunk)
        if isinstance(part.get("message"), dict):
            whole = chunk  # each holds all that was said so far
        _add(message, calls, part.get("delta"))
        choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]
        choice["logprobs"] = choice.get("logprobs") or part.get("logprobs")
    if whole is not None:
        return whole
    if choice["finish_reason"] is None and not (done and message):
        raise ValueError("a stream that breaks off")
    if not any("delta" in _part_of(chunk) for chunk in chunks):
        raise ValueError("a stream of something else than a completion")
    choice["message"] = _whole(message)
    if calls:
        called = [call | {"function": _whole(call["function"])} for call in calls.values()]
        choice["message"]["tool_calls"] = called
    return {"choices": [choice], "usage": usage}


def _whole(pieces: dict[str, list[str]]) -> dict[str, Any]:
    """Texts that came in pieces."""
    return {name: "".join(texts) for name, texts in pieces.items()}


def _part_of(chunk: Any) -> dict[str, Any]:
    """A chunk's part of the first choice; {} where it has none."""
    choices = chunk.get("choices") if isinstance(chunk, dict) else None
    parts = [part for part in choices if isinstance(part, dict)] if isinstance(choices, list) else []
    return next((part for part in parts if part.get("index") in (0, None)), {})


def _add(message: dict[str, list[str]], calls: dict[int, dict[str, Any]], delta: Any) -> None:
    if not isinstance(delta, dict):
        return
    for name in _TEXTS:
        if isinstance(text := delta.get(name), str):
            message.setdefault(name, []).append(text)
    pieces = delta.get("tool_calls")
    for place, piece in enumerate(pieces if isinstance(pieces, list) else ()):
        if isinstance(piece, dict) and len(calls) < _MOST_CALLS:
            _add_call(calls, piece, place)


def _add_call(calls: dict[int, dict[str, Any]], piece: dict[str, Any], place: int) -> None:
    index = piece.get("index")
    call = calls.setdefault(index if isinstance(index, int) else place, {"id": None, "function": {}})
    call["id"] = call["id"] or piece.get("id")
    function = piece.get("function")
    for name, text in function.items() if isinstance(function, dict) else ():
        if isinstance(text, str):
            call["function"].setdefault(name, []).append(text)
