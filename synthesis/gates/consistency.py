"""Further solvers, who see the same and draw differently, give the same solution (`consistency=k`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from ...records import Reason, Solution
from .candidate import Candidate


def consistency(candidate: Candidate) -> Iterator[Reason]:
    """Every further solver agrees on platform, calls and arguments; the order of calls does not count."""
    wanted = _essence(candidate.solution)
    for place, other in enumerate(candidate.others, start=1):
        if other is None or _essence(other) != wanted:
            got = "no usable answer" if other is None else f"{other.platform}: {_apis(other)}"
            message = f"solver {place} of {len(candidate.others)} gave {got[:300]}"
            yield Reason(
                code="gate.consistency", blames="query", path="", message=message, source="consistency"
            )
            return


def _apis(solution: Solution) -> str:
    return ", ".join(call.api for call in solution.calls) or "no calls"


def _essence(solution: Solution) -> tuple[str, list[tuple[str, bytes]]]:
    return solution.platform, sorted((call.api, _canonical(call.arguments)) for call in solution.calls)


def _canonical(arguments: dict[str, Any]) -> bytes:
    # 2 and 2.0 are the same number to a platform.
    return orjson.dumps(_plain(arguments), option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    match value:
        case bool():
            return value
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list():
            return [_plain(one) for one in value]
    return value
