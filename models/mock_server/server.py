"""The mock server: a model behind an OpenAI-compatible endpoint, up for as long as a context lasts.

    async with serving(answer, MockServerOptions(faults={"server_error": 0.1})) as server:
        client = ChatCompletions(model="any", base_url=server.base_url)
        ...
        assert server.stats.repeated == 0

`POST /v1/chat/completions`, `GET /v1/models`, `GET /stats`, `POST /stats/reset`. Only loopback addresses are
bound: there is no TLS and, unless a key is set, nobody is asked who they are.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from ...errors import ConfigError
from ...settings import MockServerOptions
from .handler import AnswerSource, RequestHandler, Stats

MAX_BODY = 32 * 1024 * 1024
"""Bytes of a request that are read."""

_BACKLOG = 4096
_GRACE = 0.1
"""Seconds that requests under way get when the server ends."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that is up."""

    base_url: str
    """'http://127.0.0.1:PORT/v1'"""
    stats: Stats
    """its counts, as they go"""


@asynccontextmanager
async def serving(
    source: AnswerSource,
    options: MockServerOptions = MockServerOptions(),  # noqa: B008 (frozen)
    *,
    key: str | None = None,
    fingerprint: str = "none",
) -> AsyncIterator[RunningServer]:
    """A server in this process and loop, up for as long as the context lasts.

    Args:
        source: who answers, mostly a function of the messages' texts and the seed; it runs in the loop and
            should take milliseconds.
        options: where it is and how it behaves; as they stand, it answers everything at once.
        key: what clients must send; None: nothing is asked for.
        fingerprint: stands for what the model knows, in every answer.

    Raises:
        ConfigError: no loopback address, or the port is taken.
    """
    address = loopback(options.host)
    handler = RequestHandler(source, options, key, fingerprint)
    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post("/v1/chat/completions", handler.complete)
    app.router.add_get("/v1/models", handler.models)
    app.router.add_get("/stats", handler.report)
    app.router.add_post("/stats/reset", handler.reset)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        bound = await _bind(runner, address, options.port)
        name = f"[{address}]" if ":" in address else address
        yield RunningServer(f"http://{name}:{bound}/v1", handler.stats)
    finally:
        await runner.cleanup()


async def _bind(runner: web.AppRunner, address: str, port: int) -> int:
    """The port that was bound."""
    try:
        await web.TCPSite(runner, address, port, backlog=_BACKLOG).start()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigError(
            f"server.port: {port} on {address}: {why}; server.port=0 takes a free one"
        ) from None
    return runner.addresses[0][1]


def loopback(host: str) -> str:
    """The loopback address that is meant.

    Raises:
        ConfigError: it is another machine's, or one by which other machines reach this one.
    """
    if host == "localhost":
        return "127.0.0.1"
    try:
        safe = ipaddress.ip_address(host).is_loopback
    except ValueError:
        safe = False
    if safe:
        return host
    raise ConfigError(f"server.host: got {host!r}, expected a loopback address: 127.0.0.1, ::1 or localhost")
