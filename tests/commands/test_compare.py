"""`python -m ptool.compare`: plain words, one line for every fault, and the files it leaves."""

from pathlib import Path

import pytest
from in_process import command


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run and two evaluations of it, one of them with a name that is hard to write."""
    folder = tmp_path_factory.mktemp("compare")
    assert command("run", "scenario=tiny", "run.dir=run", folder=folder).returncode == 0
    for baseline in ("gold", "majority_platform"):
        words = ("data=run", f"baseline={baseline}", "beside=[]", f"run.dir={baseline}")
        done = command("evaluate", *words, folder=folder)
        assert done.returncode == 0, done.stderr
    (folder / "majority_platform").rename(folder / "it's = majority")
    return folder


def test_plain_words_are_evaluations(place: Path) -> None:
    done = command("compare", "gold", "it's = majority", "run.dir=out", folder=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "comparison folder: out"
    assert "gold" in done.stdout and "majority_platform" in done.stdout
    names = {str(one.relative_to(place / "out")) for one in (place / "out").rglob("[!.]*") if one.is_file()}
    assert names == {
        "leaderboard.md", "leaderboard.tex", "leaderboard.html", "leaderboard.csv", "tests.csv",
        "pictures/leaderboard.svg"
    }  # fmt: skip


def test_a_comparison_without_a_folder_goes_to_runs(place: Path) -> None:
    first, second = (command("compare", "evaluations=[gold]", folder=place) for _ in range(2))
    assert first.stdout == second.stdout and first.returncode == second.returncode == 0
    assert first.stdout.splitlines()[-1].startswith("comparison folder: runs/compare-")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "config error: evaluations: missing"),
        (("nowhere",), "error: nowhere: no such folder"),
        (("run",), "error: run: holds no scores.json"),
        (("gold", "gold"), "config error: evaluations: got 'gold' twice"),
        (("gold", "seed=x"), "config error: seed: got 'x'"),
        (("gold", "sed=1"), "config error: sed: no such key"),
        (("gold", "sizes=[0]"), "config error: sizes.0: got 0"),
        (("gold", "run.dir=run"), "error: run: "),
    ],
)
def test_faults_are_said_in_one_line(place: Path, words: tuple[str, ...], message: str) -> None:
    done = command("compare", *words, folder=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message) and len(done.stderr.splitlines()) == 1
