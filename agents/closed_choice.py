"""The lean chooser (Definition 3.1): a closed question for every kind of need, which platform suits there.

A weak model that fills a form takes the first platform for everything. Here every platform stands at several
places in turn, the chances are averaged, and among platforms that are nearly as good code draws.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, ClassVar

from ..errors import ConfigError
from ..models.request import NO_USAGE, Reply
from ..models.seeds import derive
from ..records import Preference, Preferences, Usage
from .closed_questions import MOST_OPTIONS, ClosedRole
from .role import Ask, Observation, Views

_ROUNDING = 1e-9


class ClosedChooser(ClosedRole):
    """Chooses a platform for one kind of need after the other.

    Args:
        margin: platforms whose chance is less by no more than this may be drawn, 0 to 1.
        arguments: those of `ClosedRole`.
    """

    shows: ClassVar[tuple[str, ...]] = ("need", "options")

    def __init__(self, *, margin: float = 0.1, **arguments: Any) -> None:
        super().__init__(**arguments)
        if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 <= margin <= 1:
            raise ConfigError(f"agent.{self.name}.margin: got {margin!r}, expected a number from 0 to 1")
        self.margin = margin

    async def respond(self, observation: Observation, ask: Ask) -> Reply:
        """A preference for every kind of need."""
        views = Views(observation.views)
        platforms = views["platforms"][:MOST_OPTIONS]
        options = [_described(platform) for platform in platforms]
        usage, preferences = NO_USAGE, []
        for need in views["contexts"]:
            draw = random.Random(derive(observation.seed, "platform", need["name"]))
            chances, cost = await self._chances(observation, need, options, draw, ask)
            usage += cost
            least = max(chances) - self.margin - _ROUNDING
            near = [place for place, chance in enumerate(chances) if chance >= least]
            chosen = platforms[draw.choice(near)]["name"]
            preferences.append(Preference(context=need["name"], platform=chosen))
        return Reply(Preferences(preferences=tuple(preferences)), usage)

    async def _chances(
        self,
        observation: Observation,
        need: Mapping[str, Any],
        options: Sequence[str],
        draw: random.Random,
        ask: Ask,
    ) -> tuple[list[float], Usage]:
        """The chance of every option, averaged over orders that begin with another one each; and the cost.

        Where the endpoint gives no probabilities, the letter it writes in the first order counts alone.
        """
        order = draw.sample(range(len(options)), len(options))
        orders = min(self.orders, len(options))
        chances, usage = [0.0] * len(options), NO_USAGE
        for turn in range(orders):
            shift = turn * len(options) // orders
            rotated = [*order[shift:], *order[:shift]]
            part = f"{need['name']}/{turn}"
            reply = await ask(self.choice(observation, options, rotated, part, need=need))
            usage += reply.usage
            weights = reply.record.weights or {reply.record.letter: 1.0}
            for letter, option in zip(ascii_uppercase, rotated, strict=False):
                chances[option] += weights.get(letter, 0.0) / orders
            if not reply.record.weights:
                return [chance * orders for chance in chances], usage
        return chances, usage


def _described(platform: Mapping[str, Any]) -> str:
    """A platform by its name and characteristics."""
    profile = platform.get("profile") or {}
    parts = (f"{name.replace('_', ' ')}: {text}" for name, text in profile.items())
    return f"{platform['name']} ({'; '.join(parts)})" if profile else platform["name"]
