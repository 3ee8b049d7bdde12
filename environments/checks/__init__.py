"""The rule checks of an episode: small functions from a case to reasons, chosen by name (`checks=[…]`).

A check of your own is one such function, handed to the dialogue beside these; nothing registers itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from ...errors import ConfigError, names
from ...records import Reason
from .agreement import agreement
from .case import Case
from .codes import CODES
from .grounding import Traced, grounding, trace
from .leak.check import leak
from .query import platform_named, stated, text
from .solution import arguments, duplicate, tools

__all__ = ["CHECKS", "CODES", "Check", "Checks", "Phase", "Traced", "choose_checks", "trace"]

Phase = Literal["query", "form", "meaning"]
"""When a check runs: on the query; on a solution's form; on its meaning, once the form is right."""

Check = Callable[[Case], Iterable[Reason]]

CHECKS: dict[str, tuple[Phase, Check]] = {
    "text": ("query", text),
    "stated": ("query", stated),
    "leak": ("query", leak),
    "platform_named": ("query", platform_named),
    "tools": ("form", tools),
    "arguments": ("form", arguments),
    "duplicate": ("form", duplicate),
    "grounding": ("meaning", grounding),
    "agreement": ("meaning", agreement),
}
"""name -> (phase, function), in the order they run."""


@dataclass(frozen=True, slots=True)
class Checks:
    """The chosen checks, by phase."""

    query: tuple[Check, ...]
    form: tuple[Check, ...]
    meaning: tuple[Check, ...]

    def of_query(self, case: Case) -> tuple[Reason, ...]:
        """Everything the checks object to in a query."""
        return _run(self.query, case)

    def of_solution(self, case: Case) -> tuple[Reason, ...]:
        """What is wrong with a solution's form; where nothing is, what is wrong with its meaning."""
        return _run(self.form, case) or _run(self.meaning, case)


def choose_checks(chosen: Iterable[str] | None = None) -> Checks:
    """Pick checks by name; None picks all of them.

    Raises:
        ConfigError: a name that is not there.
    """
    chosen = tuple(CHECKS if chosen is None else chosen)
    for name in chosen:
        if name not in CHECKS:
            raise ConfigError(f"checks: no check {name!r}; there are {names(CHECKS, name)}")
    by_phase = {
        phase: tuple(check for name, (when, check) in CHECKS.items() if when == phase and name in chosen)
        for phase in ("query", "form", "meaning")
    }
    return Checks(**by_phase)


def _run(checks: tuple[Check, ...], case: Case) -> tuple[Reason, ...]:
    return tuple(reason for check in checks for reason in check(case))
