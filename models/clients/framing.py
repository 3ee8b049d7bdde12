"""From the bytes of a reply to the one completion in them, however they are framed.

Plain JSON, behind a byte order mark, in a list of one, as server-sent events or as lines of JSON that nobody
asked for, with numbers that JSON does not have (NaN). It knows what chunks of a completion look like, and
nothing of what an answer is worth.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_EVENT = re.compile(rb"\s*(?:data|event|id|retry)?:")
_NO_JSON_NUMBER = re.compile(rb"\b(?:NaN|Infinity)\b|\d{19}|\d[eE]\+?\d{3}")
_LONGEST_INTEGER = 19
_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")
_MOST_CALLS = 1_000


def decode_reply(reply: bytes) -> tuple[Any, bytes | None]:
    """The JSON value of a reply, and its text where it is one JSON text.

    A stream's chunks are put together to the completion they are parts of. Raises ValueError: it is nothing
    of the kind, or a stream that breaks off.
    """
    for mark, encoding in _MARKS:
        if reply.startswith(mark):
            reply = reply[len(mark) :].decode(encoding).encode()
    try:
        data = orjson.loads(reply)
    except orjson.JSONDecodeError:
        if _EVENT.match(reply):
            return _joined(map(_loads, _events(reply))), None
        lines = [line for line in reply.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip().startswith(b"{") and _is_json(line) for line in lines):
            return _joined(map(_loads, lines)), None
        data = _loads(reply)
    return (data[0] if isinstance(data, list) and len(data) == 1 else data), reply


def _loads(text: bytes) -> Any:
    """A JSON value; numbers that are none, which some endpoints put into their counts, are let through."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if not _NO_JSON_NUMBER.search(text):
            raise
    try:
        return json.loads(text, parse_int=bounded_integer)
    except RecursionError:
        raise ValueError("nested too deep") from None


def bounded_integer(digits: str) -> int | float:
    """An integer, or a float where it is too long for any count."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _events(stream: bytes) -> Iterator[bytes]:
    """The data of the events of a stream, but for the mark at its end."""
    for event in re.split(rb"\r?\n\r?\n", stream):
        lines = [line.removeprefix(b"data:").strip() for line in event.splitlines() if line[:5] == b"data:"]
        if lines[1:] and not _is_json(lines[0]):
            lines = [b"\n".join(lines)]
        yield from (line for line in lines if line not in (b"", b"[DONE]"))


def _is_json(text: bytes) -> bool:
    """Whether a line is a value of its own: some servers leave out the empty line between two events."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _joined(chunks: Iterable[Any]) -> dict[str, Any]:
    """The completion that chunks are the parts of; a whole one among them, or an error, stands for itself."""
    message: dict[str, list[str]] = {}
    calls: dict[int, dict[str, Any]] = {}
    choice: dict[str, Any] = {"finish_reason": None}
    usage = None
    for chunk in chunks:
        if not isinstance(chunk, dict):
            raise ValueError("a stream of something else than objects")
        usage = chunk.get("usage") or usage
        if chunk.get("error"):
            return chunk
        part = _part_of(chunk)
        if isinstance(part.get("message"), dict):
            return chunk
        _add(message, calls, part.get("delta"))
        choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]
        choice["logprobs"] = choice.get("logprobs") or part.get("logprobs")
    if choice["finish_reason"] is None:
        raise ValueError("a stream that breaks off")
    choice["message"] = _whole(message)
    if calls:
        called = [call | {"function": _whole(call["function"])} for call in calls.values()]
        choice["message"]["tool_calls"] = called
    return {"choices": [choice], "usage": usage}


def _whole(pieces: dict[str, list[str]]) -> dict[str, Any]:
    """Texts that came in pieces."""
    return {name: "".join(texts) for name, texts in pieces.items()}


def _part_of(chunk: dict[str, Any]) -> dict[str, Any]:
    """A chunk's part of the first choice; {} where it has none."""
    choices = chunk.get("choices")
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
