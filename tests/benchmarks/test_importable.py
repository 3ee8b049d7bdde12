"""What only slow tests start would otherwise break unseen."""

import subprocess
import sys
from pathlib import Path

import ptool

BENCHMARKS = Path(ptool.__file__).parent / "benchmarks"


def test_every_benchmark_can_be_imported():
    names = sorted(one.stem for one in BENCHMARKS.glob("*.py"))
    done = subprocess.run(
        [sys.executable, "-c", "import " + ", ".join(names)],
        cwd=BENCHMARKS, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "throughput" in names
    assert done.returncode == 0, done.stderr[-2000:]
