"""`python -m ptool.review`: export, import and findings in a process, and one line for every fault."""

import shutil
from pathlib import Path

import pytest
from in_process import command
from ptool.review import main, with_action
from ptool.reviews import CriteriaReview, ReviewDraft, ReviewStore
from ptool.run import main as run_main


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that nobody has reviewed."""
    folder = tmp_path_factory.mktemp("review")
    assert run_main(["scenario=tiny", "scale=smoke", f"run.dir={folder / 'run'}"]) == 0
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "run", tmp_path / "run")
    return tmp_path


def accept_all(run: Path) -> int:
    with ReviewStore(run) as store:
        for id in store.assignment.order:
            content = CriteriaReview(query="ok", platform="ok", calls="ok")
            store.save(ReviewDraft(sample=id, task="criteria", annotator="Ada", base=0, content=content))
        return len(store.assignment.order)


def test_the_first_word_is_the_action() -> None:
    assert with_action(["export", "run=a"]) == ["action=export", "run=a"]
    assert with_action(["run=a", "export"]) == ["run=a", "export"]
    assert with_action([]) == []


def test_what_people_verified_is_exported_and_evaluated(place: Path) -> None:
    count = accept_all(place / "run")
    done = command("review", "export", "run=run", folder=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{count} samples: {count} accepted" in done.stdout
    assert done.stdout.splitlines()[-1] == "verified dataset: run/verified"
    evaluated = command("evaluate", "data=run", "baseline=gold", "beside=[]", folder=place)
    assert evaluated.returncode == 0
    said = f"the verified set: {count} accepted by people of {count} samples; data=run/dataset takes"
    assert f"{said} the original" in evaluated.stdout
    original = command("evaluate", "data=run/dataset", "baseline=gold", "beside=[]", folder=place)
    assert original.returncode == 0 and "verified" not in original.stdout


def test_a_sheet_goes_out_and_comes_in(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, sheet = place / "run", place / "a.csv"
    count = accept_all(run)
    assert main(["export", f"run={run}", "format=csv", f"file={sheet}"]) == 0
    assert main(["import", f"run={run}", "format=csv", f"file={sheet}"]) == 0
    assert f"0 reviews taken over from {sheet}, {count} stood already" in capsys.readouterr().out


def test_people_are_heard_where_a_sample_is_explained(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ptool.explain import main as explain

    run = place / "run"
    with ReviewStore(run) as store:
        id = store.assignment.order[0]
        content = CriteriaReview(query="reject", platform="ok", calls="ok")
        draft = ReviewDraft(sample=id, task="criteria", annotator="Ada", base=0, content=content)
        store.save(draft.model_copy(update={"comment": "No."}))
    files = sorted(file.name for file in run.iterdir())
    assert explain([f"run={run}", f"sample={id}"]) == 0
    shown = capsys.readouterr().out
    assert "people: rejected" in shown and "Ada" in shown and "No." in shown
    assert explain([f"run={run}", f"sample={id}", "format=json"]) == 0
    assert '"state": "rejected"' in capsys.readouterr().out
    assert sorted(file.name for file in run.iterdir()) == files


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export",), "config error: run: missing"),
        (("export", "run=nowhere"), "error: nowhere: no such folder, expected one that ptool.run made"),
        (
            ("export", "run=run"),
            "error: run/reviews.sqlite: does not exist, nobody has reviewed this run yet",
        ),
        (("findings", "run=run"), "error: run/reviews.sqlite: does not exist"),
        (("import", "run=run"), "config error: format: got 'verified' with import"),
        (
            ("export", "run=run", "format=csv"),
            "config error: file: got None with format=csv, expected",
        ),
        (("import", "run=run", "format=csv", "file=none.csv"), "error: none.csv: cannot be read"),
        (("import", "run=run", "format=tsv", "file=a"), "config error: format: got 'tsv', expected"),
        (
            ("export", "run=run", "format=csv", "file=a.csv", "parts=[test]"),
            "config error: parts: got 'test'",
        ),
        (("export", "run=run", "format=csv", "file=a.csv", "readers=1"), "config error: readers: got 1"),
        (("export", "run=run", "format=csv", "file=a.csv", "annotators=['A\u202e']"), "error: "),
    ],
)
def test_faults_are_said_in_one_line(place: Path, words: tuple[str, ...], message: str) -> None:
    done = command("review", *words, folder=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (place / "run/verified").exists() and not (place / "a.csv").exists()
