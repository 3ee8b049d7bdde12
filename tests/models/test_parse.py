"""From an answer's text to a record: what is forgiven, what is refused, and how long hostile texts take."""

from __future__ import annotations

import time

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ptool.environments.checks.codes import MODEL_CODES
from ptool.models.gateway.parse import MAX_ANSWER, STATUSES, InvalidAnswer, add_correction, parse_answer
from ptool.records import Solution, Verdict

YES = Verdict(ok=True, reasons=())


def status_of(text: str, finish: str = "stop", **options) -> str:
    """How an answer ends: the status of a record that is used, or of why it is not."""
    try:
        return parse_answer(text, finish, Verdict, **options)[1]
    except InvalidAnswer as fault:
        return fault.status


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"ok": true}', "ok"),
        (' {"ok": true, "ok": true}\n', "ok"),
        ('```json\n{"ok": true}\n```', "prose"),
        ('Sure: {"ok": true} Anything else?', "prose"),
        ('With {name} in mind: {"ok": true}', "prose"),
        ('<think>{"ok": false} or not?</think>\n{"ok": true}', "prose"),
        ('so not {"ok": false}</think>{"ok": true}', "prose"),
        ('<think>{"a": "</think>{"ok": true}', "prose"),
        ('{"ok": true} that is {"ok": true}', "prose"),
        ('{"ok": true,}', "repaired"),
        ("{'ok': true}", "repaired"),
        ('{ok: true, "reasons": []}', "repaired"),
        ('{"ok": true, "reasons": []', "repaired"),
        ('```json\n{"ok": true,}\n```\nIt\'s fine!', "repaired"),
    ],
)
def test_small_slips_are_forgiven(text, status):
    assert parse_answer(text, "stop", Verdict) == (YES, status)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("I would rather not.", "malformed"),
        ('<think>it is {"ok": true}', "malformed"),
        ('{"ok": true, "reasons": [', "malformed"),
        ('{"ok": true, "reasons": [], "x', "malformed"),
        ('{"ok": true, "reasons": [{}], "next": "tr', "malformed"),
        ('{"ok": false} {"ok": tr', "malformed"),
        ('{"ok": true} or {"ok": false}', "two_objects"),
        ('{"ok": true}' * 4 + '{"ok": false}', "two_objects"),
        ('{"ok": false, "ok": true}', "duplicate_keys"),
        ('{"ok": false, "ok": true,}', "duplicate_keys"),
        ('Here: {"ok": false, "ok": true}', "duplicate_keys"),
        ('{"ok": 3}', "wrong_types"),
        ('{"ok": true, "more": 1}', "wrong_types"),
        ('[{"ok": true}]', "wrong_types"),
        ('"{}"', "wrong_types"),
        # The broken object holds a good one, which is not the answer.
        ('{"verdict": {"ok": true},}', "wrong_types"),
        ('{"verdict": {"ok": true}, "and', "malformed"),
        ('{"ok": NaN}', "malformed"),
        ('{"ok": NaN,}', "malformed"),
        ('{"ok": 1e999}', "malformed"),
        ('{"ok": 123456789012345678901}', "malformed"),
        ('{"ok": "\\ud800"}', "malformed"),
        ('{"ok": "\ud800"}', "malformed"),
        ('{"ok": ' + "[" * 2_000 + "]" * 2_000 + "}", "malformed"),
        ('{"ok": true' + " " * MAX_ANSWER + "}", "too_long"),
    ],
)
def test_what_could_be_mistaken_is_refused(text, status):
    assert status_of(text) == status


@pytest.mark.parametrize(
    ("text", "finish", "status"),
    [
        ('{"ok": true}', "length", "ok"),
        ('{"ok": true, "reasons": []', "length", "truncated"),
        ('{"ok": true,}', "length", "truncated"),
        ('```json\n{"ok": true}', "length", "truncated"),
        ("", "length", "truncated"),
        ('{"ok": true}', "content_filter", "content_filter"),
        ('{"ok": true}', "refusal", "refusal"),
        ('{"ok": true,}', "unknown", "repaired"),
    ],
)
def test_why_an_answer_ended_matters(text, finish, status):
    assert status_of(text, finish) == status


def test_a_role_may_refuse_or_mend_a_record():
    def never(record):
        raise ValueError("look\nagain")

    with pytest.raises(InvalidAnswer, match="look again") as caught:
        parse_answer('{"ok": true}', "stop", Verdict, never)
    assert caught.value.status == "not_accepted"
    assert parse_answer('{"ok": true}', "stop", Verdict, lambda record: "mended") == ("mended", "ok")


def test_objections_name_the_place_and_not_the_value():
    with pytest.raises(InvalidAnswer, match=r"calls\.0\.api: Input should be a valid string") as caught:
        parse_answer(
            '{"platform": "x", "calls": [{"api": {"s3cret": 1}, "arguments": {}}]}', "stop", Solution
        )
    assert "s3cret" not in str(caught.value)


N = 199_000
HOSTILE = {
    "braces": "{" * N,
    "objects": '{"a":' * (N // 5),
    "strings": '{"' * (N // 2),
    "spaces": ("{" + " " * 50) * (N // 51),
    "escapes": '{"' + "\\" * N,
    "digits": '{"a":' + "9" * N + "}",
    "twins": "{" + '"a":1,' * (N // 6) + '"a":2}',
    "thoughts": "</think>" * (N // 8),
    "quotes to mend": "{'a': '" + "x'" * 4_990 + "}",
    "nesting to mend": "{a:" * 3_300 + "}",
    "brackets to mend": '{"a":' + "{" * 9_000 + "}",
    "comments to mend": '{"a":1 ' + "/*" * 4_000 + "}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_are_refused_at_once(text):
    parse_answer("{'ok': true}", "stop", Verdict)  # imports json_repair
    begin = time.process_time()
    with pytest.raises(InvalidAnswer):
        parse_answer(text, "stop", Verdict)
    assert time.process_time() - begin < 0.2  # 0.02 s on a quiet machine


@given(st.text() | st.text("{}[]\"':,ok true\\\n`0", max_size=40))
def test_any_text_ends_in_a_record_or_a_status(text):
    assert status_of(text) in STATUSES


@example({"</think>": '{"platform": "y", "calls": []}'})
@given(st.dictionaries(st.text(), st.text() | st.booleans() | st.integers(-(2**63), 2**63 - 1), max_size=4))
def test_every_object_a_model_can_write_is_read_as_it_was_meant(arguments):
    meant = {"platform": "x", "calls": [{"api": "a", "arguments": arguments}]}
    plain = orjson.dumps(meant).decode()
    for text in (plain, f"```json\n{plain}\n```"):
        record, _ = parse_answer(text, "stop", Solution)
        assert record.calls[0].arguments == arguments


def test_every_status_that_refuses_is_a_reason_with_a_meaning():
    assert {f"model.{one}" for one in STATUSES} - MODEL_CODES.keys() == {
        "model.ok",
        "model.prose",
        "model.repaired",
    }


def test_a_correction_shows_what_teaches_and_nothing_else():
    asked = (("system", "Judge."), ("user", "This."))
    shown = add_correction(asked, "[" * 9_000, InvalidAnswer("malformed", "no object"))
    assert [speaker for speaker, _ in shown] == ["system", "user", "assistant", "user"]
    assert len(shown[2][1]) == 4_000
    assert "cannot be used: no object" in shown[3][1]
    again = add_correction(asked, '{"ok": tr', InvalidAnswer("truncated", "cut off"))
    assert again[0] == asked[0]
    assert again[1][1].startswith("This.\n\nYour last answer was cut off")
    assert len(again) == 2
