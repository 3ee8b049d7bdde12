"""ptool's own client: what it sends, what it makes of every kind of reply, and where the key never goes."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from autogen_core import CancellationToken
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    SystemMessage,
    UserMessage,
)
from endpoint_double import Double, completion
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import ConfigError
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.clients.request_body import TextEncoder, encoded_messages
from ptool.models.clients.response import read_completion
from ptool.models.faults import AttemptError
from ptool.records import Solution, Verdict

DEEP = b"[" * 1000 + b"]" * 1000
CANARY = "sk-canary-0123456789"
ASKED = [SystemMessage(content="You judge."), UserMessage(content="This?", source="ptool")]


@pytest.fixture
async def client(double: Double) -> AsyncIterator[ChatCompletions]:
    one = ChatCompletions("m", double.base_url)
    yield one
    await one.close()


async def fault(client: ChatCompletions, **options: Any) -> AttemptError:
    """The fault that one question ends with."""
    with pytest.raises(AttemptError) as caught:
        await client.create(ASKED, **options)
    return caught.value


async def test_a_request_is_what_the_protocol_says(double: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", CANARY)
    client = ChatCompletions("m", double.base_url, "MY_KEY", extra={"top_k": 20, "top_p": 0.5})
    await client.create(
        [*ASKED, AssistantMessage(content="ä\n", source="m"), UserMessage(content=["a", "b"], source="u")],
        extra_create_args={"seed": 2**62, "top_p": 0.9, "max_tokens": None},
    )
    await client.close()
    assert double.bodies == [
        {
            "model": "m",
            "messages": [
                {"role": "system", "content": "You judge."},
                {"role": "user", "content": "This?"},
                {"role": "assistant", "content": "ä\n"},
                {"role": "user", "content": "a\nb"},
            ],
            "stream": False,
            "top_k": 20,
            "top_p": 0.9,
            "seed": 2**62,
        }
    ]
    assert double.headers[0]["authorization"] == f"Bearer {CANARY}"
    assert double.headers[0]["content-type"] == "application/json"


async def test_a_reply_becomes_a_result(double: Double, client: ChatCompletions) -> None:
    result = await client.create(ASKED)
    assert (result.content, result.finish_reason, result.refusal, result.cached) == (
        "hello",
        "stop",
        False,
        False,
    )
    assert (result.usage.prompt_tokens, result.usage.completion_tokens, result.cached_tokens) == (11, 7, 5)
    assert "authorization" not in double.headers[0]
    await client.create(ASKED)
    assert client.total_usage() == client.actual_usage()
    assert client.total_usage().prompt_tokens == 22


@pytest.mark.parametrize(
    ("reply", "content", "finish", "refusal"),
    [
        (completion("ab", "length"), "ab", "length", False),
        (completion(None), "", "stop", False),
        (completion(None, refusal="I will not."), "I will not.", "stop", True),
        (completion("", refusal=""), "", "stop", False),
        (completion("", "content_filter"), "", "content_filter", False),
        (completion("a", "tool_calls"), "a", "unknown", False),
        (completion("a", "end_turn"), "a", "stop", False),
        (completion([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab", "stop", False),
        ({"choices": [{"message": {"content": "a"}}]}, "a", "unknown", False),
        (
            completion('{"choices": "content", "usage": 1}'),
            '{"choices": "content", "usage": 1}',
            "stop",
            False,
        ),
    ],
)
async def test_every_kind_of_completion_is_read(
    double: Double, client: ChatCompletions, reply: Any, content: str, finish: str, refusal: bool
) -> None:
    double.reply = reply
    result = await client.create(ASKED)
    assert (result.content, result.finish_reason, result.refusal) == (content, finish, refusal)


async def test_tokens_are_estimated_where_the_endpoint_does_not_count(
    double: Double, client: ChatCompletions
) -> None:
    double.reply = completion("x" * 40) | {"usage": None}
    result = await client.create([UserMessage(content="y" * 80, source="u")])
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (20, 10)
    assert result.cached_tokens is None


def test_thinking_is_no_answer() -> None:
    result = read_completion(json.dumps(completion("4", reasoning_content="2+2 …")).encode(), 0)
    assert (result.content, result.thought) == ("4", "2+2 …")


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": {}}',
        b'{"choices": ["a"]}',
        b'{"choices": [{"text": "old protocol"}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"choices": [{"message": {"content": "a", "content": "b"}}]}',
        b'{"choices": [{"message": {"content": "a"}}], "choices": [{"message": {"content": "b"}}]}',
        b'{"choices": [{"message": {"content": "\\ud800"}}]}',
        b'{"choices": [{"message": {"content": "\xff"}}]}',
        b'{"choices": ' + b"[" * 100_000,
        b'{"choices": [{"message": {"content": "a"}}], "usage": {"usage": %s}}' % DEEP,
    ],
)
def test_what_is_no_completion_is_malformed(reply: bytes) -> None:
    with pytest.raises(AttemptError) as caught:
        read_completion(reply, 0)
    assert caught.value.kind == "malformed"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "count",
    [
        *(b"-35", b"2.25", b"1e99", b"1e400", b"true", b"null", b"NaN", b"-Infinity", b'"42"', b"0", b"[]"),
        *(DEEP, b"9" * 30, b"9" * 5_000),
    ],
)
def test_a_count_that_can_be_none_is_estimated_and_the_answer_kept(count: bytes) -> None:
    usage = b'{"prompt_tokens": 9, "completion_tokens": %s}' % count
    result = read_completion(
        b'{"choices": [{"message": {"content": "hello, you"}}], "usage": %s}' % usage, 40
    )
    assert (result.content, result.usage.prompt_tokens, result.usage.completion_tokens) == (
        "hello, you",
        9,
        2,
    )
    assert result.estimated


@pytest.mark.parametrize("count", [b"7", b"7.0"])
def test_a_count_that_is_one_counts(count: bytes) -> None:
    assert (
        read_completion(
            b'{"choices": [{"message": {"content": "a"}}], "usage": {"input_tokens": 1, "output_tokens": %s}}'
            % count,
            0,
        ).usage.completion_tokens
        == 7
    )
    usage = b'{"prompt_tokens": 1, "completion_tokens": %s}' % count
    result = read_completion(b'{"choices": [{"message": {"content": "a"}}], "usage": %s}' % usage, 0)
    assert (result.usage.completion_tokens, result.estimated) == (7, False)


fields = st.sampled_from(
    ["choices", "message", "content", "error", "usage", "code", "prompt_tokens", "refusal"]
)
replies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(fields, below, max_size=4),
    max_leaves=12,
)


@given(replies | st.lists(replies).map(lambda below: {"choices": [{"message": {"content": below}}]}))
def test_no_reply_breaks_the_reader(reply: Any) -> None:
    try:
        assert isinstance(read_completion(json.dumps(reply).encode(), 0).content, str)
    except AttemptError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "said", "wait"),
    [
        (
            429,
            {"error": {"message": "slow\ndown"}},
            {"Retry-After": "3"},
            "rate_limited",
            "429: slow down",
            3,
        ),
        (429, {"error": {"message": "x"}}, {"retry-after-ms": "250"}, "rate_limited", "x", 0.25),
        (429, {"error": {"code": "insufficient_quota"}}, {}, "unauthorised", "429", None),
        (402, {"error": {"message": "pay"}}, {}, "unauthorised", "pay", None),
        (401, {"error": {"message": "no"}}, {}, "unauthorised", "no", None),
        (400, {"error": {"code": "context_length_exceeded", "message": "long"}}, {}, "refused", "long", None),
        (400, {"error": "LM Studio says it so"}, {}, "refused", "LM Studio says it so", None),
        (400, {"object": "error", "message": "vLLM"}, {}, "refused", "vLLM", None),
        (422, {"detail": [{"msg": "FastAPI"}]}, {}, "refused", "FastAPI", None),
        (404, "<html>\x1b[31mNot here</html>", {}, "refused", "[31mNot here", None),
        (408, {}, {}, "timeout", "408", None),
        (500, {"error": {"type": "invalid_request_error", "message": "mine"}}, {}, "server", "mine", None),
        (503, "", {"Retry-After": "0"}, "server", "503", 0),
        (502, "x" * 1_000_000, {}, "server", "xxx", None),
        (400, {"pad": "x" * 60_000, "error": {"message": "at the end"}}, {}, "refused", "at the end", None),
        (200, {"error": {"code": 429, "message": "busy"}}, {}, "rate_limited", "busy", None),
        (200, {"error": {"code": "rate_limit_exceeded"}}, {}, "rate_limited", "", None),
        (200, {"error": {"message": "no number"}}, {}, "server", "no number", None),
        (200, {"error": {"code": 200, "message": "absurd"}}, {}, "refused", "absurd", None),
        (400, f'{{"detail": {DEEP.decode()}}}', {}, "refused", "without a word", None),
        (302, "", {"Location": "http://elsewhere.example/"}, "refused", "elsewhere.example", None),
    ],
)
async def test_every_error_has_its_kind(
    double: Double,
    client: ChatCompletions,
    status: int,
    body: Any,
    headers: dict[str, str],
    kind: str,
    said: str,
    wait: float | None,
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)

    async def reply(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers=headers)

    double.reply = reply
    error = await fault(client)
    assert (error.kind, error.retry_after) == (kind, wait)
    assert said in str(error)
    assert len(str(error)) <= 500
    assert str(error).isprintable()


async def test_a_redirect_is_not_followed(double: Double, client: ChatCompletions) -> None:
    double.reply = web.Response(status=307, headers={"Location": "/v1/chat/completions"})
    assert (await fault(client)).kind == "refused"
    assert len(double.bodies) == 1


async def test_a_huge_reply_is_cut_off_and_not_held(double: Double) -> None:
    sent = 0

    async def huge(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(800):
            await response.write(b"x" * 65_536)
            sent += 65_536
        return response

    double.reply = huge
    client = ChatCompletions("m", double.base_url, max_reply_mb=0.5)
    error = await fault(client)
    await client.close()
    assert (error.kind, str(error)) == (
        "too_large",
        "a reply of more than 500000 bytes (model.max_reply_mb)",
    )
    assert sent < 25_000_000  # what fits into the sockets' buffers, of 52 MB


async def test_a_huge_reply_that_says_so_is_not_read_at_all(double: Double) -> None:
    double.reply = web.Response(body=b"x" * 600_000)
    client = ChatCompletions("m", double.base_url, max_reply_mb=0.5)
    assert (await fault(client)).kind == "too_large"
    await client.close()


@pytest.mark.parametrize(
    ("body", "encoding", "kind"),
    [
        (gzip.compress(b" " * 50_000_000), "gzip", "too_large"),
        (gzip.compress(json.dumps(completion()).encode())[:-9], "gzip", "malformed"),
        (b"no gzip", "gzip", "malformed"),
        (b"?", "br", "malformed"),
        (gzip.compress(json.dumps(completion()).encode()), "gzip", None),
    ],
)
async def test_packed_replies_are_unpacked_so_far_and_no_further(
    double: Double, client: ChatCompletions, body: bytes, encoding: str, kind: str | None
) -> None:
    double.reply = web.Response(body=body, headers={"Content-Encoding": encoding})
    if kind is None:
        assert (await client.create(ASKED)).content == "hello"
    else:
        assert (await fault(client)).kind == kind
    assert double.headers[0]["accept-encoding"] == "identity"


def raw(answer: bytes) -> Any:
    """A handler that writes bytes as they are and hangs up."""

    async def reply(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.write(answer)
        request.transport.close()
        return web.Response()

    return reply


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "connection"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "malformed"),
    ],
)
async def test_broken_http_is_a_fault(
    double: Double, client: ChatCompletions, answer: bytes, kind: str
) -> None:
    double.reply = raw(answer)
    assert (await fault(client)).kind == kind


async def test_nobody_there_is_a_connection_fault(unused_tcp_port: int) -> None:
    client = ChatCompletions("m", f"http://127.0.0.1:{unused_tcp_port}/v1")
    assert (await fault(client)).kind == "connection"
    assert (await fault(ChatCompletions("m", "http://nowhere.invalid/v1"))).kind == "connection"
    await client.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """Files of a certificate that nobody vouches for, and of its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    make += ["-keyout", key, "-out", cert, "-subj", "/CN=localhost"]
    subprocess.run(make, check=True, capture_output=True)
    return cert, key


