"""The call of an endpoint at its bounds: what is reserved, waited, kept, said, and never free by default."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from autogen_core import FunctionCall
from autogen_core.models import CreateResult, RequestUsage
from model_doubles import OK, Endless, Log, endpoint, request, virtual
from ptool.errors import BudgetSpentError, ConfigError, RefusedRequestError, UnreachableModelError
from ptool.log import logger
from ptool.models.clients.response import CompletionResult
from ptool.models.endpoint import Endpoint
from ptool.models.faults import AttemptError
from ptool.models.gateway import Gateway
from ptool.models.gateway.cache_key import cache_key
from ptool.models.gateway.call import MAX_TOKENS
from ptool.settings import Budget, Limits, Price, Retries

TOOL = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}
TOOL_SIZE = len('[{"name":"f","description":"d","parameters":{"type":"object","properties":{}}}]')


def gateway(client: Any, **options: Any) -> Gateway:
    return Gateway({"default": endpoint(client)}, **{"concurrency": 1, "log": Log()} | options)


class Foreign:
    """A client that says nothing of itself but its answers."""

    def __init__(self, result: CreateResult) -> None:
        self.result = result

    async def create(self, *_: Any, **__: Any) -> CreateResult:
        return self.result

    async def close(self) -> None:
        pass


def result(content: Any = OK, kind: type[CreateResult] = CreateResult, **fields: Any) -> CreateResult:
    usage = RequestUsage(prompt_tokens=5, completion_tokens=3)
    fields = {"finish_reason": "stop", "usage": usage, "cached": False} | fields
    return kind.model_validate({"content": content} | fields)


@pytest.mark.parametrize(
    ("asked", "tokens"),
    [
        ({"user": "u" * 200, "sampling": {"max_tokens": 50}}, 100 + 2 * 16 + 50),  # three characters a token
        ({"user": "u" * 201, "sampling": {"max_tokens": 50}}, 101 + 2 * 16 + 50),
        ({"user": "u" * 200, "sampling": {"max_completion_tokens": 50}}, 100 + 2 * 16 + 50),
        ({"user": "u" * 200, "sampling": {}}, 100 + 2 * 16 + MAX_TOKENS),
        ({"user": "u" * (200 - TOOL_SIZE), "sampling": {"max_tokens": 50}, "tools": (TOOL,)}, 182),
    ],
)
async def test_what_a_call_may_take_is_reserved_to_the_token(asked: dict, tokens: int) -> None:
    question = request(output=None, system="s" * 100, **asked)
    with pytest.raises(BudgetSpentError, match=rf"could take {tokens:,} more"):
        await gateway(Endless(), budget=Budget(tokens=tokens - 1)).answer(question)
    assert (await gateway(Endless(), budget=Budget(tokens=tokens)).answer(question)).content == OK


async def test_what_a_call_took_is_spent_in_tokens_and_dollars() -> None:
    priced = {"default": endpoint(Endless(), price=Price(input=1.0, output=2.0))}
    question = request(output=None, sampling={"max_tokens": 60})
    for budget, said in (
        (Budget(tokens=101), r"budget\.tokens: 8 of 101 spent"),
        (Budget(usd=0.000_169), r"budget\.usd: \$0\.0000 of \$0\.0002 spent"),
    ):
        asked = Gateway(priced, concurrency=1, budget=budget)
        await asked.answer(question)
        with pytest.raises(BudgetSpentError, match=said):
            await asked.answer(request(output=None, sampling={"max_tokens": 60}, seed=8))


def pauses(client: Endless, monkeypatch: pytest.MonkeyPatch, **retries: float) -> list[tuple[float, float]]:
    """Between which bounds the pauses of one question are drawn."""
    drawn: list[tuple[float, float]] = []

    async def story() -> None:
        asked = gateway(client, retries=Retries(**{"attempts": 6, "patience": 1e6} | retries))
        monkeypatch.setattr(
            asked._callers["default"]._random, "uniform", lambda low, high: drawn.append((low, high)) or high
        )
        await asked.ask(request())

    virtual(story())
    return drawn


def test_pauses_between_attempts_double_up_to_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    def client() -> Endless:
        return Endless(lambda number, seed: AttemptError("server", "x") if number < 4 else OK)

    assert pauses(client(), monkeypatch, longest_wait=60.0) == [(0, 0.5), (0, 1.0), (0, 2.0), (0, 4.0)]
    assert pauses(client(), monkeypatch, longest_wait=1.5) == [(0, 0.5), (0, 1.0), (0, 1.5), (0, 1.5)]


def test_who_was_told_when_to_come_back_draws_no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Endless(lambda number, seed: AttemptError("rate_limited", "x", 7.0) if number < 3 else OK)
    assert pauses(client, monkeypatch) == []
    assert client.started == pytest.approx([0.0, 7.0, 14.0, 21.0], abs=0.01)


def test_rate_limits_count_where_nobody_is_answered() -> None:
    client = Endless(lambda number, seed: AttemptError("rate_limited", "slow down"))
    with pytest.raises(UnreachableModelError, match="failed 3 times: rate_limited: slow down"):
        virtual(gateway(client, retries=Retries(attempts=3, patience=1e6)).ask(request()))
    assert len(client.started) == 3


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (TimeoutError("read"), "timeout", "TimeoutError: read"),  # not that of the gateway's clock
        (ConnectionResetError("gone"), "connection", "ConnectionResetError: gone"),
        (asyncio.CancelledError(), "connection", "the client gave the call up by itself"),
    ],
)
async def test_what_a_client_raises_is_told_in_its_words(
    error: BaseException, kind: str, message: str
) -> None:
    log = Log()
    await gateway(Endless(lambda number, seed: OK if number else error), log=log).ask(request())
    assert [(one.kind, one.message) for one in log.failures] == [(kind, message)]


@pytest.fixture
def warned() -> Iterator[list[str]]:
    """What was warned of."""
    said: list[str] = []
    sink = logger.add(said.append, level="WARNING", format="{message}")
    yield said
    logger.remove(sink)


async def test_a_refusal_is_warned_of_once_and_twenty_of_them_are_enough(warned: list[str]) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    asked = gateway(Endless(lambda number, seed: AttemptError("refused", letters[seed % 26] * 3 + str(seed))))
    for seed in range(2 * 26):
        with pytest.raises(RefusedRequestError):
            await asked.ask(request(seed=seed))
    assert len(warned) == 20
    assert "test-model at nowhere: refuses a request of verifier: aaa0" in warned[0]


async def test_a_client_that_says_nothing_of_itself_is_neither_free_nor_repeatable() -> None:
    log = Log()
    await gateway(Foreign(result()), log=log).answer(request(tools=(TOOL,)))
    (answer,), (kept,) = log.answers.values(), log.asked.values()
    assert (answer.usd, answer.cached_tokens, answer.finish, answer.estimated) == (None, None, "stop", False)
    assert [speaker for speaker, _ in kept] == ["system", "user", "tools", "form"]
    with pytest.raises(ConfigError, match=r"budget\.usd"):
        gateway(Foreign(result()), budget=Budget(usd=1.0))


async def test_of_a_question_to_a_model_that_can_be_asked_again_nothing_is_kept() -> None:
    class Repeatable(Foreign):
        repeatable = True

    log = Log()
    await gateway(Repeatable(result()), log=log).answer(request())
    assert list(log.asked.values()) == [()]


async def test_what_a_client_says_beside_its_text_is_kept() -> None:
    said = result("no", CompletionResult, cached_tokens=2, estimated=True, refusal=True)
    client, log = Foreign(said), Log()
    price = Price(input=1e6, output=1e6, cached_input=0.0)
    await Gateway({"default": endpoint(client, price=price)}, concurrency=1, log=log).answer(request())
    (answer,) = log.answers.values()
    assert (answer.finish, answer.cached_tokens, answer.estimated) == ("refusal", 2, True)
    assert answer.usd == (5 - 2) + 3


@pytest.mark.parametrize(
    ("content", "thought", "counted"), [("", "hm hm", 5), ("text", "hm hm", 0), ("", None, 0)]
)
async def test_thoughts_count_where_nothing_else_was_said(content: str, thought: Any, counted: int) -> None:
    answer = await gateway(Foreign(result(content, thought=thought))).answer(request())
    assert answer.thought == counted


async def test_calls_of_tools_are_kept_only_where_tools_were_offered() -> None:
    calls = [FunctionCall(id="c", name="f", arguments="\ud800")]
    client = Foreign(result(calls, finish_reason="function_calls"))
    offered = await gateway(client).answer(request(tools=(TOOL,)))
    assert '"name": "f"' in offered.content
    assert "no tool was offered" in (await gateway(client).answer(request())).content


async def test_a_call_is_sent_with_the_seed_of_its_question_and_kept_under_its_key() -> None:
    seeds: list[int] = []
    log = Log()
    question = request(seed=11, output=None)
    asked = gateway(Endless(lambda number, seed: seeds.append(seed) or OK), log=log)
    await asked.answer(question)
    messages = (("system", question.system), ("user", question.user))
    assert list(log.answers) == [cache_key("me", messages, None, question.sampling, 11, 0)]
    assert seeds == [11]


async def test_usage_counts_every_answer_of_this_process() -> None:
    asked = gateway(Foreign(result()))
    for seed in range(3):
        await asked.ask(request(seed=seed))
    usage = asked.usage["verifier"]
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens) == (3, 3 * 5, 3 * 3)


async def test_who_wants_no_correction_gets_none() -> None:
    model = Endless(lambda number, seed: "{}")
    with pytest.raises(Exception, match="gave no usable Verdict"):
        await gateway(model).ask(request(), corrected=False)
    assert len(model.started) == 1


@pytest.mark.parametrize("concurrency", [0, -1])
def test_a_concurrency_of_nothing_is_refused(concurrency: int) -> None:
    with pytest.raises(ConfigError, match=rf"concurrency: got {concurrency}, expected an integer >= 1"):
        gateway(Endless(), concurrency=concurrency)


async def test_without_a_limit_of_its_own_an_answer_is_given_none() -> None:
    asked = Endpoint(client := Endless(), "m", "me", Limits())
    asked.window.tokens = 1_000
    sent: list[dict] = []
    create = client.create
    client.create = lambda messages, **options: sent.append(options) or create(messages, **options)  # type: ignore[method-assign]
    await Gateway({"default": asked}, concurrency=1).ask(request(sampling={"top_p": 1}))
    assert sent[0]["extra_create_args"] == {"seed": 7, "top_p": 1}


async def test_tools_leave_less_room_for_an_answer() -> None:
    asked = Endpoint(client := Endless(), "m", "me", Limits())
    asked.window.tokens = 1_000
    rooms: list[int] = []
    create = client.create

    def recorded(messages: Any, **options: Any) -> Any:
        rooms.append(options["extra_create_args"]["max_tokens"])
        return create(messages, **options)

    client.create = recorded  # type: ignore[method-assign]
    big = TOOL | {"description": "d" * 300}
    for tools in ((), (big,)):
        question = request(output=None, system="s" * 300, sampling={"max_tokens": 900}, tools=tools)
        await Gateway({"default": asked}, concurrency=1).answer(question)
    assert rooms == [1_000 - 64 - 300 // 3, 1_000 - 64 - (300 + TOOL_SIZE + 299) // 3]
