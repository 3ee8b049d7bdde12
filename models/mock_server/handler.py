"""The handler of requests: refusal, fault or answer, how the reply is sent, and what is counted.

It knows aiohttp; what is wrong with a reply is decided in `faults.py`, and its bytes come from `protocol.py`.
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
from typing import Any, Protocol

import orjson
from aiohttp import web

from ...errors import ModelError, PtoolError, UnknownPartError
from ...settings import MockServerOptions
from .fault_injection import FaultInjector
from .faults import ANSWER_FAULTS, REPLY_FAULTS, CannedReply, error_reply
from .protocol import (
    ChatRequest,
    MockCompletion,
    encode_completion,
    encode_events,
    encode_models,
    parse_request,
)
from .recording import AnswerFunction, NotRecordedError


class RequestModel(Protocol):
    """Somebody who answers requests, and sees which functions may be called.

    An answer `{"tool_calls": […]}` calls them; `Recorder` and `Replay` are others.
    """

    def answer(self, request: ChatRequest) -> str:
        """The text of the answer; a PtoolError refuses the request."""
        ...


AnswerSource = AnswerFunction | RequestModel
"""Who answers: a function of the messages' texts and the seed, or somebody who sees more."""

_JSON = "application/json"
_EVENTS = "text/event-stream"
_PIECES_A_SECOND = 100
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends a reset."""


@dataclass(slots=True)
class Stats:
    """Counts since the start or the last reset."""

    requests: int = 0
    """all that came, refused ones included"""
    answers: int = 0
    """completions that were sent whole, corrupted ones included"""
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

    def count_begun(self) -> None:
        """A request has come."""
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def count_ended(self, *, gone: bool) -> None:
        """A request is over."""
        self.in_flight -= 1
        self.gone += gone

    def count_taken(self, key: bytes) -> int:
        """A request is taken; returns how often the same was taken before."""
        times = self.asked[key]
        self.asked[key] = times + 1
        return times

    def count_opening(self, opening: bytes) -> bool:
        """A first message is about to be answered; returns whether one like it was before."""
        seen = opening in self.openings
        self.openings.add(opening)
        return seen

    def count_delivered(self, key: bytes) -> None:
        """The answer to a request was sent whole."""
        self.answers += 1
        self.repeated += key in self.sent
        self.sent.add(key)

    def reset(self) -> None:
        """Forget everything but what is under way."""
        fresh = Stats(in_flight=self.in_flight, most_in_flight=self.in_flight)
        for field_ in fields(self):
            setattr(self, field_.name, getattr(fresh, field_.name))

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


class RequestHandler:
    """Answers requests and counts them.

    Args:
        source: who answers.
        options: how the server behaves.
        key: what `Authorization: Bearer …` must carry; None: nothing is asked for.
        fingerprint: `system_fingerprint` of the answers: stands for what the model knows.
    """

    def __init__(
        self,
        source: AnswerSource,
        options: MockServerOptions,
        key: str | None = None,
        fingerprint: str = "none",
    ) -> None:
        self._answer = _of_request(source) if callable(source) else source.answer
        self._options = options
        self._key = key
        self._fingerprint = fingerprint
        self._faults = FaultInjector(options)
        self.stats = Stats()

    async def models(self, request: web.Request) -> web.StreamResponse:
        """`GET /v1/models`."""
        return await _send(request, [encode_models()])

    async def report(self, request: web.Request) -> web.StreamResponse:
        """`GET /stats`."""
        return await _send(request, [orjson.dumps(self.stats.report())])

    async def reset(self, request: web.Request) -> web.StreamResponse:
        """`POST /stats/reset`: as if nothing had been asked yet."""
        self.stats.reset()
        self._faults.reset()
        return await self.report(request)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/chat/completions`, from the headers of the request to the last byte of the reply."""
        self.stats.count_begun()
        gone = True
        try:
            response = await self._reply(request)
            gone = False
            return response
        finally:
            self.stats.count_ended(gone=gone)

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        began = asyncio.get_running_loop().time()
        refusal = self._refusal(request, began)
        try:
            chat = parse_request(await request.read())
        except web.HTTPRequestEntityTooLarge as error:
            return await self._refuse(request, "invalid", _invalid(error.reason, error.status))
        except ValueError as error:
            return await self._refuse(request, "invalid", _invalid(str(error)))
        if refusal:
            return await self._refuse(request, *refusal)
        latency, fault = self._faults.latency_and_fault(chat.key, self.stats.count_taken(chat.key), began)
        if fault is not None:
            self.stats.faults[fault] += 1
            if fault in REPLY_FAULTS:
                await _sleep_until(began + latency)
                return await _send_canned(request, REPLY_FAULTS[fault])
        try:
            answer = MockCompletion(self._answer(chat))
        except PtoolError as error:
            return await self._refuse(request, *_unanswered(error))
        await _sleep_until(began + latency)
        return await self._deliver(request, chat, answer if fault is None else ANSWER_FAULTS[fault](answer))

    def _refusal(self, request: web.Request, now: float) -> tuple[str, CannedReply] | None:
        """Why a request is refused before its body matters: the count it goes into, and the reply."""
        if self._key is not None:
            got = request.headers.get("Authorization", "").encode(errors="surrogateescape")
            if not hmac.compare_digest(got, f"Bearer {self._key}".encode()):
                return "unauthorised", REPLY_FAULTS["unauthorised"]
        wait = self._faults.retry_after(now, self.stats.in_flight)
        if wait is None:
            return None
        seconds = str(max(1, math.ceil(wait)))
        return "limited", error_reply(429, "rate limit reached", "rate_limit_error", Retry_After=seconds)

    async def _refuse(self, request: web.Request, reason: str, reply: CannedReply) -> web.StreamResponse:
        self.stats.refused[reason] += 1
        return await _send_canned(request, reply)

    async def _deliver(
        self, request: web.Request, chat: ChatRequest, answer: MockCompletion
    ) -> web.StreamResponse:
        cached = self.stats.count_opening(chat.opening)
        streamed = chat.stream or answer.frame == "events"
        encode, kind = (encode_events, _EVENTS) if streamed else (encode_completion, _JSON)
        pieces = encode(chat, answer, self._fingerprint, cached)
        if answer.slow:
            response = await _send_slowly(request, pieces, kind, self._options.slow_seconds)
        else:
            response = await _send(request, pieces, kind)
        self.stats.count_delivered(chat.key)
        return response


