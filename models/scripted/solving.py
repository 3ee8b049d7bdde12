"""How the scripted model solves a query: hear the calls, choose the platform, fill the arguments.

It uses what the prompt shows: implicit features where they are shown, behaviour where they are not. So the
same code is the solver of synthesis and the heuristic baseline of an evaluation.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...records import Call, Solution
from .kit import Kit
from .kit_files import CapabilityScript
from .part import Part
from .preference import decide
from .speech import Heard, Understanding


def solve(part: Part) -> Solution:
    """The solution to the query in the prompt; without calls where the query is not understood."""
    query = part.view("query")
    understood = part.speech.read(query)
    platform = choose(part, understood)
    basic = part.view("profile.basic") if part.has("profile.basic") else {}
    calls = tuple(call_for(part.kit, platform, heard, basic) for heard in understood.calls)
    return Solution(platform=platform, calls=calls)


def choose(part: Part, understood: Understanding) -> str:
    """The platform this user would take for what the query is about."""
    platforms = part.platforms()
    if part.has("profile.implicit"):
        return decide(part.kit, part.view("profile.implicit"), understood.context, platforms)
    if part.has("history"):
        return _habitual(part, understood.context, platforms)
    return part.rng.choice(platforms)


def _habitual(part: Part, context: str, platforms: list[str]) -> str:
    """The platform used most for such needs, by the visible behaviour."""
    deeds = [deed for deed in part.view("history").get(part.scenario, []) if deed["platform"] in platforms]
    alike = Counter(deed["platform"] for deed in deeds if part.speech.scene(deed["action"]) == context)
    counts = alike or Counter(deed["platform"] for deed in deeds)
    return max(platforms, key=lambda name: counts[name])


def call_for(kit: Kit, platform: str, heard: Heard, basic: dict[str, Any]) -> Call:
    """One call on a platform, its arguments from the query, the profile and the defaults."""
    capability: CapabilityScript = kit.capabilities[heard.capability]
    index = kit.index(platform)
    arguments: dict[str, Any] = {}
    for name, parameter in capability.parameters.items():
        own = kit.parameter_name(parameter, index)
        if name in heard.values:
            arguments[own] = heard.values[name]
        elif parameter.feature and parameter.feature in basic and (parameter.required or name in heard.asked):
            arguments[own] = basic[parameter.feature]
        elif parameter.required and parameter.default is not None:
            arguments[own] = parameter.default
    return Call(api=capability.apis[index], arguments=arguments)
