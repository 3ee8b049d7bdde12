"""Quality gates: what an accepted episode has to be to become a sample, each with a coded reason.

A gate is one small function from a candidate to reasons, chosen by name (`gates=[…]`). Rule checks speak
while an episode can still be mended; gates judge what came out, whatever checks and judges there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ....errors import ConfigError, names
from ....records import Reason
from .agreement import consistency, round_trip
from .candidate import Candidate
from .grounding import grounding
from .leak import leak
from .near_duplicates import NearDuplicates
from .necessity import interchangeability, necessity

__all__ = ["GATES", "Candidate", "Gate", "NearDuplicates", "choose_gates"]

Gate = Callable[[Candidate], Iterable[Reason]]

GATES: dict[str, Callable[[], Gate]] = {
    "round_trip": lambda: round_trip,
    "consistency": lambda: consistency,
    "grounding": lambda: grounding,
    "leak": lambda: leak,
    "necessity": lambda: necessity,
    "interchangeability": lambda: interchangeability,
    "near_duplicates": NearDuplicates,
}
"""name -> a function that makes the gate, in the order they run. One that compares samples starts empty."""


def choose_gates(chosen: Iterable[str] | None = None) -> dict[str, Gate]:
    """Make gates by name, in the order they run; None makes all of them.

    Raises:
        ConfigError: a name that is not there.
    """
    chosen = tuple(GATES if chosen is None else chosen)
    for name in chosen:
        if name not in GATES:
            raise ConfigError(f"gates: no gate {name!r}; there are {names(GATES, name)}")
    return {name: make() for name, make in GATES.items() if name in chosen}
