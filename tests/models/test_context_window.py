"""What endpoints say of their context, truly or not, and what is made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from model_doubles import Endless, Log, endpoint, request, virtual
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.context_window import CHARACTERS_A_TOKEN, ContextWindow, least_answer, text_size
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import Gateway
from ptool.models.scripted import Library, ScriptedModel


class Stating:
    """An endpoint that answers questions about itself as a test wants: path -> JSON, text or status."""

    def __init__(self, replies: dict[str, Any]) -> None:
        self.replies = replies
        self.asked: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        reply = self.replies.get(request.path, 404)
        if isinstance(reply, int):
            return web.json_response({"error": {"message": "no"}}, status=reply)
        if isinstance(reply, str):
            return web.Response(text=reply)
        return web.json_response(reply)


@pytest.fixture
async def stating() -> AsyncIterator[Any]:
    """`await stating(replies)`: an endpoint on loopback with a client for the model 'm'."""
    runners: list[web.AppRunner] = []

    async def start(replies: dict[str, Any]) -> tuple[Stating, Endpoint]:
        double = Stating(replies)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", double.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        client = ChatCompletions("m", f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
        return double, Endpoint(client)

    yield start
    for runner in runners:
        await runner.cleanup()


def listed(**entry: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": "other", "max_model_len": 512}, {"id": "m", **entry}]}


SLOT = {"default_generation_settings": {"n_ctx": 4096}}


@pytest.mark.parametrize(
    ("replies", "tokens", "origin"),
    [
        ({"/v1/models": listed(max_model_len=8192)}, 8192, "/models"),  # vLLM
        ({"/v1/models": listed(context_length=131072)}, 131072, "/models"),  # OpenRouter
        ({"/v1/models": listed(context_window=32768)}, 32768, "/models"),  # Groq
        ({"/v1/models": listed(max_context_length=9000, loaded_context_length=5000)}, 5000, "/models"),
        ({"/v1/models": listed(top_provider={"context_length": 7000}, context_length=9000)}, 7000, "/models"),
        ({"/v1/models": listed(meta={"n_ctx_train": 32768})}, 32768, "/models"),  # at most
        ({"/v1/models": listed(meta={"n_ctx_train": 32768}), "/props": SLOT}, 4096, "/props"),
        ({"/v1/models": listed(meta={"n_ctx_train": 32768, "n_ctx": 4096})}, 4096, "/models"),
        ({"/props": SLOT}, 4096, "/props"),
        ({"/v1/models": {"data": [{"id": "alias", "max_model_len": 600}]}}, 600, "/models"),  # the only one
    ],
)  # fmt: skip
async def test_every_way_of_stating_a_context_is_read(
    stating: Any, replies: dict[str, Any], tokens: int, origin: str
) -> None:
    _, asked = await stating(replies)
    await asked.measure_window("some text")
    assert (asked.window.tokens, asked.window.origin) == (tokens, origin)


@pytest.mark.parametrize(
    "lie", [0, -1, 8, 10**12, 1e30, 4096.5, "4096", "a lot", True, None, [4096], {"n": 1}]
)
async def test_nonsense_is_no_context(stating: Any, lie: Any) -> None:
    props = {"default_generation_settings": {"n_ctx": lie}}
    _, asked = await stating({"/v1/models": listed(max_model_len=lie, meta={"n_ctx": lie}), "/props": props})
    await asked.measure_window("some text")
    assert (asked.window.tokens, asked.window.origin) == (None, "unknown")
    assert asked.window.fits(10**9, 10**9)


@pytest.mark.parametrize(
    "reply",
    [404, 401, 429, 500, 301, "no JSON", "[" * 100_000, "[]", "null", '{"data": 7}', '{"data": [7, null]}',
     '{"data": [{"id": "a", "max_model_len": 512}, {"id": "b", "max_model_len": 512}]}'],
)  # fmt: skip
async def test_a_question_that_fails_is_silent(stating: Any, reply: Any) -> None:
    double, asked = await stating({"/v1/models": reply, "/props": reply, "/tokenize": reply})
    await asked.measure_window("some text")
    assert (asked.window.tokens, asked.window.origin) == (None, "unknown")
    assert double.asked == ["/v1/models", "/props"]  # nothing is counted for a context nobody knows


async def test_an_endpoint_that_hangs_or_is_gone_does_not_hold_anything_up(
    stating: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr("ptool.models.clients.chat_completions._LOOKED_UP_SECONDS", 0.05)
    double, asked = await stating({})

    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        raise AssertionError

    double.handle = hang  # type: ignore[method-assign]
    async with asyncio.timeout(5):
        await asked.measure_window("some text")
        await Endpoint(ChatCompletions("m", "http://127.0.0.1:9/v1")).measure_window("some text")
    assert asked.window.tokens is None


async def test_what_is_given_by_hand_wins_and_nobody_is_asked(stating: Any) -> None:
    double, asked = await stating({"/v1/models": listed(max_model_len=8192)})
    given = Endpoint(asked.client, context=2048)
    await given.measure_window("some text")
    assert (given.window.tokens, given.window.origin) == (2048, "model.context")
    assert double.asked == ["/tokenize"]


async def test_the_scripted_model_has_no_limit_unless_it_is_given_one() -> None:
    model = Endpoint(ScriptedModel(Library({})))
    await model.measure_window("some text")
    assert (model.window.tokens, model.window.origin) == (None, "no limit")
    bounded = Endpoint(ScriptedModel(Library({})), context=1000)
    await bounded.measure_window("some text")
    assert bounded.window.tokens == 1000


async def test_tokens_are_counted_by_the_endpoint_where_it_can(stating: Any) -> None:
    text = "x" * 400
    _, asked = await stating({"/props": SLOT, "/tokenize": {"tokens": list(range(100))}})
    await asked.measure_window(text)
    assert asked.window.counted
    assert asked.window.characters_a_token == pytest.approx(4 * 0.95)  # with a margin


@pytest.mark.parametrize(
    "reply", [{"tokens": []}, {"tokens": 7}, {"tokens": [1] * 10_000}, {"tokens": [1]}, 404]
)
async def test_a_count_that_cannot_be_true_is_none(stating: Any, reply: Any) -> None:
    _, asked = await stating({"/props": SLOT, "/tokenize": reply})
    await asked.measure_window("x" * 400)
    assert (asked.window.counted, asked.window.characters_a_token) == (False, CHARACTERS_A_TOKEN)


def test_what_fits_and_what_is_left() -> None:
    window = ContextWindow(1000, "/props", characters_a_token=4.0)
    size = window.size_beside(200)
    assert size == (1000 - 200 - 64) * 4
    assert window.fits(size, 200)
    assert not window.fits(size + 4, 200)
    assert window.answer_room(size, 2048) == 200
    assert window.answer_room(size, 100) == 100
    assert window.answer_room(10_000, 2048) == 2048  # left to the endpoint, which counts better
    assert ContextWindow().size_beside(200) is None


def test_other_scripts_have_fewer_characters_a_token() -> None:
    assert (text_size("abc"), text_size("日本"), text_size("\ud800")) == (3, 6, 3)


@pytest.mark.parametrize(
    ("max_tokens", "least"), [(2048, 512), (100, 100), (None, 512), ("many", 512), (0, 512)]
)
def test_an_answer_needs_a_part_of_what_it_may_have(max_tokens: Any, least: int) -> None:
    assert least_answer(max_tokens) == least


def test_the_room_for_an_answer_shrinks_to_what_the_prompt_leaves_and_its_key_stays() -> None:
    rooms: list[int] = []
    log = Log()

    class Recording(Endless):
        async def create(self, messages: Any, **options: Any) -> Any:
            rooms.append(options["extra_create_args"]["max_tokens"])
            return await super().create(messages, **options)

    async def ask(tokens: int | None, log: Log) -> None:
        asked = endpoint(Recording())
        asked.window.tokens = tokens
        gateway = Gateway({"default": asked}, concurrency=1, log=log)
        await gateway.ask(request(system="Role: verifier\n" + "x" * 2985, sampling={"max_tokens": 2048}))

    for tokens in (None, 100_000, 2000, 1300):
        virtual(ask(tokens, Log()))
    prompt = 3000 // 3 + 64
    assert rooms == [2048, 2048, 2000 - prompt, 1300 - prompt]
    for tokens in (1300, None):
        virtual(ask(tokens, log))
    assert (len(rooms), len(log.answers)) == (5, 1)
