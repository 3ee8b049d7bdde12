"""The gateway as a client of AutoGen programs: kept, counted, corrected, and given again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_core import CancellationToken, FunctionCall, Image
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    ModelInfo,
    RequestUsage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import FunctionTool
from endpoint_double import Double
from model_doubles import Log
from ptool.errors import BudgetSpentError, ConfigError, UnusableAnswerError
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.factory import gateway_client
from ptool.models.gateway import CallScope, Gateway, GatewayClient
from ptool.models.gateway.conversation import as_llm_messages, as_messages
from ptool.records import Verdict
from ptool.settings import Budget
from ptool.store import Ledger

HELLO = [UserMessage(content="Hello", source="user")]


class Scripted(FakeModel):
    """Answers with what is next in a list; keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        super().__init__(lambda *_: "")
        self.answers = list(answers)
        self.asked: list[tuple[list[LLMMessage], dict[str, Any]]] = []

    @property
    def model_info(self) -> ModelInfo:
        return {**super().model_info, "function_calling": True}

    async def create(self, messages: Sequence[LLMMessage], **options: Any) -> CreateResult:
        self.asked.append((list(messages), options))
        content = self.answers[min(len(self.asked), len(self.answers)) - 1]
        finish = "stop" if isinstance(content, str) else "function_calls"
        return CreateResult(finish_reason=finish, content=content, usage=RequestUsage(10, 2), cached=False)


def client(model: Any, log: Any = None, **scope: Any) -> GatewayClient:
    gateway = Gateway({"default": Endpoint(model, "m", "m")}, concurrency=4, log=log)
    return GatewayClient(CallScope(gateway, **scope))


def count(text: str) -> int:
    """Words."""
    return len(text.split())


TOOL = FunctionTool(count, description="Counts the words of a text.")
CALL = [FunctionCall(id="c1", name="count", arguments='{"text": "a b"}')]


async def test_an_agent_with_a_tool_is_answered_again_from_what_was_kept() -> None:
    log = Log()
    for model in (first := Scripted(CALL, "two words"), second := Scripted("never asked")):
        asked = client(model, log)
        agent = AssistantAgent("helper", asked, tools=[TOOL], max_tool_iterations=2)
        result = await agent.run(task="How many?")
        assert result.messages[-1].to_text() == "two words"
        assert [type(one).__name__ for one in result.messages][1:3] == [
            "ToolCallRequestEvent",
            "ToolCallExecutionEvent",
        ]
        assert asked.total_usage() == RequestUsage(20, 4)
    assert (len(first.asked), len(second.asked)) == (2, 0)
    sent, options = first.asked[1]
    assert [type(one).__name__ for one in sent[-2:]] == ["AssistantMessage", "FunctionExecutionResultMessage"]
    assert [tool["name"] for tool in options["tools"]] == ["count"]


async def test_the_same_question_asked_twice_is_two_questions_and_both_are_kept() -> None:
    log, model = Log(), Scripted("one", "two")
    for _ in range(2):
        asked = client(model, log, seed=5)
        assert [(await asked.create(HELLO)).content for _ in range(2)] == ["one", "two"]
    seeds = [options["extra_create_args"]["seed"] for _, options in model.asked]
    assert (len(log.answers), len(seeds), len(set(seeds))) == (2, 2, 2)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"extra_create_args": {"temperature": 1}}),
        ({}, {"json_output": True}),
        ({}, {"json_output": Verdict}),
        ({"tools": [TOOL]}, {"tools": [TOOL], "tool_choice": "required"}),
        ({"tools": [TOOL], "tool_choice": "required"}, {"tools": [TOOL], "tool_choice": TOOL}),
        ({}, {"tools": [TOOL]}),
    ],
)
async def test_whatever_may_change_an_answer_is_in_its_key(first: Any, second: Any) -> None:
    log, model = Log(), Scripted('{"ok": true}')
    for options in (first, second):
        await client(model, log).create(HELLO, **options)
    assert len(log.answers) == 2


async def test_who_says_something_is_in_the_key_and_is_said_to_the_model() -> None:
    log, model = Log(), Scripted("hm")
    for name in ("writer", "critic"):
        await client(model, log).create([UserMessage(content="Hello", source=name)])
    assert [messages[0].source for messages, _ in model.asked] == ["writer", "critic"]  # type: ignore[union-attr]
    assert len(log.answers) == 2


async def test_a_record_is_corrected_and_handed_on_as_json() -> None:
    model = Scripted("I think it is fine.", '```json\n{"ok": true}\n```')
    result = await client(model).create(HELLO, json_output=Verdict)
    assert Verdict.model_validate_json(str(result.content)) == Verdict(ok=True)
    assert result.usage == RequestUsage(20, 4)
    with pytest.raises(UnusableAnswerError):
        await client(Scripted("never")).create(HELLO, json_output=Verdict)


async def test_calls_whose_arguments_are_no_object_are_asked_for_again() -> None:
    """One that is not even JSON makes AutoGen's agents wait for ever where it hands over."""
    bad = [FunctionCall(id="c", name="count", arguments="[" * 5000)]
    none = [FunctionCall(id="c", name="count", arguments=" ")]
    result = await client(Scripted(bad, none)).create(HELLO, tools=[TOOL])
    assert result.content == [FunctionCall(id="c", name="count", arguments="{}")]


