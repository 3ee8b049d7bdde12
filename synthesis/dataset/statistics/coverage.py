"""How evenly platforms, APIs, features and kinds of need are used, and where arguments are from (Table 1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ....records.dataset_statistics import Spread
from ...population import Population
from ..kept_sample import Kept
from .people import worlds_by_place

LONGEST = 400
"""Names a spread lists."""


def mean_parameters(kept: Sequence[Kept]) -> float:
    """Arguments of a sample from query or profile, on average."""
    said = sum(argument.origin != "default" for one in kept for argument in one.arguments)
    return said / max(len(kept), 1)


def origin_counts(kept: Sequence[Kept]) -> dict[str, int]:
    """Origin -> arguments of all samples."""
    counts = Counter(argument.origin for one in kept for argument in one.arguments)
    return {"query": counts["query"], "profile": counts["profile"], "default": counts["default"]}


def platform_counts(kept: Sequence[Kept], populations: Sequence[Population]) -> dict[str, dict[str, int]]:
    """Scenario -> platform, in the tree's order -> samples whose gold it is, 0 included."""
    counts: dict[str, dict[str, int]] = {}
    for (_, scenario), world in worlds_by_place(populations).items():
        counts.setdefault(scenario, {}).update(dict.fromkeys(world.platforms, 0))
    for one in kept:
        there = counts.setdefault(one.scenario, {})
        there[one.platform] = there.get(one.platform, 0) + 1
    return counts


def api_spread(kept: Sequence[Kept], populations: Sequence[Population]) -> Spread:
    """APIs by the samples that call them, however often."""
    offered = {
        f"{scenario}/{platform}/{api}"
        for (_, scenario), world in worlds_by_place(populations).items()
        for platform, api in world.tools
    }
    used = (f"{one.scenario}/{one.platform}/{api}" for one in kept for api in {name for name, _ in one.calls})
    return _spread(used, offered)


def feature_spread(kept: Sequence[Kept], populations: Sequence[Population]) -> Spread:
    """Basic features by the samples they fill an argument of."""
    offered = {
        feature
        for world in worlds_by_place(populations).values()
        for user in world.users
        for feature in world.profile(user).basic
    }
    used = (
        feature
        for one in kept
        for feature in {argument.feature for argument in one.arguments if argument.origin == "profile"}
    )
    return _spread(used, offered)


def context_spread(kept: Sequence[Kept], populations: Sequence[Population]) -> Spread:
    """Kinds of need by the samples they stand behind."""
    offered = {
        f"{scenario}/{context.name}"
        for (_, scenario), world in worlds_by_place(populations).items()
        for context in world.scenario.contexts
    }
    return _spread((f"{one.scenario}/{one.context}" for one in kept), offered)


def _spread(used: Iterable[str], offered: set[str]) -> Spread:
    counts = Counter(used)
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LONGEST]
    return Spread(used=len(counts), offered=len(offered | counts.keys()), counts=dict(listed))
