"""Another platform could have served the request: else there is nothing to prefer (Definition 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ....environments.checks.case import pair_calls
from ....environments.text_search import wording
from ....environments.values import same
from ....environments.world import World
from ....records import Reason, Solution
from .candidate import Candidate


def interchangeability(candidate: Candidate) -> Iterator[Reason]:
    """Some other platform of the scenario offers every capability the solution calls for."""
    world, solution = candidate.case.world, candidate.solution
    tools = [world.tools.get((solution.platform, call.api)) for call in solution.calls]
    wanted = {tool.api.capability for tool in tools if tool}
    if len(tools) == sum(tool is not None for tool in tools) > 0:
        if any(name != solution.platform for name in serving(world, wanted)):
            return
        message = f"only {solution.platform!r} offers {', '.join(sorted(wanted))}: there is nothing to choose"
    else:
        message = f"no call that {solution.platform!r} could serve: there is nothing to choose"
    yield Reason(
        code="gate.interchangeability",
        blames="query",
        path="platform",
        message=message[:600],
        source="interchangeability",
    )


def serving(world: World, capabilities: Iterable[str]) -> tuple[str, ...]:
    """Platforms of a world that offer all of these capabilities, in the tree's order."""
    wanted = set(capabilities)
    return tuple(
        name
        for name in world.platforms
        if wanted <= {api.capability for api in world.scenario.apis.get(name, ())}
    )


def necessity(candidate: Candidate) -> Iterator[Reason]:
    """Some argument comes from the profile alone, and no stranger gave the whole solution."""
    if not any(_needing(candidate)):
        yield _reason("every argument can be had without the profile; nothing about it is personal")
    solved = sum(solves(answer, candidate.solution) for answer in candidate.strangers)
    if solved:
        yield _reason(f"{solved} of {len(candidate.strangers)} solvers without the profile gave all of it")


def _needing(candidate: Candidate) -> Iterator[bool]:
    """Of every argument from the profile, whether only the profile gives it."""
    case, solution = candidate.case, candidate.solution
    behind = pair_calls(case)
    for one in candidate.traced.origins:
        if one.origin == "profile":
            tool = case.world.tools.get((solution.platform, solution.calls[one.call].api))
            schema = (tool.properties.get(one.parameter) if tool else None) or {}
            intent = behind[one.call]
            stated = intent.stated if intent else {}
            told = one.parameter in stated and same(stated[one.parameter], one.value)
            yield not told and not had_without_profile(one.value, case.query.text, schema)


def had_without_profile(value: Any, text: str, schema: Mapping[str, Any]) -> bool:
    """Tell whether a value stands in the query, is the schema's default, or all that the schema admits."""
    if "default" in schema and same(value, schema["default"]):
        return True
    return _only_value(schema) or wording(text).locate(value) is not None


def solves(answer: Solution | None, accepted: Solution) -> bool:
    """Tell whether an answer is the whole accepted solution; the order of calls does not count."""
    if answer is None or answer.platform != accepted.platform:
        return False
    left = list(accepted.calls)
    for call in answer.calls:
        found = next((c for c in left if c.api == call.api and same(c.arguments, call.arguments)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def _only_value(schema: Mapping[str, Any]) -> bool:
    options = schema.get("enum")
    if "const" in schema or schema.get("type") == "null":
        return True
    if isinstance(options, list):
        return len(options) == 1
    low = schema.get("minimum")
    return schema.get("type") == "integer" and low is not None and low == schema.get("maximum")


def _reason(message: str) -> Reason:
    return Reason(code="gate.necessity", blames="query", path="", message=message, source="necessity")
