"""Calls of models as rows of the ledger, and back.

Whatever a model or an endpoint says fits into a row: a text no encoding knows, a number no machine counts.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from ..records.model_calls import Answer, Failure, Spent
from .writer import Change, Insert

KEEP = Insert(0, "INSERT INTO calls VALUES", 13, "ON CONFLICT (key) DO NOTHING")
JUDGE = Change(1, "UPDATE calls SET status = ? WHERE key = ?")
FAIL = Insert(2, "INSERT INTO failures VALUES", 7)

FIND = """
SELECT stage, role, turn, endpoint, content, finish,
       prompt_tokens, completion_tokens, cached_tokens, usd, seconds
FROM calls WHERE key = ?
"""
_SPENT = """
SELECT stage, role, sum(answers), sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens), sum(usd),
       sum(unpriced)
FROM totals GROUP BY stage, role
"""
_FAILED = "SELECT stage, role, count(*) FROM failures GROUP BY stage, role"

_MOST_TOKENS = 10**12
"""Of one call; a million such calls still add up within SQLite's integers."""


def row_of(answer: Answer) -> tuple[Any, ...]:
    """The values of `KEEP`."""
    return (
        answer.key,
        answer.stage,
        answer.role,
        answer.turn,
        answer.endpoint,
        answer.content.encode("utf-8", "surrogatepass"),
        answer.finish,
        _counted(answer.prompt_tokens),
        _counted(answer.completion_tokens),
        None if answer.cached_tokens is None else _counted(answer.cached_tokens),
        answer.usd,
        answer.seconds,
        "ok",
    )


def answer_of(key: bytes, row: tuple[Any, ...]) -> Answer:
    """The answer in a row of `FIND`."""
    stage, role, turn, endpoint, content, *rest = row
    return Answer(key, stage, role, turn, endpoint, content.decode("utf-8", "surrogatepass"), *rest)


def failure_row(failure: Failure) -> tuple[Any, ...]:
    """The values of `FAIL`."""
    message = failure.message.encode("utf-8", "replace").decode()
    return (
        failure.stage,
        failure.role,
        failure.turn,
        failure.endpoint,
        failure.kind,
        message,
        failure.seconds,
    )


def cost_of(answer: Answer) -> Spent:
    """What one answer cost."""
    return Spent(
        1,
        _counted(answer.prompt_tokens),
        _counted(answer.completion_tokens),
        _counted(answer.cached_tokens or 0),
        answer.usd or 0.0,
        answer.usd is None,
    )


def spent_by_role(connection: sqlite3.Connection) -> dict[tuple[str, str], Spent]:
    """What all calls in a ledger cost: (stage, role) -> sum, in the order of these names."""
    found = {(stage, role): Spent(*sums) for stage, role, *sums in connection.execute(_SPENT)}
    for stage, role, count in connection.execute(_FAILED):
        found[stage, role] = found.get((stage, role), Spent()) + Spent(calls=count)
    return dict(sorted(found.items()))


def _counted(tokens: int) -> int:
    return min(max(tokens, 0), _MOST_TOKENS)
