"""Every fault as a client sees it, and whom faults hit."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import ptool
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ptool.models.mock_server import handler
from ptool.models.mock_server.fault_injection import FaultInjector
from ptool.models.mock_server.faults import ANSWER_FAULTS, FAULTS, HUGE_ANSWER
from ptool.models.mock_server.protocol import MockCompletion
from ptool.models.mock_server.server import serving
from ptool.settings import MockServerOptions, Spell

RECORD = {"text": "Please order scented candles.", "count": 2}
ANSWER = json.dumps(RECORD)


def answer(texts: list[str], seed: int) -> str:
    return ANSWER


def always(fault: str, **more) -> MockServerOptions:
    return MockServerOptions(faults={fault: 1.0}, **more)


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        ("rate_limited", 429, None),
        ("rate_limited_after", 429, "1"),
        ("server_error", 500, None),
        ("unavailable", 503, None),
        ("unauthorised", 401, None),
    ],
)
async def test_errors_are_replies_with_a_status(
    ask, fault: str, status: int, retry_after: str | None
) -> None:
    async with serving(answer, always(fault)) as server:
        got, reply, headers = await ask(server, "a")

    assert (got, headers.get("Retry-After")) == (status, retry_after)
    assert reply["error"]["message"]
    assert (server.stats.faults, server.stats.answers) == ({fault: 1}, 0)


async def test_malformed_is_no_json(ask) -> None:
    async with serving(answer, always("malformed")) as server:
        status, body, headers = await ask(server, "a")

    assert (status, headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(body)


async def test_a_reset_breaks_the_connection_off(ask) -> None:
    async with serving(answer, always("reset")) as server:
        with pytest.raises(aiohttp.ClientOSError, match="Connection reset by peer"):
            await ask(server, "a")


async def test_a_hanging_request_ends_when_its_client_leaves(ask, quiet) -> None:
    async with serving(answer, always("hang")) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(server, "a"), 0.3)
        await quiet(server)
        assert (await ask(server, "a"))[0] == 200

    assert server.stats.gone == 1


async def test_a_slow_answer_comes_in_crumbs_and_is_whole(ask, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def noted(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(handler, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": noted}))
    async with serving(answer, always("slow", slow_seconds=30.0)) as server:
        status, reply, _ = await ask(server, "a")

    assert (status, reply["choices"][0]["message"]["content"]) == (200, ANSWER)
    assert sum(pauses) == pytest.approx(30.0)
    assert len(pauses) > 100  # no timeout between two reads notices it


@pytest.mark.parametrize("stream", [False, True])
async def test_a_huge_answer_is_babble_without_end(stream: bool) -> None:
    url, size, tail = "chat/completions", 0, b""
    async with serving(answer, always("huge")) as server, aiohttp.ClientSession() as session:
        body = {"messages": [{"role": "system", "content": "a"}], "stream": stream}
        async with session.post(f"{server.base_url}/{url}", json=body) as reply:
            async for chunk in reply.content.iter_any():
                size, tail = size + len(chunk), (tail + chunk)[-100:]

    assert HUGE_ANSWER < size < HUGE_ANSWER * 1.1
    assert tail.endswith(b"[DONE]\n\n" if stream else b'"logprobs":null,"finish_reason":"stop"}]}')


async def content_of(ask, fault: str) -> tuple[str | None, str | None, str]:
    """Content, refusal and finish_reason under a fault."""
    async with serving(answer, always(fault)) as server:
        _, reply, _ = await ask(server, "a")
        _, again, _ = await ask(server, "a")
    assert again["choices"][0]["message"]["content"] == ANSWER
    choice = reply["choices"][0]
    return choice["message"].get("content"), choice["message"].get("refusal"), choice["finish_reason"]


async def test_spoilt_answers(ask) -> None:
    half, quarter = ANSWER[: len(ANSWER) // 2], ANSWER[: len(ANSWER) // 4]
    assert await content_of(ask, "truncated") == (half, None, "length")
    assert await content_of(ask, "content_filter") == (quarter, None, "content_filter")
    assert await content_of(ask, "empty") == ("", None, "stop")
    content, refusal, finish = await content_of(ask, "refusal")
    assert (content, finish) == (None, "stop")
    assert "cannot help" in (refusal or "")


async def test_spoilt_objects_nearly_fool_a_reader(ask) -> None:
    def pairs(text: str) -> list[tuple[str, object]]:
        return json.loads(text, object_pairs_hook=list)

    prose, _, _ = await content_of(ask, "prose")
    assert prose != ANSWER
    assert ANSWER in (prose or "").splitlines()
    wrong, _, _ = await content_of(ask, "wrong_schema")
    assert json.loads(wrong or "").keys().isdisjoint(RECORD)
    twice, _, _ = await content_of(ask, "duplicate_keys")
    assert pairs(twice or "") == [("text", None), *RECORD.items()]
    two, _, _ = await content_of(ask, "two_objects")
    assert [json.loads(line) for line in (two or "").splitlines()] == [RECORD, {**RECORD, "text": None}]


@given(
    text=st.text() | st.sampled_from(["[]", "{}", "{", "7", ' {"a":1}']),
    fault=st.sampled_from([*ANSWER_FAULTS]),
)
def test_any_text_can_be_spoilt(text: str, fault: str) -> None:
    assert ANSWER_FAULTS[fault](MockCompletion(text)) != MockCompletion(text) or text == ""


def drawn_faults(options: MockServerOptions, count: int = 2000) -> list[str | None]:
    injector = FaultInjector(options)
    return [injector.latency_and_fault(b"%d" % number, 0, 0.0)[1] for number in range(count)]


def test_shares_are_kept_and_drawn_from_content_alone() -> None:
    shares = {"hang": 0.1, "empty": 0.3}
    drawn = drawn_faults(MockServerOptions(faults=shares))
    assert abs(drawn.count("empty") / 2000 - 0.3) < 0.04
    assert abs(drawn.count("hang") / 2000 - 0.1) < 0.03
    assert drawn.count(None) == 2000 - drawn.count("empty") - drawn.count("hang")
    assert drawn_faults(MockServerOptions(faults=dict(reversed(shares.items())))) == drawn
    assert drawn_faults(MockServerOptions(faults=shares, seed=1)) != drawn


@pytest.mark.parametrize(("fault_times", "expected"), [(1, 1), (3, 3), (0, 10)])
def test_one_request_gets_no_more_faults_than_allowed(fault_times: int, expected: int) -> None:
    injector = FaultInjector(MockServerOptions(faults={"empty": 1.0}, fault_times=fault_times))
    assert [injector.latency_and_fault(b"k", times, 0.0)[1] for times in range(10)].count("empty") == expected


@given(st.binary(min_size=16, max_size=16), st.integers(0, 100))
def test_jitter_stays_in_its_share(key: bytes, times: int) -> None:
    latency, _ = FaultInjector(MockServerOptions(latency=0.2, jitter=0.5)).latency_and_fault(key, times, 0.0)
    assert 0.1 <= latency <= 0.3


def test_a_spell_begins_with_a_request_and_ends_with_the_clock() -> None:
    injector = FaultInjector(
        MockServerOptions(
            latency=0.1, spell=Spell(after=2, seconds=5.0, latency_factor=20.0, fault="unavailable")
        )
    )
    course = [
        injector.latency_and_fault(b"%d" % number, 0, now)
        for number, now in enumerate((0, 9, 10, 14.9, 15, 99))
    ]
    hard, fair = (2.0, "unavailable"), (0.1, None)
    assert course == [fair, fair, hard, hard, fair, fair]


def test_a_minute_holds_no_more_than_its_limit_wherever_it_begins() -> None:
    injector = FaultInjector(MockServerOptions(requests_per_minute=3))
    waits = [injector.retry_after(now, 1) for now in (0.0, 30.0, 40.0, 50.0, 60.5, 61.0, 91.0)]
    assert waits == [None, None, None, 10.0, None, 29.0, None]


def test_the_configuration_writes_out_every_option_and_its_default() -> None:
    server = yaml.safe_load((Path(ptool.__file__).parent / "conf" / "serve.yaml").read_text())["server"]
    written = MockServerOptions.model_validate(server)
    assert server.keys() == MockServerOptions.model_fields.keys()
    assert tuple(server["faults"]) == FAULTS
    assert written == MockServerOptions(port=8088, faults=dict.fromkeys(FAULTS, 0.0))
