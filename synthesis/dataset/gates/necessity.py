"""Whether a sample is personal (Definition 3.1): the profile is needed, and there is a platform to prefer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from ....environments.checks.case import pair_calls
from ....environments.world import World
from ....records import Reason, Solution
from ....texts.search import searchable_text
from ....texts.values import same
from .gate import Candidate, Gate


class InterchangeabilityGate(Gate):
    """Some other platform of the scenario offers every capability the solution calls for."""

    codes: ClassVar = {"gate.interchangeability": "no other platform could have served the request"}
    independent = True

    def run(self, candidate: Candidate) -> Iterator[Reason]:
        """Look for another platform."""
        world, solution = candidate.case.world, candidate.solution
        tools = [world.tools.get((solution.platform, call.api)) for call in solution.calls]
        wanted = {tool.api.capability for tool in tools if tool}
        if not tools or None in tools:
            message = f"no call that {solution.platform!r} could serve: there is nothing to choose"
        elif all(name == solution.platform for name in serving(world, wanted)):
            offered = ", ".join(sorted(wanted))
            message = f"only {solution.platform!r} offers {offered}: there is nothing to choose"
        else:
            return
        yield Reason(code="gate.interchangeability", blames="query", path="platform", message=message[:600])


def serving(world: World, capabilities: Iterable[str]) -> tuple[str, ...]:
    """Platforms of a world that offer all of these capabilities, in the tree's order."""
    wanted = set(capabilities)
    return tuple(
        name
        for name in world.platforms
        if wanted <= {api.capability for api in world.scenario.apis.get(name, ())}
    )


class NecessityGate(Gate):
    """Some argument comes from the profile alone, and no stranger gave the whole solution."""

    codes: ClassVar = {"gate.necessity": "it can be solved without the profile"}
    independent = True

    def run(self, candidate: Candidate) -> Iterator[Reason]:
        """Look for an argument that needs the profile, then at what strangers answered."""
        if not any(_needs_profile(candidate)):
            yield _reason("every argument can be had without the profile; nothing about it is personal")
        solved = sum(solves(answer, candidate.solution) for answer in candidate.strangers)
        if solved:
            yield _reason(
                f"{solved} of {len(candidate.strangers)} solvers without the profile gave all of it"
            )


def _reason(message: str) -> Reason:
    return Reason(code="gate.necessity", blames="query", message=message)


def _needs_profile(candidate: Candidate) -> Iterator[bool]:
    """Of every argument from the profile, whether only the profile gives it."""
    case, solution = candidate.case, candidate.solution
    behind = pair_calls(case)
    for origin in candidate.traced.origins:
        if origin.origin == "profile":
            tool = case.world.tools.get((solution.platform, solution.calls[origin.call].api))
            schema = (tool.properties.get(origin.parameter) if tool else None) or {}
            intent = behind[origin.call]
            stated = intent.stated if intent else {}
            told = origin.parameter in stated and same(stated[origin.parameter], origin.value)
            yield not told and not had_without_profile(origin.value, case.query.text, schema)


def had_without_profile(value: Any, text: str, schema: Mapping[str, Any]) -> bool:
    """Tell whether a value stands in the query, is the schema's default, or all that the schema admits."""
    if "default" in schema and same(value, schema["default"]):
        return True
    return _only_value(schema) or searchable_text(text).locate(value) is not None


def solves(answer: Solution | None, accepted: Solution) -> bool:
    """Tell whether an answer is the whole accepted solution; the order of calls does not count."""
    if answer is None or answer.platform != accepted.platform:
        return False
    left = list(accepted.calls)
    for call in answer.calls:
        match = next((c for c in left if c.api == call.api and same(c.arguments, call.arguments)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _only_value(schema: Mapping[str, Any]) -> bool:
    options = schema.get("enum")
    if "const" in schema or schema.get("type") == "null":
        return True
    if isinstance(options, list):
        return len(options) == 1
    low = schema.get("minimum")
    return schema.get("type") == "integer" and low is not None and low == schema.get("maximum")
