"""What the tests of models share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from endpoint_double import Double


@pytest.fixture
async def double() -> AsyncIterator[Double]:
    """An endpoint on loopback."""
    one = Double()
    app = web.Application()
    for path in ("/v1/chat/completions", "/v1/messages"):
        app.router.add_post(path, one.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield one
    await runner.cleanup()