async def test_a_text_that_looks_like_a_call_is_a_text() -> None:
    text = '{"tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}'
    log = Log()
    for _ in range(2):
        result = await client(Scripted(text), log).create(HELLO, tools=[TOOL])
        assert (result.content, result.finish_reason) == (text, "stop")


async def test_a_stream_ends_with_the_result() -> None:
    said = [one async for one in client(Scripted("hm")).create_stream(HELLO)]
    assert (said[0], type(said[1])) == ("hm", CreateResult)
    called = [one async for one in client(Scripted(CALL)).create_stream(HELLO, tools=[TOOL])]
    assert [type(one) for one in called] == [CreateResult]


async def test_a_cancelled_token_ends_the_waiting() -> None:
    import asyncio

    class Never(Scripted):
        async def create(self, messages: Any, **options: Any) -> CreateResult:
            return await asyncio.get_running_loop().create_future()

    token = CancellationToken()
    waiting = asyncio.create_task(client(Never("")).create(HELLO, cancellation_token=token))
    await asyncio.sleep(0.01)
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_tokens_are_counted_without_asking_anybody() -> None:
    asked = client(Scripted("hm"))
    assert 0 < asked.count_tokens(HELLO) < asked.count_tokens(HELLO, tools=[TOOL])
    assert asked.remaining_tokens(HELLO) < asked.remaining_tokens([])
    assert asked.actual_usage() == RequestUsage(0, 0)
    assert (asked.model_info["vision"], asked.model_info["structured_output"]) == (False, True)


async def test_a_component_of_it_is_a_placeholder_until_somebody_binds_it() -> None:
    dumped = client(Scripted("hm")).dump_component()
    assert (dumped.provider, dumped.config) == ("ptool.models.gateway.GatewayClient", {"endpoint": ""})
    loaded = ChatCompletionClient.load_component(dumped)
    assert loaded.model_info["function_calling"] is True
    with pytest.raises(ConfigError, match="GatewayClient: a placeholder"):
        await loaded.create(HELLO)


async def test_an_image_is_refused() -> None:
    from PIL.Image import new

    message = UserMessage(content=[Image(new("RGB", (1, 1)))], source="user")
    with pytest.raises(ConfigError, match="holds an image"):
        await client(Scripted("hm")).create([message])


def test_a_conversation_comes_back_as_it_was() -> None:
    results = [FunctionExecutionResult(content="2 \ud800", name="count", call_id="c1", is_error=False)]
    conversation: list[LLMMessage] = [
        SystemMessage(content="You count."),
        UserMessage(content="name", source="ptool"),
        UserMessage(content="two\nlines", source="writer"),
        AssistantMessage(content=CALL, source="role"),
        FunctionExecutionResultMessage(content=results),
        AssistantMessage(content="Two.", source="counter"),
        SystemMessage(content="Sum up."),
    ]
    assert as_llm_messages(as_messages(conversation, "role"), "role") == conversation


async def test_our_client_sends_calls_and_results_as_the_protocol_has_them(double: Double) -> None:
    direct = ChatCompletions(model="m", base_url=double.base_url)
    results = [FunctionExecutionResult(content="2", name="count", call_id="c1", is_error=False)]
    conversation = [
        *HELLO,
        AssistantMessage(content=CALL, source="a"),
        FunctionExecutionResultMessage(content=results),
    ]
    await direct.create(conversation, tools=[TOOL], json_output=Verdict)
    await direct.close()
    (body,) = double.bodies
    body = body if isinstance(body, dict) else json.loads(body)
    assert body["messages"][1] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "count", "arguments": '{"text": "a b"}'}}
        ],
    }
    assert body["messages"][2] == {"role": "tool", "tool_call_id": "c1", "content": "2"}
    assert {"tools", "response_format"} <= body.keys()


async def test_a_program_of_ones_own_is_kept_in_a_ledger_and_kept_to_a_budget(
    double: Double, tmp_path: Path
) -> None:
    model = {"_target_": "ptool.models.clients.chat_completions.ChatCompletions", "model": "m"}
    model |= {"base_url": double.base_url}
    contents = []
    for _ in range(2):
        with Ledger(tmp_path / "calls.sqlite") as ledger:
            asked = gateway_client(model, log=ledger, budget=Budget(calls=1), name="helper")
            contents.append((await asked.create(HELLO)).content)
            with pytest.raises(BudgetSpentError, match=r"budget\.calls: 1 of 1 spent"):
                await asked.create([UserMessage(content="And now?", source="user")])
            await asked.scope.gateway.close()
    assert contents[0] == contents[1]
    assert len(double.bodies) == 1
    with Ledger(tmp_path / "calls.sqlite") as ledger:
        assert ledger.usage().keys() == {("helper", "helper")}


@pytest.mark.parametrize("model", [{}, {"provider": "nobody"}, {"_target_": "os.system"}])
def test_a_model_that_cannot_be_built_is_refused_in_one_line(model: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        gateway_client(model)
    assert "\n" not in str(caught.value)
