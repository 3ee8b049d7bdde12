"""Two models on the same samples: what one has right that the other has not, and whether that could be
chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from ..errors import ConfigError
from .intervals import PARTS, derived
from .items import SampleScore
from .metrics import SCORES, Counts, merged
from .statistics import RESAMPLES, Difference, McNemar, mcnemar, paired_bootstrap

FLAGS = ("format_ok", "platform", "tool_name", "tool_param", "tool_value", "overall")
"""What one sample has right or wrong: the columns McNemar's test is for."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One column of two models."""

    first: float | None
    second: float | None
    difference: Difference | None
    """first minus second, users resampled; None where not applicable or with fewer than two users"""
    mcnemar: McNemar | None
    """None for the micro averages of parameters, and where not applicable"""


class Comparison:
    """Adds up two models' scores pair by pair, in memory that grows with users only."""

    def __init__(self) -> None:
        self._users: dict[str, tuple[Counts, Counts]] = {}
        self._only: dict[str, list[int]] = {flag: [0, 0] for flag in FLAGS}

    def add(self, first: SampleScore, second: SampleScore) -> None:
        """Count one sample. Raises ConfigError where the two scores are of different samples."""
        if first.id != second.id:
            got = f"got {first.id!r:.80} and {second.id!r:.80}"
            expected = "expected the same samples in one order"
            raise ConfigError(f"comparison: {got}, {expected}; evaluate both on the same data")
        pair = self._users.setdefault(first.user, (Counts(), Counts()))
        pair[0].add(first)
        pair[1].add(second)
        for flag, only in self._only.items():
            mine, theirs = getattr(first, flag), getattr(second, flag)
            only[0] += bool(mine and not theirs)
            only[1] += bool(theirs and not mine)

    def results(self, seed: int, resamples: int = RESAMPLES, confidence: float = 0.95) -> dict[str, Compared]:
        """Every column of both models, their difference and its tests."""
        wholes = [merged(pair[side] for pair in self._users.values()) for side in (0, 1)]
        found = {}
        for column, part in PARTS.items():
            values = [SCORES[column](whole) for whole in wholes]
            pairs = [(part(first), part(second)) for first, second in self._users.values()]
            clusters = [(mine[0], theirs[0], mine[1]) for mine, theirs in pairs]
            difference = paired_bootstrap(clusters, derived(seed, column), resamples, confidence)
            applies = column in self._only and None not in values
            test = mcnemar(*self._only[column]) if applies else None
            found[column] = Compared(values[0], values[1], difference, test)
        return found


def compared(first: Iterable[SampleScore], second: Iterable[SampleScore]) -> Comparison:
    """The comparison of two evaluations. Raises ConfigError where they are not of the same samples in one
    order."""
    comparison = Comparison()
    for number, (mine, theirs) in enumerate(zip_longest(first, second)):
        if mine is None or theirs is None:
            short = "first" if mine is None else "second"
            raise ConfigError(
                f"comparison: the {short} evaluation ends after {number} samples, the other goes on"
            )
        comparison.add(mine, theirs)
    return comparison
