"""A file is the old one or the new one, never half."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ptool.errors import StoreError
from ptool.store import atomic, read_jsonl, write_bytes, write_json, write_jsonl


def test_json_is_sorted_and_ends_with_a_line_break(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": "é",\n  "b": 1\n}\n'


def test_jsonl_goes_out_and_comes_back(tmp_path: Path) -> None:
    assert write_jsonl(tmp_path / "a.jsonl", (b'{"n": %d}' % n for n in range(3))) == 3
    assert list(read_jsonl(tmp_path / "a.jsonl")) == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_an_empty_stream_makes_an_empty_file(tmp_path: Path) -> None:
    assert write_jsonl(tmp_path / "a.jsonl", ()) == 0
    assert (tmp_path / "a.jsonl").read_bytes() == b""


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    with pytest.raises(RuntimeError), atomic(tmp_path / "a") as file:
        file.write(b"half")
        raise RuntimeError
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a", b"old")]


def test_a_record_with_a_line_break_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="record 2 holds a line break"):
        write_jsonl(tmp_path / "a.jsonl", [b"1", b"{\n}"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1}\n{"a": \n', "a.jsonl:2: not JSON"),
        (b"1\n" + b"9" * 60 + b"\n", "a.jsonl:2: longer than 50 bytes"),
    ],
)
def test_a_bad_line_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(StoreError, match=message):
        list(read_jsonl(tmp_path / "a.jsonl", max_line=50))


def test_a_last_line_without_a_break_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"1\n\n2")
    assert list(read_jsonl(tmp_path / "a.jsonl")) == [1, 2]


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/a: cannot be written: No such file"):
        write_bytes(tmp_path / "nowhere" / "a", b"")


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


WRITER = """
import itertools, sys
from pathlib import Path
from ptool.store import write_jsonl
for turn in itertools.count():
    write_jsonl(Path("a.jsonl"), (b"%d" % turn for _ in range(2000)))
    print(turn, flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.011])
def test_kill_minus_nine_leaves_a_whole_file(delay: float, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER], cwd=tmp_path, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    values = list(read_jsonl(tmp_path / "a.jsonl"))
    assert (len(values), len(set(values))) == (2000, 1)
