"""The endpoint from a client's side: the protocol, what is refused, and what is counted."""

import asyncio
import json

import aiohttp
import pytest
from ptool.errors import ConfigError, ModelError, UnknownPartError
from ptool.models.mock_server.server import MAX_BODY, loopback, serving
from ptool.settings import MockServerOptions, Spell


def echo(texts: list[str], seed: int) -> str:
    return json.dumps({"texts": texts, "seed": seed})


async def test_an_answer_is_a_function_of_all_texts_and_the_seed(ask) -> None:
    async with serving(echo, fingerprint="kits-1") as server:
        status, reply, _ = await ask(server, "Role: a", "b\n\u2028é", "c", "d", seed=7, temperature=2)

    assert status == 200
    choice = reply.pop("choices")[0]
    assert json.loads(choice["message"]["content"]) == {
        "texts": ["Role: a", "b\n\u2028é", "c", "d"],
        "seed": 7,
    }
    assert choice["finish_reason"] == "stop"
    assert (reply["object"], reply["model"], reply["system_fingerprint"]) == (
        "chat.completion",
        "ptool-scripted",
        "kits-1",
    )


async def test_usage_is_estimated_and_a_system_text_seen_before_is_cached(ask) -> None:
    async with serving(lambda texts, seed: "x" * 40) as server:
        usages = [(await ask(server, "s" * 400, "u" * 100, seed=seed))[1]["usage"] for seed in (1, 2)]

    assert usages[0] == {
        "prompt_tokens": 125,
        "completion_tokens": 10,
        "total_tokens": 135,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert usages[1]["prompt_tokens_details"] == {"cached_tokens": 100}


async def test_a_stream_says_the_same_as_events(ask) -> None:
    async with serving(echo) as server:
        _, whole, _ = await ask(server, "a", "b")
        options = {"stream": True, "stream_options": {"include_usage": True}}
        _, raw, headers = await ask(server, "a", "b", **options)

    *events, done = raw.decode().removesuffix("\n\n").split("\n\n")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    content = "".join(
        choice["delta"].get("content", "") for chunk in chunks for choice in chunk.get("choices", [])
    )
    assert headers["Content-Type"] == "text/event-stream"
    assert content == whole["choices"][0]["message"]["content"]
    assert (chunks[-2]["choices"][0]["finish_reason"], done) == ("stop", "data: [DONE]")
    assert chunks[-1]["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b"[]", "expected an object, got list"),
        (b"{}", "messages: expected a list"),
        (b'{"messages":[]}', "at least one"),
        (b'{"messages":["hi"]}', "messages.0"),
        (b'{"messages":[{"content":"a"},{"content":5}]}', "messages.1"),
        (b'{"messages":[{"content":"a"}],"seed":true}', "seed"),
        (b'{"messages":[{"content":"a"}],"seed":1.5}', "seed"),
        (b'{"messages":[{"content":"a"}],"n":2}', "n: there is one answer"),
        (b'{"messages":[{"content":"\\ud800"}]}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else None,
)
async def test_what_is_no_request_is_refused(body: bytes, says: str) -> None:
    async with serving(echo) as server, aiohttp.ClientSession() as session:
        reply = await session.post(f"{server.base_url}/chat/completions", data=body)
        error = (await reply.json())["error"]

    assert (reply.status, error["type"]) == (400, "invalid_request_error")
    assert says in error["message"]
    assert server.stats.report() | {"most_in_flight": 0} == {
        "requests": 1, "answers": 0, "distinct": 0, "repeated": 0, "refused": {"invalid": 1}, "faults": {},
        "gone": 0, "in_flight": 0, "most_in_flight": 0,
    }  # fmt: skip


async def test_content_may_come_in_parts_or_be_null() -> None:
    parts = [{"type": "text", "text": "Role: "}, {"type": "text", "text": "a"}]
    messages = [{"role": "system", "content": parts}, {"role": "assistant", "content": None}]
    async with serving(echo) as server, aiohttp.ClientSession() as session:
        url = f"{server.base_url}/chat/completions"
        async with session.post(url, json={"messages": messages, "seed": None}) as reply:
            content = (await reply.json())["choices"][0]["message"]["content"]

    assert json.loads(content) == {"texts": ["Role: a", ""], "seed": 0}


async def test_a_body_beyond_the_limit_is_refused() -> None:
    async with serving(echo) as server, aiohttp.ClientSession() as session:
        body = b'{"messages":[{"content":"' + b"x" * MAX_BODY + b'"}]}'
        async with session.post(f"{server.base_url}/chat/completions", data=body) as reply:
            assert (reply.status, (await reply.json())["error"]["type"]) == (413, "invalid_request_error")


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (UnknownPartError("role 'critic': cannot be played"), 400, "invalid_request_error"),
        (ModelError("role 'user': its player failed"), 500, "server_error"),
    ],
)
async def test_what_the_model_refuses_is_said_to_the_client(ask, error, status: int, kind: str) -> None:
    def refuse(texts: list[str], seed: int) -> str:
        raise error

    async with serving(refuse) as server:
        got, reply, _ = await ask(server, "a")

    assert (got, reply["error"]["type"], reply["error"]["message"]) == (status, kind, str(error))
    assert server.stats.answers == 0


