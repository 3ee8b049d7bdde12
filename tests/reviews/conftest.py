"""Two runs that are reviewed: one whole, one split and in the shared form, with people held out."""

from pathlib import Path

import pytest
from ptool.run import main
from review_bench import WHOLE

SPLIT = (
    "scenario=tiny", "users=8", "queries_per_user=6", "model.slips=0.4", "min_yield=0", "seed=5",
    "splits.untrained_users=2", "splits.test_share=0.3", "scenario@splits.unseen.scenario=finance",
    "splits.unseen.users=3", "splits.unseen.queries=4", "consistency=2", "gates=[round_trip]",
    "dataset.tools=shared",
)  # fmt: skip


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples in one file, tools in each of them. Not to be written to."""
    folder = tmp_path_factory.mktemp("reviewed") / "run"
    assert main([*WHOLE, f"run.dir={folder}"]) == 0
    return folder


@pytest.fixture(scope="session")
def split_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A split run with shared tools, second solvers and another scenario held out. Not to be written to."""
    folder = tmp_path_factory.mktemp("reviewed") / "run"
    assert main([*SPLIT, f"run.dir={folder}"]) == 0
    return folder
