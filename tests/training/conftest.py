"""One tiny run and one tiny model for all tests of this folder."""

import os
import sys
from pathlib import Path

import pytest

os.environ["OMP_NUM_THREADS"] = "1"  # threads of a model this small do nothing but wait for each other

sys.path.append(str(Path(__file__).parent))
from tiny_model import make_model, make_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with twins, a train and a test split."""
    return make_run(tmp_path_factory.mktemp("run") / "run", "users=5", "twins=true")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, run: Path) -> Path:
    """The folder of a tiny Qwen2."""
    return make_model(tmp_path_factory.mktemp("model") / "tiny-qwen2", run)
