"""Every fault an endpoint can have, over real connections: nothing is lost, and calls stay within the budget.

The endpoint is ptool's own server, the client the one for chat completions.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from model_doubles import OK, Log, request
from ptool.errors import (
    BudgetSpentError,
    EndpointDownError,
    KeyRefusedError,
    RefusedRequestError,
    UnreachableModelError,
    UnusableAnswerError,
)
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import Gateway
from ptool.models.mock_server.server import RunningServer, serving
from ptool.settings import Budget, Limits, MockServerOptions, Retries, Spell

SWIFT = Retries(attempts=6, longest_wait=0.05, patience=30.0)
ITEMS = 12


@dataclass
class Bench:
    """A gateway with its log in front of a server."""

    gateway: Gateway
    log: Log
    server: RunningServer

    async def ask(self, items: int = ITEMS) -> list:
        """What becomes of so many different questions at once: replies and exceptions."""
        asked = (self.gateway.ask(request(seed=seed)) for seed in range(items))
        return await asyncio.gather(*asked, return_exceptions=True)

    @property
    def requests(self) -> int:
        """What the server counted."""
        return self.server.stats.report()["requests"]


@asynccontextmanager
async def bench(
    options: MockServerOptions,
    *,
    retries: Retries = SWIFT,
    concurrency: int = 4,
    budget: Budget | None = None,
    key: str | None = None,
    **limits,
) -> AsyncIterator[Bench]:
    async with serving(lambda texts, seed: OK, options, key=key) as server:
        client = ChatCompletions(model="tested", base_url=server.base_url, max_reply_mb=1)
        log = Log()
        asked = Gateway(
            {"default": Endpoint(client, client.note, "tested", Limits(**limits))},
            concurrency=concurrency,
            log=log,
            retries=retries,
            budget=budget or Budget(calls=500),
        )
        try:
            yield Bench(asked, log, server)
        finally:
            await asked.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate_limited", "rate_limited"),
        ("server_error", "server"),
        ("unavailable", "server"),
        ("reset", "connection"),
        ("malformed", "malformed"),
        ("huge", "too_large"),
        ("wait_in_body", "rate_limited"),
    ],
)
async def test_no_answer_and_then_one(fault, kind):
    async with bench(MockServerOptions(faults={fault: 0.5}, fault_times=2)) as one:
        replies = await one.ask()
        assert [reply.record.ok for reply in replies] == [True] * ITEMS
        assert set(one.log.kinds) == {kind}
        assert len(one.log.answers) == ITEMS
        assert one.requests == ITEMS + len(one.log.kinds)
        assert one.server.stats.report()["repeated"] == 0  # no answer was paid twice


@pytest.mark.parametrize("fault", ["hang", "slow"])
async def test_what_takes_too_long_is_cut_off_and_asked_again(fault):
    async with bench(MockServerOptions(faults={fault: 0.3}), seconds=0.5) as one:
        replies = await one.ask()
        assert [reply.record.ok for reply in replies] == [True] * ITEMS
        assert set(one.log.kinds) == {"timeout"}
        assert all(failure.message == "no whole answer within 0.5 s" for failure in one.log.failures)


@pytest.mark.parametrize("fault", ["rate_limited_after", "wait_in_body"])
async def test_retry_after_is_honoured_by_everybody(fault):
    async with bench(MockServerOptions(faults={fault: 0.4}), concurrency=ITEMS) as one:
        replies = await one.ask()
        assert [reply.record.ok for reply in replies] == [True] * ITEMS
        assert set(one.log.kinds) == {"rate_limited"}
        queue = one.gateway.limiter.queues["default"]  # by the clock of the loop, not of the wall
        assert queue._paused_until - queue._paused_at == pytest.approx(1.0)
        assert asyncio.get_running_loop().time() >= queue._paused_until


async def test_a_request_refused_by_chance_is_asked_again():
    async with bench(MockServerOptions(faults={"refused": 0.5})) as one:
        replies = await one.ask()
        assert [reply.record.ok for reply in replies] == [True] * ITEMS
        assert one.requests > ITEMS
        assert one.log.failures == []


@pytest.mark.parametrize(("fault", "words"), [("refused", "not this time"), ("moved", "HTTP 307: moved to")])
async def test_a_request_refused_for_good_fails_its_item_only_and_in_the_endpoints_words(fault, words):
    async with bench(MockServerOptions(faults={fault: 0.5}, fault_times=0)) as one:
        ends = await one.ask()
        refused = [end for end in ends if isinstance(end, RefusedRequestError)]
        answered = [end for end in ends if not isinstance(end, Exception)]
        assert len(refused) + len(answered) == ITEMS
        assert refused and answered
        assert all(words in str(end) for end in refused)
        assert all(words in failure.message for failure in one.log.failures)


@pytest.mark.parametrize("fault", ["in_reasoning", "odd_counts", "streamed", "marked"])
async def test_a_flaw_beside_the_answer_does_not_cost_it(fault):
    async with bench(MockServerOptions(faults={fault: 0.5}, fault_times=0)) as one:
        replies = await one.ask()
        assert [reply.record.ok for reply in replies] == [True] * ITEMS
        assert (one.requests, one.log.failures) == (ITEMS, [])
        estimated = sum(answer.estimated for answer in one.log.answers.values())
        assert (0 < estimated < ITEMS) == (fault in ("odd_counts", "streamed"))


async def test_the_same_endpoint_elsewhere_goes_on_with_what_was_paid_for():
    options = MockServerOptions()
    async with bench(options) as one:
        await one.ask()
        async with bench(options) as other:
            other.gateway.log = one.log
            assert one.server.base_url != other.server.base_url
            assert [reply.record.ok for reply in await other.ask()] == [True] * ITEMS
            assert other.requests == 0


async def test_a_limit_of_the_server_is_found_and_kept_to():
    async with bench(MockServerOptions(latency=0.02, concurrency=3), concurrency=6) as one:
        replies = await one.ask(12)
        assert [reply.record.ok for reply in replies] == [True] * 12
        assert set(one.log.kinds) <= {"rate_limited"}
        assert one.requests <= 12 + 20


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("truncated", "truncated"),
        ("empty", "empty"),
        ("refusal", "refusal"),
        ("content_filter", "content_filter"),
        ("wrong_schema", "wrong_types"),
        ("duplicate_keys", "duplicate_keys"),
        ("two_objects", "two_objects"),
        ("no_json", "malformed"),
    ],
)
async def test_an_unusable_answer_is_corrected(fault, status):
    async with bench(MockServerOptions(faults={fault: 0.4})) as one:
        replies = await one.ask()
        assert [reply.record.ok for reply in replies] == [True] * ITEMS
        assert set(one.log.statuses.values()) == {status}
        assert one.log.failures == []
        calls = sum(reply.usage.calls for reply in replies)
        assert calls == one.requests == len(one.log.answers) == ITEMS + len(one.log.statuses)


@pytest.mark.parametrize("fault", ["wrong_schema", "empty"])
async def test_answers_that_stay_unusable_fail_their_item_only(fault):
    async with bench(MockServerOptions(faults={fault: 1.0}, fault_times=0)) as one:
        ends = await one.ask(3)
        assert {type(end) for end in ends} == {UnusableAnswerError}
        assert one.requests == 3 * 6 == len(one.log.answers)


async def test_prose_around_the_answer_is_no_fault():
    async with bench(MockServerOptions(faults={"prose": 1.0}, fault_times=0)) as one:
        assert [reply.usage.calls for reply in await one.ask()] == [1] * ITEMS
        assert [*one.log.statuses.values()] == ["prose"] * ITEMS


async def test_a_refused_key_ends_it_at_once():
    async with bench(MockServerOptions(), key="another", concurrency=1) as one:
        ends = await one.ask(1)
        assert [type(end) for end in ends] == [KeyRefusedError]
        assert one.requests == 1


async def test_nothing_but_failures_ends_the_run_for_everybody():
    patient = Retries(attempts=6, longest_wait=0.05, patience=1.0)
    async with bench(MockServerOptions(faults={"server_error": 1.0}, fault_times=0), retries=patient) as one:
        ends = await one.ask(30)
        assert {type(end) for end in ends} <= {EndpointDownError, UnreachableModelError}
        down = {str(end) for end in ends if isinstance(end, EndpointDownError)}
        assert len(down) == 1
        assert re.search(r"no answer for \d+ s \(retries\.patience=1\)", down.pop())
        assert one.requests == len(one.log.failures) <= 16  # four at a time, and then probes


async def test_an_endpoint_that_is_not_there():
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        client = ChatCompletions(model="m", base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        impatient = Retries(attempts=6, longest_wait=0.05, patience=0.5)
        asked = Gateway({"default": Endpoint(client, client.note)}, concurrency=2, retries=impatient)
        with pytest.raises(EndpointDownError, match=r"is it running\? model.base_url"):
            await asked.ask(request())
        await asked.close()


async def test_slow_for_a_while():
    options = MockServerOptions(latency=0.06, spell=Spell(after=60, seconds=1.0, latency_factor=20))
    async with bench(options, concurrency=16) as one:
        replies = await one.ask(120)
        assert [reply.record.ok for reply in replies] == [True] * 120
        assert one.log.failures == []
        assert one.requests == 120


async def test_down_for_a_while():
    options = MockServerOptions(latency=0.01, spell=Spell(after=20, seconds=0.8, fault="unavailable"))
    async with bench(options, concurrency=8) as one:
        replies = await one.ask(60)
        assert [reply.record.ok for reply in replies] == [True] * 60
        assert len(one.log.failures) <= 8 + 10  # those in flight when it began, and probes
        assert one.server.stats.report()["repeated"] == 0


async def test_everything_at_once_within_the_budget():
    faults = dict.fromkeys(("rate_limited", "server_error", "reset", "malformed"), 0.1)
    faults |= dict.fromkeys(("truncated", "empty", "wrong_schema", "duplicate_keys", "two_objects"), 0.06)
    async with bench(
        MockServerOptions(faults=faults, fault_times=3), concurrency=8, budget=Budget(calls=60)
    ) as one:
        ends = await one.ask(50)
        answered = [end for end in ends if not isinstance(end, Exception)]
        assert {type(end) for end in ends if isinstance(end, Exception)} == {BudgetSpentError}
        assert one.requests == 60 == len(one.log.answers) + len(one.log.failures)
        # The same command with a larger budget goes on: what was answered is not asked again.
        again = Gateway(
            {"default": one.gateway._callers["default"].endpoint}, concurrency=8, log=one.log, retries=SWIFT
        )
        replies = await asyncio.gather(*(again.ask(request(seed=seed)) for seed in range(50)))
        assert all(reply.record.ok for reply in replies)
        assert one.server.stats.report()["repeated"] == 0
        assert 0 < len(answered) < 50
