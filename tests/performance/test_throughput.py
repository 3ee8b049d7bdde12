"""The throughput benchmark measures what it says: every call answered, by each way, on either loop."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

THROUGHPUT = Path(__file__).parent / "throughput.py"
LOOPS = ["asyncio", *(["uvloop"] if importlib.util.find_spec("uvloop") else [])]


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("loop", LOOPS)
def test_a_small_run_of_it(loop, tmp_path):
    """Too small for the bars on efficiency, but the client's CPU is far from what an SDK takes."""
    words = ["--rounds", "1", "--users", "12", "--queries", "10", "--loop", loop, "--folder", tmp_path]
    done = subprocess.run(
        [sys.executable, THROUGHPUT, *words], capture_output=True, text=True, timeout=300, cwd=tmp_path
    )

    print(done.stdout)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    rows = {
        (way, int(width)): (int(calls), float(efficiency))
        for way, width, calls, efficiency in re.findall(
            r"^(\w+) +@ (\d+) +(\d+) +([\d.]+)", done.stdout, re.MULTILINE
        )
    }
    played = rows["whole", 64][0]
    assert played == rows["whole", 256][0] == rows["raw", 256][0] >= 12 * 10 * 3
    assert all(0 < efficiency <= 1 for _, efficiency in rows.values())
    ratios = dict(
        re.findall(r"^(\w+) +@ 256 .*? ([\d.]+)(?: \([^)]*\))? +[\d.]+$", done.stdout, re.MULTILINE)
    )
    assert float(ratios["create"]) < float(ratios["sdk"]) / 3


@pytest.mark.slow
@pytest.mark.alone
def test_a_recording_of_another_run_is_refused(tmp_path):
    """Otherwise refused calls, which cost little, would be measured."""
    words = ["--rounds", "1", "--users", "3", "--queries", "2", "--folder", tmp_path]
    first = subprocess.run([sys.executable, THROUGHPUT, *words], capture_output=True, text=True, timeout=300)
    assert "round 1 of 1" in first.stderr
    (tmp_path / "recording.jsonl").write_text("")

    done = subprocess.run(
        [sys.executable, THROUGHPUT, *words], capture_output=True, text=True, timeout=300, cwd=tmp_path
    )

    assert done.returncode != 0
    assert "round 1" not in done.stderr
