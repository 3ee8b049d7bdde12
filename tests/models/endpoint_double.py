"""A tiny endpoint on loopback that speaks chat completions and says what the test wants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def completion(content: Any = "hello", finish: str = "stop", **message: Any) -> dict[str, Any]:
    """A whole reply, as OpenAI's."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "logprobs": None,
                "message": {"role": "assistant", "content": content, "refusal": None} | message,
            }
        ],
        "usage": {
            "prompt_tokens": 11,
            "completion_tokens": 7,
            "total_tokens": 18,
            "prompt_tokens_details": {"cached_tokens": 5},
        },
    }


@dataclass
class Double:
    """The endpoint: `reply` answers, and every request is kept."""

    base_url: str = ""
    reply: Any = field(default_factory=completion)
    """what every request gets: a JSON value, a response, or a handler"""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    """addresses of the connections that requests came over"""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append({key.lower(): value for key, value in request.headers.items()})
        self.peers.add(request.transport and request.transport.get_extra_info("peername"))
        if callable(self.reply):
            return await self.reply(request)
        if isinstance(self.reply, web.Response):  # a response can be sent once
            body, headers = self.reply.body, self.reply.headers
            return web.Response(status=self.reply.status, body=body, headers=headers)
        return self.reply if isinstance(self.reply, web.StreamResponse) else web.json_response(self.reply)
