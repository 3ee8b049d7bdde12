"""The project's own bars, measured by the commands in this folder."""

import subprocess
import sys
from pathlib import Path

import pytest

PERFORMANCE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.alone
def test_trees_take_no_more_than_n_log_n():
    words = [sys.executable, str(PERFORMANCE / "tree_scale.py"), "1000", "10000"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=1200)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize(
    "name", ["start_up", "paper_scale", "paper_experiment", "framework_cost", "assignment", "export_speed"]
)
def test_the_bar_is_met(name, tmp_path):
    arguments = [str(tmp_path / "run")] if name.startswith("paper") else []
    done = subprocess.run(
        [sys.executable, str(PERFORMANCE / f"{name}.py"), *arguments],
        capture_output=True, text=True, timeout=1200, cwd=tmp_path,
    )  # fmt: skip

    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
