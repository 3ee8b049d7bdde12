"""How long a newcomer waits: `--help`, and the default run. Medians of five and of three, in whole processes.

`python start_up.py` prints both beside their bars; the exit status is 1 where one is missed. A yardstick in
the same run stands for the machine that the bars were set on.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from measures import yardstick


def seconds(*words: str) -> float:
    """Wall time of one `python -m ptool.run`."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "ptool.run", *words], check=True, capture_output=True)
    return time.perf_counter() - started


def probe(_size: int, folder: Path) -> dict[str, float]:
    """What a newcomer waits for: help, and the default run."""
    found: dict[str, float] = {}
    for name, words in {"--help": ["--help"], "default run": [f"run.dir={folder / 'run'}"]}.items():
        before = getrusage(RUSAGE_CHILDREN)
        found[f"{name}, s"] = seconds(*words)
        after = getrusage(RUSAGE_CHILDREN)
        found[f"CPU, s, {name}"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return found


def main() -> int:
    """Measure and compare."""
    yardstick()  # what it reads is made now
    slow = [yardstick()]
    with tempfile.TemporaryDirectory(prefix="ptool-start-up-") as folder:
        runs = [seconds(f"run.dir={Path(folder) / str(number)}") for number in range(3)]
    slow.append(yardstick())
    found = {"--help": ([seconds("--help") for _ in range(5)], 1.5), "default run": (runs, 15.0)}
    slow.append(yardstick())
    missed = 0
    for name, (times, bar) in found.items():
        median, most = statistics.median(times), bar * max(statistics.median(slow), 1)
        missed += median > most
        print(f"{name:<12}{median:>7.2f} s (wanted at most {bar:g}, here {most:.2f})")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