async def test_models_are_listed_honestly() -> None:
    async with serving(echo) as server, aiohttp.ClientSession() as session:
        reply = await session.get(f"{server.base_url}/models")
        assert [model["id"] for model in (await reply.json())["data"]] == ["ptool-scripted"]


@pytest.mark.parametrize(
    ("header", "status"),
    [("Bearer canary", 200), ("Bearer canar", 401), ("bearer", 401), ("Bearer caf\u00e9", 401), (None, 401)],
)
async def test_a_key_is_asked_for_and_not_shown(ask, header: str | None, status: int) -> None:
    async with serving(echo, key="canary") as server:
        got, reply, _ = await ask(server, "a", headers={"Authorization": header} if header else {})

    assert got == status
    assert "canary" not in json.dumps(reply)


async def test_repeated_counts_only_what_was_sent_before(ask) -> None:
    """A fault is no answer, so asking again after it is nothing paid twice."""
    async with (
        serving(echo, MockServerOptions(faults={"server_error": 1.0})) as server,
        aiohttp.ClientSession() as session,
    ):
        statuses = [(await ask(server, "a", seed=seed))[0] for seed in (1, 1, 2, 2)]
        assert (statuses, server.stats.repeated) == ([500, 200, 500, 200], 0)
        await ask(server, "a", seed=2)
        report = server.stats.report()
        root = server.base_url.removesuffix("/v1")
        async with session.get(f"{root}/stats") as reply:
            assert await reply.json() == report
        async with session.post(f"{root}/stats/reset") as reply:
            assert (await reply.json())["requests"] == 0
        assert (await ask(server, "a", seed=2))[0] == 500

    assert report == {
        "requests": 5, "answers": 3, "distinct": 2, "repeated": 1, "refused": {},
        "faults": {"server_error": 2}, "gone": 0, "in_flight": 0, "most_in_flight": 1,
    }  # fmt: skip


async def test_latency_is_waited_for_by_all_at_once(ask) -> None:
    clock = asyncio.get_running_loop().time
    async with serving(echo, MockServerOptions(latency=0.2)) as server:
        began = clock()
        await asyncio.gather(*(ask(server, "a", seed=seed) for seed in range(20)))
        took = clock() - began

    assert 0.2 <= took < 2.0
    assert server.stats.most_in_flight == 20


async def test_a_client_that_leaves_has_not_been_answered(ask, quiet) -> None:
    async with serving(echo, MockServerOptions(latency=30.0)) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(server, "a"), 0.2)
        await quiet(server)

    assert (server.stats.gone, server.stats.answers) == (1, 0)


@pytest.mark.parametrize(
    "options", [MockServerOptions(requests_per_minute=2), MockServerOptions(concurrency=2, latency=0.3)]
)
async def test_one_too_many_is_told_how_long_to_wait(ask, options: MockServerOptions) -> None:
    async with serving(echo, options) as server:
        replies = await asyncio.gather(*(ask(server, "a", seed=seed) for seed in range(5)))

    assert sorted(status for status, _, _ in replies) == [200, 200, 429, 429, 429]
    assert all(int(headers["Retry-After"]) >= 1 for status, _, headers in replies if status == 429)
    assert server.stats.report()["refused"] == {"limited": 3}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org", "", "127.0.0.1.example.org"])
def test_only_loopback_is_served(host: str) -> None:
    with pytest.raises(ConfigError, match=r"server\.host: got .* expected a loopback address"):
        loopback(host)


async def test_a_taken_port_is_one_line() -> None:
    async with serving(echo) as server:
        port = int(server.base_url.rpartition(":")[2].removesuffix("/v1"))
        with pytest.raises(ConfigError, match=f"server.port: {port} on 127.0.0.1: Address already in use"):
            async with serving(echo, MockServerOptions(port=port)):
                raise AssertionError


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"faults": {"emty": 0.1}}, "server.faults: got 'emty'.*did you mean 'empty'"),
        ({"faults": {"empty": 0.6, "hang": 0.6}}, "add up to 1.2"),
        ({"spell": Spell(after=1, fault="down")}, "server.spell.fault: got 'down'"),
    ],
)
async def test_wrong_options_are_refused(options, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        async with serving(echo, MockServerOptions(**options)):
            raise AssertionError
