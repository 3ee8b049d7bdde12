"""What an endpoint says where it does not answer: its words, how long to wait, what it had sampled.

Error bodies come in every shape: an object, a list, a text, a page of HTML, one inside of another. Whatever
the shape, what is said in it is found, bounded. It knows no connection and no request.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import orjson

from ..faults import AttemptError, Kind, kind_of_status

_KINDS: dict[str, Kind] = {
    "rate_limit_exceeded": "rate_limited",
    "insufficient_quota": "unauthorised",
    "invalid_api_key": "unauthorised",
    "invalid_request_error": "refused",
    "context_length_exceeded": "refused",
}
"""What endpoints call their errors; with no money left, no other request would be answered either."""
_SAID_UNDER = (
    *("message", "msg", "error", "errors", "detail", "details", "error_message", "error_description"),
    *("description", "reason", "title", "errormessage", "fault", "faultstring", "status"),
)
"""Keys that words stand under, the likeliest first."""
_SAID_TOO = ("raw", "cause", "inner_error", "innererror", "metadata")
"""Keys of what a gateway was told by the endpoint behind it."""
_DEEPEST, _WIDEST, _CHARACTERS = 8, 8, 2_000
_HIDDEN_HTML = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[/!a-zA-Z][^<>]*>")
_SAMPLED = re.compile(
    r"(?:failed|invalid|raw|model|partial|generated|bad)_?(?:generation|output|text|response|completion)"
)
_WAIT_KEY = re.compile(r"retry_?(?:after|delay|in)_?(ms|milliseconds|s|sec|seconds)?")
_DURATION = (
    r"(?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)(?![a-z])\s*)+"
)
_WAIT_WORDS = re.compile(
    rf"\b(?:retry|retried|again|wait|available|resets?|back)\b[^.;\d]{{0,40}}?({_DURATION})", re.IGNORECASE
)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milli|s|m|h)", re.IGNORECASE)
_UNITS = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_WAIT = 1e7


def error_in(data: Any, status: int | None = None) -> AttemptError:
    """The fault an error body stands for, in the endpoint's own words.

    Args: data: the decoded body; status: of the HTTP reply; None: it was 200, and the body's code decides.
    """
    codes = [str(value) for key, value in _pairs(data) if key in ("code", "type", "status")]
    kind: Kind | None = next((_KINDS[code] for code in codes if code in _KINDS), None)
    if status is None:
        number = next((int(code) for code in codes if code.isdecimal() and len(code) == 3), 500)
        kind = kind or kind_of_status(max(number, 400))
    elif kind != "unauthorised":
        kind = kind_of_status(status)
    words = words_in(data)
    error = AttemptError(kind or "server", f"HTTP {status or 200}: {words or 'without a word'}")
    if error.kind in ("rate_limited", "server"):
        error.retry_after = stated_wait(data, words)
    error.status = status or 200
    error.field = next((str(value) for key, value in _pairs(data) if key == "param" and value), "")
    error.sampled = next(
        (value for key, value in _pairs(data) if _SAMPLED.fullmatch(key) and isinstance(value, str)), None
    )
    return error


def words_in(data: Any) -> str:
    """What is said in an error body; where nothing is, the body itself, and '' where it is empty."""
    return (_words(data, 0) or _as_json(data))[:_CHARACTERS]


def _words(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return _plain(value)
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_words(part, depth + 1) for part in value[:_WIDEST])))
    if not isinstance(value, dict):
        return ""
    fields = {str(key).lower(): part for key, part in value.items()}
    said = next(filter(None, (_words(fields.get(key), depth + 1) for key in _SAID_UNDER)), "")
    if said and isinstance(place := fields.get("loc"), list):
        said = f"{'.'.join(map(str, place[:_WIDEST]))}: {said}"
    behind = next(filter(None, (_words(fields.get(key), depth + 1) for key in _SAID_TOO)), "")
    return said if not behind or behind in said else f"{said}: {behind}" if said else behind


def _plain(text: str) -> str:
    """A text without the marks of HTML."""
    text = text[: 8 * _CHARACTERS]
    if "<" not in text:
        return text.strip()
    return " ".join(html.unescape(_TAG.sub(" ", _HIDDEN_HTML.sub(" ", text))).split())


def _as_json(data: Any) -> str:
    if not data:
        return ""
    try:
        return orjson.dumps(data)[:_CHARACTERS].decode(errors="replace")
    except orjson.JSONEncodeError:  # too deep for anybody
        return ""


def _pairs(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every key in a body and what stands under it, from the outside in; keys in lower case and with '_'."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for part in value[:_WIDEST]:
            yield from _pairs(part, depth + 1)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield _snake(str(key)), part
        for part in value.values():
            yield from _pairs(part, depth + 1)


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key[:80]).replace("-", "_").lower()


def stated_wait(data: Any, words: str = "") -> float | None:
    """Seconds that an error body asks to wait, by a key such as `retryDelay` or in words; None: it does not.

    Args: data: the decoded body; words: what is said in it (`words_in`).
    """
    for key, value in _pairs(data):
        named = _WAIT_KEY.fullmatch(key)
        if named and (seconds := _seconds(value, named[1] or "s")) is not None:
            return seconds
    found = _WAIT_WORDS.search(words)
    return _seconds(found[1], "s") if found else None


def _seconds(value: Any, unit: str) -> float | None:
    """A number of a unit, or a duration in words ('1m30.5s'), in seconds; None: neither, or out of bounds."""
    if isinstance(value, str):
        parts = [(float(number), mark.lower()) for number, mark in _PART.findall(value[:40])]
        seconds = sum(number * _UNITS[mark] for number, mark in parts)
        if not parts:
            return _seconds(float(value), unit) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value) else None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value * (0.001 if unit[0] == "m" else 1.0)
    else:
        return None
    return seconds if 0 <= seconds < _LONGEST_WAIT else None
