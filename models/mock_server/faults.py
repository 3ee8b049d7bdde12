"""Everything that can be wrong with a reply: a table of what comes instead, and of what an answer becomes.

Pure data and functions. When a fault happens is decided in `behaviour`, how a reply is sent in `app`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import orjson

HUGE = 50_000_000
"""Bytes of an answer that is `huge`."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer before it is written down for the wire."""

    text: str
    finish: Literal["stop", "length", "content_filter"] = "stop"
    refused: bool = False
    """the text is a refusal"""
    filler: int = 0
    """bytes of babble after the text"""
    dribbled: bool = False
    """sent in crumbs instead of in one piece"""


@dataclass(frozen=True, slots=True)
class Instead:
    """What comes where an answer was expected."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Literal["reply", "hang", "reset"] = "reply"
    """hang: nothing until the client leaves; reset: the connection breaks off"""


def failure(status: int, message: str, kind: str, **headers: str) -> Instead:
    """An error reply of the protocol; a header's name is given with `_` for `-`."""
    body = orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": None}})
    return Instead(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def _prose(answer: Completion) -> Completion:
    around = f"Certainly! Here is what you asked for:\n\n```json\n{answer.text}\n```\n\nAnything else?"
    return replace(answer, text=around)


def _truncated(answer: Completion) -> Completion:
    return replace(answer, text=answer.text[: len(answer.text) // 2], finish="length")


def _filtered(answer: Completion) -> Completion:
    return replace(answer, text=answer.text[: len(answer.text) // 4], finish="content_filter")


def _wrong_schema(answer: Completion) -> Completion:
    return replace(answer, text=orjson.dumps({"unheard_of": answer.text[:100]}).decode())


def _duplicate_keys(answer: Completion) -> Completion:
    """The first key twice, null first: who lets the last one win sees nothing wrong."""
    first = next(iter(_object(answer.text)))
    rest = answer.text.lstrip().removeprefix("{")
    return replace(answer, text=f"{{{orjson.dumps(first).decode()}:null,{rest}")


def _two_objects(answer: Completion) -> Completion:
    """The answer, and another one whose first value differs."""
    known = _object(answer.text)
    other = orjson.dumps({**known, next(iter(known)): None}).decode()
    return replace(answer, text=f"{answer.text}\n{other}")


def _object(text: str) -> dict[str, Any]:
    """The answer as an object with at least one key; one of our own where it is none."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) and value else {"unheard_of": text[:100]}


INSTEAD: Mapping[str, Instead] = {
    "rate_limited": failure(429, "rate limit reached", "rate_limit_error"),
    "rate_limited_after": failure(429, "rate limit reached", "rate_limit_error", Retry_After="1"),
    "server_error": failure(500, "the server had an error", "server_error"),
    "unavailable": failure(503, "the server is overloaded", "server_error"),
    "unauthorised": failure(401, "incorrect API key provided", "authentication_error"),
    "malformed": Instead(body=b"<html><body>bad gateway</body></html>"),
    "hang": Instead(manner="hang"),
    "reset": Instead(manner="reset"),
}
"""Faults for which no answer is even made up."""

SPOILS: Mapping[str, Callable[[Completion], Completion]] = {
    "slow": lambda answer: replace(answer, dribbled=True),
    "prose": _prose,
    "truncated": _truncated,
    "empty": lambda answer: replace(answer, text=""),
    "refusal": lambda answer: replace(answer, text="I am sorry, I cannot help with that.", refused=True),
    "content_filter": _filtered,
    "huge": lambda answer: replace(answer, filler=HUGE),
    "wrong_schema": _wrong_schema,
    "duplicate_keys": _duplicate_keys,
    "two_objects": _two_objects,
}
"""Faults that an answer suffers; it is a completion all the same."""

FAULTS = (*INSTEAD, *SPOILS)
