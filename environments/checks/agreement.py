"""The round trip: a solution made without seeing the task must lead back to it (§4.3, guided plans only).

Where they differ, the query is blamed, because it failed to lead there, unless it states what the solution
got wrong. Messages here name what was expected; `Dialogue` never shows them to the assistant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from ...records import Call, Intent, Reason, TaskCall
from ...texts.values import same, within
from .case import Case, pair_calls, pair_intents
from .check import Check


class AgreementCheck(Check):
    """The platform, the calls and every argument are what the task and the query's intents say."""

    phase = "valid_solution"
    codes: ClassVar = {
        "agreement.platform": "the platform is not the one this user prefers for this kind of need",
        "agreement.calls": "the calls are not the ones the task asks for",
        "agreement.value": "an argument is not what the query states or the profile holds",
        "agreement.missing": "an argument the task asks for is missing",
        "agreement.extra": "an argument the task does not ask for is there",
    }

    def run(self, case: Case) -> Iterator[Reason]:
        """Compare the solution with the task; a free plan drew nothing to agree with."""
        if case.solution is None or not case.guided:
            return
        got, wanted = case.solution.platform, case.task.platform
        if got != wanted:
            message = f"got {got!r}, the user would go to {wanted!r} for this need"
            yield _reason("agreement.platform", "solution", "platform", message)
            return
        called, asked = [call.api for call in case.calls], [call.api for call in case.task.calls]
        if sorted(called) != sorted(asked):
            message = (
                f"the query led to {dict(Counter(called))}, the task asks for {dict(Counter(asked))}; "
                "say clearly what you want"
            )
            yield _reason("agreement.calls", "query", "calls", message)
            return
        yield from _arguments_agree(case)


def _reason(code: str, blames: Literal["query", "solution"], path: str, message: str) -> Reason:
    return Reason(code=code, blames=blames, path=path, message=message[:600])


def _arguments_agree(case: Case) -> Iterator[Reason]:
    behind = {id(intent): call for intent, call in zip(case.query.intents, pair_intents(case), strict=True)}
    for index, (call, intent) in enumerate(zip(case.calls, pair_calls(case), strict=True)):
        if intent is not None and (asked := behind[id(intent)]) is not None:
            yield from _call_agrees(case, call, intent, asked, f"calls[{index}].arguments")


def _call_agrees(case: Case, call: Call, intent: Intent, asked: TaskCall, path: str) -> Iterator[Reason]:
    tool = case.world.tools[case.task.platform, call.api]
    for parameter in call.arguments:
        if parameter not in (*asked.stated, *asked.known, *asked.defaults):
            message = f"got {parameter!r}, which the task leaves out; do not hint at it"
            yield _reason("agreement.extra", "query", f"{path}.{parameter}", message)
    for parameter in asked.stated:
        if parameter in intent.stated:
            yield from _value_agrees(call, parameter, intent.stated[parameter], "solution", path)
    for parameter, feature in asked.known.items():
        if feature in case.profile.basic:
            blames = "solution" if parameter in tool.required else "query"
            yield from _value_agrees(call, parameter, case.profile.basic[feature], blames, path, part=True)
    for parameter in asked.defaults:
        default = tool.properties.get(parameter, {}).get("default")
        yield from _value_agrees(call, parameter, default, "solution", path)


def _value_agrees(
    call: Call,
    parameter: str,
    wanted: Any,
    blames: Literal["query", "solution"],
    path: str,
    *,
    part: bool = False,
) -> Iterator[Reason]:
    where = f"{path}.{parameter}"
    if parameter not in call.arguments:
        message = f"{parameter!r} is missing, expected {wanted!r}; the query must ask for it or allude to it"
        yield _reason("agreement.missing", blames, where, message)
        return
    got = call.arguments[parameter]
    if not (within(got, wanted) if part else same(got, wanted)):
        yield _reason("agreement.value", blames, where, f"got {got!r}, expected {wanted!r}")
