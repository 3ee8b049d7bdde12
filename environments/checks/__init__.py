"""The rule checks of an episode (§4.3), chosen by name (`checks=[…]`)."""

from __future__ import annotations

from collections.abc import Iterable

from .agreement import AgreementCheck
from .case import Case
from .check import Check, Checks, Phase, choose_by_name
from .grounding import GroundingCheck, Traced, trace
from .plausibility import ConflictsCheck, OrderCheck, UsedUpCheck
from .query import LeakCheck, PlatformCheck, StatedCheck, TextCheck
from .solution import ArgumentsCheck, DuplicateCheck, ToolsCheck

__all__ = ["CHECKS", "Case", "Check", "Checks", "Phase", "Traced", "choose_checks", "trace"]

CHECKS: dict[str, Check] = {
    "text": TextCheck(),
    "stated": StatedCheck(),
    "used_up": UsedUpCheck(),
    "order": OrderCheck(),
    "conflicts": ConflictsCheck(),
    "leak": LeakCheck(),
    "platform_named": PlatformCheck(),
    "tools": ToolsCheck(),
    "arguments": ArgumentsCheck(),
    "duplicate": DuplicateCheck(),
    "grounding": GroundingCheck(),
    "agreement": AgreementCheck(),
}
"""name -> check, in the order they run within their phase."""


def choose_checks(chosen: Iterable[str] | None = None) -> Checks:
    """Pick checks by name; None picks all of them. One's own go beside them: `Checks({**CHECKS, ...})`.

    Raises:
        ConfigError: a name that is not there.
    """
    return Checks(choose_by_name("checks", "check", chosen, CHECKS, {}))
