"""What the scripts of this folder have in common: memory, load, and how a figure grows with what it is of."""

from __future__ import annotations

import json
import math
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory


def resident() -> float:
    """Megabytes of memory this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak(who: int = resource.RUSAGE_SELF) -> float:
    """MiB this process, or the largest of its children, has used at most."""
    return resource.getrusage(who).ru_maxrss / 1024


def processor_seconds() -> float:
    """User and system time of this process, and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def load() -> str:
    """The load averages: figures by the clock tell more about the neighbours where they are high."""
    return " ".join(f"{average:.2f}" for average in os.getloadavg())


_YARDSTICK_MS = 18.0
"""What `yardstick` takes on the idle machine that the bars in milliseconds were set on."""


@cache
def _scattered() -> tuple[list[dict[int, tuple[int, int]]], list[int]]:
    """Records that fit into no cache, and an order to read them in."""
    records = [{key: (place, key) for key in range(10)} for place in range(30_000)]
    return records, random.Random(0).sample(range(len(records)), len(records))


def yardstick() -> float:
    """How many times slower this machine is now than the one that bars in milliseconds were set on.

    From reading scattered records, for busy neighbours cost such work as ptool's most in the caches that they
    share. A bar times this holds beside them and on an older processor; a slower ptool still misses it.
    """
    records, order = _scattered()
    begun = time.process_time()
    assert sum(records[place][3][1] for place in order) == 3 * len(order)
    return (time.process_time() - begun) * 1000 / _YARDSTICK_MS


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note the processor's seconds that a block takes."""
    begun = time.process_time()
    yield
    seconds[name] = time.process_time() - begun


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """How a figure grows: values ~ sizes ** exponent, by least squares of the logarithms; None: unknown.

    0: whatever the size; 1: in proportion to it; 2: with its square.
    """
    points = [
        (math.log(size), math.log(value)) for size, value in zip(sizes, values, strict=True) if value > 0
    ]
    mean = sum(x for x, _ in points) / max(len(points), 1)
    spread = sum((x - mean) ** 2 for x, _ in points)
    return sum((x - mean) * y for x, y in points) / spread if spread else None


def in_own_process(
    script: str, size: int, package: Path | None = None, folder: Path | None = None
) -> dict[str, float]:
    """What the `probe` of a script of this folder measures, in a process of its own: figure -> number.

    A figure called `CPU, …` is the processor's time for one of what is counted, which depends least on the
    neighbours.

    Args:
        size: of what it counts.
        package: folder that holds the `ptool` to measure; None: the one that is installed.
        folder: keeps what may serve again; None: a temporary one.

    Raises:
        ProbeError: it cannot be measured there.
    """
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    path = {"PYTHONPATH": str(package)} if package else {}
    with TemporaryDirectory(prefix="ptool-bench-") as scratch:
        words = [sys.executable, __file__, script, str(size), str(folder or scratch)]
        done = subprocess.run(words, env=os.environ | path, capture_output=True, text=True)
    if done.returncode:
        raise ProbeError((done.stderr.strip().splitlines() or ["no word why"])[-1][:200])
    found = json.loads(done.stdout.splitlines()[-1])
    if package and not Path(found["package"]).resolve().is_relative_to(package.resolve()):
        raise ProbeError(f"{found['package']} was measured, and not the ptool in {package}")
    return found["figures"]


class ProbeError(Exception):
    """Why something cannot be measured."""


if __name__ == "__main__":
    import ptool

    _script, _size, _folder = sys.argv[1:]
    _figures = import_module(_script).probe(int(_size), Path(_folder))
    print(json.dumps({"figures": _figures, "package": ptool.__file__}))
