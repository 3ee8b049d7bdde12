"""The scripted model's preference model (Definition 3.1).

For every kind of need one dimension decides for a user; the platform strongest on it is preferred. The user's
implicit features say so in words, one feature a dimension. `express` writes those words and `decide` reads
them, so which platform is preferred is a known function of the profile and the need.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .kit import Kit

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
