"""Retries: a role is asked for a piece of a tree until its answer is acceptable, a few times at most.

What is unambiguous is mended by code at once; what is not goes back with its fault; where nothing helps, code
fills the piece (`fallback`), so that no single answer of a model ends a run. Knows nothing of models or
agents: a role is any async callable `(item_id, view) -> record`. One that keeps its answers from start to
start may have a method `has(item_id) -> bool`: whether it was asked this in an earlier start; what was
refused then is not asked again, and does not count. One that keeps account may have a method
`note(item_id, outcome, kinds)`, which is told what was mended or degraded.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from ..errors import TreeError, UnusableAnswerError
from ..log import logger

Answer = TypeVar("Answer")
Checked = TypeVar("Checked")
AskRole = Callable[[str, dict[str, Any]], Awaitable[Answer]]
"""A role: takes the item's deterministic id (for seeds and ledger keys) and the view, answers a record."""
Mended = Counter[str]
"""Kind of a fault -> how often code has mended it in an answer."""
Repair = Callable[[Answer, Mended], Answer]
"""Makes the nearest acceptable answer, and counts what it had to mend."""

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
    repair: Repair[Answer] | None = None,
    *,
    complete: Repair[Answer] | None = None,
    fallback: Callable[[], Checked] | None = None,
    piece: str = "answer",
) -> Checked:
    """Ask until `check` accepts the answer.

    The second and later attempts see the objection as `view["problem"]`, under the id `<item_id>~<attempt>`
    so that a retry has a seed of its own; `view["repeated"]` counts how often the same answer was refused.
    Without a fallback, a start that follows a refused one goes on with the next attempt.

    Args:
        retries: attempts after the first one, those of earlier starts not counted.
        repair: makes an answer acceptable that was refused, before anybody is asked again.
        complete: writes out what an answer leaves to code; every answer passes it.
        fallback: what stands in where every attempt was refused; None: the run ends.
        piece: what is filled then, for the account, such as 'categories'.

    Raises:
        UnusableAnswerError: every attempt was refused; not the user's fault, so the exit status is 1.
    """
    problem, asked, repeated = "", 0, 0
    refused: list[Answer] = []
    for attempt in range(_MOST_ATTEMPTS):
        item = f"{item_id}~{attempt}" if attempt else item_id
        asked += not _was_asked(role, item)
        again: dict[str, Any] = {"problem": problem[:PROBLEM_LENGTH]} if attempt else {}
        again |= {"repeated": repeated} if repeated else {}
        unanswered = False
        try:
            answer = await role(item, view | again)
            mended: Mended = Counter()
            try:
                accepted = _accepted(answer, check, repair, complete, mended)
            except TreeError:
                repeated += answer in refused
                refused.append(answer)
                raise
            note(role, item_id, "mended", mended)
            return accepted
        except UnusableAnswerError as error:
            problem, unanswered = str(error), True
        except TreeError as error:
            problem = str(error)
        # A resumed run has to fill what the first one filled: then all attempts count, whoever made them.
        if fallback and (unanswered or attempt >= retries):
            logger.warning("{}: {} filled by code: {}", item_id, piece, problem[:PROBLEM_LENGTH])
            note(role, item_id, "degraded", {piece: 1})
            return fallback()
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
    answer: Answer,
    check: Callable[[Answer], Checked],
    repair: Repair[Answer] | None,
    complete: Repair[Answer] | None,
    mended: Mended,
) -> Checked:
    whole = complete(answer, mended) if complete else answer
    try:
        return check(whole)
    except TreeError as error:
        if repair is None:
            raise
        try:
            return check(repair(whole, mended))
        except TreeError:
            raise error from None


def _was_asked(role: Any, item: str) -> bool:
    has = getattr(role, "has", None)
    return bool(has and has(item))


def note(role: Any, item: str, outcome: str, kinds: Mapping[str, int]) -> None:
    """Tell a role that keeps account what was 'mended' in an answer of it, or 'degraded' for want of one."""
    keep_account = getattr(role, "note", None)
    if keep_account and any(kinds.values()):
        keep_account(item, outcome, {kind: count for kind, count in kinds.items() if count})


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
