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
    *("error_msg", "status_msg", "description", "reason", "title", "errormessage", "fault", "faultstring"),
    *("status", "response"),
)
"""Keys that words stand under, the likeliest first."""
_SAID_TOO = (
    *("detail", "details", "errors", "invalid_params", "invalid-params", "invalidparams", "fieldviolations"),
    *("raw", "cause", "inner_error", "innererror", "metadata", "data"),
)
"""Keys of what is said beside: of single fields, or to a gateway by the endpoint behind it."""
_PLACES = ("loc", "field", "param", "property", "name")
_DEEPEST, _WIDEST, _CHARACTERS = 8, 8, 2_000
_HIDDEN_HTML = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[/!a-zA-Z][^<>]*>")
_SAMPLED = re.compile(
    r"(?:failed|invalid|raw|model|partial|generated|bad)_?(?:generation|output|text|response|completion)"
)
_WAIT_KEY = re.compile(
    r"(?:.*_)?(?:(?:retry|try_again|reset|wait|cooldown|backoff|available)_?(?:after|delay|in|for|time|period)?"
    r"|estimated_time)_?(ms|milliseconds|s|sec|secs|seconds)?"
)
_DURATION = (
    r"(?:(?:\d+(?:\.\d+)?|\ban?)\s*(?:(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)"
    r"(?![a-z])|毫秒|秒|分钟?|小时)\s*)+"
)
_WAIT_WORDS = (
    re.compile(
        r"\bretry[ _-]?(?:after|in)(?: \(?seconds\)?)?[^\w-]{1,4}(\d+(?:\.\d+)?)(?![\d.]*[\w:])",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:\b(?:retry|retried|again|wait|available|resets?|back|cool-?down)\b|[请等])"
        rf"[^.;\d]{{0,40}}?({_DURATION})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"({_DURATION})(?:(?:until|before|and)\b.{{0,40}}\b(?:next|again|retry|another|try)\b|后|後)",
        re.IGNORECASE,
    ),
)
_PART = re.compile(r"(\d+(?:\.\d+)?|\ban?)\s*(ms|milli|毫秒|[smhd秒分小])", re.IGNORECASE)
_UNITS = {"ms": 0.001, "milli": 0.001, "毫秒": 0.001, "s": 1.0, "秒": 1.0, "m": 60.0, "分": 60.0} | {
    "h": 3600.0,
    "小": 3600.0,
    "d": 86400.0,
}
_CLOCK = re.compile(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)")
_LONGEST_WAIT = 1e7


def error_in(data: Any, status: int | None = None) -> AttemptError:
    """The fault an error body stands for, in the endpoint's own words.

    Args: data: the decoded body; status: of the HTTP reply; None: it was 200, and the body's code decides.
    """
    codes = [str(value) for key, value in _pairs(data) if key in ("code", "type", "status")]
    kind: Kind | None = next((_KINDS[code] for code in codes if code in _KINDS), None)
    code = status
    if status is None:
        number = next((int(code) for code in codes if code.isdecimal() and len(code) == 3), 500)
        code = max(number, 400)
        kind = kind or kind_of_status(code)
    elif kind != "unauthorised":
        kind = kind_of_status(status)
    words = words_in(data)
    error = AttemptError(kind or "server", f"HTTP {status or 200}: {words or 'without a word'}")
    if error.kind in ("rate_limited", "server"):
        error.retry_after = stated_wait(data, words)
    error.status = code
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
    place = next((_place(fields[key]) for key in _PLACES if fields.get(key)), "")
    if said and place not in said:
        said = f"{place}: {said}"
    for behind in filter(None, (_words(fields.get(key), depth + 1) for key in _SAID_TOO)):
        said = said if behind in said else f"{said}: {behind}" if said else behind
    return said or (_by_name(fields) if depth else "")


def _place(value: Any) -> str:
    """Which field it is about, where that stands beside the words."""
    return ".".join(map(str, value[:_WIDEST])) if isinstance(value, list) else str(value)[:80]


def _by_name(fields: dict[str, Any]) -> str:
    """Texts under keys that nobody knows: the names of fields, which are said to be wrong."""
    texts = {
        key: [
            text for text in (part if isinstance(part, list) else [part])[:_WIDEST] if isinstance(text, str)
        ]
        for key, part in list(fields.items())[:_WIDEST]
        if not key.startswith("@")
    }
    return "; ".join(f"{key}: {', '.join(said)}" for key, said in texts.items() if said)


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
    found = next(filter(None, (form.search(words) for form in _WAIT_WORDS)), None)
    return _seconds(found[1], "s") if found else None


def _seconds(value: Any, unit: str) -> float | None:
    """A number of a unit, or a duration in words ('1m30.5s'), in seconds; None: neither, or out of bounds."""
    if isinstance(value, dict):  # as protocol buffers write it: {seconds: 8, nanos: 5}
        value = "".join(f"{amount}{name}" for name, amount in list(value.items())[:_WIDEST])
    if isinstance(value, str):
        text = _CLOCK.sub(r"\1h\2m\3s", value[:40])
        parts = [(1.0 if amount[0] in "aA" else float(amount), mark) for amount, mark in _PART.findall(text)]
        if not parts and not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
            return None
        seconds = sum(
            amount * _UNITS[mark.lower()]
            for amount, mark in parts or [(float(text), "ms" if unit[0] == "m" else "s")]
        )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value * (0.001 if unit[0] == "m" else 1.0)
    else:
        return None
    return seconds if 0 <= seconds < _LONGEST_WAIT else None
