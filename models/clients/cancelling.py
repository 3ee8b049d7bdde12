"""Calls that a cancellation token may cancel, with one callback a token.

AutoGen's token keeps every callback for ever: one for each call would pile up where a token serves many. It
knows no client.
"""

from __future__ import annotations

import asyncio
import functools
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

from autogen_core import CancellationToken

Result = TypeVar("Result")


class Cancelling:
    """The calls under way, by token."""

    def __init__(self) -> None:
        self._calls: weakref.WeakKeyDictionary[CancellationToken, set[asyncio.Task[Any]]] = (
            weakref.WeakKeyDictionary()
        )

    async def run(self, call: Coroutine[Any, Any, Result], token: CancellationToken | None) -> Result:
        """Await a call unless its token cancels it; without a token, just await it.

        Raises asyncio.CancelledError once the token is cancelled, also where it was before.
        """
        if token is None:
            return await call
        task = asyncio.ensure_future(call)
        calls = self._calls_of(token)
        calls.add(task)
        if token.is_cancelled():
            task.cancel()
        try:
            return await task
        finally:
            calls.discard(task)

    def _calls_of(self, token: CancellationToken) -> set[asyncio.Task[Any]]:
        calls = self._calls.get(token)
        if calls is None:
            calls = self._calls[token] = set()
            token.add_callback(functools.partial(_cancel, calls))
        return calls


def _cancel(calls: set[asyncio.Task[Any]]) -> None:
    for one in calls:
        one.cancel()
