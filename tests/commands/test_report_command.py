"""`python -m ptool.report`: what it writes and says, and how it refuses."""

import os
from functools import partial
from pathlib import Path

import pytest
from in_process import command

report = partial(command, "report")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run in it, 'run'."""
    folder = tmp_path_factory.mktemp("here")
    made = command("run", "scenario=tiny", "run.dir=run", folder=folder)
    assert made.returncode == 0, made.stderr
    return folder


def test_it_writes_the_page_and_says_where(here: Path) -> None:
    done = report("run=run", folder=here)
    assert (done.returncode, done.stdout, done.stderr) == (0, "report: run/report.html\n", "")
    page = (here / "run" / "report.html").read_bytes()
    assert page.startswith(b"<!doctype html>") and page.rstrip().endswith(b"</html>")
    assert b"Every argument of the answer has a number" in page and b"The parts add up." in page
    assert report("run=run", "out=other.html", folder=here).stdout == "report: other.html\n"
    assert (here / "other.html").read_bytes() == page
    assert list(here.rglob("*.tmp")) == []


def test_the_run_goes_on_as_if_there_were_no_report(here: Path) -> None:
    again = command("run", "scenario=tiny", "run.dir=run", folder=here)
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "config error: run: missing"),
        (["run=nowhere"], "error: nowhere: no such folder"),
        (["run=."], "error: .: not a run folder"),
        (["run=empty"], "error: empty: not finished"),
        (["run=run", "out=nowhere/page.html"], "error: nowhere/page.html: cannot be written"),
        (["run=run", "out=run"], "error: run: cannot be written"),
        (["run=run", "oot=page.html"], "oot"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(here: Path, words: list[str], said: str) -> None:
    (here / "empty").mkdir(exist_ok=True)
    (here / "empty" / ".ptool-run.json").write_text('{"format": 1, "identity": {}}')
    done = report(*words, folder=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_a_run_folder_that_cannot_be_written_keeps_its_old_page(here: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may write everywhere")
    page = here / "run" / "report.html"
    page.write_text("old")
    (here / "run").chmod(0o500)
    try:
        assert report("run=run", folder=here).returncode == 2
        assert page.read_text() == "old"
    finally:
        (here / "run").chmod(0o700)


def test_help_is_quick_and_explains(tmp_path: Path) -> None:
    done = report("--help", folder=tmp_path)
    assert done.returncode == 0 and "out=page.html" in done.stdout
