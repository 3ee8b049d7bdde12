"""How large a dataset is and what of it is personal: its row of Table 9. It knows no model and no file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .items import Item


@dataclass
class DatasetFigures:
    """Counts the samples of a dataset one by one; memory grows with its tools and users only."""

    samples: int = 0
    chooses_platforms: bool = False
    """whether there are several platforms to choose among"""
    from_profile: bool | None = None
    """whether an argument comes from a profile; None: the dataset does not say where any is from"""
    histories: bool = False
    """whether a user has a history"""
    _users: set[str] = field(default_factory=set)
    _tools: set[tuple[str, str, str]] = field(default_factory=set)
    """(scenario, platform, function)"""
    _before: Item | None = None
    """whose tools were counted last; samples of a scenario share them"""

    def add(self, item: Item) -> None:
        """Count one sample."""
        self.samples += 1
        self._users.add(item.user)
        self.chooses_platforms |= item.platform is not None and len(item.platforms) > 1
        self.histories |= bool(item.user_profile.get("user_history"))
        origins = {origin for call in item.calls for origin in call.origins.values()}
        if origins or item.query_params or item.profile_params:
            self.from_profile = bool(self.from_profile or "profile" in origins or item.profile_params)
        before = self._before
        if before is None or item.tools is not before.tools or item.platforms is not before.platforms:
            self._tools |= _tools_of(item)
        self._before = item

    def as_json(self) -> dict[str, Any]:
        """The row, as scores.json has it."""
        return {
            "tools": len(self._tools),
            "users": len(self._users),
            "samples": self.samples,
            "personal": [self.chooses_platforms, self.from_profile, self.histories],
        }


def _tools_of(item: Item) -> set[tuple[str, str, str]]:
    """Every tool of a sample; one that several platforms offer is as many."""
    owned = {(item.scenario, name, function) for name, own in item.platforms.items() for function in own}
    free = item.tools.keys() - {function for _, _, function in owned}
    return owned | {(item.scenario, "", function) for function in free}
