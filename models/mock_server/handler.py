"""How a reply leaves: whole, in crumbs, never, or as a connection that breaks off.

It knows aiohttp and what a reply is made of, not why it is sent.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from ...errors import ModelError, PtoolError, UnknownPartError
from .behaviour import Behaviour, Options
from .faults import INSTEAD, SPOILS, Completion, Instead, failure
from .protocol import Question, models, question, streamed, written
from .recording import Answer, NotRecordedError, Recorder, Replay

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


@dataclass(slots=True)
class Stats:
    """Counts since the start or the last reset."""

    requests: int = 0
    """all that came, refused ones included"""
    answers: int = 0
    """completions that were sent whole, spoilt ones included"""
    repeated: int = 0
    """of them, those to a request whose answer had been sent whole before"""
    refused: Counter[str] = field(default_factory=Counter)
    """own refusals by reason: unauthorised, limited, invalid, unrecorded, failed"""
    faults: Counter[str] = field(default_factory=Counter)
    """faults by name, begun"""
    gone: int = 0
    """requests whose client left before it had everything"""
    in_flight: int = 0
    """requests under way now"""
    most_in_flight: int = 0
    asked: Counter[bytes] = field(default_factory=Counter)
    """how often each distinct request was taken"""
    sent: set[bytes] = field(default_factory=set)
    """requests whose answer was sent whole"""
    openings: set[bytes] = field(default_factory=set)
    """first messages seen"""

    def begin(self) -> None:
        """A request has come."""
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def end(self, *, gone: bool) -> None:
        """It is over."""
        self.in_flight -= 1
        self.gone += gone

    def took(self, key: bytes) -> int:
        """A request is taken; returns how often the same was taken before."""
        times = self.asked[key]
        self.asked[key] = times + 1
        return times

    def saw(self, opening: bytes) -> bool:
        """A first message is about to be answered; returns whether it was seen before."""
        before = opening in self.openings
        self.openings.add(opening)
        return before

    def delivered(self, key: bytes) -> None:
        """Its answer was sent whole."""
        self.answers += 1
        self.repeated += key in self.sent
        self.sent.add(key)

    def reset(self) -> None:
        """Forget everything but what is under way."""
        fresh = Stats(in_flight=self.in_flight, most_in_flight=self.in_flight)
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))

    def report(self) -> dict[str, Any]:
        """The counts for `GET /stats`."""
        return {
            "requests": self.requests,
            "answers": self.answers,
            "distinct": len(self.asked),
            "repeated": self.repeated,
            "refused": dict(sorted(self.refused.items())),
            "faults": dict(sorted(self.faults.items())),
            "gone": self.gone,
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
        }


Model = Answer | Recorder | Replay
"""Who answers: a function of the messages' texts and the seed, one that is recorded, or its recording."""


class Handler:
    """Answers requests.

    Args: model: who answers; options: how the endpoint behaves.
    """

    def __init__(self, model: Model, options: Options) -> None:
        self._answer = model.answer if isinstance(model, Recorder | Replay) else _of_question(model)
        self._options = options
        self._behaviour = Behaviour(options)
        self.stats = Stats()

    async def models(self, request: web.Request) -> web.StreamResponse:
        """`GET /v1/models`."""
        return await send(request, [models()])

    async def report(self, request: web.Request) -> web.StreamResponse:
        """`GET /stats`."""
        return await send(request, [orjson.dumps(self.stats.report())])

    async def reset(self, request: web.Request) -> web.StreamResponse:
        """`POST /stats/reset`: as if nothing had been asked yet."""
        self.stats.reset()
        self._behaviour.reset()
        return await self.report(request)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/chat/completions`, from the headers of the request to the last byte of the reply."""
        self.stats.begin()
        gone = True
        try:
            response = await self._replied(request)
            gone = False
            return response
        finally:
            self.stats.end(gone=gone)

    async def _replied(self, request: web.Request) -> web.StreamResponse:
        began = asyncio.get_running_loop().time()
        refusal = self._unwelcome(request, began)
        try:
            asked = question(await request.read())
        except web.HTTPRequestEntityTooLarge as error:
            return await self._refuse(request, "invalid", _invalid(error.reason, error.status))
        except ValueError as error:
            return await self._refuse(request, "invalid", _invalid(str(error)))
        if refusal:
            return await self._refuse(request, *refusal)
        latency, fault = self._behaviour.next(asked.key, self.stats.took(asked.key), began)
        if fault is not None:
            self.stats.faults[fault] += 1
            if fault in INSTEAD:
                await _until(began + latency)
                return await send_instead(request, INSTEAD[fault])
        try:
            answer = Completion(self._answer(asked))
        except PtoolError as error:
            return await self._refuse(request, *_unanswered(error))
        await _until(began + latency)
        return await self._deliver(request, asked, answer if fault is None else SPOILS[fault](answer))

    def _unwelcome(self, request: web.Request, now: float) -> tuple[str, Instead] | None:
        """Why a request is refused before its body matters: the count it goes into, and the reply."""
        if self._options.key is not None:
            got = request.headers.get("Authorization", "").encode(errors="surrogateescape")
            if not hmac.compare_digest(got, f"Bearer {self._options.key}".encode()):
                return "unauthorised", INSTEAD["unauthorised"]
        wait = self._behaviour.wait(now, self.stats.in_flight)
        if wait is None:
            return None
        seconds = str(max(1, math.ceil(wait)))
        return "limited", failure(429, "rate limit reached", "rate_limit_error", Retry_After=seconds)

    async def _refuse(self, request: web.Request, reason: str, reply: Instead) -> web.StreamResponse:
        self.stats.refused[reason] += 1
        return await send_instead(request, reply)

    async def _deliver(self, request: web.Request, asked: Question, answer: Completion) -> web.StreamResponse:
        cached = self.stats.saw(asked.opening)
        write, kind = (streamed, EVENTS) if asked.stream else (written, JSON)
        pieces = write(asked, answer, self._options.fingerprint, cached)
        if answer.dribbled:
            response = await dribble(request, pieces, kind, self._options.slow_seconds)
        else:
            response = await send(request, pieces, kind)
        self.stats.delivered(asked.key)
        return response


def _of_question(answer: Answer) -> Callable[[Question], str]:
    return lambda asked: answer(asked.texts, asked.seed)


def _invalid(message: str, status: int = HTTPStatus.BAD_REQUEST) -> Instead:
    return failure(status, message, "invalid_request_error")


def _unanswered(error: PtoolError) -> tuple[str, Instead]:
    """Why a model gave no answer, for the counts and for the client; a player that failed is our fault."""
    if isinstance(error, NotRecordedError):
        return "unrecorded", _invalid(str(error), HTTPStatus.NOT_FOUND)
    if isinstance(error, ModelError) and not isinstance(error, UnknownPartError):
        return "failed", failure(HTTPStatus.INTERNAL_SERVER_ERROR, str(error), "server_error")
    return "invalid", _invalid(str(error))


async def _until(when: float) -> None:
    """Sleep until a time of the loop's clock; a time that has passed takes no turn of the loop."""
    left = when - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)
