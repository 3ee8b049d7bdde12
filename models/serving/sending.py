"""How a reply leaves: whole, in crumbs, never, or as a connection that breaks off.

It knows aiohttp and what a reply is made of, not why it is sent.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections.abc import Sequence

from aiohttp import web

from .faults import Instead

JSON = "application/json"
EVENTS = "text/event-stream"

_CRUMBS_A_SECOND = 100
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends a reset."""


async def send(request: web.Request, pieces: Sequence[bytes], kind: str = JSON) -> web.StreamResponse:
    """Send a body; it is with the operating system when this returns.

    Raises:
        ConnectionError: the client has left.
    """
    if len(pieces) == 1:
        return await _finished(request, web.Response(body=pieces[0], content_type=kind))
    return await _in_pieces(request, pieces, kind, pause=0.0)


async def dribble(
    request: web.Request, pieces: Sequence[bytes], kind: str, seconds: float
) -> web.StreamResponse:
    """Send a body over so many seconds, in pieces as small as may be; faults as of `send`."""
    body = b"".join(pieces)
    count = max(1, min(len(body), int(seconds * _CRUMBS_A_SECOND)))
    size = math.ceil(len(body) / count)
    crumbs = [body[at : at + size] for at in range(0, len(body), size)]
    return await _in_pieces(request, crumbs, kind, pause=seconds / len(crumbs))


async def send_instead(request: web.Request, reply: Instead) -> web.StreamResponse:
    """Do what comes where an answer was expected."""
    if reply.manner == "hang":
        await asyncio.get_running_loop().create_future()  # until the client leaves
    headers = {"Content-Type": JSON, **reply.headers}
    response = web.Response(status=reply.status, body=reply.body, headers=headers)
    if reply.manner == "reset":
        _break_off(request)
        return response
    return await _finished(request, response)


async def _finished(request: web.Request, response: web.Response) -> web.Response:
    await response.prepare(request)
    await response.write_eof()
    return response


async def _in_pieces(
    request: web.Request, pieces: Sequence[bytes], kind: str, pause: float
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": kind})
    response.content_length = sum(map(len, pieces))
    await response.prepare(request)
    for piece in pieces:
        await response.write(piece)
        if pause:
            await asyncio.sleep(pause)
    await response.write_eof()
    return response


def _break_off(request: web.Request) -> None:
    """Close the connection with a reset, as a server does that crashes."""
    transport = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
