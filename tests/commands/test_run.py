"""`python -m ptool.run` from outside: what it prints, leaves behind and refuses."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from in_process import command
from ptool.store import RunFolder

TINY = ("scenario=tiny", "run.dir=here")
run = partial(command, "run")


def files(folder: Path) -> dict[str, bytes]:
    """What a run derives from its ledger, timings left out."""
    names = ("api_tree.json", "profiles.jsonl", "histories.jsonl", "tasks.jsonl", "episodes.jsonl")
    return {name: (folder / name).read_bytes() for name in (*names, "dataset/samples.jsonl")}


def test_it_ends_with_the_folder_and_the_folder_holds_the_dataset(tmp_path: Path) -> None:
    done = run("scenario=tiny", folder=tmp_path)
    last = done.stdout.splitlines()[-1]
    assert (done.returncode, last[:12]) == (0, "run folder: ")
    folder = tmp_path / last.removeprefix("run folder: ")
    assert folder.parent == tmp_path / "runs"
    assert folder.name.startswith("tiny-")
    assert len((folder / "dataset" / "samples.jsonl").read_bytes().splitlines()) > 0
    documented = (Path(__file__).parents[2] / "runs" / "README.md").read_text()
    undocumented = [
        one.name for one in folder.iterdir() if one.name != "dataset" and one.suffix not in documented
    ]
    assert undocumented == []
    assert {one.name for one in tmp_path.iterdir()} == {"runs"}


def test_the_same_command_makes_nothing_twice_and_another_seed_something_else(tmp_path: Path) -> None:
    run(*TINY, folder=tmp_path)
    first = files(tmp_path / "here")
    assert run(*TINY, "concurrency=1", folder=tmp_path).returncode == 0
    assert files(tmp_path / "here") == first
    run("scenario=tiny", "seed=1", "run.dir=there", folder=tmp_path)
    assert files(tmp_path / "there")["dataset/samples.jsonl"] != first["dataset/samples.jsonl"]


def test_an_interrupted_run_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    words = ("scenario=tiny", "users=12", "queries_per_user=20")
    run(*words, "run.dir=whole", folder=tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "ptool.run", *words, "run.dir=cut"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    while not process.stderr.readline().startswith("episodes: started"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.splitlines()[-1].startswith("interrupted: finished items are safe in cut/ledger.sqlite;")
    assert "Traceback" not in stderr
    assert run(*words, "run.dir=cut", folder=tmp_path).returncode == 0
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


def test_too_low_a_yield_is_status_three_with_the_funnel(tmp_path: Path) -> None:
    done = run(*TINY, "model.slips=1", "min_yield=0.99", folder=tmp_path)
    assert done.returncode == 3
    assert "rule-rejected" in done.stdout
    assert "yield too low" in done.stdout
    assert done.stdout.splitlines()[-1] == "run folder: here"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["checks=[tols]"], "no check 'tols'; there are 'agreement', "),
        (["agent.user.sees=[qury]"], "no view 'qury'; there are 'apis', "),
        (["agent.user.prompt=usr"], "no prompt 'usr.jinja'; there are 'actor.jinja', "),
        (["agent.user.output=ptool.records.Qury"], "Qury"),
        (["agent.user._target_=ptool.agents.Rol"], "agent.user._target_: got 'ptool.agents.Rol'"),
        (["scenario.kit=nowhere"], "'tiny'"),
        (["apis=400"], "apis: got 400"),
        (["run.dir=file/below"], "cannot be used as a run folder"),
    ],
)
def test_a_fault_is_one_line_and_leaves_nothing(words: list[str], line: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("scenario=tiny", *words, folder=tmp_path)
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (done.returncode, [one.name for one in tmp_path.iterdir()]) == (2, ["file"])


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "here", {}):
        done = run(*TINY, folder=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert f"in use by process {os.getpid()}" in done.stderr


def test_termination_is_an_interrupt_with_its_own_status(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "ptool.run", *TINY, "users=48", "queries_per_user=20"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    while not process.stderr.readline().startswith("episodes: started"):
        assert process.poll() is None
    process.terminate()
    assert process.wait(timeout=60) == 143
    assert "interrupted: finished items are safe" in process.stderr.read()
