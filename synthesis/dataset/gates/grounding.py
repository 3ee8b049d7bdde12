"""Every argument of the gold has one origin, and its evidence holds when looked at again (Appendix B.2).

How an origin was found is not asked here: the words are read at their span, the path is walked in the basic
features, the default is looked up in the schema. What was found wrongly is found out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ....environments.checks.case import Case
from ....environments.text_search import conveys, cuts_a_number
from ....environments.values import same, within
from ....records import ArgumentOrigin, Reason
from .candidate import Candidate

_ROOT = "basic_features."


def grounding(candidate: Candidate) -> Iterator[Reason]:
    """Every argument of every call is traced once, to evidence that proves it."""
    case = candidate.case
    wanted = [(index, name) for index, call in enumerate(case.calls) for name in call.arguments]
    traced = Counter((one.call, one.parameter) for one in candidate.traced.origins)
    for index, name in wanted:
        if traced[index, name] != 1:
            yield _reason(index, name, f"got {traced[index, name]} origins, expected one")
    for index, name in sorted(traced.keys() - set(wanted)):
        yield _reason(index, name, "got an origin of an argument that is not there")
    for one in candidate.traced.origins:
        if (one.call, one.parameter) in wanted and (fault := _fault(case, one)) is not None:
            yield _reason(one.call, one.parameter, fault)


def _fault(case: Case, one: ArgumentOrigin) -> str | None:
    """What is wrong with the proof of an argument; None: nothing."""
    call = case.calls[one.call]
    value = call.arguments[one.parameter]
    tool = case.world.tools.get((case.solution.platform, call.api)) if case.solution else None
    if tool is None or one.parameter not in tool.properties:
        return f"{call.api!r} has no such parameter"
    if not _identical(one.value, value):
        return f"got the proof of {one.value!r}, the argument is {value!r}"
    schema: dict[str, Any] = tool.properties[one.parameter]
    match one.origin:
        case "query":
            return _not_said(case.query.text, one, value, schema)
        case "profile":
            return _not_held(case.profile.basic, one, value)
        case "default":
            return _not_default(one, value, schema)


def _identical(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same to the letter; 2 and 2.0 are one number."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _not_said(text: str, one: ArgumentOrigin, value: Any, schema: dict[str, Any]) -> str | None:
    evidence = one.evidence
    if evidence.words is None or evidence.span is None or evidence.path is not None:
        return "origin query: got no words with a span, or a path beside them"
    start, end = evidence.span
    if not 0 <= start < end <= len(text) or text[start:end] != evidence.words:
        return f"origin query: {evidence.words[:200]!r} is not what stands at {start} to {end}"
    if cuts_a_number(text, (start, end)):
        return f"origin query: {evidence.words[:200]!r} at {start} to {end} is part of a longer number"
    if not conveys(evidence.words, value, schema):
        return f"origin query: {evidence.words[:200]!r} does not say {value!r}"
    return None


def _not_held(basic: dict[str, Any], one: ArgumentOrigin, value: Any) -> str | None:
    path = one.evidence.path
    if path is None or not path.startswith(_ROOT) or one.evidence.words is not None or one.evidence.span:
        return f"origin profile: got the path {path!r}, expected one that starts with {_ROOT!r}, alone"
    found, held = _at(basic, path.removeprefix(_ROOT))
    if not found:
        return f"origin profile: there is no {path[:200]!r}"
    if not within(value, held):
        return f"origin profile: {path[:200]!r} does not hold {value!r}"
    return None


def _at(basic: dict[str, Any], path: str) -> tuple[bool, Any]:
    """Whether a path leads somewhere, and what is there; a feature's name may hold dots itself."""
    if path in basic:
        return True, basic[path]
    held: Any = basic
    for step in path.split("."):
        if not isinstance(held, dict) or step not in held:
            return False, None
        held = held[step]
    return True, held


def _not_default(one: ArgumentOrigin, value: Any, schema: dict[str, Any]) -> str | None:
    if one.evidence.words is not None or one.evidence.span is not None or one.evidence.path is not None:
        return "origin default: got evidence beside the schema's own"
    if "default" not in schema or not same(value, schema["default"]):
        return f"origin default: the schema's is {schema.get('default')!r}, the argument {value!r}"
    return None


def _reason(index: int, parameter: str, message: str) -> Reason:
    return Reason(
        code="gate.grounding",
        blames="solution",
        path=f"calls[{index}].arguments.{parameter[:100]}",
        message=message[:600],
        source="grounding",
    )
