"""Another platform could have served the request: else there is nothing to prefer (Definition 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...environments.world import World
from ...records import Reason
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
