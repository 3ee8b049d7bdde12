"""How the mock server behaves: the injector that decides request by request.

How fast it answers, how much it takes, and which requests get one of the faults of `faults.py`. What can be
set is `ptool.settings.MockServerOptions`.
"""

from __future__ import annotations

from collections import Counter, deque
from hashlib import blake2b

from ...errors import ConfigError, names
from ...settings import MockServerOptions
from .faults import FAULTS

_MINUTE = 60.0


class FaultInjector:
    """Decides, request by request, whether one is taken, how long it takes and which fault it gets.

    Shares of faults and jitter are drawn from the request's content and the seed, so the order of requests
    does not matter.
    """

    def __init__(self, options: MockServerOptions) -> None:
        _check_faults(options)
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


def _check_faults(options: MockServerOptions) -> None:
    for name in options.faults:
        if name not in FAULTS:
            raise ConfigError(f"server.faults: got {name!r}, there are {names(FAULTS, name)}")
    if (total := sum(options.faults.values())) > 1 + 1e-9:
        raise ConfigError(f"server.faults: the shares add up to {total:g}, expected at most 1")
    if (fault := options.spell.fault) is not None and fault not in FAULTS:
        raise ConfigError(f"server.spell.fault: got {fault!r}, there are {names(FAULTS, fault)}")
