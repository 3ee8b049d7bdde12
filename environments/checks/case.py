"""What a check is shown: one query, perhaps its solution, and everything they are judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ...records import Call, History, Intent, Profile, Query, Solution, Task, TaskCall
from ...texts.values import same
from ..world import World

_Left = TypeVar("_Left")
_Right = TypeVar("_Right")


@dataclass(frozen=True, slots=True)
class Case:
    """One query of one user in one world, and the solution once there is one."""

    world: World
    profile: Profile
    history: Sequence[History]
    task: Task
    query: Query
    solution: Solution | None = None

    @property
    def calls(self) -> tuple[Call, ...]:
        """The solution's calls; none while there is no solution."""
        return self.solution.calls if self.solution else ()

    @property
    def guided(self) -> bool:
        """Whether the calls were drawn, so that there is something to agree with."""
        return self.task.plan == "guided"


def pair_intents(case: Case) -> list[TaskCall | None]:
    """Find the task's call behind every intent of the query, in the intents' order."""
    return _pair(
        case.query.intents,
        case.task.calls,
        lambda intent, call: intent.api == call.api,
        lambda intent, call: len(intent.stated.keys() & set(call.stated)),
    )


def pair_calls(case: Case) -> list[Intent | None]:
    """Find the query's intent behind every call of the solution, in the calls' order."""
    return _pair(
        case.calls,
        case.query.intents,
        lambda call, intent: call.api == intent.api,
        lambda call, intent: sum(
            name in call.arguments and same(call.arguments[name], value)
            for name, value in intent.stated.items()
        ),
    )


def _pair(
    left: Sequence[_Left],
    right: Sequence[_Right],
    may: Callable[[Any, Any], bool],
    overlap: Callable[[Any, Any], int],
) -> list[_Right | None]:
    """Give every item of `left` the best item of `right` still free; of equal ones the earliest."""
    free = list(range(len(right)))
    partners: list[_Right | None] = []
    for item in left:
        fitting = [index for index in free if may(item, right[index])]
        best = max(fitting, key=lambda index: overlap(item, right[index])) if len(fitting) > 1 else None
        best = fitting[0] if len(fitting) == 1 else best
        if best is not None:
            free.remove(best)
        partners.append(None if best is None else right[best])
    return partners
