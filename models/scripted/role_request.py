"""One request as a player gets it: the views of the prompt, a seed, and the library."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import orjson

from ...errors import UnknownPartError, names
from .kit import Kit
from .library import Library
from .speech import Speech


@lru_cache(maxsize=512)
def _shared(text: str) -> Any:
    return orjson.loads(text)


@dataclass(frozen=True)
class Part:
    """What is to be played.

    Args:
        role: whose part it is.
        blocks: view -> JSON text, as they stand in the prompt.
        seed: decides every draw.
        library: what the model knows.
        slips: probability of a human slip where the part allows one, 0 to 1.
    """

    role: str
    blocks: Mapping[str, str]
    seed: int
    library: Library
    slips: float = 0.0

    def view(self, name: str) -> Any:
        """The content of a view; must not be changed, it is shared.

        Raises:
            UnknownPartError: the prompt does not show it.
        """
        try:
            return _shared(self.blocks[name])
        except KeyError:
            raise UnknownPartError(
                f"role {self.role!r}: the scripted model needs the view {name!r} in the prompt; "
                f"it shows {names(self.blocks, name)}"
            ) from None

    def has(self, name: str) -> bool:
        """Whether the prompt shows a view."""
        return name in self.blocks

    @cached_property
    def rng(self) -> random.Random:
        """Draws for this part alone."""
        return random.Random(self.seed)

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return self.view("scenario")["name"]

    @property
    def kit(self) -> Kit:
        """The scenario's kit."""
        return self.library.kit(self.scenario)

    @property
    def speech(self) -> Speech:
        """The scenario's writer and reader."""
        return self.library.speech(self.scenario)

    def platforms(self) -> list[str]:
        """Names of the platforms on offer, checked against the kit."""
        offered = [one["name"] for one in self.view("platforms")]
        for name in offered:
            self.place(name)
        return offered

    def place(self, platform: str) -> int:
        """A platform's position in the kit.

        Raises:
            UnknownPartError: the kit does not have it.
        """
        try:
            return self.kit.index(platform)
        except ValueError:
            known = names(self.kit.world.platforms, platform)
            raise UnknownPartError(
                f"scenario {self.scenario!r}: the scripted model does not know platform {platform!r}; "
                f"it knows {known}"
            ) from None


Player = Callable[[Part], Any]
"""Plays one role: returns the record, or JSON-able content of it."""
