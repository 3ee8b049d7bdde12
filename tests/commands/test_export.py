"""`python -m ptool.export`: the folder it leaves, and one line for every fault."""

from pathlib import Path

import pytest
from in_process import command


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run."""
    folder = tmp_path_factory.mktemp("export")
    assert command("run", "scenario=tiny", "run.dir=run", folder=folder).returncode == 0
    return folder


def test_a_run_becomes_a_task(place: Path) -> None:
    first, second = (command("export", "data=run", "n=7", folder=place) for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "") and first.stdout == second.stdout
    task = place / first.stdout.splitlines()[-1].removeprefix("export folder: ")
    assert task.parent.name == "runs" and task.name.startswith("lm-eval-run-")
    assert {one.name for one in task.glob("[!.]*")} == {
        "ptbench.yaml", "utils.py", "samples.jsonl", "manifest.json",
    }  # fmt: skip
    assert len((task / "samples.jsonl").read_text().splitlines()) == 7


def test_what_was_written_is_said(place: Path) -> None:
    done = command("export", "run=run", "format=kto", "n=4", "out=kto", folder=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "8 records as kto of samples, 4 corruptions\nexport folder: kto\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "config error: data: missing"),
        (("data=nowhere",), "error: nowhere: no such file or folder"),
        (("data=run", "answer=native"), "config error: answer: got 'native' with format=lm_eval"),
        (("data=run", "format=native"), "config error: format: got 'native', expected 'lm_eval' or"),
        (("data=run", "run=run"), "config error: run: got a run and data too"),
        (("data=run", "kind=bcfl"), "config error: data kind 'bcfl'"),
        (("data=run", "out=run"), "error: run: "),
        (
            ("run=run", "format=jsonl", "parts=[test]"),
            "config error: parts: got 'test', run/dataset has 'samples'",
        ),
    ],
)
def test_faults_are_said_in_one_line(place: Path, words: tuple[str, ...], message: str) -> None:
    done = command("export", *words, folder=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message) and len(done.stderr.splitlines()) == 1
