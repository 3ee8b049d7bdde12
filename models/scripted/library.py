"""What the scripted model knows: one kit a scenario, and people in general."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import UnknownPartError, names
from .kit import Kit, load
from .people import mentions
from .speech import Speech

Source = str | Mapping[str, Any]
"""A kit's folder, or a mapping with the contents of its three files."""


class Library:
    """Kits by scenario, loaded when a scenario is first spoken of.

    Args:
        sources: scenario -> where its kit is; None where it has none.
        others: names of further kits there are, for messages.
    """

    def __init__(self, sources: Mapping[str, Source | None], others: Iterable[str] = ()) -> None:
        self._sources = dict(sources)
        self._others = tuple(others)
        self._kits: dict[str, Kit] = {}
        self._speech: dict[str, Speech] = {}

    def kit(self, scenario: str) -> Kit:
        """The scenario's kit.

        Raises:
            UnknownPartError: there is none; names those there are.
            ConfigError: its files break the format.
        """
        if scenario not in self._kits:
            source = self._sources.get(scenario)
            if source is None:
                own = (name for name, one in self._sources.items() if one is not None)
                known = names((*own, *self._others), scenario)
                raise UnknownPartError(
                    f"scenario {scenario!r}: the scripted model has no library for it; there are {known}. "
                    "Give the scenario a kit (scenario.kit=FOLDER) or another model"
                )
            self._kits[scenario] = load(source)
        return self._kits[scenario]

    def home(self, platforms: Iterable[str]) -> str | None:
        """The scenario whose kit has all of some platforms; None where there is none, or no platform."""
        wanted = set(platforms)
        known = (name for name, source in self._sources.items() if source is not None)
        return next((one for one in known if wanted and wanted <= self.kit(one).world.platforms.keys()), None)

    def suffices(self, scenario: str, platforms: int, apis: int, depth: int, branching: int) -> None:
        """Make sure that the scenario's kit holds a world of this size and shape.

        Raises:
            UnknownPartError: it does not; says what it has.
        """
        kit = self.kit(scenario)
        for key, asked, has, why in (
            ("platforms", platforms, len(kit.world.platforms), ""),
            ("tree.depth", depth, 2, ""),
            ("apis", apis, len(kit.within(depth, branching)), f" in a tree of branching {branching}"),
        ):
            if asked > has:
                raise UnknownPartError(
                    f"{key}: got {asked}, the scripted model's library of {scenario!r} has {has}{why}; "
                    f"set {key}={has} or less, or use another model"
                )

    def fingerprints(self) -> dict[str, str]:
        """Scenario -> hash of what its kit says, for those spoken of so far."""
        return {name: kit.fingerprint for name, kit in self._kits.items()}

    def speech(self, scenario: str) -> Speech:
        """The scenario's writer and reader."""
        if scenario not in self._speech:
            self._speech[scenario] = Speech(self.kit(scenario), mentions())
        return self._speech[scenario]
