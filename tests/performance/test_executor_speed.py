"""What is left to one process of a run is little, whatever else the machine does."""

import pytest
from executor_speed import pair

WORDS = ["scenario=shopping", "users=12", "queries_per_user=40", "strangers=1", "audit.samples=20"]


@pytest.mark.slow
@pytest.mark.alone
def test_workers_do_most_of_the_work() -> None:
    local, process = pair(WORDS, 2)
    assert process.workers > process.own
    assert process.own + process.workers < 2 * local.own  # what it costs to have workers at all
