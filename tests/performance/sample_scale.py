"""How time, memory and disk grow with the samples of a run of the scripted model in its slim form.

    python sample_scale.py [SAMPLES ...]       2000 10000, if none are given; 1000000 take hours

Each size is a run of five scenarios in a process of its own (`dataset.tools=shared`, a hundred queries a
user). Printed are processor's milliseconds and kilobytes on disk a sample, and the peak of memory; the exit
status is 1 where the largest run makes less than 90 % of the samples a second (of the processor) that the one
before makes, or has more than 300 MiB in memory.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from measures import exponent, in_own_process, peak

SIZES = (2_000, 10_000)
QUERIES = 100
"""Of a user."""
LEAST = 0.9
COST, MEMORY = "CPU, ms a sample", "peak memory, MiB"
MOST_MEMORY = 300


def probe(samples: int, folder: Path) -> dict[str, float]:
    """Make a dataset; what it took. In a process that has no other children."""
    words = [
        "scenario=training",
        f"users={max(samples // QUERIES, 1)}",
        f"queries_per_user={min(samples, QUERIES)}",
        "dataset.tools=shared",
        f"run.dir={folder / 'run'}",
    ]
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "ptool.run", *words], check=True, stdout=subprocess.DEVNULL)
    wall, used = time.perf_counter() - begun, getrusage(RUSAGE_CHILDREN)
    with (folder / "run" / "dataset" / "index.jsonl").open("rb") as lines:
        made = sum(1 for _ in lines)
    disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return {
        COST: (used.ru_utime + used.ru_stime) / made * 1e3,
        "samples a second": made / wall,
        MEMORY: peak(RUSAGE_CHILDREN),
        "disk, kB a sample": disk / made / 1e3,
    }


def main(words: list[str]) -> int:
    """Run every size and compare."""
    sizes = [int(word) for word in words] or list(SIZES)
    found = [in_own_process("sample_scale", size) for size in sizes]
    for name in found[0]:
        values = [figures[name] for figures in found]
        grown = exponent(sizes, values)
        shown = "" if grown is None else f"{grown:>8.2f}"
        print(f"{name:<20}", *(f"{value:>12,.2f}" for value in values), shown)
    slower = len(found) > 1 and LEAST * found[-1][COST] > found[-2][COST]
    return int(slower or found[-1][MEMORY] > MOST_MEMORY)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
