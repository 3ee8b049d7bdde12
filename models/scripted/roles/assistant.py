"""The assistant solves a query; now and then it slips as a model does, and a check has to notice."""

from __future__ import annotations

from ....records import Call, Solution
from ..role_request import Part
from ..solving import solve


def assistant(part: Part) -> Solution:
    """Solve the query in the prompt (§4.3)."""
    solution = solve(part)
    if not solution.calls or part.rng.random() >= part.slips:
        return solution
    return part.rng.choice((_other_platform, _forgotten_argument, _made_up_argument))(part, solution)


def _other_platform(part: Part, solution: Solution) -> Solution:
    others = [name for name in part.platforms() if name != solution.platform]
    return solution.model_copy(update={"platform": part.rng.choice(others)}) if others else solution


def _forgotten_argument(part: Part, solution: Solution) -> Solution:
    call = solution.calls[0]
    if not call.arguments:
        return solution
    gone = part.rng.choice(list(call.arguments))
    return _with_first(solution, {k: v for k, v in call.arguments.items() if k != gone})


def _made_up_argument(_: Part, solution: Solution) -> Solution:
    return _with_first(solution, {**solution.calls[0].arguments, "note": "as discussed"})


def _with_first(solution: Solution, arguments: dict) -> Solution:
    first = Call(api=solution.calls[0].api, arguments=arguments)
    return solution.model_copy(update={"calls": (first, *solution.calls[1:])})
