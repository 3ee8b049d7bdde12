"""A stranger's working folder."""

from pathlib import Path

import pytest
from acceptance_bench import Bench, bench


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An empty working folder and the command in it."""
    return bench(tmp_path, monkeypatch)
