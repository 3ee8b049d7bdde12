"""The request a scripted role answers: the prompt's views, a seed, and the library."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import orjson

from ...errors import UnknownPartError, names
from .kit import Kit, Library
from .language import KitLanguage, language_of


@lru_cache(maxsize=128)
def _decoded(text: str) -> Any:
    return orjson.loads(text)


@dataclass(frozen=True)
class RoleRequest:
    """What one role is asked.

    Args:
        role: its name.
        blocks: view -> JSON text, as they stand in the prompt.
        seed: decides every draw.
        library: the kits the model knows.
        slips: probability of a deliberate mistake where the role makes some, 0 to 1.
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
            return _decoded(self.blocks[name])
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
        """A random generator for this request alone."""
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
    def language(self) -> KitLanguage:
        """Generator and parser of the scenario's kit."""
        return language_of(self.kit)

    def platforms(self) -> list[str]:
        """Names of the platforms on offer, checked against the kit."""
        offered = [platform["name"] for platform in self.view("platforms")]
        for name in offered:
            self.platform_index(name)
        return offered

    def platform_index(self, platform: str) -> int:
        """A platform's position in the kit.

        Raises:
            UnknownPartError: the kit does not have it.
        """
        try:
            return self.kit.platform_index(platform)
        except ValueError:
            known = names(self.kit.platforms, platform)
            raise UnknownPartError(
                f"scenario {self.scenario!r}: the scripted model does not know platform {platform!r}; "
                f"it knows {known}"
            ) from None


Part = RoleRequest
"""The name under which users' own players import it (docs/extending.md)."""

Player = Callable[[RoleRequest], Any]
"""Answers one role's requests: returns the record, or JSON-able content of it."""
