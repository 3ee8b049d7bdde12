"""What is said while calls are waited for, of an endpoint that is slow, gone, back, or asks to wait."""

import asyncio
import math

import pytest
from model_doubles import OK, Endless, Log, endpoint, request, virtual
from ptool.models.faults import AttemptError
from ptool.models.gateway import Gateway
from ptool.models.gateway.activity import Activity, EndpointActivity, PendingCall, describe_activity
from ptool.settings import Limits, Price, Retries


def watched(
    client: Endless, seconds: int, calls: int = 3, price: Price | None = None, **limits: int
) -> list[Activity]:
    """What is told every second while some calls are made."""

    async def story() -> list[Activity]:
        gateway = Gateway(
            {"default": endpoint(client, price=price, **limits)}, concurrency=8, log=Log(), retries=Retries()
        )
        asked = asyncio.gather(*(gateway.ask(request(seed=n)) for n in range(calls)), return_exceptions=True)
        told = []
        for _ in range(seconds):
            await asyncio.sleep(1)
            told.append(gateway.activity())
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await gateway.close()
        return told

    return virtual(story())


def test_quick_answers_are_not_waited_for() -> None:
    assert {one.waiting for one in watched(Endless(seconds=0.4), 3)} == {""}


def test_a_slow_answer_is_waited_for_by_its_turn() -> None:
    first, *_, last = watched(Endless(seconds=60), 12, calls=2)
    assert first == Activity("", "", failing=False)
    assert last.waiting == "waiting for test-model at nowhere for 12 s (t/verifier/0 and 1 more)"
    assert not last.failing


def test_an_endpoint_that_is_gone_is_told_with_its_fault_the_attempt_and_when_the_next_comes() -> None:
    def says(number: int, seed: int) -> object:
        return AttemptError("server", "HTTP 503:\x1b[2J overloaded") if number < 20 else OK

    told = watched(Endless(says), 50)
    assert not told[1].failing
    sentence = told[19].waiting
    assert sentence.startswith("test-model at nowhere has not answered for ")
    assert "(server: HTTP 503: [2J overloaded), attempt " in sentence
    assert " of 6, next in " in sentence
    assert "\x1b" not in sentence
    assert told[19].failing
    assert "retries" in told[19].spent


def test_an_endpoint_that_is_back_is_no_longer_waited_for() -> None:
    told = watched(Endless(lambda number, _: AttemptError("connection", "refused") if number < 9 else OK), 30)
    assert any(one.failing for one in told)
    assert not told[-1].failing
    assert told[-1].waiting == ""
    assert told[-1].spent == told[-2].spent


def test_a_pause_that_the_endpoint_asks_for_is_told() -> None:
    def says(number: int, seed: int) -> object:
        return AttemptError("rate_limited", "slow down", retry_after=20.0) if not number else OK

    told = watched(Endless(says), 10, calls=1)
    assert told[9].waiting.endswith("attempt 2 of 6, next in 10 s")


def test_a_pause_of_one_call_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.Random.uniform", lambda self, low, high: 20.0)
    told = watched(
        Endless(lambda number, _: AttemptError("server", "503") if not number else OK), 10, calls=1
    )
    assert told[9].waiting.endswith("(server: 503), attempt 2 of 6, next in 10 s")
    assert told[9].spent == "1 retry"


def test_limits_a_minute_are_told_as_waiting_for_ones_turn() -> None:
    told = watched(Endless(), 20, calls=3, requests_per_minute=1)
    assert told[9].waiting == "test-model at nowhere takes the next call in 50 s"
    assert not told[9].failing


def test_what_it_cost_is_told() -> None:
    spent = watched(Endless(), 2, price=Price(input=1e5, output=1e5))[-1].spent
    assert spent == "15 tokens in, 9 out, $2.40"


@pytest.mark.parametrize("attempts", [1, 6])
def test_an_attempt_is_never_more_than_there_are(attempts: int) -> None:
    calls = [PendingCall(turn="t", attempt=9, retry_at=7.0)]
    activity = EndpointActivity("m", calls, attempts, failing_for=15.0, fault="f", next_in=math.inf)
    assert f"attempt {attempts} of {attempts}, " in activity.sentence(5.0)


def test_nobody_is_waited_for_where_nobody_asks() -> None:
    silent = EndpointActivity("m", [], 6, failing_for=99.0)
    assert describe_activity(
        [silent], 0.0, prompt_tokens=0, completion_tokens=0, usd=0.0, failures=0
    ) == Activity("", "", failing=False)
    assert Limits().concurrency is None
