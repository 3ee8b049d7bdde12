"""The faults there are: some replace the reply (`REPLY_FAULTS`), some corrupt the answer (`ANSWER_FAULTS`).

Pure data and functions. Which request gets which fault is decided in `fault_injection.py`, how it is sent
in `handler.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import orjson

from .protocol import MockCompletion, encode_error

HUGE_ANSWER = 50_000_000
"""Bytes of an answer that is `huge`."""


@dataclass(frozen=True, slots=True)
class CannedReply:
    """What is sent where no answer is."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Literal["reply", "hang", "reset"] = "reply"
    """hang: nothing until the client leaves; reset: the connection breaks off"""


def error_reply(status: int, message: str, kind: str, **headers: str) -> CannedReply:
    """An error reply of the protocol; a header's name is given with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return CannedReply(status, encode_error(message, kind), named)


def _prose(answer: MockCompletion) -> MockCompletion:
    text = f"Certainly! Here is what you asked for:\n\n```json\n{answer.text}\n```\n\nAnything else?"
    return replace(answer, text=text)


def _truncated(answer: MockCompletion) -> MockCompletion:
    return replace(answer, text=answer.text[: len(answer.text) // 2], finish="length")


def _filtered(answer: MockCompletion) -> MockCompletion:
    return replace(answer, text=answer.text[: len(answer.text) // 4], finish="content_filter")


def _wrong_schema(answer: MockCompletion) -> MockCompletion:
    return replace(answer, text=orjson.dumps({"unheard_of": answer.text[:100]}).decode())


def _duplicate_keys(answer: MockCompletion) -> MockCompletion:
    """The first key twice, null first: who lets the last one win sees nothing wrong."""
    first = next(iter(_as_object(answer.text)))
    rest = answer.text.lstrip().removeprefix("{")
    return replace(answer, text=f"{{{orjson.dumps(first).decode()}:null,{rest}")


def _two_objects(answer: MockCompletion) -> MockCompletion:
    """The answer, and another one whose first value differs."""
    first = _as_object(answer.text)
    second = orjson.dumps({**first, next(iter(first)): None}).decode()
    return replace(answer, text=f"{answer.text}\n{second}")


def _as_object(text: str) -> dict[str, Any]:
    """The answer as an object with at least one key; one of our own where it is none."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) and value else {"unheard_of": text[:100]}


REPLY_FAULTS: Mapping[str, CannedReply] = {
    "rate_limited": error_reply(429, "rate limit reached", "rate_limit_error"),
    "rate_limited_after": error_reply(429, "rate limit reached", "rate_limit_error", Retry_After="1"),
    "server_error": error_reply(500, "the server had an error", "server_error"),
    "unavailable": error_reply(503, "the server is overloaded", "server_error"),
    "unauthorised": error_reply(401, "incorrect API key provided", "authentication_error"),
    "malformed": CannedReply(body=b"<html><body>bad gateway</body></html>"),
    "refused": CannedReply(400, orjson.dumps([{"error": {"code": 400, "message": "not this time"}}])),
    "moved": CannedReply(307, headers={"Location": "/v2/chat/completions"}),
    "no_json": CannedReply(
        400,
        orjson.dumps({"error": {"message": "what was sampled is no JSON", "failed_generation": '{"a": '}}),
    ),
    "wait_in_body": CannedReply(
        429, orjson.dumps({"error": {"message": "quota exceeded", "details": [{"retryDelay": "1s"}]}})
    ),
    "hang": CannedReply(manner="hang"),
    "reset": CannedReply(manner="reset"),
}
"""Faults that replace the reply: no answer is even computed."""

ANSWER_FAULTS: Mapping[str, Callable[[MockCompletion], MockCompletion]] = {
    "slow": lambda answer: replace(answer, slow=True),
    "prose": _prose,
    "truncated": _truncated,
    "empty": lambda answer: replace(answer, text=""),
    "refusal": lambda answer: replace(answer, text="I am sorry, I cannot help with that.", refused=True),
    "content_filter": _filtered,
    "huge": lambda answer: replace(answer, filler=HUGE_ANSWER),
    "wrong_schema": _wrong_schema,
    "duplicate_keys": _duplicate_keys,
    "two_objects": _two_objects,
    "in_reasoning": lambda answer: replace(answer, in_reasoning=True),
    "odd_counts": lambda answer: replace(answer, odd_counts=True),
    "streamed": lambda answer: replace(answer, frame="events"),
    "marked": lambda answer: replace(answer, frame="mark"),
}
"""Faults that corrupt an answer; what is sent is a completion all the same."""

FAULTS = (*REPLY_FAULTS, *ANSWER_FAULTS)
"""Names of all faults, in the order in which their shares are laid out for a draw."""
