"""How an endpoint behaves: how fast, how much it takes, and how often it goes wrong.

Plain values with their checks; what a fault does is in `faults`, when it happens in `behaviour`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import ConfigError, names
from .faults import FAULTS


@dataclass(frozen=True, slots=True)
class Spell:
    """A while in which the endpoint is slow, or down."""

    after: int | None = None
    """requests before it begins; None: it never does"""
    seconds: float = 60.0
    """how long it lasts"""
    latency_factor: float = 20.0
    """what the latency is multiplied with"""
    fault: str | None = None
    """what every request gets in it; None: answers, only later"""


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that can be set; as it stands, every answer comes at once.

    Raises:
        ConfigError: an unknown fault, or shares that are no shares; `server.…` says which.
    """

    latency: float = 0.0
    """seconds from a request to its answer, the median"""
    jitter: float = 0.0
    """share of the latency by which a request may be faster or slower, 0 to 1"""
    requests_per_minute: int | None = None
    """requests taken in any minute, the others get a 429 that says how long to wait; None: all"""
    concurrency: int | None = None
    """requests taken at a time, the others get a 429; None: all"""
    key: str | None = field(default=None, repr=False)
    """what `Authorization: Bearer …` must carry; None: nothing is asked for"""
    faults: Mapping[str, float] = field(default_factory=dict)
    """fault (`faults.FAULTS`) -> share of the requests that get it, together at most 1"""
    fault_times: int = 1
    """most faults that one and the same request gets, so that asking again helps; 0: no such limit"""
    slow_seconds: float = 10.0
    """how long an answer takes to arrive that is `slow`"""
    spell: Spell = Spell()
    seed: int = 0
    """decides who is hit by faults and by jitter"""
    fingerprint: str = "none"
    """`system_fingerprint` of the answers: stands for what the model knows"""

    def __post_init__(self) -> None:
        for name, share in self.faults.items():
            if name not in FAULTS:
                raise ConfigError(f"server.faults: got {name!r}, there are {names(FAULTS, name)}")
            if not 0 <= share <= 1:
                raise ConfigError(f"server.faults.{name}: got {share!r}, expected a share from 0 to 1")
        if sum(self.faults.values()) > 1 + 1e-9:
            total = sum(self.faults.values())
            raise ConfigError(f"server.faults: the shares add up to {total:g}, expected at most 1")
        if self.spell.fault is not None and self.spell.fault not in FAULTS:
            got = self.spell.fault
            raise ConfigError(f"server.spell.fault: got {got!r}, there are {names(FAULTS, got)}")
