"""The items of a run: what is needed to work on each of them alone.

Trees, profiles and tasks are made once, by one process (`population`). What they left, worlds and tasks, is
what histories, episodes, further solutions, twins and verdicts are made from, in this process or another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..environments.world import World
from .context import ItemContext


class PopulationItems(NamedTuple):
    """A population whose items are worked on."""

    context: ItemContext
    worlds: Mapping[str, World]
    """scenario -> its world, with profiles and histories"""


ItemState = Mapping[str, PopulationItems]
"""The populations of a run by name: the state that every job is given."""
Items = dict[str, PopulationItems]
"""The same where it is made: populations come one by one."""
