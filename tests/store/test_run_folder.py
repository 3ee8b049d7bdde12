"""A run folder is made or continued, never mixed up, and used by one process at a time."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import lock_descriptor
from ptool.errors import StoreError
from ptool.store import RunFolder
from ptool.store.read_only import lock_holder

SAME = {"settings": "abc", "prompts": "123"}


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "runs" / "one", SAME) as folder:
        file = folder / "dataset/samples.jsonl"
        folder.save_config("seed: 1\n")
    assert file == tmp_path / "runs" / "one" / "dataset" / "samples.jsonl"
    assert file.parent.is_dir()
    assert (tmp_path / "runs" / "one" / "config.yaml").read_text() == "seed: 1\n"


def test_the_same_run_continues(tmp_path: Path) -> None:
    RunFolder(tmp_path, SAME).close()
    RunFolder(tmp_path, dict(reversed(SAME.items()))).close()


def test_another_run_is_refused_by_what_differs(tmp_path: Path) -> None:
    RunFolder(tmp_path, SAME).close()
    with pytest.raises(
        StoreError, match=r"begun with other prompts; go on with .*, or choose another run\.dir"
    ):
        RunFolder(tmp_path, {**SAME, "prompts": "124"})


@pytest.mark.parametrize("name", ["thesis.tex", "run.log", "ledger.sqlite"])
def test_a_foreign_folder_is_refused_and_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(StoreError, match="holds files but no ptool run"):
        RunFolder(tmp_path, SAME)
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_what_a_killed_process_left_half_written_is_swept(tmp_path: Path) -> None:
    (tmp_path / "..ptool-run.json.x1.tmp").touch()
    RunFolder(tmp_path, SAME).close()
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / ".samples.jsonl.x2.tmp").touch()
    RunFolder(tmp_path, SAME).close()
    assert list(tmp_path.rglob("*.tmp")) == []


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', "{"])
def test_a_damaged_marker_is_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / ".ptool-run.json").write_text(text)
    with pytest.raises(StoreError, match="damaged"):
        RunFolder(tmp_path, SAME)


def test_a_marker_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".ptool-run.json").write_text('{"format": 7, "identity": {}}')
    with pytest.raises(StoreError, match="format 7, expected 1"):
        RunFolder(tmp_path, SAME)


@pytest.mark.parametrize("below", ["file", "file/below"])
def test_what_cannot_be_a_folder_is_one_line(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be used as a run folder: .*; choose another run\.dir"):
        RunFolder(tmp_path / below, SAME)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="Permission denied"):
        RunFolder(tmp_path / "run", SAME)


def test_the_same_process_cannot_open_it_twice(tmp_path: Path) -> None:
    with RunFolder(tmp_path, SAME), pytest.raises(StoreError, match=f"in use by process {os.getpid()};"):
        RunFolder(tmp_path, SAME)


HOLDER = """
import sys, time
from pathlib import Path
from ptool.store import RunFolder
from ptool.store.read_only import lock_holder
folder = RunFolder(Path("run"), {})
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_process_is_refused_by_name_until_the_first_is_gone(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER], cwd=tmp_path, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(StoreError, match=f"in use by process {process.pid};"):
        RunFolder(tmp_path / "run", {})
    process.send_signal(signal.SIGKILL)
    process.communicate()
    RunFolder(tmp_path / "run", {}).close()


@pytest.mark.parametrize("remains", ["nothing", "an empty folder", "another run's folder"])
def test_a_folder_removed_under_way_is_no_good_end(remains: str, tmp_path: Path) -> None:
    def remove() -> None:
        shutil.rmtree(tmp_path / "run")
        if remains == "an empty folder":
            (tmp_path / "run").mkdir()
        elif remains == "another run's folder":
            RunFolder(tmp_path / "run", SAME).close()

    with (
        pytest.raises(StoreError, match="was removed or replaced while its run was under way"),
        RunFolder(tmp_path / "run", SAME),
    ):
        remove()


def test_no_file_is_begun_in_a_folder_that_was_removed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", SAME)
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(StoreError, match="was removed or replaced"):
        folder / "dataset/samples.jsonl"
    assert list(tmp_path.iterdir()) == []
    folder.close()


def test_a_fault_within_is_told_and_not_that_the_folder_is_gone(tmp_path: Path) -> None:
    with pytest.raises(KeyError), RunFolder(tmp_path / "run", SAME):
        shutil.rmtree(tmp_path / "run")
        raise KeyError


def test_who_only_looks_keeps_nobody_out(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run", SAME).close()
    looking = os.open(tmp_path / "run/.lock", os.O_RDWR)
    assert lock_descriptor(looking, blocking=False)
    threading.Timer(0.02, os.close, (looking,)).start()
    RunFolder(tmp_path / "run", SAME).close()


def test_a_lock_in_a_folder_that_may_not_be_written_can_be_asked_for(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run", SAME).close()
    (tmp_path / "run/.lock").chmod(0o400)
    before = (tmp_path / "run/.lock").stat().st_mtime_ns
    assert lock_holder(tmp_path / "run") is None
    assert (tmp_path / "run/.lock").stat().st_mtime_ns == before
