"""One run with everything an export can show: parts, groups, twins, mended and rejected episodes."""

from pathlib import Path

import pytest
from export_bench import run

WORDS = (
    "scenario=tiny", "users=10", "model.slips=0.4", "twins=true", "splits.untrained_users=2",
    "splits.test_share=0.3", "scenario@splits.unseen.scenario=finance", "splits.unseen.users=3",
    "splits.unseen.queries=4", "min_yield=0", "dataset.tools=shared",
)  # fmt: skip


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's folder."""
    return run(tmp_path_factory.mktemp("exports") / "run", *WORDS)
