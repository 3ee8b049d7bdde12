"""executor=process beside executor=local: wall time in turns, and where the processor time goes.

    python executor_speed.py [--pairs 3] [--workers 2] [KEY=VALUE …]

The words are those of a run; without any: experiment=paper. The ratio of wall times is that of a machine with
nothing else to do; the share of processor time that workers spend holds on a busy one, too, and bounds the
ratio (Amdahl: 1 / (1 - share + share / workers)).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

TOLD = """
import resource, sys
from pathlib import Path
from ptool.cli.start import exit_with
from ptool.run import main

def told():
    status = main(sys.argv[2:])
    times = [sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    Path(sys.argv[1]).write_text(" ".join(map(str, times)))
    return status

exit_with(told)
"""


@dataclass(frozen=True)
class Measured:
    """One run."""

    wall: float
    own: float
    """processor seconds of the run's own process"""
    workers: float

    @property
    def share(self) -> float:
        """Part of the processor time that workers spend."""
        return self.workers / (self.own + self.workers)


def measured(words: list[str], folder: Path) -> Measured:
    """Run once, into a folder of its own."""
    figures = folder / "figures"
    command = [sys.executable, "-c", TOLD, str(figures), *words, f"run.dir={folder / 'run'}", "min_yield=0"]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    own, workers = map(float, figures.read_text().split())
    return Measured(wall, own, workers)


def pair(words: list[str], workers: int) -> tuple[Measured, Measured]:
    """A run of each kind, one after the other."""
    with tempfile.TemporaryDirectory() as local, tempfile.TemporaryDirectory() as process:
        return (
            measured([*words, "executor=local"], Path(local)),
            measured([*words, "executor=process", f"workers={workers}"], Path(process)),
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("words", nargs="*", default=[])
    given = parser.parse_args()
    ratios = []
    for _ in range(given.pairs):
        local, process = pair(given.words or ["experiment=paper"], given.workers)
        ratios.append(local.wall / process.wall)
        print(
            f"local {local.wall:.1f} s ({local.own:.1f} s of processor), process {process.wall:.1f} s "
            f"({process.own:.1f} + {process.workers:.1f} s), ratio {ratios[-1]:.2f}, workers' share "
            f"{process.share:.0%}, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    print(f"median ratio {median(ratios):.2f}")


if __name__ == "__main__":
    main()