async def test_a_certificate_nobody_vouches_for_is_refused(certificate: tuple[str, str]) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    seen: list[bytes] = []
    server = await asyncio.start_server(
        lambda reader, writer: seen.append(b"a request") or writer.close(), "127.0.0.1", 0, ssl=context
    )
    port = server.sockets[0].getsockname()[1]
    client = ChatCompletions("m", f"https://localhost:{port}/v1")
    error = await fault(client)
    await client.close()
    server.close()
    assert (error.kind, seen) == ("connection", [])
    assert "certificate" in str(error).lower()


async def test_connections_are_kept(double: Double, client: ChatCompletions) -> None:
    for _ in range(5):
        await client.create(ASKED)
    assert len(double.peers) == 1
    await asyncio.gather(*(client.create(ASKED) for _ in range(150)))
    assert len(double.peers) > 100  # no limit but the gateway's


def test_a_client_serves_one_loop_after_another() -> None:
    client = ChatCompletions("m", "http://127.0.0.1:9/v1")
    for _ in range(2):
        assert asyncio.run(fault(client)).kind == "connection"


# --- how the output's form is asked for


async def test_the_schema_goes_along_strict_or_plain(double: Double) -> None:
    for strict in (True, False):
        client = ChatCompletions("m", double.base_url, structured="json_schema", strict=strict)
        await client.create(ASKED, json_output=Solution)
        await client.close()
    formats = [body["response_format"]["json_schema"] for body in double.bodies]
    kinds = [one["schema"]["$defs"]["Call"]["properties"]["arguments"]["type"] for one in formats]
    assert kinds == ["string", "object"]
    assert [one.get("strict") for one in formats] == [True, None]
    assert {one["name"] for one in formats} == {"Solution"}


