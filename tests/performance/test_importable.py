"""What only slow tests start would otherwise break unseen."""

import subprocess
import sys
from pathlib import Path

PERFORMANCE = Path(__file__).parent


def test_every_benchmark_can_be_imported():
    names = sorted(one.stem for one in PERFORMANCE.glob("*.py") if not one.stem.startswith("test_"))
    done = subprocess.run(
        [sys.executable, "-c", "import " + ", ".join(names)],
        cwd=PERFORMANCE, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "throughput" in names
    assert done.returncode == 0, done.stderr[-2000:]
