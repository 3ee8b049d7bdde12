"""What whoever is evaluated may see of a sample: never its answer, and what the variant leaves (§5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..benchmark import Item
from ..errors import ConfigError

Variant = Literal["all", "no_basic", "no_history", "none"]
"""Table 2's ablations: all, w/o Basic, w/o History, w/o Basic&History (which is also Table 3's input)."""

_DROPPED = {
    "all": frozenset[str](),
    "no_basic": frozenset(("basic_features",)),
    "no_history": frozenset(("user_history",)),
}


@dataclass(frozen=True, slots=True)
class Visible:
    """One sample as a prompt or a baseline gets it."""

    query: str
    profile: dict[str, Any] | None
    """{basic_features, user_history} as far as they are shown; None: the dataset has no profiles"""
    platforms: dict[str, tuple[str, ...]] | None
    """platform -> its functions, as far as the dataset says; None: the dataset has no platforms"""
    characteristics: dict[str, dict[str, str]]
    """platform -> characteristic -> text"""
    tools: dict[str, dict[str, Any]]
    """function -> its schema"""

    @property
    def basic(self) -> dict[str, Any]:
        """The basic features shown; where a profile has no such part, the profile itself."""
        profile = self.profile or {}
        if "basic_features" not in profile and "user_history" not in profile:
            return profile
        return _object(profile.get("basic_features"))

    @property
    def history(self) -> list[dict[str, Any]]:
        """The actions shown, of all scenarios: {platform, action}."""
        actions = _object((self.profile or {}).get("user_history"))
        listed = (one for each in actions.values() if isinstance(each, list) for one in each)
        return [one for one in listed if isinstance(one, dict)]


def visible(item: Item, variant: Variant = "all") -> Visible:
    """What a variant shows of a sample."""
    profile: dict[str, Any] | None = item.user_profile or None
    if profile is not None:
        dropped = profile.keys() if variant == "none" else _DROPPED[variant]
        profile = {key: value for key, value in profile.items() if key not in dropped}
    platforms = None if item.platform is None else item.platforms
    return Visible(item.query, profile, platforms, item.characteristics, item.tools)


def check_variant(item: Item, variant: Variant) -> None:
    """Raises ConfigError where a variant would leave out what the sample does not have."""
    for part in sorted(_DROPPED.get(variant, ())):
        if part not in item.user_profile:
            raise ConfigError(
                f"variant: got {variant!r}, but sample {item.id!r:.80} has no {part}; expected all or none"
            )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
