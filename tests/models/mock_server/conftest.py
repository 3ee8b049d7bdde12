"""A client that knows nothing of ptool: plain HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from ptool.models.mock_server.server import RunningServer

Ask = Callable[..., Awaitable[tuple[int, Any, dict[str, str]]]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """`await ask(server, *texts, seed=…, headers=…, **body) -> (status, JSON or bytes, headers)`."""
    async with aiohttp.ClientSession() as session:

        async def asked(
            server: RunningServer, *texts: str, headers: dict[str, str] | None = None, **body: Any
        ) -> tuple[int, Any, dict[str, str]]:
            roles = ("system", "user", "assistant", "user", "assistant", "user")
            messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
            url = f"{server.base_url}/chat/completions"
            async with session.post(url, json={"messages": messages, **body}, headers=headers) as reply:
                raw = await reply.read()
                parsed = await reply.json() if raw[:1] == b"{" else raw
                return reply.status, parsed, dict(reply.headers)

        yield asked


@pytest.fixture
def quiet() -> Callable[[RunningServer], Awaitable[None]]:
    """`await quiet(server)`: wait until no request is under way, at most a few seconds."""

    async def waited(server: RunningServer) -> None:
        for _ in range(500):
            if server.stats.in_flight == 0:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(server.stats.report())

    return waited
