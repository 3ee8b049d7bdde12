"""AutoGen's components behind ptool's seam, and the contract: its OpenAI client and ptool's own agree."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from autogen_core import CancellationToken
from autogen_core.models import AssistantMessage, CreateResult, SystemMessage, UserMessage
from endpoint_double import Double, completion
from ptool.errors import ConfigError
from ptool.models.clients.autogen_component import AutogenClient, component
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.clients.fake import FakeModel
from ptool.models.faults import AttemptError
from ptool.records import Solution, Verdict

CANARY = "sk-canary-0123456789"
ASKED = [
    SystemMessage(content="You judge."),
    UserMessage(content="This?", source="ptool"),
    AssistantMessage(content="{}", source="m"),
    UserMessage(content="Again.", source="ptool"),
]
INFO = {"vision": False, "function_calling": False, "json_output": True, "structured_output": True}
FURTHER = {"seed": 7, "temperature": 0.5, "max_tokens": 99}
OPENAI = "OpenAIChatCompletionClient"
AZURE = {"azure_endpoint": "https://x.example/", "api_version": "2024-10-21"}


@pytest.fixture
async def pair(double: Double, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Any]]:
    """ptool's client and AutoGen's, at the same endpoint."""
    pytest.importorskip("autogen_ext.models.openai")
    monkeypatch.setenv("MY_KEY", CANARY)
    config = {"model": "m", "base_url": double.base_url, "model_info": {**INFO, "family": "unknown"}}
    both = [
        ChatCompletions("m", double.base_url, "MY_KEY", structured="json_schema", strict=True),
        component(OPENAI, config, "MY_KEY"),
    ]
    yield both
    for one in both:
        await one.close()


def without_noise(value: Any) -> Any:
    """A body without what makes no difference: titles, defaults, the sender's name, 'stream: false'."""
    if isinstance(value, list):
        return [without_noise(one) for one in value]
    if not isinstance(value, dict):
        return value
    noise = {"title", "default"} | ({"name"} if "role" in value else set())
    return {
        key: without_noise(one)
        for key, one in value.items()
        if key not in noise and (key, one) != ("stream", False)
    }


VERDICT = '{"ok": true, "reasons": []}'


@pytest.mark.parametrize(
    ("reply", "output"),
    [
        (completion("hello"), None),
        (completion(VERDICT), Verdict),
        (completion(VERDICT[:9], "length"), Verdict),
        (completion("no JSON at all"), Verdict),
        (completion("", "content_filter"), Verdict),
        (completion('{"platform": "MegaMart", "calls": []}'), Solution),
        (completion("{}"), True),
    ],
    ids=["plain", "structured", "truncated", "invalid", "filtered", "json object inside", "some object"],
)
async def test_both_clients_give_the_same_result_for_the_same_request(
    double: Double, pair: list[Any], reply: Any, output: Any
) -> None:
    double.reply = reply
    results: list[CreateResult] = [
        await one.create(ASKED, json_output=output, extra_create_args=FURTHER) for one in pair
    ]
    seen = [(one.content, one.finish_reason, one.usage, one.thought) for one in results]
    assert seen[0] == seen[1]
    assert seen[0][0] == reply["choices"][0]["message"]["content"]
    ours, autogens = (without_noise(body) for body in double.bodies)
    assert ours == autogens
    assert {header["authorization"] for header in double.headers} == {f"Bearer {CANARY}"}


async def test_a_refusal_is_told_by_ours_and_lost_by_autogens(double: Double, pair: list[Any]) -> None:
    double.reply = completion(None, refusal="I will not.")
    ours, autogens = [await one.create(ASKED, json_output=Verdict) for one in pair]
    assert (ours.finish_reason, ours.usage) == (autogens.finish_reason, autogens.usage)
    assert (ours.content, ours.refusal, autogens.content) == ("I will not.", True, "")


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # of the SDK's own logging
async def test_the_strict_schema_is_the_one_of_the_openai_sdk(double: Double, pair: list[Any]) -> None:
    """AutoGen's client left to itself: the SDK makes the schema, and refuses what is cut off."""
    double.reply = completion(VERDICT)
    await pair[0].create(ASKED, json_output=Verdict)
    await pair[1].inner.create(ASKED, json_output=Verdict)
    ours, sdks = (without_noise(body["response_format"]) for body in double.bodies)
    assert ours == sdks


