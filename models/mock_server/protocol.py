"""The chat-completions protocol as bytes: what a request asks, and how an answer is written.

It knows no model, fault or server.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from .faults import Completion

MODEL = "ptool-scripted"
"""What the model is called on the wire: nobody shall take it for a language model."""

CHARACTERS_A_TOKEN = 4
"""Tokens are estimated as the in-process model does."""

_DIGEST = 16
_FILLER = b" and so on" * 6_400


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer depends on, and how it shall come."""

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


def question(body: bytes) -> Question:
    """Read a request's body.

    Raises:
        ValueError: it is no request that can be answered; says why.
    """
    asked = _object(body)
    texts = [_text(message, place) for place, message in enumerate(_messages(asked))]
    seed = asked.get("seed") or 0
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError("seed: expected an integer")
    if asked.get("n") not in (None, 1):
        raise ValueError("n: there is one answer for a request, expected 1")
    digests = [blake2b(text.encode(), digest_size=_DIGEST).digest() for text in texts]
    options = asked.get("stream_options")
    return Question(
        texts=texts,
        seed=seed,
        key=blake2b(b"%d:" % seed + b"".join(digests), digest_size=_DIGEST).digest(),
        opening=digests[0],
        stream=bool(asked.get("stream")),
        usage=isinstance(options, dict) and bool(options.get("include_usage")),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the body is not JSON: {error}") from None
    if not isinstance(asked, dict):
        raise ValueError(f"the body: expected an object, got {type(asked).__name__}")
    return asked


def _messages(asked: dict[str, Any]) -> list[Any]:
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages: expected a list of at least one message")
    return messages


def _text(message: Any, place: int) -> str:
    content = message.get("content") if isinstance(message, dict) else False
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str | None):
        raise ValueError(f"messages.{place}: expected an object with a content")
    return content or ""


def usage(asked: Question, answer: Completion, cached: bool) -> dict[str, Any]:
    """What an answer cost, estimated; `cached`: the first message was seen before."""
    sent = sum(map(len, asked.texts)) // CHARACTERS_A_TOKEN
    received = (len(answer.text) + answer.filler) // CHARACTERS_A_TOKEN
    known = len(asked.texts[0]) // CHARACTERS_A_TOKEN if cached else 0
    return {
        "prompt_tokens": sent,
        "completion_tokens": received,
        "total_tokens": sent + received,
        "prompt_tokens_details": {"cached_tokens": known},
    }


def written(asked: Question, answer: Completion, fingerprint: str, cached: bool) -> tuple[bytes, ...]:
    """The answer as one JSON body, in as many pieces as its filler needs."""
    said = {"content": None, "refusal": answer.text} if answer.refused else {"content": answer.text}
    choice = {
        "index": 0,
        "message": {"role": "assistant", **said},
        "logprobs": None,
        "finish_reason": answer.finish,
    }
    whole = {
        **_frame("chat.completion", asked, fingerprint),
        "usage": usage(asked, answer, cached),
        "choices": [choice],
    }
    body = orjson.dumps(whole)
    if not answer.filler:
        return (body,)
    head, end, tail = body.rpartition(b'"},"logprobs"')
    return (head, *_babble(answer.filler), end + tail)


def streamed(asked: Question, answer: Completion, fingerprint: str, cached: bool) -> tuple[bytes, ...]:
    """The same answer as server-sent events."""
    frame = _frame("chat.completion.chunk", asked, fingerprint)

    def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return _event({**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    said = {"refusal" if answer.refused else "content": answer.text}
    filler = (event({"content": piece.decode()}) for piece in _babble(answer.filler))
    end = [event({}, answer.finish)]
    if asked.usage:
        end.append(_event({**frame, "choices": [], "usage": usage(asked, answer, cached)}))
    return (event({"role": "assistant", **said}), *filler, *end, b"data: [DONE]\n\n")


def models() -> bytes:
    """The list of models: there is one."""
    one = {"id": MODEL, "object": "model", "created": 0, "owned_by": "ptool"}
    return orjson.dumps({"object": "list", "data": [one]})


def _frame(kind: str, asked: Question, fingerprint: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{asked.key.hex()}",
        "object": kind,
        "created": int(time.time()),
        "model": MODEL,
        "system_fingerprint": fingerprint,
    }


def _event(value: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(value)


def _babble(size: int) -> Iterator[bytes]:
    """That many bytes, the same piece over and over."""
    for _ in range(size // len(_FILLER)):
        yield _FILLER
    if size % len(_FILLER):
        yield _FILLER[: size % len(_FILLER)]
