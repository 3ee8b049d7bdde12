"""What was done on each visit of a history, drawn by code for whoever only puts it into a sentence (§4.2).

A plan holds the kind of need, a function of the platform that serves it, and details out of its schema. What
the profile fills is not in it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..agents.phrasing import name_words, telling_parameters, value_words
from ..models.seeds import derive
from .world import Tool, World

MOST_DETAILS = 2
"""Values that are drawn for a visit."""
_HANDFUL = 5
"""Numbers that are drawn lie between the least one and so many more."""


def visit_plan(world: World, user: str, visits: Iterable[Any]) -> list[dict[str, Any]]:
    """View `visits.plan`: for every visit the need, a job, its details, and a plain sentence of them.

    Args: visits: platform and context of each.
    """
    pattern = world.conflict_pattern(user)
    rng = random.Random(derive(world.seed, "visits", f"{world.name}-{user}"))
    descriptions = {context.name: context.description for context in world.scenario.contexts}
    plans: list[dict[str, Any]] = []
    plain: list[str] = []
    for visit in visits:
        tool = _tool(world, visit, rng)
        details = _details(world, tool, visit.context, rng) if tool else {}
        plain.append(_plain(tool, visit.context, details, plain))
        plans.append(
            {
                "need": {"name": visit.context, "description": descriptions.get(visit.context, "")},
                "platform": visit.platform,
                "job": tool.api.description if tool else "Looks around.",
                "details": details,
                "think_up": _think_up(world, tool, visit.context, details) if tool else [],
                "plain": plain[-1],
                "unsuitable": pattern.pattern if pattern else "",
            }
        )
    return plans


def _tool(world: World, visit: Any, rng: random.Random) -> Tool | None:
    tools = [tool for (platform, _), tool in world.tools.items() if platform == visit.platform]
    serving = [tool for tool in tools if tool.api.serves(visit.context)] or tools
    return rng.choice(serving) if serving else None


def _details(world: World, tool: Tool, context: str, rng: random.Random) -> dict[str, Any]:
    """Parameter -> a value, where a schema says what is usual; what has to be given goes first."""
    usual = {name: _usual(schema) for name, schema in _unknown(world, tool, context).items()}
    offered = [name for name, values in usual.items() if values]
    rng.shuffle(offered)
    offered.sort(key=lambda name: name not in tool.required)
    return {name: rng.choice(usual[name]) for name in offered[:MOST_DETAILS]}


def _unknown(world: World, tool: Tool, context: str) -> dict[str, Mapping[str, Any]]:
    """The parameters that make sense for a kind of need and that no feature fills."""
    return {
        name: schema
        for name, schema in tool.properties.items()
        if (tool.platform, tool.api.name, name) not in world.feature_of and tool.api.serves(context, name)
    }


def _usual(schema: Mapping[str, Any]) -> list[Any]:
    """Values that a schema names, or a handful of its numbers; none for what has to be thought up."""
    for key in ("examples", "enum"):
        if isinstance(values := schema.get(key), list):
            return [value for value in values if isinstance(value, str | int) and not isinstance(value, bool)]
    if schema.get("type") == "integer":
        low = int(schema.get("minimum", 1))
        return list(range(low, int(min(schema.get("maximum", low + _HANDFUL), low + _HANDFUL)) + 1))
    return []


def _think_up(world: World, tool: Tool, context: str, details: Mapping[str, Any]) -> list[str]:
    """What else a sentence has to name, in plain words: at most one thing that tells the need."""
    unknown = _unknown(world, tool, context)
    names = telling_parameters({name: unknown[name] for name in unknown if name in tool.required})
    return [name_words(name) for name in names if name not in details][:1]


def _plain(tool: Tool | None, context: str, details: Mapping[str, Any], earlier: Sequence[str]) -> str:
    """What code says was done, unlike all earlier sentences."""
    does = tool.api.capability.replace("_", " ") if tool else "look around"
    said = "".join(f", {name_words(name)} {value_words(value)}" for name, value in details.items())
    base = f"Went there to {does} for {context.replace('_', ' ')}{said}"
    again = sum(base == sentence.partition("; visit ")[0] for sentence in earlier)
    return f"{base}; visit {again + 1}" if again else base
