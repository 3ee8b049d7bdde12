"""What the ledger says is on disk is on disk, whatever happens to the process."""

import asyncio
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import StoreError
from ptool.store import Ledger
from ptool.store.writer import MAX_GROUP, Writer


async def test_an_item_is_there_once_put_returns(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        await ledger.put("episodes", "u1", b"body")
        assert ledger.get("episodes", "u1") == b"body"
        assert (ledger.has("episodes", "u1"), ledger.has("tasks", "u1"), ledger.get("tasks", "u1")) == (
            True,
            False,
            None,
        )


async def test_items_come_in_the_order_of_their_ids_whenever_they_were_put(tmp_path: Path) -> None:
    ids = [f"u{number:04}" for number in range(600)]
    with Ledger(tmp_path / "l") as ledger:
        await asyncio.gather(*(ledger.put("s", one, one.encode()) for one in reversed(ids)))
        assert list(ledger.items("s")) == [(one, one.encode()) for one in ids]
        assert ledger.ids("s") == ids
        assert list(ledger.items("other")) == []


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=4), st.binary(max_size=4)), max_size=20))
def test_it_behaves_like_a_mapping(puts: list[tuple[str, str, bytes]]) -> None:
    expected: dict[str, dict[str, bytes]] = {"a": {}, "b": {}}
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "l") as ledger:
        for stage, id, body in puts:
            expected[stage][id] = body
            ledger.submit(stage, id, body).result(10)
        for stage, items in expected.items():
            assert dict(ledger.items(stage)) == items
            assert ledger.ids(stage) == sorted(items, key=str.encode)


async def test_the_last_put_of_an_id_counts(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        futures = [ledger.submit("s", "one", b"%d" % turn) for turn in range(1000)]
        await asyncio.gather(*map(asyncio.wrap_future, futures))
        assert ledger.get("s", "one") == b"999"


def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    for number in range(2000):
        ledger.submit("s", f"{number:04}", b"")
    ledger.close()
    ledger.close()
    with Ledger(tmp_path / "l") as again:
        assert len(again.ids("s")) == 2000


async def test_a_cancelled_waiter_does_not_lose_its_item(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        waiter = asyncio.create_task(ledger.put("s", "one", b"paid"))
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        await ledger.put("s", "two", b"")
        assert ledger.get("s", "one") == b"paid"


def test_a_closed_ledger_refuses(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.close()
    with pytest.raises(StoreError, match="closed"):
        ledger.submit("s", "one", b"")
    with pytest.raises(StoreError, match="closed"):
        ledger.get("s", "one")


def test_what_is_no_ledger_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(StoreError, match="not usable as a ledger"):
        Ledger(tmp_path / "l")


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "l") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="version 99, expected at most 5"):
        Ledger(tmp_path / "l")


WRITER = """
import asyncio, sys
from pathlib import Path
from ptool.store import Ledger
from ptool.store.writer import MAX_GROUP, Writer
async def main():
    with Ledger(Path("l")) as ledger:
        for turn in range(10**6):
            names = [f"{turn:05}-{n:02}" for n in range(20)]
            await asyncio.gather(*(ledger.put("s", one, one.encode() * 50) for one in names))
            print(turn, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("delay", [0.05, 0.1, 0.173])
def test_kill_minus_nine_keeps_all_that_was_promised(delay: float, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    promised = int((process.stdout.read() or "0\n").splitlines()[-1])
    process.communicate()
    with Ledger(tmp_path / "l") as ledger:
        ledger.check()
        assert len(ledger.ids("s")) >= (promised + 1) * 20
        assert all(body == id.encode() * 50 for id, body in ledger.items("s"))


FULL = """
import asyncio, resource, signal
from pathlib import Path
from ptool.errors import StoreError
from ptool.store import Ledger
from ptool.store.writer import MAX_GROUP, Writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
async def main():
    with Ledger(Path("l")) as ledger:
        await ledger.put("s", "first", b"kept")
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            for n in range(100):
                await ledger.put("s", f"big{n:03}", b"x" * 50_000)
        except StoreError as error:
            print(error)
asyncio.run(main())
"""


def test_a_full_disk_is_an_error_and_the_ledger_stays_sound(tmp_path: Path) -> None:
    """A limit on the size of a file fails writes as a full disk does."""
    assert hasattr(resource, "RLIMIT_FSIZE")
    done = subprocess.run(
        [sys.executable, "-c", FULL], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert "cannot be written" in done.stdout, done.stderr
    with Ledger(tmp_path / "l") as ledger:
        ledger.check()
        assert ledger.get("s", "first") == b"kept"


async def test_waiting_together_costs_few_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Group commit: what queues up during one fsync is the next group."""
    groups: list[int] = []
    commit = Writer._commit
    monkeypatch.setattr(
        Writer, "_commit", lambda self, group: groups.append(len(group)) or commit(self, group)
    )
    with Ledger(tmp_path / "l") as ledger:
        await asyncio.gather(*(ledger.put("s", f"{number}", b"x" * 500) for number in range(5000)))
    assert sum(groups) >= 5000
    assert len(groups) < 500
    assert max(groups) <= MAX_GROUP


@pytest.mark.parametrize("remains", ["nothing", "another file"])
async def test_what_is_written_to_a_removed_ledger_is_an_error(remains: str, tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        await ledger.put("s", "one", b"")
        (tmp_path / "l").unlink()
        if remains == "another file":
            (tmp_path / "l").write_bytes(b"")
        with pytest.raises(StoreError, match="was removed or replaced while its run was under way"):
            await ledger.put("s", "two", b"")
