"""How sure each column of a result is: which interval belongs to which score.

Shares of samples get Wilson's interval. Overall and the two micro averages of parameters get the bootstrap
over users: what one user's samples have in common must not pass for evidence about other users.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from .metrics import SCORES, Counts, merged
from .statistics import RESAMPLES, Interval, clustered_bootstrap, wilson

Method = Literal["wilson", "bootstrap"]

PARTS: dict[str, Callable[[Counts], tuple[int, int]]] = {
    "format_ok": lambda one: (one.format_ok, one.samples),
    "platform": lambda one: (one.platform, one.platform_total),
    "query_params": lambda one: (one.query_hits, one.query_total),
    "profile_params": lambda one: (one.profile_hits, one.profile_total),
    "tool_name": lambda one: (one.tool_name, one.samples),
    "tool_param": lambda one: (one.tool_param, one.samples),
    "tool_value": lambda one: (one.tool_value, one.samples),
    "overall": lambda one: (one.overall, one.samples),
}
"""Column -> its numerator and denominator."""

BY_USER = ("query_params", "profile_params", "overall")
"""Columns whose interval resamples users."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One column of a result; no interval where none can be given, no value where it is not applicable."""

    value: float | None
    interval: Interval | None = None
    method: Method | None = None


def estimates(
    users: Mapping[str, Counts],
    seed: int,
    name: str = "overall",
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> dict[str, Estimate]:
    """Every column with its interval.

    Args: users: user -> counts (`Breakdown.users`); seed and name (of the section): the same two give the
    same limits. Where there is only one user, overall falls back to Wilson's interval and the micro averages
    have none.
    """
    whole, found = merged(users.values()), {}
    for column, score in SCORES.items():
        value, interval, method = score(whole), None, None
        if value is not None and column in BY_USER:
            clusters = (PARTS[column](one) for one in users.values())
            drawn = clustered_bootstrap(clusters, derived(seed, name, column), resamples, confidence)
            interval, method = drawn, "bootstrap" if drawn else None
        if value is not None and interval is None and column in PARTS and not column.endswith("_params"):
            interval, method = wilson(*PARTS[column](whole), confidence), "wilson"
        found[column] = Estimate(value, interval, method)
    return found


def derived(seed: int, *names: str) -> int:
    """A seed of its own for every use of one seed."""
    text = "/".join((str(seed), *names)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest())
