"""Every call is kept before it is read, found again by its key, and counted once."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import StoreError
from ptool.records.model_calls import Answer, Failure, Spent
from ptool.store import Ledger, RunFolder
from ptool.store import schema as schemas
from ptool.store.bloom_filter import BloomFilter
from ptool.store.read_only import read_ledger

FAILURE = Failure("episodes", "user", "episodes/u1/user/0", "m at here", "timeout", "no answer in 5 s", 5.0)


def key(number: int) -> bytes:
    return blake2b(b"%d" % number, digest_size=16).digest()


def answer(number: int = 0, **changed: object) -> Answer:
    made = Answer(
        key(number), "episodes", "user", "episodes/u1/user/0", "m at here", '{"text": "milk"}', "stop",
        100, 10, None, 0.25, 0.5,
    )  # fmt: skip
    return replace(made, **changed)


async def test_an_answer_is_there_once_keep_returns_and_in_the_next_process(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.find_answer(key(0)) is None
        await ledger.save_answer(answer())
        assert ledger.find_answer(key(0)) == answer()
    with Ledger(tmp_path / "l") as ledger:
        assert (ledger.find_answer(key(0)), ledger.find_answer(key(1))) == (answer(), None)


HOSTILE = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(
    ["\ud800", "a\0b", '\'); DROP TABLE calls; --', "{\n", "é" * 1000]
)  # fmt: skip


@settings(max_examples=30)
@given(HOSTILE, st.none() | st.integers(0, 10**12), st.none() | st.floats(0, 1e6))
def test_whatever_a_model_says_comes_back(content: str, cached: int | None, usd: float | None) -> None:
    given = answer(content=content, cached_tokens=cached, usd=usd)
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "l") as ledger:
        asyncio.run(ledger.save_answer(given))
        assert ledger.find_answer(given.key) == given


async def test_counts_no_machine_holds_hurt_nobody_else(tmp_path: Path) -> None:
    """One answer that SQLite refuses would take its whole group with it."""
    with Ledger(tmp_path / "l") as ledger:
        absurd = answer(1, prompt_tokens=10**40, completion_tokens=-5, cached_tokens=10**40)
        await asyncio.gather(
            ledger.save_answer(absurd), ledger.save_answer(answer(2)), ledger.save_answer(answer(3))
        )
        found = ledger.find_answer(key(1))
        assert found is not None
        assert (found.prompt_tokens, found.completion_tokens) == (10**12, 0)
        assert ledger.find_answer(key(3)) == answer(3)
        ledger.save_failure(replace(FAILURE, message="\ud800 said the endpoint"))
        assert ledger.usage()["episodes", "user"].calls == 4


async def test_of_two_answers_with_one_key_the_first_stays(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        await asyncio.gather(ledger.save_answer(answer()), ledger.save_answer(answer(content="another")))
        await ledger.save_answer(answer(content="a third"))
        assert ledger.find_answer(key(0)) == answer()


async def test_a_judgement_stays_with_its_answer(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        await asyncio.gather(*(ledger.save_answer(answer(n)) for n in range(4)))
        ledger.set_answer_status(key(1), "prose")
        ledger.set_answer_status(key(2), "truncated")
        ledger.set_answer_status(key(3), "truncated")
        ledger.set_answer_status(key(99), "empty")
    with read_ledger(tmp_path / "l") as found:
        assert found.statuses() == {("episodes", "user"): {"prose": 1, "truncated": 2}}


async def test_what_was_spent_adds_up_by_role_and_over_processes(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        await ledger.save_answer(answer(0))
        await ledger.save_answer(answer(1, role="verifier", usd=None, cached_tokens=60))
        ledger.save_failure(FAILURE)
        expected = Spent(3, 200, 20, 60, 0.25, 1)
        assert ledger.spent() == expected
        assert ledger.usage() == {
            ("episodes", "user"): Spent(2, 100, 10, 0, 0.25, 0),
            ("episodes", "verifier"): Spent(1, 100, 10, 60, 0.0, 1),
        }
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.spent() == expected
        await ledger.save_answer(answer(2))
        assert ledger.spent() == expected + Spent(1, 100, 10, 0, 0.25, 0)


STEPS = st.lists(
    st.sampled_from(["keep", "fail", "reopen"]).flatmap(
        lambda what: st.tuples(st.just(what), st.integers(0, 5), st.sampled_from(["user", "verifier"]))
    ),
    max_size=12,
)


@settings(max_examples=15)
@given(STEPS)
def test_the_sums_are_those_of_the_calls(steps: list[tuple[str, int, str]]) -> None:
    """Distinct keys: who keeps one key twice has paid twice, of which only this process knows."""
    kept: set[int] = set()
    expected: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "l")
        for what, number, role in steps:
            if what == "reopen":
                ledger.close()
                ledger = Ledger(Path(folder) / "l")
            elif what == "fail":
                ledger.save_failure(replace(FAILURE, role=role))
                expected[role] = expected.get(role, 0) + 1
            elif number not in kept:
                kept.add(number)
                asyncio.run(ledger.save_answer(answer(number, role=role)))
                expected[role] = expected.get(role, 0) + 1
        assert {role: one.calls for (_, role), one in ledger.usage().items()} == expected
        total = sum(ledger.usage().values(), Spent())
        assert (ledger.spent().calls, ledger.spent().tokens) == (total.calls, total.tokens)
        ledger.close()


async def test_a_cancelled_waiter_does_not_lose_its_answer(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        waiter = asyncio.create_task(ledger.save_answer(answer()))
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        await ledger.save_answer(answer(1))
        assert ledger.find_answer(key(0)) == answer()


def test_an_event_loop_that_ended_does_not_keep_an_answer_from_the_disk(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")

    async def impatient() -> None:
        waiting = asyncio.ensure_future(ledger.save_answer(answer()))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(impatient())
    ledger.close()
    with Ledger(tmp_path / "l") as again:
        assert again.find_answer(key(0)) == answer()


async def test_a_closed_ledger_refuses_calls(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.close()
    with pytest.raises(StoreError, match="closed"):
        await ledger.save_answer(answer())
    with pytest.raises(StoreError, match="closed"):
        ledger.save_failure(FAILURE)
    with pytest.raises(StoreError, match="closed"):
        ledger.set_answer_status(key(0), "ok")


WRITER = """
import asyncio, sys
from hashlib import blake2b
from pathlib import Path
from ptool.records.model_calls import Answer
from ptool.store import Ledger, RunFolder
async def main():
    with Ledger(Path("l")) as ledger:
        for turn in range(10**6):
            keys = [blake2b(b"%d-%d" % (turn, n), digest_size=16).digest() for n in range(20)]
            await asyncio.gather(*(
                ledger.save_answer(Answer(k, "s", "r", "t", "e", k.hex() * 20, "stop", 1, 1, None, None, 0.1))
                for k in keys
            ))
            for one in keys:
                ledger.set_answer_status(one, "prose")
            print(turn, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("delay", [0.05, 0.13])
def test_kill_minus_nine_keeps_every_answer_that_was_promised(delay: float, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    promised = int((process.stdout.read() or "0\n").splitlines()[-1]) + 1
    process.communicate()
    with Ledger(tmp_path / "l") as ledger:
        ledger.check()
        for number in range(promised * 20):
            one = blake2b(b"%d-%d" % divmod(number, 20), digest_size=16).digest()
            found = ledger.find_answer(one)
            assert found is not None
            assert found.content == one.hex() * 20
        spent = ledger.spent()
        assert promised * 20 <= spent.calls <= promised * 20 + 20
        assert (spent.tokens, spent.unpriced) == (2 * spent.calls, spent.calls)


def version_one(path: Path, version: int = 1) -> None:
    """A ledger as ptool left it before it kept calls."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE items (stage TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, "
        "PRIMARY KEY (stage, id)) WITHOUT ROWID"
    )
    connection.execute("INSERT INTO items VALUES ('episodes', 'u1', 'body')")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


@pytest.mark.parametrize("version", [1, 0])
async def test_an_older_ledger_goes_on(version: int, tmp_path: Path) -> None:
    """Version 0: killed between its table and its version."""
    version_one(tmp_path / "l", version)
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.ids("episodes") == ["u1"]
        await ledger.save_answer(answer())
    with Ledger(tmp_path / "l") as ledger:
        assert (ledger.find_answer(key(0)), ledger.ids("episodes")) == (answer(), ["u1"])


def test_a_migration_happens_wholly_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version_one(tmp_path / "l")
    *earlier, last = schemas._MIGRATIONS
    with monkeypatch.context() as broken:
        broken.setattr(schemas, "_MIGRATIONS", (*earlier, (*last, "CREATE TABLE items (x)")))
        with pytest.raises(StoreError, match="not usable as a ledger: table items already exists"):
            Ledger(tmp_path / "l")
    connection = sqlite3.connect(tmp_path / "l")
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    version = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert (tables, version) == ([("items",)], (1,))
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.ids("episodes") == ["u1"]


def test_another_programs_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "l")
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.commit()
    connection.close()
    before = (tmp_path / "l").read_bytes()
    with pytest.raises(StoreError, match="another program's database"):
        Ledger(tmp_path / "l")
    assert (tmp_path / "l").read_bytes() == before


@given(st.sets(st.binary(min_size=0, max_size=20), max_size=50))
def test_a_known_key_is_never_denied(keys: set[bytes]) -> None:
    known = BloomFilter()
    for one in keys:
        known.add(one)
    assert all(one in known for one in keys)


def test_an_unknown_key_is_hardly_ever_looked_up() -> None:
    known = BloomFilter()
    for number in range(100_000):
        known.add(key(number))
    assert sum(key(number) in known for number in range(100_000, 150_000)) <= 2


async def test_the_log_does_not_grow_for_ever_though_readers_come_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "_CHECKPOINT_PAGES", 50)
    sizes = []
    with RunFolder(tmp_path / "run", {}) as folder, Ledger(folder / "ledger.sqlite") as ledger:
        for turn in range(60):
            with read_ledger(ledger.path) as reader:  # it sees the lock, and reads as beside a living process
                reader.counts()
                await asyncio.gather(
                    *(ledger.save_answer(answer(turn * 30 + n, content="x" * 900)) for n in range(30))
                )
                assert ledger.find_answer(key(turn * 30)) is not None
            sizes.append((tmp_path / "run" / "ledger.sqlite-wal").stat().st_size)
    assert max(sizes) < 1_000_000  # without checkpoints it would be more than 4 MB
