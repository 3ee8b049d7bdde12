"""Faults in one vocabulary: how long to wait, and what foreign exceptions mean."""

from __future__ import annotations

import time
from email.utils import formatdate
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.models.faults import AttemptError, fault_of, retry_after

NOON, LATER = "Mon, 02 Jan 2023 12:00:00 GMT", "Mon, 02 Jan 2023 12:00:30 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "7", "retry-after-ms": "100"}, 0.1),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e99"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": LATER, "date": NOON}, 30),
        ({"retry-after": NOON, "date": LATER}, 0),
        ({"retry-after": LATER}, 0),
        ({"retry-after": "Fri, 28 Apr 2023 05:46:39 GMT", "date": NOON}, 1e7 - 1),
        ({"retry-after": "Fri, 28 Apr 2023 05:46:40 GMT", "date": NOON}, None),
        ({"retry-after": "Mon, 02 Jan 2023 12:00:30", "date": NOON}, 30),  # without a zone it is in UTC
        ({"retry-after": "Mon, 02 Jan 2023 14:00:30 +0200", "date": NOON}, 30),
        ({"retry-after": "Mon, 02 Jan 9999 12:00:00 GMT", "date": NOON}, None),
        ({"retry-after": "Mon, 99 Jan 2023 12:00:00 GMT"}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_without_a_date_of_the_reply_the_own_clock_counts() -> None:
    assert 50 < (retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)}) or 0) <= 61


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_it(wait: str, date: str) -> None:
    found = retry_after({"retry-after": wait, "date": date})
    assert found is None or 0 <= found < 1e7


class StatusError(Exception):
    """As SDKs have it."""

    def __init__(self, code: object, **headers: str) -> None:
        super().__init__("said")
        self.status_code = code
        self.response = SimpleNamespace(headers=headers)


class APIConnectionError(Exception):
    """As the OpenAI SDK names it."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AttemptError("too_large", "x"), "too_large"),
        (StatusError(429), "rate_limited"),
        *((StatusError(status), "unauthorised") for status in (401, 402, 403)),
        (StatusError(408), "timeout"),
        (StatusError(400), "refused"),
        (StatusError(404), "refused"),
        (StatusError(500), "server"),
        (StatusError(529), "server"),
        (TimeoutError(), "timeout"),
        (ConnectionResetError(), "connection"),
        (APIConnectionError(), "connection"),
        (OSError("no route to host"), "connection"),
        (StatusError(200), None),
        (StatusError("429"), None),
        (KeyError("choices"), None),
    ],
)
def test_what_foreign_exceptions_mean(error: Exception, kind: str | None) -> None:
    found = fault_of(error)
    assert (found and found.kind) == kind


def test_a_foreign_exceptions_headers_are_read() -> None:
    found = fault_of(StatusError(429, **{"retry-after": "3"}))
    assert found is not None
    assert found.retry_after == 3


@pytest.mark.parametrize("response", [None, SimpleNamespace(), SimpleNamespace(headers=None)])
def test_a_foreign_exception_may_have_no_headers(response: object) -> None:
    error = StatusError(429)
    error.response = response  # type: ignore[assignment]
    found = fault_of(error)
    assert (found and found.kind, found and found.retry_after) == ("rate_limited", None)


def test_refusals_that_differ_in_numbers_only_are_told_in_the_same_words() -> None:
    said = [
        AttemptError("refused", f"request {id}: {size} tokens").words for id, size in (("a1", 7), ("9c", 8))
    ]
    assert said == ["request 0: 0 tokens"] * 2


def test_a_fault_in_other_words_keeps_all_else() -> None:
    fault = AttemptError("refused", "sk-123", 7.0)
    fault.status, fault.field, fault.sampled = 400, "model", "text"
    other = fault.reworded("[key]")
    assert (str(other), other.kind, other.retry_after) == ("[key]", "refused", 7.0)
    assert (other.status, other.field, other.sampled) == (400, "model", "text")


def test_a_message_is_one_printable_bounded_line() -> None:
    said = str(AttemptError("server", "a\n\x1b[31mb\u202e" + "c" * 9_000))
    assert said.startswith("a [31mb ccc")
    assert said.isprintable()
    assert len(said) == 500


def test_a_spent_account_is_no_matter_of_waiting() -> None:
    spent = StatusError(429)
    spent.code = "insufficient_quota"  # type: ignore[attr-defined]
    fault = fault_of(spent)
    assert fault is not None
    assert fault.kind == "unauthorised"
