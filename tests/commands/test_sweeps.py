"""A sweep, whoever launches it: a run folder for every combination, a line a run, the worst status."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from in_process import command

SMALL = ("users=1", "queries_per_user=2")
SWEEP = ("--multirun", "scenario=tiny,shopping", *SMALL)


def sweep_in_processes(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A sweep by joblib, from a process of its own, whose output its workers share."""
    program = [sys.executable, "-m", "ptool.run", *words, "hydra/launcher=joblib"]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=300)


def datasets(folder: Path) -> dict[str, bytes]:
    """Scenario -> the samples of its run."""
    files = (folder / "runs").glob("*/dataset/samples.jsonl")
    return {file.parts[-3].partition("-")[0]: file.read_bytes() for file in files}


def test_every_combination_has_its_run_and_its_line(tmp_path: Path) -> None:
    done = command("run", "-m", "scenario=tiny", SMALL[1], "seed=1,2", "users=0,1", folder=tmp_path)
    lines = done.stdout.splitlines()[-4:]
    assert done.returncode == 2
    assert [line.partition(": ")[0] for line in lines] == [
        "job 1 of 4, seed=1 users=0",
        "job 2 of 4, seed=1 users=1",
        "job 3 of 4, seed=2 users=0",
        "job 4 of 4, seed=2 users=1",
    ]
    ends = [line.partition(": ")[2].split(", ") for line in lines]
    assert [end[0] for end in ends] == ["exit status 2", "exit status 0"] * 2
    assert sorted(end[1] for end in ends if len(end) > 1) == sorted(
        str(run.relative_to(tmp_path)) for run in (tmp_path / "runs").iterdir()
    )


@pytest.mark.slow
def test_processes_make_the_same_runs(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs ptool[joblib]")
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    one = command("run", *SWEEP, folder=here)
    several = sweep_in_processes(*SWEEP, "hydra.launcher.n_jobs=2", folder=there)
    assert (one.returncode, several.returncode) == (0, 0), several.stderr
    assert datasets(here) == datasets(there)
    assert datasets(here).keys() == {"tiny", "shopping"}
    assert (
        several.stdout.splitlines() == one.stdout.splitlines()[-2:]
    )  # the tables of one run among another's
    labels = {line.partition("] ")[0] for line in several.stderr.splitlines()}
    assert labels == {"[scenario=tiny", "[scenario=shopping"}
    assert list(there.iterdir()) == [there / "runs"]  # nothing of Hydra's is left


def test_a_refused_job_in_a_process_says_why(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs ptool[joblib]")
    done = sweep_in_processes("-m", "scenario=tiny", SMALL[1], "users=0,1", folder=tmp_path)
    assert done.returncode == 2
    refused = [line for line in done.stderr.splitlines() if "error" in line]
    assert [line.partition(", expected")[0] for line in refused] == ["[users=0] config error: users: got 0"]


def test_a_launcher_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = command("run", *SWEEP, "hydra/launcher=jobless", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("config error: hydra/launcher: got 'jobless', there are 'basic'")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals and process groups")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all_processes(number: signal.Signals, tmp_path: Path) -> None:
    """The signal reaches the sweep alone, as `kill` sends it; what it began must not outlive it."""
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs ptool[joblib]")
    words = ("--multirun", "scenario=shopping", "seed=1,2", "scale=paper", "hydra/launcher=joblib")
    errors = tmp_path / "errors"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "ptool.run", *words, "hydra.launcher.n_jobs=2"],
            cwd=tmp_path,
            stderr=stderr,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            wait_until(lambda: errors.read_text().count("episodes: started") == 2)
            process.send_signal(number)
            status = process.wait(60)
            wait_until(lambda: not group_lives(process.pid))
        finally:
            if group_lives(process.pid):
                os.killpg(process.pid, signal.SIGKILL)
    assert status == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert "interrupted: finished items are safe in the run folders" in errors.read_text()
    assert "Traceback" not in errors.read_text()


def wait_until(true: object, seconds: float = 120) -> None:
    """Wait for something. Raises AssertionError where it does not come."""
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def group_lives(group: int) -> bool:
    """Whether a process group has a member that has not ended."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
