"""Answers as they come: `Gateway.answer`, and tools on the wire."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from autogen_core import FunctionCall
from autogen_core.models import UserMessage
from endpoint_double import Double, completion
from model_doubles import Log, endpoint, request
from ptool.errors import RefusedRequestError
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.clients.fake import FakeModel
from ptool.models.faults import AttemptError
from ptool.models.gateway import Gateway
from ptool.records import Verdict

PLAIN = replace(request(), output=None)
TOOL = {"name": "findItem", "description": "Search.", "parameters": {"type": "object", "properties": {}}}
CALLS = [{"id": "c1", "type": "function", "function": {"name": "findItem", "arguments": '{"a": 1}'}}]


def gateway(client, log=None):
    return Gateway({"default": endpoint(client)}, concurrency=4, log=log)


@pytest.mark.parametrize("text", ["", "no JSON at all", '{"ok": 3}', "<think>x</think> {East: [f(a=1)]}"])
async def test_an_answer_comes_as_it_is_and_is_kept_once(text):
    model, log = FakeModel(lambda role, found, seed: text, keep=True), Log()
    asked = gateway(model, log)
    first = await asked.answer(PLAIN)
    assert (first.content, first.finish) == (text, "stop")
    assert await asked.answer(PLAIN) == first
    assert await gateway(model, log).answer(PLAIN) == first
    assert len(model.prompts) == 1
    assert log.statuses == {}


async def test_those_who_ask_the_same_share_one_call():
    model = FakeModel(lambda role, found, seed: "x")
    asked = gateway(model, Log())
    answers = await asyncio.gather(*(asked.answer(PLAIN) for _ in range(10)))
    assert model.calls == 1
    assert len(set(answers)) == 1


async def test_text_records_and_tools_are_different_questions():
    model, log = FakeModel(lambda role, found, seed: '{"ok": true}'), Log()
    asked = gateway(model, log)
    keys = {
        (await asked.answer(one)).key
        for one in (PLAIN, request(), replace(PLAIN, tools=(TOOL,)), replace(PLAIN, tools=(TOOL, TOOL)))
    }
    assert len(keys) == model.calls == 4
    assert (await asked.ask(request())).record == Verdict(ok=True)
    assert model.calls == 4


async def test_a_record_is_got_with_ask():
    with pytest.raises(ValueError, match="no record is asked for"):
        await gateway(FakeModel(lambda role, found, seed: "x")).ask(PLAIN)


async def test_faults_are_those_of_ask():
    def refuse(role, found, seed):
        raise AttemptError("refused", "HTTP 400: too long")

    log = Log()
    with pytest.raises(RefusedRequestError, match="too long"):
        await gateway(FakeModel(refuse), log).answer(PLAIN)
    assert [one.kind for one in log.failures] == ["refused"]


async def test_tools_are_offered_and_their_calls_are_the_answer(double: Double):
    double.reply = completion(None, "tool_calls", tool_calls=CALLS)
    client = ChatCompletions(model="m", base_url=double.base_url)
    asked = gateway(client)
    answer = await asked.answer(replace(PLAIN, tools=(TOOL,)))
    await asked.close()
    (body,) = double.bodies
    assert body["tools"] == [{"type": "function", "function": TOOL}]
    assert body["tool_choice"] == "auto"
    assert "response_format" not in body
    assert json.loads(answer.content) == {"tool_calls": CALLS}


async def test_without_tools_the_body_says_nothing_of_them(double: Double):
    client = ChatCompletions(model="m", base_url=double.base_url)
    asked = gateway(client)
    assert (await asked.answer(PLAIN)).content == "hello"
    await asked.close()
    assert not {"tools", "tool_choice", "response_format"} & double.bodies[0].keys()


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([{"function": {"name": "f", "arguments": {"a": [1]}}}], [FunctionCall("", '{"a":[1]}', "f")]),
        ([{"id": 3, "function": {"name": "f"}}], [FunctionCall("", "", "f")]),
        ([], "hello"),
        (None, "hello"),
    ],
)
async def test_endpoints_write_calls_in_several_ways(double: Double, calls, expected):
    double.reply = completion("hello", tool_calls=calls)
    client = ChatCompletions(model="m", base_url=double.base_url)
    result = await client.create([UserMessage(content="x", source="u")], tools=[TOOL])  # type: ignore[list-item]
    await client.close()
    assert result.content == expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (3, "hello"),
        ("f", "hello"),
        (["f"], [FunctionCall("", '"f"', "")]),
        ([{}], [FunctionCall("", "{}", "")]),
        ([{"function": "f"}], [FunctionCall("", '{"function":"f"}', "")]),
        ([{"function": {"name": 1}}], [FunctionCall("", "", "")]),
        ({"function": {"name": "f", "arguments": "{"}}, [FunctionCall("", "{", "f")]),
    ],
)
async def test_a_call_that_is_none_is_the_models_fault_and_handed_on(double: Double, calls, expected):
    double.reply = completion("hello", tool_calls=calls)
    client = ChatCompletions(model="m", base_url=double.base_url)
    result = await client.create([UserMessage(content="x", source="u")], tools=[TOOL])  # type: ignore[list-item]
    await client.close()
    assert result.content == expected
