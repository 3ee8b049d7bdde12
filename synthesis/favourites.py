"""Whether nearly everybody prefers one platform: then its name alone tells the answer (Definition 3.1)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from ..environments.world import World
from ..log import logger
from ..records import History

MOST_SHARE = 0.8
"""Share of a scenario's preferences above which a platform is named in a warning."""
_ENOUGH = 6
"""Preferences below which nothing is said: so few may agree by chance."""


def warn_of_favourites(worlds: Iterable[World], histories: Iterable[History]) -> None:
    """Warn of every platform that has more than `MOST_SHARE` of the preferences in its scenario."""
    preferred = defaultdict[str, Counter[str]](Counter)
    for history in histories:
        preferred[history.scenario].update(preference.platform for preference in history.preferences)
    for world in worlds:
        counts = preferred[world.name]
        if counts.total() < _ENOUGH or len(world.platforms) < 2:
            continue
        platform, count = counts.most_common(1)[0]
        if count > MOST_SHARE * counts.total():
            logger.warning(
                "{}: {!r} is preferred in {} of {} cases, so its name alone tells most answers: the chooser "
                "hardly tells users apart; take a stronger model for it (agent.chooser.model), or a larger "
                "agent.chooser.margin with roles=lean",
                world.name, platform, count, counts.total(),
            )  # fmt: skip
