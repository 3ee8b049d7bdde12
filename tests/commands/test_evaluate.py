"""`python -m ptool.evaluate` from outside: a whole evaluation, killed and resumed ones, sweeps, refusals."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from in_process import command
from ptool.evaluate import main

DERIVED = ("per_sample.jsonl", "scores.json", "scores.csv", "report.md", "report.html")
Here = Callable[..., int]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 40 queries."""
    folder = tmp_path_factory.mktemp("whole")
    command("run", "scenario=tiny", "queries_per_user=10", "run.dir=run", folder=folder)
    return folder / "run"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """`here(*words)`: the command in this process, in an empty folder; returns its exit status."""
    monkeypatch.chdir(tmp_path)

    def evaluated(*words: str) -> int:
        return main(list(words))

    return evaluated


@contextlib.contextmanager
def server(*words: str, folder: Path) -> Iterator[str]:
    """A served scripted model; its base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ptool.serve", "server.port=0", *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process.stdout.readline().removeprefix("serving ").rstrip()
    finally:
        process.kill()
        process.communicate()


def stats(url: str) -> dict[str, int]:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as reply:
        return json.load(reply)


def derived(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in DERIVED}


def kept(folder: Path) -> int:
    return len((folder / "per_sample.jsonl").read_text().splitlines())


@pytest.mark.slow
def test_a_killed_evaluation_goes_on_to_the_same_bytes(run: Path, tmp_path: Path) -> None:
    with server("server.latency=0.1", folder=tmp_path) as url:
        words = [f"data={run}", "model=openai_compatible", "model.model=any", f"model.base_url={url}"]
        words += ["beside=[]", "concurrency=2"]
        process = subprocess.Popen(
            [sys.executable, "-m", "ptool.evaluate", *words, "run.dir=killed"],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while stats(url)["answers"] < 8 and process.poll() is None:
            time.sleep(0.02)
        process.kill()
        assert process.wait() == -9
        assert not (tmp_path / "killed" / "scores.json").exists()
        before = stats(url)["answers"]
        assert 8 <= before < 40

        again = command("evaluate", *words, "run.dir=killed", folder=tmp_path)
        assert again.returncode == 0, again.stderr
        samples = kept(tmp_path / "killed")
        lost = stats(url)["answers"] - samples
        assert 0 <= lost <= 2  # answers that were on their way when it was killed

        whole = command("evaluate", *words, "run.dir=whole", "concurrency=16", folder=tmp_path)
        assert whole.returncode == 0, whole.stderr
    assert derived(tmp_path / "killed") == derived(tmp_path / "whole")


def test_the_served_model_scores_what_the_own_one_scores(here: Here, run: Path, tmp_path: Path) -> None:
    assert here(f"data={run}", "beside=[]", "run.dir=own") == 0
    with server(folder=tmp_path) as url:
        words = ("model=openai_compatible", "model.model=any", f"model.base_url={url}", "beside=[]")
        assert here(f"data={run}", *words, "run.dir=served") == 0
    own, served = ((tmp_path / name / "per_sample.jsonl").read_bytes() for name in ("own", "served"))
    assert own == served


def test_it_ends_with_its_folder_and_says_what_is_beside(
    here: Here, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert here(f"data={run}", "baseline=gold", "n=10") == 0
    printed = capsys.readouterr().out
    folder = Path(printed.splitlines()[-1].removeprefix("evaluation folder: "))
    assert folder.name.startswith("eval-run-")
    assert kept(folder) == 10
    assert (folder / "config.yaml").is_file()
    assert json.loads((folder / "manifest.json").read_text())["counts"]["scored"] == 10
    for name in ("baseline gold", "baseline random", "baseline majority_platform", "baseline scripted"):
        assert name in printed


def test_an_experiment_is_a_sweep_of_its_own_accord(here: Here, run: Path, tmp_path: Path) -> None:
    assert here("experiment=fig3a", f"data={run}", "beside=[]") == 0
    folders = sorted((tmp_path / "runs").iterdir())
    evaluated = [json.loads((one / "scores.json").read_text()) for one in folders]
    shares = {
        one["evaluated"]["variant"]: one["scores"]["overall"]["profile_params"]["value"] for one in evaluated
    }
    assert sorted(shares) == ["all", "no_basic", "no_history", "none"]
    assert shares["all"] > shares["no_history"] > shares["no_basic"] == shares["none"] == 0.0
    assert [one.name for one in tmp_path.iterdir()] == ["runs"]


@pytest.mark.parametrize(
    ("name", "key", "value"), [("table3", "variant", "none"), ("unseen", "group", "unseen")]
)
def test_an_experiment_may_be_a_single_job(
    here: Here, run: Path, tmp_path: Path, name: str, key: str, value: str
) -> None:
    assert here(f"experiment={name}", f"data={run}", "baseline=gold", "beside=[]", "run.dir=here") == 0
    assert f"{key}: {value}" in (tmp_path / "here" / "config.yaml").read_text().splitlines()
    section = json.loads((tmp_path / "here" / "scores.json").read_text())["scores"]
    assert ("unseen" in section) is (name == "unseen")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "config error: data: missing; give it on the command line: data=…"),
        (["data=nowhere"], "error: nowhere: no such file or folder"),
        (["data=RUN", "predictions=nowhere"], "error: nowhere: cannot be read: No such file or directory"),
        (["data=RUN", "baseline=glod"], "config error: baseline: got 'glod', expected 'random' or "),
        (["data=RUN", "variant=no_basics"], "config error: variant: got 'no_basics', expected 'all' or "),
        (["data=RUN", "n=0"], "config error: n: got 0"),
        (["data=RUN", "varient=all"], "did you mean 'variant'?"),
        (["data=RUN", "experiment=fig3"], "there are 'fig3a', "),
        (["data=RUN", "model=openai_compatible"], "config error: model.model: missing"),
        (["data=empty"], "empty: holds no records, expected at least one sample"),
        (["data=junk"], "junk:1: not JSON"),
        (["data=RUN", "+sampling.model=dearer", "model=openai_compatible", "model.model=m",
          "model.base_url=http://127.0.0.1:9/v1"], "config error: sampling.model: may not be set here"),
    ],
)  # fmt: skip
def test_a_fault_is_one_line(
    here: Here, run: Path, words: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "junk").write_text("junk\n")
    assert here(*(word.replace("RUN", str(run)) for word in words)) == 2
    printed = capsys.readouterr()
    refusals = [one for one in printed.err.splitlines() if "error: " in one]
    assert line in refusals[-1]
    assert (printed.out, len(refusals)) == ("", 1)
    assert "Traceback" not in printed.err