@pytest.mark.parametrize("structured", ["json_object", "prompt"])
async def test_elsewhere_the_schema_stands_in_the_system_message(double: Double, structured: Any) -> None:
    client = ChatCompletions("m", double.base_url, structured=structured)
    await client.create(ASKED, json_output=Verdict)
    await client.create(ASKED[1:], json_output=Verdict)
    await client.create(ASKED, json_output=True)
    await client.close()
    first, second, third = double.bodies
    assert first["messages"][0]["content"].startswith("You judge.\n\nAnswer with one JSON object")
    assert second["messages"][0]["content"].startswith("Answer with one JSON object")
    assert second["messages"][1:] == third["messages"][1:]
    assert third["messages"][0]["content"] == "You judge."
    formats = [body.get("response_format") for body in double.bodies]
    assert formats == [{"type": "json_object"} if structured == "json_object" else None] * 3


def picky(*refused: str) -> Any:
    """A handler that refuses some response formats, as LM Studio words it."""

    async def reply(request: web.Request) -> web.Response:
        asked = (await request.json()).get("response_format", {}).get("type", "text")
        if asked in refused:
            said = f"'response_format.type' must not be {asked!r}"
            return web.json_response({"error": said}, status=500 if asked == "json_object" else 400)
        return web.json_response(completion("{}"))

    return reply


