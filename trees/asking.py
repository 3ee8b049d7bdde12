"""Asking a role for a piece of a tree: answers are checked, objections go back a few times.

Knows nothing of models or agents: a role is any async callable `(item_id, view) -> record`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from ..errors import TreeError

Answer = TypeVar("Answer")
Checked = TypeVar("Checked")
Asker = Callable[[str, dict[str, Any]], Awaitable[Answer]]
"""A role: takes the item's deterministic id (for seeds and ledger keys) and the view, answers a record."""

PROBLEM_LENGTH = 600
"""Characters of an objection that are shown to the model again: it may quote the model's own text."""


async def ask(
    asker: Asker[Answer],
    item_id: str,
    view: dict[str, Any],
    check: Callable[[Answer], Checked],
    retries: int,
) -> Checked:
    """Ask until `check` accepts the answer.

    The second and later attempts see the objection as `view["problem"]`, under the id `<item_id>~<attempt>`
    so that a retry has a seed of its own.

    Raises:
        TreeError: the answer was objectionable `retries + 1` times.
    """
    problem = ""
    for attempt in range(retries + 1):
        again = {"problem": problem[:PROBLEM_LENGTH]} if attempt else {}
        answer = await asker(f"{item_id}~{attempt}" if attempt else item_id, view | again)
        try:
            return check(answer)
        except TreeError as error:
            problem = str(error)
    tries = "once" if retries == 0 else f"{retries + 1} times"
    where = "" if problem.startswith(item_id) else f"{item_id}: "
    raise TreeError(f"{where}{problem[:PROBLEM_LENGTH]} (asked {tries}; try another seed or model)")


async def together(asks: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Await independent asks at once, results in the order given; the first failure ends the others."""
    tasks = [asyncio.ensure_future(one) for one in asks]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
