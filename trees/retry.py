"""Retries: a role is asked for a piece of a tree until its answer is acceptable, a few times at most.

Knows nothing of models or agents: a role is any async callable `(item_id, view) -> record`. One that keeps
its answers from start to start may have a method `has(item_id) -> bool`: whether it was asked this in an
earlier start. What was refused then is not asked again, and does not count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from loguru import logger

from ..errors import TreeError, UnusableAnswerError

Answer = TypeVar("Answer")
Checked = TypeVar("Checked")
AskRole = Callable[[str, dict[str, Any]], Awaitable[Answer]]
"""A role: takes the item's deterministic id (for seeds and ledger keys) and the view, answers a record."""

PROBLEM_LENGTH = 600
"""Characters of an objection that are shown to the model again: it may quote the model's own text."""
_MOST_ATTEMPTS = 1000
"""Attempts of all starts together."""


async def ask_until_accepted(
    role: AskRole[Answer],
    item_id: str,
    view: dict[str, Any],
    check: Callable[[Answer], Checked],
    retries: int,
    repair: Callable[[Answer], Answer] | None = None,
) -> Checked:
    """Ask until `check` accepts the answer.

    The second and later attempts see the objection as `view["problem"]`, under the id `<item_id>~<attempt>`
    so that a retry has a seed of its own. A start that follows a refused one goes on with the next attempt.

    Args:
        retries: attempts after the first one, those of earlier starts not counted.
        repair: makes an answer acceptable that was refused to the last; None: nothing is repaired.

    Raises:
        UnusableAnswerError: every attempt was refused; not the user's fault, so the exit status is 1.
    """
    problem, asked = "", 0
    for attempt in range(_MOST_ATTEMPTS):
        item = f"{item_id}~{attempt}" if attempt else item_id
        asked += not _was_asked(role, item)
        again = {"problem": problem[:PROBLEM_LENGTH]} if attempt else {}
        try:
            answer = await role(item, view | again)
            return _accepted(answer, check, repair if attempt >= retries else None, item)
        except (TreeError, UnusableAnswerError) as error:
            problem = str(error)
        if asked > retries:
            break
    tries = "once" if asked == 1 else f"{asked} times"
    where = "" if problem.startswith(item_id) else f"{item_id}: "
    raise UnusableAnswerError(
        f"{where}{problem[:PROBLEM_LENGTH]} (asked {tries}; the same command asks anew; "
        "if that does not help, try another seed or model)",
        code="not_accepted",
    )


def _accepted(
    answer: Answer, check: Callable[[Answer], Checked], repair: Callable[[Answer], Answer] | None, item: str
) -> Checked:
    try:
        return check(answer)
    except TreeError as error:
        if repair is None:
            raise
        try:
            repaired = check(repair(answer))
        except TreeError:
            raise error from None
        logger.warning("{}: repaired by code, as the model did not: {}", item, str(error)[:PROBLEM_LENGTH])
        return repaired


def _was_asked(role: Any, item: str) -> bool:
    has = getattr(role, "has", None)
    return bool(has and has(item))


async def gather_or_cancel(coroutines: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Await independent asks at once, results in the order given; the first failure cancels the others."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