@pytest.mark.parametrize(
    ("refused", "way", "requests"),
    [
        ([], "json_schema", 2),
        (["json_schema"], "json_object", 3),
        (["json_schema", "json_object"], "prompt", 4),
    ],
)
async def test_auto_steps_down_once_and_for_all(
    double: Double, client: ChatCompletions, refused: list[str], way: str, requests: int
) -> None:
    double.reply = picky(*refused)
    for _ in range(2):
        assert (await client.create(ASKED, json_output=Verdict)).content == "{}"
    assert (client.structured, len(double.bodies)) == (way, requests)


async def test_auto_steps_down_no_further_than_needed_when_many_ask(
    double: Double, client: ChatCompletions
) -> None:
    double.reply = picky("json_schema")
    await asyncio.gather(*(client.create(ASKED, json_output=Verdict) for _ in range(20)))
    assert client.structured == "json_object"


async def test_only_auto_steps_down_and_only_over_the_form(double: Double, client: ChatCompletions) -> None:
    double.reply = picky("json_schema")
    fixed = ChatCompletions("m", double.base_url, structured="json_schema")
    assert (await fault(fixed, json_output=Verdict)).kind == "refused"
    await fixed.close()
    double.reply = web.json_response({"error": {"message": "max_tokens is too large"}}, status=400)
    assert (await fault(client, json_output=Verdict)).kind == "refused"
    assert client.structured == "json_schema"


# --- cancelling


