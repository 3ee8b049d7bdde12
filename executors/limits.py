"""One limiter for the calls of many processes: asked over a channel, answered where it is.

Whoever ends without a word leaves no limit held: the attempts it had leave for are taken as sent, and as
dear as they could be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ..errors import PtoolError
from ..models.faults import AttemptError
from ..models.gateway.budget import Cost
from ..models.gateway.limiter import Grant, LocalLimiter, Pressure, Standing
from .messages import Admission, Answered, AttemptFailed, Released, Replied, Withdrawn

Send = Callable[[Any], None]


class RemoteLimiter:
    """The limiter of another process.

    Args: send: to that process.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._calls = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def admit(self, endpoint: str, cost: Cost) -> Grant:
        """As `Limiter.admit`."""
        call, reply = self._expect()
        self._send(Admission(call, endpoint, cost))
        try:
            return await reply
        except asyncio.CancelledError:
            if reply.done() and not reply.cancelled() and reply.exception() is None:
                self.released(reply.result())
            self._send(Withdrawn(call))
            raise

    def answered(self, grant: Grant, role: str, cost: Cost, seconds: float) -> None:
        """As `Limiter.answered`."""
        self._send(Answered(grant, role, cost, seconds))

    async def failed(self, grant: Grant, fault: AttemptError) -> Standing:
        """As `Limiter.failed`."""
        call, reply = self._expect()
        self._send(AttemptFailed(call, grant, fault))
        return await reply

    def released(self, grant: Grant) -> None:
        """As `Limiter.released`."""
        self._send(Released(grant))

    def pressure(self, endpoint: str, now: float) -> Pressure:
        """As `Limiter.pressure`; known where the limiter is."""
        del endpoint, now
        return Pressure()

    def receive(self, reply: Replied) -> None:
        """Hand over what came; leave that nobody waits for any more is given back."""
        waiting = self._waiting.pop(reply.call)
        if waiting.done():
            if isinstance(reply.value, Grant):
                self.released(reply.value)
        elif isinstance(reply.value, BaseException):
            waiting.set_exception(reply.value)
        else:
            waiting.set_result(reply.value)

    def _expect(self) -> tuple[int, asyncio.Future[Any]]:
        self._calls += 1
        reply = self._waiting[self._calls] = asyncio.get_running_loop().create_future()
        return self._calls, reply


Question = Admission | Withdrawn | Answered | AttemptFailed | Released


class LimiterDesk:
    """Asks a limiter in the place of one other process, and knows what that process has leave for.

    Args: limiter: of this process; send: to the other one.
    """

    def __init__(self, limiter: LocalLimiter, send: Send) -> None:
        self._limiter, self._send = limiter, send
        self._admissions: dict[int, asyncio.Task[None]] = {}
        self._granted: set[int] = set()
        self._failures: set[asyncio.Task[None]] = set()

    def receive(self, question: Question) -> None:
        """Do what the other process asks for."""
        match question:
            case Admission(call, endpoint, cost):
                self._admissions[call] = asyncio.ensure_future(self._admit(call, endpoint, cost))
            case Withdrawn(call):
                if task := self._admissions.get(call):
                    task.cancel()
                    self._send(Replied(call, None))
            case Answered(grant, role, cost, seconds):
                self._granted.discard(grant.number)
                self._limiter.answered(grant, role, cost, seconds)
            case AttemptFailed(call, grant, fault):
                self._granted.discard(grant.number)
                failure = asyncio.ensure_future(self._fail(call, grant, fault))
                self._failures.add(failure)
                failure.add_done_callback(self._failures.discard)
            case Released(grant):
                self._granted.discard(grant.number)
                self._limiter.released(grant)

    async def _admit(self, call: int, endpoint: str, cost: Cost) -> None:
        try:
            grant = await self._limiter.admit(endpoint, cost)
        except PtoolError as error:
            self._send(Replied(call, error))
        else:
            self._granted.add(grant.number)
            self._send(Replied(call, grant))
        finally:
            del self._admissions[call]

    async def _fail(self, call: int, grant: Grant, fault: AttemptError) -> None:
        self._send(Replied(call, await self._limiter.failed(grant, fault)))

    def close(self) -> None:
        """The other process has ended: nothing it waits for or had leave for is held any longer."""
        for task in list(self._admissions.values()):
            task.cancel()
        for number in self._granted:
            self._limiter.lost(number)
        self._granted.clear()
