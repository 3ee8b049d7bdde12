"""A ledger can be read beside its process, after a kill and after the end, and no byte changes."""

import os
import sqlite3
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from ptool.errors import StoreError
from ptool.records.model_calls import Answer, Failure
from ptool.store import Ledger, RunFolder
from ptool.store.read_only import CallTotals, lock_holder, read_ledger

KILLED = """
import asyncio, os, sys
from pathlib import Path
from ptool.store import Ledger, RunFolder
folder = RunFolder(Path("run"), {})
ledger = Ledger(folder / "ledger.sqlite")
for number in range(300):
    ledger.submit("s", f"{number:03}", b"x" * 500).result()
if "checkpoint" in sys.argv:
    ledger._reader.execute("PRAGMA wal_checkpoint(PASSIVE)")
os._exit(9)
"""


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file: name -> hash and time of its last change."""
    return {
        str(file.relative_to(folder)): (sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
        for file in folder.rglob("*")
        if file.is_file()
    }


def answer(key: bytes, **changed: object) -> Answer:
    given = {
        "key": key, "stage": "episodes", "role": "user", "turn": "t", "endpoint": "m", "content": "{}",
        "finish": "stop", "prompt_tokens": 100, "completion_tokens": 10, "cached_tokens": None, "usd": 0.5,
        "seconds": 0.25,
    }  # fmt: skip
    return Answer(**{**given, **changed})


@pytest.mark.parametrize("words", [(), ("checkpoint",)])
@pytest.mark.parametrize("index", ["kept", "lost"])
def test_a_killed_run_is_read_and_left_as_it_is(words: tuple[str, ...], index: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, *words], cwd=tmp_path, check=False)
    run = tmp_path / "run"
    assert (run / "ledger.sqlite-wal").stat().st_size > 0
    if index == "lost":
        (run / "ledger.sqlite-shm").unlink()
    before = contents(run)
    with read_ledger(run / "ledger.sqlite") as ledger:
        assert ledger.counts() == {"s": 300}
        assert [name for name, _ in ledger.items("s")] == [f"{number:03}" for number in range(300)]
        assert (ledger.has("s", "299"), ledger.has("s", "300")) == (True, False)
    assert contents(run) == before


def test_a_finished_ledger_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.submit("s", "one", b"")
    before = contents(tmp_path)
    with read_ledger(tmp_path / "ledger.sqlite") as found:
        assert found.counts() == {"s": 1}
    assert contents(tmp_path) == before
    assert [*before] == ["ledger.sqlite"]


async def test_it_is_read_while_it_is_written(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run", {}) as folder, Ledger(folder / "ledger.sqlite") as ledger:
        await ledger.put("s", "one", b"")
        with read_ledger(ledger.path) as found:
            items = found.items("s")
            assert next(items) == ("one", b"")
            await ledger.put("s", "two", b"")  # a reader in the midst of its work keeps nobody waiting
            assert next(items) == ("two", b"")
        assert lock_holder(tmp_path / "run") == str(os.getpid())
    assert lock_holder(tmp_path / "run") is None
    assert lock_holder(tmp_path / "nowhere") is None


async def test_calls_are_added_up_by_endpoint(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        await ledger.save_answer(answer(b"1"))
        await ledger.save_answer(answer(b"2", cached_tokens=60))
        await ledger.save_answer(answer(b"3", endpoint="n", usd=None))
        for kind in ("timeout", "server", "timeout"):
            ledger.save_failure(Failure("episodes", "user", "t", "m", kind, "no", 1.0))
    with read_ledger(tmp_path / "l") as found:
        assert found.calls() == [
            CallTotals("episodes", "user", "m", 2, 200, 20, 60, 100, 1.0, 0, 0.5),
            CallTotals("episodes", "user", "n", 1, 100, 10, 0, 0, 0.0, 1, 0.25),
        ]
        assert found.failures() == [
            ("episodes", "user", "m", "server", 1),
            ("episodes", "user", "m", "timeout", 2),
        ]


def test_a_ledger_from_before_calls_were_kept_has_none(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "l")
    connection.execute("CREATE TABLE items (stage, id, body)")
    connection.execute("INSERT INTO items VALUES ('s', 'one', '')")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    with read_ledger(tmp_path / "l") as found:
        assert (found.counts(), found.calls(), found.statuses(), found.failures()) == ({"s": 1}, [], {}, [])


def test_what_is_damaged_is_one_line(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        for number in range(500):
            ledger.submit("s", f"{number:03}", b"x" * 1000)
    whole = (tmp_path / "l").read_bytes()
    for broken in (whole[:5000], b"not a database " * 500, whole[:8192] + b"\xff" * (len(whole) - 8192)):
        (tmp_path / "l").write_bytes(broken)
        with (
            pytest.raises(StoreError, match="cannot be read as a ledger: ") as caught,
            read_ledger(tmp_path / "l") as found,
        ):
            found.counts()
            list(found.items("s"))
        assert "\n" not in str(caught.value)


def test_a_newer_ledger_and_another_programs_are_refused(tmp_path: Path) -> None:
    for name, statement in (("new", "PRAGMA user_version = 99"), ("other", "CREATE TABLE bookmarks (url)")):
        connection = sqlite3.connect(tmp_path / name)
        connection.execute(statement)
        connection.commit()
        connection.close()
    with pytest.raises(StoreError, match="version 99, expected at most 5"), read_ledger(tmp_path / "new"):
        pass
    with pytest.raises(StoreError, match="another program's database"), read_ledger(tmp_path / "other"):
        pass


def test_a_ledger_to_which_nothing_was_written_yet_says_so(tmp_path: Path) -> None:
    (tmp_path / "l").touch()  # its process ended between making the file and its tables
    with pytest.raises(StoreError, match="nothing was written to it yet"), read_ledger(tmp_path / "l"):
        pass
