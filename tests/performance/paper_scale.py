"""The five training scenarios at the paper's scale (Table 5): time, memory and the figures of the dataset.

`python paper_scale.py [FOLDER]` runs `scenario=training scale=paper` in a process of its own and
prints every figure beside its target; the exit status is 1 where one is missed.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import figures
from measures import peak

TARGETS: dict[str, tuple[float, float]] = {
    "wall seconds": (0, 300),
    "peak RSS MB": (0, 500),
    "samples": (8_197, 1_000_000),
    "acceptance": (0.90, 1),
    "parameters a sample": (3.25, 4.05),
    "profile share": (0.55, 0.65),
    "users with varying preference": (0.60, 1),
    "platforms used": (1, 1),
    "APIs used": (0.95, 1),
    "near-duplicate queries": (0, 0.02),
    "samples that tell a latent value": (0, 0),
}


def main() -> int:
    """Run, measure, compare."""
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="ptool-paper-scale-")
    command = [sys.executable, "-m", "ptool.run", "scenario=training", "scale=paper", f"run.dir={folder}"]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = {
        "wall seconds": time.perf_counter() - started,
        "peak RSS MB": peak(resource.RUSAGE_CHILDREN),
        **figures(Path(folder)),
    }
    missed = 0
    for name, value in found.items():
        low, high = TARGETS.get(name, (value, value))
        ok = low <= value <= high
        missed += not ok
        wanted = f"   wanted {low:g} to {high:g}" if name in TARGETS else ""
        print(f"{'' if ok else 'MISSED ':7}{name:<36}{value:>12.3f}{wanted}")
    print(f"run folder: {folder}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
