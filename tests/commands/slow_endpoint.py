"""An endpoint on loopback that takes time for every token, in so many slots: the scripted model behind it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import orjson
from aiohttp import web
from ptool.models.mock_server.server import serving
from ptool.models.scripted import Library, ScriptedModel
from ptool.models.scripted.kit import shipped_kits
from ptool.models.scripted.roles import SPEED_ROLE
from ptool.settings import MockServerOptions


class SlowEndpoint:
    """Args: sent, received: tokens a second; slots: calls it works on at a time, the others wait."""

    def __init__(self, sent: float, received: float, slots: int) -> None:
        self.sent, self.received = sent, received
        self.slots = slots
        self.base_url = ""

    async def serve(self, ready: threading.Event, stop: threading.Event) -> None:
        self.free = asyncio.Semaphore(self.slots)
        options = MockServerOptions(port=0)
        async with (
            serving(ScriptedModel(Library(shipped_kits())).answer, options) as scripted,
            aiohttp.ClientSession() as http,
        ):
            self.http, self.behind = http, scripted.base_url
            app = web.Application(client_max_size=10**8)
            app.router.add_post("/v1/chat/completions", self.complete)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            ready.set()
            await asyncio.to_thread(stop.wait)
            await runner.cleanup()

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        asked = orjson.loads(body)
        role = asked["messages"][0]["content"].partition("\n")[0]
        if role.startswith("Role:") and role != f"Role: {SPEED_ROLE}":
            async with self.http.post(f"{self.behind}/chat/completions", data=body) as reply:
                answer = orjson.loads(await reply.read())
        else:  # the measuring calls, which a language model would answer as long as it may
            size = sum(len(message["content"]) for message in asked["messages"]) // 4
            usage = {"prompt_tokens": size, "completion_tokens": asked["max_tokens"]}
            message = {"role": "assistant", "content": "1 2 3"}
            answer = {
                "choices": [{"index": 0, "finish_reason": "length", "message": message}],
                "usage": usage,
            }
        usage = answer["usage"]
        async with self.free:
            await asyncio.sleep(
                usage["prompt_tokens"] / self.sent + usage["completion_tokens"] / self.received
            )
        return web.json_response(answer)


@contextmanager
def slow_endpoint(sent: float, received: float, slots: int) -> Iterator[str]:
    """The base URL of such an endpoint, in a thread of its own."""
    endpoint, ready, stop = SlowEndpoint(sent, received, slots), threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(endpoint.serve(ready, stop)))
    thread.start()
    try:
        assert ready.wait(30)
        yield endpoint.base_url
    finally:
        stop.set()
        thread.join()
