"""`python -m ptool.experiment`: from data to the table beside the printed one, and on from where it ended."""

from pathlib import Path

import pytest
from in_process import command

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment of one's own on a tiny dataset, that was done once."""
    place = tmp_path_factory.mktemp("experiment")
    (place / "mine" / "sequence").mkdir(parents=True)
    text = "title: Mine\ndata: [scenario=tiny, users=2, queries_per_user=2]\nleaves: a table\n"
    text += "evaluations: [{shown: all}, {shown: none}]\n"
    (place / "mine" / "sequence" / "small.yaml").write_text(text)
    finished = command("experiment", "small", "--config-dir", "mine", folder=place)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.endswith("Mine: a table\nexperiment folder: runs/small\n")
    return place


def test_it_leaves_the_papers_table(done: Path) -> None:
    page = (done / "runs" / "small" / "compare" / "leaderboard.md").read_text()
    assert "Table 2. " in page and "(quoted)" in page and "scripted, w/o Basic&History" in page


def test_what_was_done_is_not_done_again(done: Path) -> None:
    before = (done / "runs" / "small" / "data" / "run.log").read_bytes()
    again = command("experiment", "small", "--config-dir", "mine", folder=done)
    assert again.returncode == 0 and "step 1 of 4: runs/small/data is there" in again.stdout
    assert (done / "runs" / "small" / "data" / "run.log").read_bytes() == before


def test_a_step_that_fails_ends_it_with_its_status(done: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ("small", "--config-dir", "mine", "ask=[n=0]", "run.dir=x", "data=runs/small/data")
    failed = command("experiment", *words, folder=done)
    steps = capfd.readouterr().err  # they are processes
    assert failed.returncode == 2 and "config error: n: got 0" in steps
    assert "error: step 1 of 3 (ptool.evaluate) ended with status 2; the same command" in failed.stderr
    assert "Traceback" not in steps + failed.stderr
