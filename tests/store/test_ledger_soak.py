"""The ledger's bars, at a tenth of the million calls that tests/performance/ledger_soak.py is for."""

import subprocess
import sys
from pathlib import Path

import ptool
import pytest

SOAK = Path(ptool.__file__).parent / "tests" / "performance" / "ledger_soak.py"


@pytest.mark.slow
@pytest.mark.alone
def test_a_hundred_thousand_calls(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SOAK), "100000", str(tmp_path)], capture_output=True, text=True, timeout=600
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
