"""A stream that cannot take what is written costs letters or lines, never a status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
PROBE = """
from ptool.cli.start import exit_with, run_command

def job(settings, sources):
    print("Größe … ñ")
    open("made", "w").close()
    return {status}

exit_with(lambda: run_command(lambda: job, ["run=here"], config="{config}", schema="StatusSettings"))
"""


def shell(tail: str, folder: Path, *, status: int = 0, config: str = "status", **environment: str):
    """A command that prints, with its streams as a shell's line leaves them."""
    (folder / "probe.py").write_text(PROBE.format(status=status, config=config), encoding="utf-8")
    return subprocess.run(
        ["/bin/sh", "-c", f"'{sys.executable}' probe.py {tail}"],
        cwd=folder, capture_output=True, timeout=60, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "gbk"])
def test_letters_that_an_encoding_has_not_are_replaced(encoding: str, tmp_path: Path) -> None:
    done = shell("", tmp_path, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode(encoding).strip() == "Größe … ñ".encode(encoding, "replace").decode(encoding)


@pytest.mark.parametrize("tail", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("status", [0, 3])
def test_closed_streams_cost_nothing(tail: str, status: int, tmp_path: Path) -> None:
    assert shell(tail, tmp_path, status=status).returncode == status
    assert (tmp_path / "made").is_file()


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize(("status", "ends"), [(0, 1), (3, 3)])
def test_a_full_stream_is_said_and_fails_what_only_prints(status: int, ends: int, tmp_path: Path) -> None:
    done = shell(f">{FULL}", tmp_path, status=status)
    assert done.returncode == ends
    assert done.stderr == b"error: the output could not be written: No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_stderr_is_nothing(tmp_path: Path) -> None:
    done = shell(f"2>{FULL}", tmp_path)
    assert (done.returncode, done.stdout.decode()) == (0, "Größe … ñ\n")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_finished_run_is_finished_wherever_it_prints(tmp_path: Path) -> None:
    run = f"'{sys.executable}' -m ptool.run scenario=tiny users=2 queries_per_user=2 run.dir=r"
    done = subprocess.run(["/bin/sh", "-c", f"{run} >{FULL}"], cwd=tmp_path, capture_output=True, timeout=120)
    assert done.returncode == 0
    assert (tmp_path / "r" / "manifest.json").is_file()


@pytest.mark.parametrize("command", ["ptool.run --help", "ptool", "ptool --completion=bash"])
def test_a_reader_who_has_gone_ends_it_quietly(command: str, tmp_path: Path) -> None:
    command = f"(sleep 0.2; '{sys.executable}' -m {command}; echo $? >status) | true"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, timeout=60)
    assert (done.stderr, (tmp_path / "status").read_text()) == (b"", "141\n")


def test_a_working_folder_that_is_gone_is_said_in_a_line(tmp_path: Path) -> None:
    command = f"mkdir gone; cd gone; rmdir ../gone; exec '{sys.executable}' -m ptool.run --cfg job"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert done.stderr.startswith(b"config error: the working folder: No such file or directory; change into")
