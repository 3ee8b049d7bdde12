"""How the mock server behaves: the options, and the injector that decides request by request.

How fast it answers, how much it takes, and which requests get one of the faults of `faults.py`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from ...errors import ConfigError, names
from .faults import FAULTS

_MINUTE = 60.0


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


class FaultInjector:
    """Decides, request by request, whether one is taken, how long it takes and which fault it gets.

    Shares of faults and jitter are drawn from the request's content and the seed, so the order of requests
    does not matter.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._shares = [(name, options.faults[name]) for name in FAULTS if options.faults.get(name)]
        self.reset()

    def reset(self) -> None:
        """As if nothing had been asked yet."""
        self._faults_of: Counter[bytes] = Counter()
        self._times_taken: deque[float] = deque()
        self._spell_ends: float | None = None
        self._requests = 0

    def retry_after(self, now: float, in_flight: int) -> float | None:
        """Seconds after which to ask again, where the request is one too many; None: it is taken.

        Args: now: seconds of a steady clock; in_flight: requests under way, this one included.
        """
        limit = self._options.requests_per_minute
        if self._options.concurrency is not None and in_flight > self._options.concurrency:
            return max(self._options.latency, 0.1)
        if limit is None:
            return None
        while self._times_taken and self._times_taken[0] <= now - _MINUTE:
            self._times_taken.popleft()
        if len(self._times_taken) >= limit:
            return self._times_taken[0] + _MINUTE - now
        self._times_taken.append(now)
        return None

    def latency_and_fault(self, key: bytes, times: int, now: float) -> tuple[float, str | None]:
        """Latency in seconds and the fault, if any, of a request that was taken.

        Args: key: stands for its content; times: how often the same was asked before; now: as above.
        """
        self._requests += 1
        spell = self._options.spell if self._in_spell(now) else None
        latency = self._latency(key, times) * (spell.latency_factor if spell else 1.0)
        return latency, spell.fault if spell and spell.fault else self._fault(key, times)

    def _in_spell(self, now: float) -> bool:
        spell = self._options.spell
        if spell.after is None or self._requests <= spell.after:
            return False
        if self._spell_ends is None:
            self._spell_ends = now + spell.seconds
        return now < self._spell_ends

    def _latency(self, key: bytes, times: int) -> float:
        latency, jitter = self._options.latency, self._options.jitter
        return latency * (1 + jitter * (2 * self._draw(b"latency", key, times) - 1)) if jitter else latency

    def _fault(self, key: bytes, times: int) -> str | None:
        options = self._options
        if not self._shares or (options.fault_times and self._faults_of[key] >= options.fault_times):
            return None
        left = self._draw(b"fault", key, times)
        for name, share in self._shares:
            left -= share
            if left < 0:
                self._faults_of[key] += 1
                return name
        return None

    def _draw(self, purpose: bytes, key: bytes, times: int) -> float:
        """A number in [0, 1)."""
        text = b"%b:%d:%d:" % (purpose, self._options.seed, times) + key
        return int.from_bytes(blake2b(text, digest_size=7).digest(), "big") / 2**56
