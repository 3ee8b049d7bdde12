"""The round trip: a solution made without seeing the task must lead back to it (§4.3, guided plans only).

Where they differ, the query is blamed, because it failed to lead there, unless it states what the solution
got wrong. Messages here name what was expected; `Dialogue` never shows them to the assistant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from ...records import Call, Intent, Reason, TaskCall
from ..values import same, within
from .case import Case, pair_calls, pair_intents


def _reason(code: str, blames: Literal["query", "solution"], path: str, message: str) -> Reason:
    return Reason(code=code, blames=blames, path=path, message=message[:600], source="agreement")


def agreement(case: Case) -> Iterator[Reason]:
    """The platform, the calls and every argument are what the task and the query's intents say."""
    if case.solution is None or not case.guided:
        return
    if case.solution.platform != case.task.platform:
        message = f"got {case.solution.platform!r}, the user would go to {case.task.platform!r} for this need"
        yield _reason("agreement.platform", "solution", "platform", message)
        return
    got, wanted = [call.api for call in case.calls], [call.api for call in case.task.calls]
    if got != wanted and sorted(got) != sorted(wanted):
        message = (
            f"the query led to {dict(Counter(got))}, the task asks for {dict(Counter(wanted))}; say clearly "
            "what you want"
        )
        yield _reason("agreement.calls", "query", "calls", message)
        return
    yield from _arguments(case)


def _arguments(case: Case) -> Iterator[Reason]:
    behind = {id(intent): call for intent, call in zip(case.query.intents, pair_intents(case), strict=True)}
    for index, (call, intent) in enumerate(zip(case.calls, pair_calls(case), strict=True)):
        asked = behind.get(id(intent))
        if intent is not None and asked is not None:
            yield from _call_agrees(case, call, intent, asked, f"calls[{index}].arguments")


def _call_agrees(case: Case, call: Call, intent: Intent, asked: TaskCall, path: str) -> Iterator[Reason]:
    tool = case.world.tools[case.task.platform, call.api]
    for parameter in call.arguments:
        if parameter not in (*asked.stated, *asked.known, *asked.defaults):
            message = f"got {parameter!r}, which the task leaves out; do not hint at it"
            yield _reason("agreement.extra", "query", f"{path}.{parameter}", message)
    for parameter in asked.stated:
        if parameter in intent.stated:
            yield from _agrees(call, parameter, intent.stated[parameter], "solution", path)
    for parameter, feature in asked.known.items():
        if feature in case.profile.basic:
            blames = "solution" if parameter in tool.required else "query"
            yield from _agrees(call, parameter, case.profile.basic[feature], blames, path, part=True)
    for parameter in asked.defaults:
        default = tool.properties.get(parameter, {}).get("default")
        yield from _agrees(call, parameter, default, "solution", path)


def _agrees(
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
