"""The people of a run: its own, and those held out with scenarios that nothing else has seen (§5.1, §5.5).

A population has trees, profiles, histories and tasks of its own, so nothing of a held-out scenario can reach
the data to train on, not even as a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..environments.world import World

UNSEEN = "unseen"
"""Name of the held-out population, of its folder and of its ledger stages."""


@dataclass(frozen=True)
class Population:
    """People and the worlds they live in."""

    name: str
    """'' for the run's own, or `UNSEEN`"""
    worlds: Mapping[str, World]
    """scenario -> its world, with profiles and histories"""
