"""What happens to one request: welcome or not, answered or hit by a fault, counted in any case.

It knows neither where the server listens nor who the model is.
"""

from __future__ import annotations

import asyncio
import hmac
import math
from collections.abc import Callable
from http import HTTPStatus

import orjson
from aiohttp import web

from ...errors import ModelError, PtoolError, UnknownPartError
from .behaviour import Behaviour
from .faults import INSTEAD, SPOILS, Completion, Instead, failure
from .options import Options
from .protocol import Question, models, question, streamed, written
from .recording import Answer, NotRecordedError, Recorder, Replay
from .sending import EVENTS, JSON, dribble, send, send_instead
from .stats import Stats

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
