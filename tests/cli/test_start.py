"""Ctrl-C ends a command with its status, whenever it comes."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from ptool.cli.compose import Sources
from ptool.cli.main import run_job
from ptool.store import RunFolder
from pydantic_core import SchemaError

STARTED = """
import runpy
print("up", flush=True)
runpy.run_module("ptool.run", run_name="__main__", alter_sys=True)
"""


def interrupted(folder: Path, after: float, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
    """Exit status and stderr of a run that gets a signal some seconds after Python is up."""
    words = ["scenario=tiny", "users=40", "queries_per_user=40", f"run.dir=r{after:.6f}"]
    process = subprocess.Popen(
        [sys.executable, "-c", STARTED, *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    time.sleep(after)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    return process.returncode, stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("after", [0.1, 0.25, 0.4])
def test_a_signal_during_the_imports_ends_it_at_once(
    number: signal.Signals, status: int, after: float, tmp_path: Path
) -> None:
    ended, stderr = interrupted(tmp_path, after, number)
    assert ended == status
    assert stderr.splitlines()[-1].startswith("interrupted")
    assert "Traceback" not in stderr


@pytest.mark.slow
def test_ctrl_c_at_any_moment_of_the_first_two_seconds(tmp_path: Path) -> None:
    moments = random.Random(2)
    ended = [
        (after, *interrupted(tmp_path, after)) for after in (moments.uniform(0.05, 2) for _ in range(120))
    ]
    assert [one for one in ended if one[1] != 130 or "Traceback" in one[2]] == []


def test_an_interrupt_that_pydantic_makes_an_error_of_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """While a module is imported that defines models, their building fails instead."""

    def job(_settings: object, _sources: object) -> int:
        raise SchemaError('Error building "tagged-union" validator:\n  KeyboardInterrupt:')

    with pytest.raises(SystemExit) as ended:
        run_job(lambda: (object(), Sources()), job)
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted before anything was made\n"


def test_an_interrupt_that_python_makes_an_error_of_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a class names its parts, whatever is raised becomes a RuntimeError."""

    class Interrupted:
        def __set_name__(self, _owner: type, _name: str) -> None:
            raise KeyboardInterrupt

    def job(_settings: object, _sources: object) -> int:
        type("Owner", (), {"part": Interrupted()})
        return 0

    with pytest.raises(SystemExit) as ended:
        run_job(lambda: (object(), Sources()), job)
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted before anything was made\n"


def test_an_interrupt_names_the_folder_that_was_made_whatever_the_settings_call_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def job(_settings: object, _sources: object) -> int:
        with RunFolder(tmp_path / "flights", {"run": "a"}) as folder:
            (folder / "ledger.sqlite").touch()
            raise KeyboardInterrupt

    with pytest.raises(SystemExit):
        run_job(lambda: (object(), Sources()), job)
    assert f"are safe in {tmp_path / 'flights' / 'ledger.sqlite'};" in capsys.readouterr().err


def test_an_interrupt_that_c_code_drops_without_a_word_comes_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def job(_settings: object, _sources: object) -> int:
        with suppress(KeyboardInterrupt):  # as a look-up does whose comparison is interrupted
            signal.raise_signal(signal.SIGINT)
        time.sleep(20)
        return 0

    began = time.monotonic()
    with pytest.raises(SystemExit) as ended:
        run_job(lambda: (object(), Sources()), job)
    assert (ended.value.code, time.monotonic() - began < 10) == (130, True)
    assert capsys.readouterr().err == "interrupted before anything was made\n"


def test_an_event_loop_that_ends_in_order_is_interrupted_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cleaned = []

    async def main() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(20)
        finally:
            await asyncio.sleep(1)
            cleaned.append("whole")

    def job(_settings: object, _sources: object) -> int:
        asyncio.run(main())
        return 0

    with pytest.raises(SystemExit) as ended:
        run_job(lambda: (object(), Sources()), job)
    assert (ended.value.code, cleaned) == (130, ["whole"])


def test_an_interrupt_that_python_ignores_comes_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a finaliser or a callback of C code raises is printed and dropped."""

    class Interrupted:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def job(_settings: object, _sources: object) -> int:
        Interrupted()
        time.sleep(20)
        return 0

    with pytest.raises(SystemExit) as ended:
        run_job(lambda: (object(), Sources()), job)
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted before anything was made\n"


def test_what_is_under_way_at_the_end_has_its_turn(tmp_path: Path) -> None:
    program = """
import atexit, threading, time
from ptool.cli.start import exit_with

def main():
    atexit.register(print, "registered", end="")
    threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
    return 3

exit_with(main)
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "thread\nregistered", "")


def test_a_profiler_writes_what_it_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cProfile", "-m", "ptool.run", "--version"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0
    assert "function calls" in ended.stdout