@pytest.mark.parametrize(
    ("reply", "kind", "wait"),
    [
        (lambda: web.Response(status=429, headers={"Retry-After": "2"}), "rate_limited", 2),
        (
            lambda: web.Response(status=401, text=f'{{"error": {{"message": "{CANARY}"}}}}'),
            "unauthorised",
            None,
        ),
        (lambda: web.Response(status=400, text='{"error": {"message": "bad"}}'), "refused", None),
        (lambda: web.Response(status=503), "server", None),
        (lambda: web.json_response({"choices": []}), "malformed", None),
        (lambda: web.Response(text="<html>", content_type="text/html"), "malformed", None),
    ],
)
@pytest.mark.filterwarnings("ignore:Resolved model mismatch")  # AutoGen's, before it fails
async def test_both_clients_see_the_same_faults_and_never_show_the_key(
    double: Double, pair: list[Any], reply: Any, kind: str, wait: float | None
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return reply()

    double.reply = answer
    for one in pair:
        with pytest.raises(AttemptError) as caught:
            await one.create(ASKED)
        assert (caught.value.kind, caught.value.retry_after) == (kind, wait)
        chain = caught.value.__cause__, caught.value.__suppress_context__ or caught.value.__context__
        assert CANARY not in f"{caught.value} {one!r} {chain}"
    more = 4 if kind == "refused" else 0  # ours asks whether it was chance, and in barer forms
    assert len(double.bodies) == 2 + more  # otherwise nobody but the gateway tries again


async def test_the_key_is_in_no_answer_of_either(double: Double, pair: list[Any]) -> None:
    double.reply = completion(f"You sent {CANARY}, and {CANARY}.")
    assert [(await one.create(ASKED)).content for one in pair] == ["You sent [key], and [key]."] * 2


async def test_nobody_there_is_a_connection_fault_for_both(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    pytest.importorskip("autogen_ext.models.openai")
    monkeypatch.setenv("MY_KEY", CANARY)
    url = f"http://127.0.0.1:{unused_tcp_port}/v1"
    config = {"model": "m", "base_url": url, "model_info": {**INFO, "family": "unknown"}}
    for one in (ChatCompletions("m", url), component(OPENAI, config, "MY_KEY")):
        with pytest.raises(AttemptError) as caught:
            await one.create(ASKED)
        assert caught.value.kind == "connection"
        await one.close()


async def test_what_autogen_cannot_send_is_refused_and_not_retried(double: Double, pair: list[Any]) -> None:
    with pytest.raises(AttemptError, match="top_k") as caught:
        await pair[1].create(ASKED, extra_create_args={"top_k": 3})
    assert caught.value.kind == "refused"


class Told(FakeModel):
    """A component of some other kind; it keeps how it was asked."""

    def __init__(self, structured: bool, json_output: bool = True) -> None:
        super().__init__(lambda *_: "{}", keep=True)
        self.info = {**INFO, "structured_output": structured, "json_output": json_output, "family": "unknown"}
        self.asked: list[Any] = []

    @property
    def model_info(self) -> Any:
        return self.info

    async def create(self, messages: Any, **options: Any) -> CreateResult:
        self.asked.append(options["json_output"])
        await asyncio.sleep(0.01)
        return await super().create(messages, **options)


@pytest.mark.parametrize(
    ("structured", "json_output", "asked", "instructed"),
    [(True, True, Verdict, False), (False, True, True, True), (False, False, None, True)],
)
async def test_other_components_are_asked_for_records_as_they_can(
    structured: bool, json_output: bool, asked: Any, instructed: bool
) -> None:
    inner = Told(structured, json_output)
    client = AutogenClient(inner, "told")
    await client.create(ASKED, json_output=Verdict)
    await client.create(ASKED[1:], json_output=Verdict)
    await client.create(ASKED)
    assert inner.asked == [asked, asked, None]
    assert ["valid against this JSON Schema" in prompt[0] for prompt in inner.prompts] == [
        instructed,
        instructed,
        False,
    ]
    assert client.total_usage() == inner.total_usage()


async def test_a_token_cancels_a_component_too_and_keeps_one_callback() -> None:
    client, token = AutogenClient(Told(False), "told"), CancellationToken()
    for _ in range(5):
        await client.create(ASKED, cancellation_token=token)
    assert len(token._callbacks) == 1
    call = asyncio.ensure_future(client.create(ASKED, cancellation_token=token))
    await asyncio.sleep(0)
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_stream_is_one_chunk_and_the_result() -> None:
    chunks = [one async for one in AutogenClient(Told(False), "told").create_stream(ASKED)]
    assert (chunks[0], type(chunks[1])) == ("{}", CreateResult)


@pytest.mark.parametrize(
    ("provider", "config", "key_env", "said"),
    [
        (OPENAI, {"modl": "m"}, None, "model.config.modl: no such key; there are"),
        (OPENAI, {"model": "m", "temprature": 1}, None, "(did you mean 'temperature'?)"),
        (OPENAI, {"model": "m", "temperature": "hot"}, None, "model.config.temperature: Input should be"),
        (
            OPENAI,
            {"model": "m", "model_info": {**INFO, "family": "x", "visoin": True}},
            "MY_KEY",
            "model.config.model_info.visoin: no such key",
        ),
        (OPENAI, {"model": "unheard-of"}, "MY_KEY", "model.config: autogen_ext.models.openai"),
        (OPENAI, {"model": "m", "api_key": CANARY}, None, "model.config.api_key: a key stays out"),
        (OPENAI, {"model": "m"}, "NO_SUCH_KEY", "the environment variable NO_SUCH_KEY is not set"),
        (OPENAI, {"model": "m"}, CANARY, "model.api_key_env: got a value not shown here"),
        ("OpenAIClient", {}, None, "model.provider: got 'OpenAIClient', expected a dotted class name or"),
        ("autogen_ext.models.nope.Client", {}, None, "there is no module 'autogen_ext.models.nope'"),
        ("no_such_package.Client", {}, None, "there is no module 'no_such_package'"),
        ("collections.Counter", {}, None, "which is no AutoGen ChatCompletionClient"),
        ("ptool.models.clients.fake.FakeModel", {}, None, "which cannot be made from a configuration"),
        (5, {}, None, "model.provider: got 5"),
    ],
)
def test_what_cannot_be_made_is_one_line(
    monkeypatch: pytest.MonkeyPatch, provider: Any, config: Any, key_env: str | None, said: str
) -> None:
    pytest.importorskip("autogen_ext.models.openai")
    monkeypatch.setenv("MY_KEY", CANARY)
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ConfigError) as caught:
        component(provider, config, key_env)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("provider", "module", "extra"),
    [
        ("AzureOpenAIChatCompletionClient", "azure", "install ptool[azure]"),
        ("OpenAIChatCompletionClient", "openai", "install ptool[openai]"),
        ("AzureOpenAIChatCompletionClient", "openai", "install ptool[openai]"),
        ("AnthropicChatCompletionClient", "anthropic", "install ptool[anthropic]"),
    ],
)
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, provider: str, module: str, extra: str
) -> None:
    ours = tuple(f"autogen_ext.{part}.{module}" for part in ("models", "auth"))
    for name in [one for one in sys.modules if one.startswith((*ours, f"{module}."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    config = {"model": "gpt-4o"} | (AZURE if provider.startswith("Azure") else {})
    monkeypatch.setenv("MY_KEY", CANARY)
    with pytest.raises(ConfigError, match="cannot be imported") as caught:
        component(provider, config, "MY_KEY")
    assert extra in str(caught.value)


def test_azure_is_made_from_the_short_name_with_the_key_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("autogen_ext.models.openai")
    pytest.importorskip("azure.identity")
    monkeypatch.setenv("MY_KEY", CANARY)
    config = {"model": "gpt-4o", **AZURE}
    made = component("azure_openai_chat_completion_client", config, "MY_KEY")
    assert type(made.inner).__name__ == "AzureOpenAIChatCompletionClient"
    assert made.note == "gpt-4o at AzureOpenAIChatCompletionClient"
    assert made.inner._to_config().max_retries == 0
    assert CANARY not in repr(made) + json.dumps(config)


async def test_anthropic_answers_with_the_schema_in_its_system_text(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("autogen_ext.models.anthropic")
    monkeypatch.setenv("MY_KEY", CANARY)
    double.reply = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-m",
        "content": [{"type": "text", "text": VERDICT}],
        "stop_reason": "max_tokens",
        "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 7},
    }
    info = {**INFO, "structured_output": False, "family": "claude-4-sonnet"}
    config = {"model": "claude-m", "model_info": info, "base_url": double.base_url.removesuffix("/v1")}
    client = component("AnthropicChatCompletionClient", config, "MY_KEY")
    result = await client.create(ASKED, json_output=Verdict, extra_create_args={"seed": 1, "max_tokens": 50})
    await client.close()
    assert (result.content, result.finish_reason) == (VERDICT, "length")
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (11, 7)
    assert double.headers[0]["x-api-key"] == CANARY
    assert double.bodies[0]["max_tokens"] == 50
    assert "valid against this JSON Schema" in json.dumps(double.bodies[0]["system"])


@pytest.mark.filterwarnings("ignore:The model")
async def test_a_key_that_anthropic_misses_is_no_fault_to_ask_again_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("anthropic")
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    client = component("AnthropicChatCompletionClient", {"model": "claude-3-5-haiku-20241022"})
    with pytest.raises(AttemptError, match="authentication") as caught:
        await client.create(ASKED)
    assert caught.value.kind == "unauthorised"
    assert client.api_key_env == "the environment"
