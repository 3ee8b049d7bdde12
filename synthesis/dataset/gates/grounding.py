"""Every argument of the gold has one origin, and its evidence holds when looked at again (Appendix B.2).

How an origin was found is not asked here: the words are read at their span, the path is walked in the basic
features, the default is looked up in the schema. What was found wrongly is found out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

from ....environments.checks import Case
from ....records import ArgumentOrigin, Evidence, Reason
from ....texts.search import cuts_a_number, states_value
from ....texts.values import same, within
from .gate import Candidate, Gate

_ROOT = "basic_features."


class GroundingGate(Gate):
    """Every argument of every call is traced once, to evidence that proves it."""

    codes: ClassVar = {"gate.grounding": "an argument has no proof of where it comes from, or a wrong one"}
    independent = True

    def run(self, candidate: Candidate) -> Iterator[Reason]:
        """Count the origins of every argument, then look at the evidence of each."""
        case = candidate.case
        wanted = [(index, name) for index, call in enumerate(case.calls) for name in call.arguments]
        traced = Counter((origin.call, origin.parameter) for origin in candidate.traced.origins)
        for index, name in wanted:
            if traced[index, name] != 1:
                yield _reason(index, name, f"got {traced[index, name]} origins, expected one")
        for index, name in sorted(traced.keys() - set(wanted)):
            yield _reason(index, name, "got an origin of an argument that is not there")
        for origin in candidate.traced.origins:
            if (origin.call, origin.parameter) in wanted and (fault := _fault(case, origin)) is not None:
                yield _reason(origin.call, origin.parameter, fault)


def _fault(case: Case, proof: ArgumentOrigin) -> str | None:
    """What is wrong with the proof of an argument; None: nothing."""
    call = case.calls[proof.call]
    value = call.arguments[proof.parameter]
    tool = case.world.tools.get((case.solution.platform, call.api)) if case.solution else None
    if tool is None or proof.parameter not in tool.properties:
        return f"{call.api!r} has no such parameter"
    if not _identical(proof.value, value):
        return f"got the proof of {proof.value!r}, the argument is {value!r}"
    schema: dict[str, Any] = tool.properties[proof.parameter]
    match proof.origin:
        case "query":
            return _not_in_query(case.query.text, proof.evidence, value, schema)
        case "profile":
            return _not_in_profile(case.profile.basic, proof.evidence, value)
        case "default":
            return _not_default(proof.evidence, value, schema)


def _identical(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same to the letter; 2 and 2.0 are one number."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _not_in_query(text: str, evidence: Evidence, value: Any, schema: dict[str, Any]) -> str | None:
    if evidence.words is None or evidence.span is None or evidence.path is not None:
        return "origin query: got no words with a span, or a path beside them"
    start, end = evidence.span
    if not 0 <= start < end <= len(text) or text[start:end] != evidence.words:
        return f"origin query: {evidence.words[:200]!r} is not what stands at {start} to {end}"
    if cuts_a_number(text, (start, end)):
        return f"origin query: {evidence.words[:200]!r} at {start} to {end} is part of a longer number"
    if not states_value(evidence.words, value, schema):
        return f"origin query: {evidence.words[:200]!r} does not say {value!r}"
    return None


def _not_in_profile(basic: dict[str, Any], evidence: Evidence, value: Any) -> str | None:
    path = evidence.path
    if path is None or not path.startswith(_ROOT) or evidence.words is not None or evidence.span:
        return f"origin profile: got the path {path!r}, expected one that starts with {_ROOT!r}, alone"
    exists, held = _value_at(basic, path.removeprefix(_ROOT))
    if not exists:
        return f"origin profile: there is no {path[:200]!r}"
    if not within(value, held):
        return f"origin profile: {path[:200]!r} does not hold {value!r}"
    return None


def _value_at(basic: dict[str, Any], path: str) -> tuple[bool, Any]:
    """Whether a path leads somewhere, and what is there; a feature's name may hold dots itself."""
    if path in basic:
        return True, basic[path]
    held: Any = basic
    for step in path.split("."):
        if not isinstance(held, dict) or step not in held:
            return False, None
        held = held[step]
    return True, held


def _not_default(evidence: Evidence, value: Any, schema: dict[str, Any]) -> str | None:
    if evidence.words is not None or evidence.span is not None or evidence.path is not None:
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
    )