def _of_request(answer: AnswerFunction) -> Callable[[ChatRequest], str]:
    return lambda chat: answer(chat.texts, chat.seed)


def _invalid(message: str, status: int = HTTPStatus.BAD_REQUEST) -> CannedReply:
    return error_reply(status, message, "invalid_request_error")


def _unanswered(error: PtoolError) -> tuple[str, CannedReply]:
    """Why a model gave no answer, for the counts and for the client; a player that failed is our fault."""
    if isinstance(error, NotRecordedError):
        return "unrecorded", _invalid(str(error), HTTPStatus.NOT_FOUND)
    if isinstance(error, ModelError) and not isinstance(error, UnknownPartError):
        return "failed", error_reply(HTTPStatus.INTERNAL_SERVER_ERROR, str(error), "server_error")
    return "invalid", _invalid(str(error))


async def _sleep_until(when: float) -> None:
    """Sleep until a time of the loop's clock; a time that has passed takes no turn of the loop."""
    left = when - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)


async def _send(request: web.Request, pieces: Sequence[bytes], kind: str = _JSON) -> web.StreamResponse:
    """Send a body; it is with the operating system when this returns.

    Raises:
        ConnectionError: the client has left.
    """
    if len(pieces) == 1:
        return await _send_whole(request, web.Response(body=pieces[0], content_type=kind))
    return await _send_pieces(request, pieces, kind, pause=0.0)


async def _send_slowly(
    request: web.Request, pieces: Sequence[bytes], kind: str, seconds: float
) -> web.StreamResponse:
    """Send a body over so many seconds, in pieces as small as may be; raises as `_send`."""
    body = b"".join(pieces)
    count = max(1, min(len(body), int(seconds * _PIECES_A_SECOND)))
    size = math.ceil(len(body) / count)
    small = [body[start : start + size] for start in range(0, len(body), size)]
    return await _send_pieces(request, small, kind, pause=seconds / len(small))


async def _send_canned(request: web.Request, reply: CannedReply) -> web.StreamResponse:
    """Send an error or whatever else comes where an answer was expected."""
    if reply.manner == "hang":
        await asyncio.get_running_loop().create_future()  # until the client leaves
    headers = {"Content-Type": _JSON, **reply.headers}
    response = web.Response(status=reply.status, body=reply.body, headers=headers)
    if reply.manner == "reset":
        _reset_connection(request)
        return response
    return await _send_whole(request, response)


async def _send_whole(request: web.Request, response: web.Response) -> web.Response:
    await response.prepare(request)
    await response.write_eof()
    return response


async def _send_pieces(
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


def _reset_connection(request: web.Request) -> None:
    """Close the connection with a reset, as a server does that crashes."""
    transport = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