async def test_a_token_cancels_the_call_and_keeps_one_callback(
    double: Double, client: ChatCompletions
) -> None:
    token = CancellationToken()
    for _ in range(20):
        await client.create(ASKED, cancellation_token=token)
    assert len(token._callbacks) == 1

    arrived = asyncio.Semaphore(0)

    async def never(_: web.Request) -> web.Response:
        arrived.release()
        await asyncio.sleep(60)
        return web.Response()

    double.reply = never
    calls = [asyncio.ensure_future(client.create(ASKED, cancellation_token=token)) for _ in range(3)]
    for _ in calls:
        await arrived.acquire()
    token.cancel()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in ends] == [asyncio.CancelledError] * 3


async def test_a_call_given_up_midway_leaves_nothing_behind_for_the_next(
    double: Double, client: ChatCompletions
) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(200):
            await response.write(b"{")
            await asyncio.sleep(0.02)
        return response

    double.reply = slow
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.create(ASKED)
    double.reply = completion("whole")
    assert (await client.create(ASKED)).content == "whole"


async def test_a_cancelled_token_sends_nothing(double: Double, client: ChatCompletions) -> None:
    token = CancellationToken()
    token.cancel()
    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await client.create(ASKED, cancellation_token=token)
    assert double.bodies == []


# --- keys and addresses


