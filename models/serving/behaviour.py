"""When an endpoint answers and what befalls a request, drawn from its content and never from the clock.

Only limits and the spell look at the time. It knows no HTTP and no model.
"""

from __future__ import annotations

from collections import Counter, deque
from hashlib import blake2b

from .faults import FAULTS
from .options import Options

_MINUTE = 60.0


class Behaviour:
    """Decides, request by request.

    Args: options: what was set.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._shares = [(name, options.faults.get(name, 0.0)) for name in FAULTS if options.faults.get(name)]
        self.reset()

    def reset(self) -> None:
        """As if nothing had been asked yet."""
        self._hit: Counter[bytes] = Counter()
        self._taken: deque[float] = deque()
        self._spell_ends: float | None = None
        self._requests = 0

    def wait(self, now: float, in_flight: int) -> float | None:
        """Seconds after which to come again, where the request is one too many; None: it is taken.

        Args: now: seconds of a steady clock; in_flight: requests under way, this one included.
        """
        limit = self._options.requests_per_minute
        if self._options.concurrency is not None and in_flight > self._options.concurrency:
            return max(self._options.latency, 0.1)
        if limit is None:
            return None
        while self._taken and self._taken[0] <= now - _MINUTE:
            self._taken.popleft()
        if len(self._taken) >= limit:
            return self._taken[0] + _MINUTE - now
        self._taken.append(now)
        return None

    def next(self, key: bytes, times: int, now: float) -> tuple[float, str | None]:
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
        if not self._shares or (options.fault_times and self._hit[key] >= options.fault_times):
            return None
        drawn = self._draw(b"fault", key, times)
        for name, share in self._shares:
            drawn -= share
            if drawn < 0:
                self._hit[key] += 1
                return name
        return None

    def _draw(self, what: bytes, key: bytes, times: int) -> float:
        """A number in [0, 1)."""
        text = b"%b:%d:%d:" % (what, self._options.seed, times) + key
        return int.from_bytes(blake2b(text, digest_size=7).digest(), "big") / 2**56
