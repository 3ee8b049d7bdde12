"""How the scripted model solves a query: hear the calls, choose the platform, fill the arguments.

It uses what the prompt shows: implicit features where they are shown, behaviour where they are not. So the
same code is the solver of synthesis and the heuristic baseline of an evaluation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...records import Call, Solution
from .kit import Kit
from .kit_schema import CapabilityScript
from .role_request import Part
from .speech import Heard, Understanding

DECIDES = "comes first when it comes to"


def feature_of(kit: Kit, dimension: str) -> str:
    """The latent feature for a platform characteristic: 'shopping_delivery_speed'."""
    return f"{kit.name}_{re.sub(r'[^a-z0-9]+', '_', dimension.casefold())}"


def express(kit: Kit, decisive: Mapping[str, str]) -> dict[str, str]:
    """Implicit feature values for `decisive`: context -> the dimension that decides there."""
    values: dict[str, str] = {}
    for dimension, wish in kit.world.dimensions.items():
        labels = [kit.world.contexts[context].label for context, one in decisive.items() if one == dimension]
        said = f"{DECIDES} {'; '.join(labels)}" if labels else "rarely tips the scales"
        values[feature_of(kit, dimension)] = f"{wish[:1].upper()}{wish[1:]} {said}."
    return values


def decide(kit: Kit, implicit: Mapping[str, Any], context: str, platforms: Sequence[str]) -> str:
    """The platform a user with these implicit features goes to for this need.

    Without a known need, the dimension that decides most often counts.
    """
    label = kit.world.contexts[context].label if context else ""
    weight: dict[str, float] = {}
    for dimension in kit.world.dimensions:
        value = str(implicit.get(feature_of(kit, dimension), ""))
        _, decides, needs = value.rstrip(".").partition(DECIDES)
        labels = [need.strip() for need in needs.split(";")] if decides else []
        weight[dimension] = float(label in labels) if label else float(len(labels))
    return winner(kit, weight, platforms)


def winner(kit: Kit, weight: Mapping[str, float], platforms: Sequence[str]) -> str:
    """The platform with the largest weighted strength; the first in the kit's order on a tie."""
    strengths = {name: kit.world.platforms[name].strengths for name in platforms}
    return max(platforms, key=lambda name: sum(weight[d] * strengths[name][d] for d in weight))


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
