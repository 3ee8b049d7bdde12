"""The solution that code writes: what the task drew, and the query provably states (guided plans, §4.3).

§4.3 lets the assistant propose it and checks that it agrees with the task; here nobody has to.
"""

from __future__ import annotations

from typing import Any

from ..records import Call, Solution
from .checks.case import Case, pair_intents


def gold_solution(case: Case) -> Solution:
    """The calls of the task: stated values from the intents, known ones from the profile, the rest defaults.

    Args: case: a query that passed its checks; its calls keep the order of the intents.
    """
    calls = []
    for intent, drawn in zip(case.query.intents, pair_intents(case), strict=True):
        tool = case.world.tools[case.task.platform, intent.api]
        values: dict[str, Any] = dict(intent.stated)
        if drawn is not None:
            values |= {name: case.profile.basic[feature] for name, feature in drawn.known.items()}
            values |= {name: tool.properties[name]["default"] for name in drawn.defaults}
        arguments = {name: values[name] for name in tool.properties if name in values}
        calls.append(Call(api=intent.api, arguments=arguments))
    return Solution(platform=case.task.platform, calls=tuple(calls))
