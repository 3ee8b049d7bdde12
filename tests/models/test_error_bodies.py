"""What an endpoint says where it does not answer: never lost, whatever shape it has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.models.clients.error_body import error_in, stated_wait, words_in

SAID = 'Unknown name "seed": there is no such field.'
DEEP = json.loads('{"error": ' * 7 + json.dumps(SAID) + "}" * 7)


@pytest.mark.parametrize(
    "body",
    [
        SAID,
        {"error": SAID},
        {"error": {"message": SAID, "code": 400}},
        [{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": SAID}}],
        [SAID],
        {"errors": [{"title": "", "detail": SAID}]},
        {"detail": SAID},
        {"detail": {"error": {"msg": SAID}}},
        {"message": {"error": {"Message": SAID}}},
        {"error": {"message": "", "error_description": SAID}},
        {"fault": {"faultstring": SAID}},
        {"status": "error", "reason": SAID},
        {"error": {"message": "Provider returned error", "metadata": {"raw": SAID}}},
        {"odd": SAID},
        {"odd": {"odder": SAID}},
        {"message": "The given data was invalid.", "errors": {"seed": [SAID]}},
        {"title": "Bad Request", "status": 400, "invalid-params": [{"name": "seed", "reason": SAID}]},
        {
            "error": {
                "message": "Request contains an invalid argument.",
                "details": [{"@type": "BadRequest", "fieldViolations": [{"description": SAID}]}],
            }
        },
        {"Response": {"Error": {"Code": "InvalidParameter", "Message": SAID}}},
        {"success": False, "data": {"error_msg": SAID}},
        {"error": {"code": "odd", "hint": SAID}},
        DEEP,
        f"<html><head><style>p {{}}</style></head><body><p>{SAID}</p><!-- x --></body></html>",
    ],
)
def test_words_are_found_in_every_shape(body: Any) -> None:
    error = error_in(body, 400)
    assert (error.kind, error.status) == ("refused", 400)
    assert SAID.replace('"', "") in str(error).replace('"', "").replace("\\", "")


def test_what_is_said_of_fields_says_which() -> None:
    body = {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "type": "x"}]}
    assert words_in(body) == "body.seed: Extra inputs are not permitted"
    assert words_in({"errors": {"seed": ["is not known", "is odd"]}}) == "seed: is not known, is odd"
    assert (
        words_in({"title": "Bad", "invalidParams": [{"name": "seed", "reason": "odd"}]}) == "Bad: seed: odd"
    )
    assert error_in({"error": {"message": "no", "param": "top_k"}}, 400).field == "top_k"


@pytest.mark.parametrize("body", ["", {}, [], None, {"error": {}}, "<html></html>"])
def test_nothing_said_is_said_so(body: Any) -> None:
    assert str(error_in(body, 500)).startswith("HTTP 500: ")
    assert error_in("", 500).args[0] == "HTTP 500: without a word"


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"message": "Quota exceeded, retry in 34.5s."}}, 34.5),
        ({"error": {"details": [{"@type": "…RetryInfo", "retryDelay": "34s"}], "message": "busy"}}, 34),
        ([{"error": {"details": [{"retryDelay": "1m30.5s"}]}}], 90.5),
        ({"error": "Rate limit reached. Please try again in 6m0s."}, 360),
        ({"error": "Please try again in 20ms."}, 0.02),
        ({"message": "Too many requests, please wait 2 minutes"}, 120),
        ({"error": {"retry_after": 7}}, 7),
        ({"retry-after-ms": 250}, 0.25),
        ({"retryAfter": "7"}, 7),
        ({"detail": {"retry_after_seconds": 1.5}}, 1.5),
        ("Requests are available again in 3 seconds", 3),
        ("Please retry in 12.", 12),
        ("Rate limited (retry_after: 12)", 12),
        ("Cooldown: 5 seconds", 5),
        ("5 seconds until the next request is allowed", 5),
        ("Try again in a minute", 60),
        ("Try again in 1 day", 86400),
        ("请求过于频繁，请在 8 秒后重试", 8),
        ({"error": {"details": [{"retryDelay": {"seconds": 8, "nanos": 500}}]}}, 8),
        ({"retry_after": "00:01:07"}, 67),
        ({"wait_seconds": 8}, 8),
        ({"rate_limit": {"reset_after": 8}}, 8),
        ({"error": "Model is loading", "estimated_time": 8.0}, 8),
        ({"reset": 1_764_456_000}, None),
        ({"error": "The limit is 30 requests per 1 minute"}, None),
        ({"error": "Your request waited 40 s and was dropped"}, None),
        ({"error": {"message": "You used 30 of 30 requests. Slow down."}}, None),
        ({"error": {"message": "retry later; 5s is the longest answer"}}, None),
        ({"retry_after": True}, None),
        ({"retry_after": -1}, None),
        ({"retry_after": 1e99}, None),
        ({"retry_after": "soon"}, None),
        ("", None),
    ],
)
def test_a_wait_stated_in_the_body_is_read(body: Any, seconds: float | None) -> None:
    found = error_in(body, 429).retry_after
    assert found == (seconds if seconds is None else pytest.approx(seconds))


def test_a_refused_request_asks_nobody_to_wait() -> None:
    assert error_in({"error": {"message": "retry in 5s"}}, 400).retry_after is None
    assert error_in({"error": {"message": "retry in 5s"}}, 503).retry_after == 5


@pytest.mark.parametrize(
    ("body", "sampled"),
    [
        ({"error": {"message": "no JSON", "failed_generation": '{"query": '}}, '{"query": '),
        ({"error": {"message": "no JSON", "failed_generation": ""}}, ""),
        ({"detail": {"raw_output": "I am sorry"}}, "I am sorry"),
        ({"modelOutput": "x"}, "x"),
        ({"error": {"message": "no such field"}}, None),
        ({"failed_generation": {"no": "text"}}, None),
    ],
)
def test_what_was_sampled_is_found(body: Any, sampled: str | None) -> None:
    assert error_in(body, 400).sampled == sampled


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "detail", "retryDelay", "code", "param", "loc", "raw"]),
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(values, st.sampled_from([None, 400, 429, 500]))
def test_no_body_breaks_it(body: Any, status: int | None) -> None:
    error = error_in(body, status)
    assert str(error).isprintable()
    assert len(str(error)) <= 500
    wait = stated_wait(body, words_in(body))
    assert wait is None or 0 <= wait < 1e7
