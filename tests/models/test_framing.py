"""A reply that is plainly a completion is read, however it is framed."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from endpoint_double import completion
from hypothesis import given
from hypothesis import strategies as st
from ptool.models.clients.response import read_completion
from ptool.models.faults import AttemptError

WHOLE = json.dumps(completion('{"ok": true}'))


def chunk(delta: Any, finish: str | None = None, **more: Any) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


CHUNKS = (
    chunk({"role": "assistant", "content": '{"ok"'}),
    chunk({"content": ": true}"}),
    chunk({}, "stop"),
    json.dumps({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}}),
)
GROWING = [completion(said, finish) for said, finish in (('{"ok"', ""), ('{"ok": true}', "stop"))]
EVENTS = "".join(f"data: {one}\n\n" for one in (*CHUNKS, "[DONE]"))


@pytest.mark.parametrize(
    "reply",
    [
        WHOLE.encode(),
        f"\n\n  {WHOLE}\n".encode(),
        codecs.BOM_UTF8 + WHOLE.encode(),
        codecs.BOM_UTF16_LE + WHOLE.encode("utf-16-le"),
        f"[{WHOLE}]".encode(),
        f"data: {WHOLE}\n\ndata: [DONE]\n\n".encode(),
        EVENTS.encode(),
        codecs.BOM_UTF8 + EVENTS.encode(),
        EVENTS.replace("\n", "\r\n").encode(),
        EVENTS.replace("\n\n", "\n").encode(),
        EVENTS.replace("data: ", "data:").encode(),
        f": keep-alive\n\nevent: message\nid: 1\n{EVENTS}".encode(),
        "\n".join(CHUNKS).encode(),
        EVENTS.replace("data: [DONE]\n\n", "").encode(),
        EVENTS.replace("\n", "\r").encode(),
        f'event: ping\ndata: {{"type": "ping"}}\n\n{EVENTS}'.encode(),
        json.dumps([json.loads(one) for one in CHUNKS]).encode(),
        "".join(CHUNKS).encode(),
        "".join(f"\x1e{one}\n" for one in CHUNKS).encode(),
        ("\n".join(CHUNKS) + "\n[DONE]").encode(),
        "".join(f"data: {json.dumps(one)}\n\n" for one in GROWING).encode(),
        f": still working\n\n: still working\n\n{WHOLE}".encode(),
        f"{WHOLE}\n\ndata: [DONE]\n\n".encode(),
        codecs.BOM_UTF8 * 2 + WHOLE.encode(),
        WHOLE.encode("utf-16-le"),
        codecs.BOM_UTF32_LE + WHOLE.encode("utf-32-le"),
        WHOLE.encode() + b"\0\0",
        b")]}'\n" + WHOLE.encode(),
        WHOLE.replace("chatcmpl-1", "\\ud800").encode(),
        WHOLE.encode().replace(b"chatcmpl-1", b"\xff\x01"),
        json.dumps({"code": 0, "data": json.loads(WHOLE)}).encode(),
        json.dumps({"statusCode": 200, "body": WHOLE}).encode(),
        json.dumps(WHOLE).encode(),
        WHOLE.replace('"stop"', '"STOP"').encode(),
    ],
)
def test_every_frame_holds_the_same_answer(reply: bytes) -> None:
    result = read_completion(reply, 0)
    assert (result.content, result.finish_reason) == ('{"ok": true}', "stop")


def test_a_stream_that_says_it_is_done_is_whole() -> None:
    result = read_completion(EVENTS.replace('"stop"', "null").encode(), 0)
    assert (result.content, result.finish_reason) == ('{"ok": true}', "unknown")


def test_a_streams_usage_thoughts_and_calls_are_put_together() -> None:
    pieces = [
        {"index": 0, "id": "c1", "function": {"name": "find", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"a":'}},
        {"index": 0, "function": {"arguments": " 1}"}},
        {"index": 1, "id": "c2", "function": {"name": "book", "arguments": "{}"}},
    ]
    chunks = [chunk({"reasoning_content": "hm"}), *(chunk({"tool_calls": [one]}) for one in pieces)]
    chunks.append(chunk({}, "tool_calls", usage={"prompt_tokens": 5, "completion_tokens": 3}))
    result = read_completion("".join(f"data: {one}\n\n" for one in chunks).encode(), 0)
    assert [(call.id, call.name, call.arguments) for call in result.content] == [
        ("c1", "find", '{"a": 1}'),
        ("c2", "book", "{}"),
    ]
    assert (result.thought, result.usage.prompt_tokens, result.estimated) == ("hm", 5, False)


@pytest.mark.parametrize(
    "reply",
    [
        EVENTS[: EVENTS.index('"stop"')].encode(),
        "".join(f"data: {one}\n\n" for one in CHUNKS[:2]).encode(),
        b"data: hello\n\n",
        b"data: [DONE]\n\n",
        b'data: 5\n\ndata: {"choices": []}\n\n',
        b'data: {"choices": [{"text": "old"}]}\n\ndata: {"choices": [{"text": "", "finish_reason": "stop"}]}',
    ],
)
def test_a_stream_that_breaks_off_is_no_completion(reply: bytes) -> None:
    with pytest.raises(AttemptError) as caught:
        read_completion(reply, 0)
    assert caught.value.kind == "malformed"


def test_an_error_in_a_stream_is_that_error() -> None:
    error = json.dumps({"error": {"code": 429, "message": "busy, retry in 2s"}})
    with pytest.raises(AttemptError, match="busy") as caught:
        read_completion(f"data: {CHUNKS[0]}\n\ndata: {error}\n\n".encode(), 0)
    assert (caught.value.kind, caught.value.retry_after) == ("rate_limited", 2)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (b'event: error\ndata: {"message": "overloaded", "code": 429}', "rate_limited", "overloaded"),
        (b'{"code": 401, "msg": "no such key"}', "unauthorised", "no such key"),
        (b'{"base_resp": {"status_msg": "the model sleeps"}}', "server", "the model sleeps"),
        (b'{"detail": "the model sleeps"}', "server", "the model sleeps"),
    ],
)
def test_what_is_said_instead_of_a_completion_is_heard(reply: bytes, kind: str, words: str) -> None:
    with pytest.raises(AttemptError, match=words) as caught:
        read_completion(reply, 0)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "message",
    [
        {"content": None, "reasoning": [{"type": "text", "text": "hm"}]},
        {"content": "", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"content": None, "thinking": "hm", "thought_signature": "c2ln"},
        {"thought_signature": "c2ln", "reasoning_text": "hm"},
        {"content": [{"type": "thinking", "text": "hm"}]},
    ],
)
def test_thoughts_are_found_wherever_they_stand(message: dict[str, Any]) -> None:
    result = read_completion(json.dumps({"choices": [{"message": message}]}).encode(), 0)
    assert (result.content, result.thought) == ("", "hm")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "4"}], "4"),
        ({"type": "text", "text": "4"}, "4"),
        ({"answer": 4}, '{"answer":4}'),
    ],
)
def test_a_content_that_is_no_text_is_read(content: Any, text: str) -> None:
    assert read_completion(json.dumps(completion(content)).encode(), 0).content == text


def test_a_call_in_the_form_before_tools_is_read() -> None:
    reply = completion(None, function_call={"name": "f", "arguments": "{}"})
    result = read_completion(json.dumps(reply).encode(), 0)
    assert [(call.name, call.arguments) for call in result.content] == [("f", "{}")]


@given(st.lists(st.text(max_size=12), min_size=1, max_size=6))
def test_a_stream_says_what_its_pieces_say(pieces: list[str]) -> None:
    chunks = [chunk({"content": piece}) for piece in pieces] + [chunk({}, "stop")]
    stream = "".join(f"data: {one}\n\n" for one in chunks).encode()
    assert read_completion(stream, 0).content == "".join(pieces)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(tail: bytes) -> None:
    for head in (b"", b"data: ", b"\xef\xbb\xbf", b"\xff\xfe"):
        with pytest.raises(AttemptError):
            read_completion(head + tail, 0)


def test_a_call_without_a_name_is_the_models_fault_and_handed_on() -> None:
    calls = [
        {"function": {"arguments": '{"a": 1'}},
        "find()",
        {"function": {"name": "f", "arguments": {"b": 2}}},
    ]
    result = read_completion(json.dumps(completion(None, tool_calls=calls)).encode(), 0)
    assert [(call.name, call.arguments) for call in result.content] == [
        ("", '{"a": 1'),
        ("", '"find()"'),
        ("f", '{"b":2}'),
    ]


def test_calls_nobody_offered_do_not_cost_a_text() -> None:
    reply = json.dumps(completion("the answer", tool_calls=[{}])).encode()
    assert read_completion(reply, 0, tools=False).content == "the answer"
