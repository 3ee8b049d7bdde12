"""Which functions of rival platforms do the same, as a language model says (`tools.file`).

It is asked about the pairs that likeness leaves in doubt, and about some that are known to differ, once each
and through the gateway; every answer is an item of the ledger. Where none is usable, or it tells no more than
of those known, what code thought stands. Documents and likeness are not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..agents.tool_matcher import chance_of_yes, decision
from ..errors import UnusableAnswerError
from ..executors import run_concurrently
from ..log import logger
from ..records import Choice
from ..settings import TOOL_MATCHER, Settings
from ..store import write_bytes
from ..trees.documents.functions import GivenFunction
from ..trees.documents.toolset import PairDecision
from .context import RunContext, StageRole
from .given_tools import GivenTools

STAGE = "capabilities"
"""Ledger stage of the answers."""
_LONGEST, _MOST_PARAMETERS = 300, 16
"""Letters of a description, and parameters, that are shown of a function."""


async def take_tools(context: RunContext, tools: GivenTools) -> RunContext:
    """The context of a run with these functions, as a model matched them; tools.yaml says who decided what.

    Raises ConfigError: as of `match_tools`.
    """
    tools = await match_tools(context, tools)
    if tools.toolset.decisions:
        for line in tools.describe():
            logger.info("{}", line)
    write_bytes(context.folder / "tools.yaml", tools.yaml().encode())
    return replace(context, given_apis=tools.apis)


async def match_tools(context: RunContext, tools: GivenTools) -> GivenTools:
    """The functions with the capabilities that a model's answers give them.

    Raises ConfigError: no two platforms are left with functions that do the same.
    """
    if not (doubtful := tools.doubtful):
        return tools
    settings, functions, controls = context.settings, shown_functions(tools), tools.controls
    chances: dict[str, float] = {}

    async def ask(pair: PairDecision) -> None:
        with suppress(UnusableAnswerError):
            choice = await matcher(pair.id, matching_views(settings, functions, pair))
            chances[pair.id] = chance_of_yes(choice)

    def decided(pair: PairDecision) -> PairDecision:
        chance = chances.get(pair.id)
        known = [chances[control.id] for control in controls if control.id in chances]
        return replace(pair, chance=chance, same=None if chance is None else decision(chance, known))

    matcher: StageRole[Choice]
    with context.stage(STAGE, len(doubtful) + len(controls)) as bar:
        matcher = StageRole(context, STAGE, TOOL_MATCHER, Choice, bar, lambda views: views)
        await run_concurrently([*controls, *doubtful], ask, settings.concurrency)
    return tools.decided([decided(pair) for pair in doubtful])


def matching_views(
    settings: Settings, functions: Mapping[tuple[str, str], dict[str, Any]], pair: PairDecision
) -> dict[str, Any]:
    """What a matcher is shown. Args: functions: as of `shown_functions`; pair: which of them."""
    scenario = {"name": settings.scenario.name, "description": settings.scenario.description}
    first, second = functions[pair.first], functions[pair.second]
    if pair.first[0] == pair.second[0]:  # of one platform, which shall not be told from rivals
        second = second | {"platform": next(name for name, _ in functions if name != pair.first[0])}
    return {"scenario": scenario, "functions": [first, second]}


def shown_functions(tools: GivenTools) -> dict[tuple[str, str], dict[str, Any]]:
    """(platform, function) -> what a matcher is shown of it."""
    return {
        (platform, function.api.name): _shown(function)
        for platform, own in tools.toolset.platforms.items()
        for function in own
    }


def _shown(function: GivenFunction) -> dict[str, Any]:
    """Enough to tell what it is for, however much the document says."""
    parameters = {
        name: str(schema.get("description") or schema.get("type") or "")[:_LONGEST]
        for name, schema in list(function.api.properties().items())[:_MOST_PARAMETERS]
    }
    return {
        "platform": function.platform,
        "name": function.api.name,
        "description": function.api.description[:_LONGEST],
        "parameters": parameters,
    }