@pytest.mark.parametrize("status", [400, 401, 200, 302])
async def test_the_key_is_in_no_error_even_if_the_endpoint_repeats_it(
    double: Double, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MY_KEY", CANARY)
    said = json.dumps({"error": {"message": f"Incorrect API key provided: {'x' * 440} {CANARY}"}})
    double.reply = web.Response(status=status, text=said, headers={"Location": f"http://x/?k={CANARY}"})
    client = ChatCompletions("m", double.base_url, "MY_KEY")
    error = await fault(client)
    await client.close()
    shown = [repr(error), repr(client), client.note, client.dump_component().model_dump_json(), caplog.text]
    chain = [error.__cause__, None if error.__suppress_context__ else error.__context__]
    assert CANARY[:9] not in "".join(map(str, [*shown, *chain]))


@pytest.mark.parametrize("status", [400, 401, 200])
@pytest.mark.parametrize("escape", [lambda one: f"\\u{ord(one):04x}", lambda one: one.replace("/", "\\/")])
async def test_the_key_is_found_behind_escapes(
    double: Double, monkeypatch: pytest.MonkeyPatch, status: int, escape: Callable[[str], str]
) -> None:
    monkeypatch.setenv("MY_KEY", key := "sk/canary/0123456789")
    said = "".join(map(escape, key))
    text = f'{{"error": {{"message": "{"x" * 480} {said}", "code": 400}}}}'
    double.reply = web.Response(status=status, text=text)
    client = ChatCompletions("m", double.base_url, "MY_KEY")
    assert "[key]" in str(error := await fault(client))
    double.reply = web.Response(text=json.dumps(completion("KEY é")).replace("KEY", f"you sent {said}"))
    result = await client.create(ASKED)
    await client.close()
    assert key[:9] not in str(error)
    assert result.content == "you sent [key] é"


def test_a_component_configuration_makes_the_same_client() -> None:
    client = ChatCompletions("m", "http://127.0.0.1:9/v1/", structured="prompt", extra={"top_k": 3})
    again = ChatCompletionClient.load_component(client.dump_component())
    assert isinstance(again, ChatCompletions)
    assert again.dump_component() == client.dump_component()
    assert client.note == "m at http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"api_key_env": "NO_SUCH_KEY"},
            "model.api_key_env: the environment variable NO_SUCH_KEY is not set",
        ),
        ({"api_key_env": CANARY}, "model.api_key_env: got a value not shown here"),
        ({"api_key_env": "gsk_Canary0123"}, "model.api_key_env: got a value not shown here"),
        ({"api_key_env": "EMPTY_KEY"}, "model.api_key_env: the environment variable EMPTY_KEY is not set"),
        ({"api_key_env": "ODD_KEY"}, "holds something that is no key"),
        ({"base_url": f"http://me:{CANARY}@host/v1"}, "model.base_url: got more than an address"),
        ({"base_url": f"https://host/v1?key={CANARY}"}, "model.base_url: got more than an address"),
        ({"base_url": f"ftp://u:{CANARY}@host"}, "model.base_url: got more than an address"),
        ({"base_url": f"{CANARY}@host"}, "model.base_url: got a value not shown here"),
        ({"base_url": "localhost:8000/v1"}, "model.base_url: got 'localhost:8000/v1', expected an address"),
        ({"base_url": "http://"}, "model.base_url: got 'http://'"),
        ({"base_url": "http://host:99999"}, "model.base_url: got 'http://host:99999'"),
        ({"base_url": "http://[::1"}, "model.base_url: got 'http://[::1'"),
        ({"base_url": "http://h/v1/chat/completions"}, "expected it without '/chat/completions'"),
        ({"base_url": 5}, "model.base_url: got 5"),
        ({"model": ""}, "model.model: got ''"),
        ({"structured": "json"}, "model.structured: got 'json', there are 'auto', 'json_object'"),
        ({"strict": "yes"}, "model.strict: got 'yes'"),
        ({"max_reply_mb": 0}, "model.max_reply_mb: got 0"),
        ({"max_reply_mb": float("inf")}, "model.max_reply_mb: got inf"),
        ({"max_reply_mb": float("nan")}, "model.max_reply_mb: got nan"),
        ({"extra": ["a"]}, "model.extra: got ['a']"),
        ({"extra": {"stream": True}}, "model.extra.stream: may not be set here"),
        ({"extra": {"x": {1, 2}}}, "model.extra: not every value is JSON"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], said: str
) -> None:
    monkeypatch.setenv("EMPTY_KEY", " ")
    monkeypatch.setenv("ODD_KEY", f"{CANARY}\nX-Evil: 1")
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ConfigError) as caught:
        ChatCompletions(**{"model": "m", "base_url": "http://127.0.0.1:9/v1"} | arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not any(secret in str(caught.value) for secret in (CANARY, "gsk_Canary0123"))


async def test_a_role_may_not_override_what_is_the_clients(double: Double, client: ChatCompletions) -> None:
    with pytest.raises(ConfigError, match=r"^sampling\.model: may not be set here"):
        await client.create(ASKED, extra_create_args={"model": "dearer"})
    assert double.bodies == []


# --- proxies


async def test_proxies_of_the_environment_are_used_but_not_for_loopback(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = double.base_url.removesuffix("/v1").replace("http://", "http://me:pass@")
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "direct.invalid")
    client = ChatCompletions("m", "http://model.invalid/v1")
    assert (await client.create(ASKED)).content == "hello"
    assert double.headers[0]["host"] == "model.invalid"
    assert double.headers[0]["proxy-authorization"].startswith("Basic ")
    await client.close()
    for url in ("http://direct.invalid/v1", "http://127.0.0.1:9/v1"):
        direct = ChatCompletions("m", url)
        assert (await fault(direct)).kind == "connection"
        await direct.close()
    assert len(double.bodies) == 1


# --- the rest of AutoGen's contract, and encoding


async def test_a_stream_is_one_chunk_and_the_result(client: ChatCompletions) -> None:
    chunks = [one async for one in client.create_stream(ASKED)]
    assert chunks[0] == "hello"
    assert isinstance(chunks[1], CreateResult)
    assert len(chunks) == 2
    assert client.count_tokens(ASKED) == 3
    assert client.remaining_tokens(ASKED) > 0
    assert client.model_info["structured_output"]
    assert client.capabilities["function_calling"]


texts = st.text(st.characters(codec=None), max_size=40)


@given(
    st.lists(st.tuples(st.sampled_from([SystemMessage, UserMessage, AssistantMessage]), texts), max_size=4)
)
@settings(max_examples=200)
def test_messages_arrive_as_they_were(written: list[tuple[Any, str]]) -> None:
    messages = [
        kind(content=text) if kind is SystemMessage else kind(content=text, source="s")
        for kind, text in written
    ]
    encoded = json.loads(b"".join(encoded_messages(messages, TextEncoder())))
    whole = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for _, text in written]
    assert [one["content"] for one in encoded] == whole


def test_long_texts_are_encoded_once_and_forgotten_in_time() -> None:
    encode = TextEncoder(budget=5_000)
    long = "ä" * 2_000
    assert json.loads(encode(long)) == long
    assert encode(long) is encode(long)
    first = encode(long)
    for letter in "abc":
        encode(letter * 2_000)
    assert encode(long) is not first
    assert sum(map(len, encode._cache)) <= 5_000
