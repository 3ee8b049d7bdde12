"""The chat-completions protocol as bytes: requests are parsed, completions and errors are encoded.

It knows no model, fault or server.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

import orjson

from ..request import CHARACTERS_A_TOKEN

MODEL = "ptool-scripted"
"""What the model is called on the wire: nobody shall take it for a language model."""

ODD_COUNTS = {"prompt_tokens": 99.5, "completion_tokens": -35, "total_tokens": "many"}
"""Counts of tokens that can be none."""
_DIGEST = 16
_FILLER_TEXT = b" and so on" * 6_400


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What an answer depends on, and how it is to be sent."""

    texts: list[str]
    """the messages' contents in their order"""
    seed: int
    key: bytes
    """16 bytes that stand for texts and seed"""
    opening: bytes
    """stands for the first message, which endpoints cache"""
    stream: bool
    """as server-sent events"""
    usage: bool
    """whether a stream ends with its usage"""
    functions: tuple[str, ...] = ()
    """names of the functions that may be called"""


@dataclass(frozen=True, slots=True)
class MockCompletion:
    """An answer before it is encoded."""

    text: str
    finish: Literal["stop", "length", "content_filter"] = "stop"
    refused: bool = False
    """the text is a refusal"""
    filler: int = 0
    """bytes of filler after the text"""
    slow: bool = False
    """sent in small pieces over many seconds"""
    in_reasoning: bool = False
    """the text stands where a model's thoughts do, and the content is null"""
    odd_counts: bool = False
    """the counts of tokens can be none"""
    frame: Literal["as asked", "events", "mark"] = "as asked"
    """events: streamed, whatever was asked for; mark: behind a byte order mark"""


def parse_request(body: bytes) -> ChatRequest:
    """Parse a request's body.

    Raises:
        ValueError: it is no request that can be answered; says why.
    """
    fields = _decoded_object(body)
    texts = [_text(message, position) for position, message in enumerate(_messages(fields))]
    seed = fields.get("seed") or 0
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError("seed: expected an integer")
    if fields.get("n") not in (None, 1):
        raise ValueError("n: there is one answer for a request, expected 1")
    digests = [blake2b(text.encode(), digest_size=_DIGEST).digest() for text in texts]
    options = fields.get("stream_options")
    return ChatRequest(
        texts=texts,
        seed=seed,
        key=blake2b(b"%d:" % seed + b"".join(digests), digest_size=_DIGEST).digest(),
        opening=digests[0],
        stream=bool(fields.get("stream")),
        usage=isinstance(options, dict) and bool(options.get("include_usage")),
        functions=tuple(_functions(fields.get("tools"))),
    )


def _functions(tools: Any) -> Iterator[str]:
    for tool in tools if isinstance(tools, list) else ():
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            yield function["name"]


def _tool_calls(request: ChatRequest, answer: MockCompletion) -> list[Any] | None:
    """The calls in an answer that is `{"tool_calls": […]}`, where there are functions; None: it is a text."""
    if not request.functions or not answer.text.startswith('{"tool_calls":'):
        return None
    try:
        calls = orjson.loads(answer.text)["tool_calls"]
    except orjson.JSONDecodeError:
        return None
    return calls if isinstance(calls, list) else None


def _decoded_object(body: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError(f"the body: expected an object, got {type(fields).__name__}")
    return fields


def _messages(fields: dict[str, Any]) -> list[Any]:
    messages = fields.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages: expected a list of at least one message")
    return messages


def _text(message: Any, position: int) -> str:
    content = message.get("content") if isinstance(message, dict) else False
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str | None):
        raise ValueError(f"messages.{position}: expected an object with a content")
    return content or ""


def estimated_usage(request: ChatRequest, answer: MockCompletion, cached: bool) -> dict[str, Any]:
    """What an answer cost, estimated; `cached`: the first message was seen before."""
    sent = sum(map(len, request.texts)) // CHARACTERS_A_TOKEN
    received = (len(answer.text) + answer.filler) // CHARACTERS_A_TOKEN
    cached_tokens = len(request.texts[0]) // CHARACTERS_A_TOKEN if cached else 0
    return {
        "prompt_tokens": sent,
        "completion_tokens": received,
        "total_tokens": sent + received,
        "prompt_tokens_details": {"cached_tokens": cached_tokens},
    }


def encode_completion(
    request: ChatRequest, answer: MockCompletion, fingerprint: str, cached: bool
) -> tuple[bytes, ...]:
    """The answer as one JSON body, in as many pieces as its filler needs."""
    content = {"content": None, "refusal": answer.text} if answer.refused else {"content": answer.text}
    if answer.in_reasoning:
        content = {"content": None, "reasoning_content": answer.text}
    calls = _tool_calls(request, answer)
    if calls is not None:
        content = {"content": None, "tool_calls": calls}
    choice = {
        "index": 0,
        "message": {"role": "assistant", **content},
        "logprobs": None,
        "finish_reason": answer.finish if calls is None else "tool_calls",
    }
    completion = {
        **_envelope("chat.completion", request, fingerprint),
        "usage": ODD_COUNTS if answer.odd_counts else estimated_usage(request, answer, cached),
        "choices": [choice],
    }
    body = (codecs.BOM_UTF8 if answer.frame == "mark" else b"") + orjson.dumps(completion)
    if not answer.filler:
        return (body,)
    head, end, tail = body.rpartition(b'"},"logprobs"')
    return (head, *_filler(answer.filler), end + tail)


def encode_events(
    request: ChatRequest, answer: MockCompletion, fingerprint: str, cached: bool
) -> tuple[bytes, ...]:
    """The same answer as server-sent events."""
    envelope = _envelope("chat.completion.chunk", request, fingerprint)

    def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return _event({**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    content = {"refusal" if answer.refused else "content": answer.text}
    filler = (event({"content": piece.decode()}) for piece in _filler(answer.filler))
    end = [event({}, answer.finish)]
    if request.usage:
        end.append(_event({**envelope, "choices": [], "usage": estimated_usage(request, answer, cached)}))
    return (event({"role": "assistant", **content}), *filler, *end, b"data: [DONE]\n\n")


def encode_models() -> bytes:
    """The reply to `GET /v1/models`: there is one."""
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "ptool"}
    return orjson.dumps({"object": "list", "data": [model]})


def _envelope(kind: str, request: ChatRequest, fingerprint: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{request.key.hex()}",
        "object": kind,
        "created": int(time.time()),
        "model": MODEL,
        "system_fingerprint": fingerprint,
    }


def _event(value: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(value)


def _filler(size: int) -> Iterator[bytes]:
    """That many bytes, the same piece over and over."""
    for _ in range(size // len(_FILLER_TEXT)):
        yield _FILLER_TEXT
    if size % len(_FILLER_TEXT):
        yield _FILLER_TEXT[: size % len(_FILLER_TEXT)]


def encode_error(message: str, kind: str) -> bytes:
    """The body of an error reply; `kind` is the protocol's, such as 'rate_limit_error'."""
    return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": None}})
