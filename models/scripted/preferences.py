"""The preference model: the platform a user prefers follows from their implicit features (Definition 3.1).

Platforms are strong or weak on a kit's dimensions (price level, personal care, …). For every kind of need one
dimension decides for a user, and the implicit feature of that dimension says so in words: "A low price comes
first when it comes to everyday supplies." So histories, solutions and verdicts agree, and a history can be
learnt from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .kit import Kit

_DECIDES = "comes first when it comes to"
_NEUTRAL = "rarely tips the scales"


def implicit_feature(kit: Kit, dimension: str) -> str:
    """Name of the implicit feature for a dimension: 'shopping_delivery_speed'."""
    return f"{kit.name}_{re.sub(r'[^a-z0-9]+', '_', dimension.casefold())}"


def describe_preferences(kit: Kit, decisive: Mapping[str, str]) -> dict[str, str]:
    """Implicit features as sentences; `decisive`: context -> the dimension that decides there."""
    features: dict[str, str] = {}
    for dimension, wish in kit.dimensions.items():
        labels = [
            kit.contexts[context].label for context, decides in decisive.items() if decides == dimension
        ]
        predicate = f"{_DECIDES} {'; '.join(labels)}" if labels else _NEUTRAL
        features[implicit_feature(kit, dimension)] = f"{wish[:1].upper()}{wish[1:]} {predicate}."
    return features


def preferred_platform(kit: Kit, implicit: Mapping[str, Any], context: str, platforms: Sequence[str]) -> str:
    """The platform a user with these implicit features goes to, the first in the kit's order on a tie.

    Args:
        implicit: the implicit features, name -> sentence.
        context: the kind of need; "" where it is not known: then what decides most often counts.
        platforms: those on offer.
    """
    label = kit.contexts[context].label if context else ""
    weights: dict[str, float] = {}
    for dimension in kit.dimensions:
        sentence = str(implicit.get(implicit_feature(kit, dimension), ""))
        _, decides, needs = sentence.rstrip(".").partition(_DECIDES)
        labels = [need.strip() for need in needs.split(";")] if decides else []
        weights[dimension] = float(label in labels) if label else float(len(labels))

    def score(platform: str) -> float:
        strengths = kit.platforms[platform].strengths
        return sum(weight * strengths[dimension] for dimension, weight in weights.items())

    return max(platforms, key=score)
