"""Ten thousand samples: the script that measures a review runs, and memory stays small."""

import re
import subprocess
import sys
from pathlib import Path

import ptool
import pytest

SCRIPT = Path(ptool.__file__).parent / "tests" / "performance" / "review_speed.py"


@pytest.mark.slow
def test_ten_thousand_samples_fit_into_150_mb(split_run: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(split_run)], capture_output=True, text=True, timeout=900
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "opening 10,000 samples" in done.stdout
    (peak,) = re.findall(r"peak memory so far: (\d+) MB", done.stdout)
    assert int(peak) <= 150
