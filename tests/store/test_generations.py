"""A key is found in whatever generation it stands, and behind none, as older ledgers have it."""

import asyncio
import sqlite3
from hashlib import blake2b
from pathlib import Path

import pytest
from ptool.records.model_calls import Answer
from ptool.store import Ledger, generations, message_texts
from ptool.store.generations import prefix, spellings
from ptool.store.read_only import read_ledger
from ptool.store.row_digest import COVERED, teach_digests


def answer(number: int, content: str = "milk") -> Answer:
    key = blake2b(b"%d" % number, digest_size=16).digest()
    return Answer(
        key, "episodes", "user", f"episodes/u{number}/user/0", "m", content, "stop", 9, 1, None, None, 0.5
    )


@pytest.fixture(autouse=True)
def small_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "ROWS", 4)
    monkeypatch.setattr(message_texts, "_KNOWN_TEXTS", 4)


def keys(path: Path, table: str, column: str) -> list[bytes]:
    connection = sqlite3.connect(path)
    found = [key for (key,) in connection.execute(f"SELECT {column} FROM {table} ORDER BY rowid")]
    connection.close()
    return found


async def test_every_answer_is_found_by_its_key_alone_and_the_first_of_two_stays(tmp_path: Path) -> None:
    for start in (0, 9):  # a second process begins in the middle of a generation
        with Ledger(tmp_path / "l") as ledger:
            for number in range(start, start + 9):
                await ledger.save_answer(answer(number), [("system", "all"), ("user", f"ask {number}")])
            await ledger.save_answer(answer(start, "another"))
            ledger.set_answer_status(answer(start + 1).key, "prose")
            assert [ledger.find_answer(answer(n).key) for n in range(start + 9)] == [
                answer(n) for n in range(start + 9)
            ]
            assert ledger.find_answer(answer(99).key) is None
    with read_ledger(tmp_path / "l") as reader:
        assert reader.statuses() == {("episodes", "user"): {"prose": 2}}
        assert [call.messages[1] for call in reader.calls_of(["/user/"])] == [
            ("user", f"ask {n}") for n in range(18)
        ]
    for table, column in (("calls", "key"), ("texts", "digest")):
        found = [key[:3] for key in keys(tmp_path / "l", table, column)]
        assert found == sorted(found)
        assert len(set(found)) == 5


async def test_two_answers_under_way_at_once_with_one_key_at_the_end_of_a_generation(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        await asyncio.gather(*(ledger.save_answer(answer(n)) for n in range(3)))
        await asyncio.gather(*(ledger.save_answer(answer(7, text)) for text in ("first", "second")))
        assert ledger.find_answer(answer(7).key) == answer(7, "first")
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.find_answer(answer(7).key) == answer(7, "first")


async def test_a_ledger_of_version_four_goes_on_with_its_bare_keys(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        await asyncio.gather(*(ledger.save_answer(answer(n)) for n in range(6)))
    connection = sqlite3.connect(tmp_path / "l", isolation_level=None)
    teach_digests(connection)
    connection.execute("UPDATE calls SET key = substr(key, 4)")
    connection.execute(f"UPDATE calls SET digest = row_digest({COVERED['calls']})")
    connection.execute("PRAGMA user_version = 4")
    connection.close()
    for start in (6, 12):
        with Ledger(tmp_path / "l") as ledger:
            assert [ledger.find_answer(answer(n).key) for n in range(start)] == [
                answer(n) for n in range(start)
            ]
            await ledger.save_answer(answer(0, "another"))
            await asyncio.gather(*(ledger.save_answer(answer(n)) for n in range(start, start + 6)))
            ledger.set_answer_status(answer(2).key, "prose")
    with read_ledger(tmp_path / "l") as reader:
        assert (reader.damaged(), reader.statuses()) == ([], {("episodes", "user"): {"prose": 1}})
    assert len(keys(tmp_path / "l", "calls", "key")) == 18


@pytest.mark.parametrize("rows", [0, 3, 4, 5, 17])
def test_a_key_put_away_at_any_time_is_looked_for_later(rows: int) -> None:
    assert {prefix(before) + b"k" for before in range(rows + 1)} | {b"k"} == set(spellings(b"k", rows))


def test_a_generation_more_than_a_prefix_counts_is_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "ROWS", 1)
    assert prefix(256**3 - 1) == prefix(256**3 + 7) == b"\xff\xff\xff"


def test_texts_nobody_looks_up_have_smaller_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "ROWS", 1_000)
    stored = [message_texts.PackedMessages(kept).pack([("user", "ask")])[1][0][0] for kept in (3, 4)]
    assert [digest[:3] for digest in stored] == [b"\x00\x00\x00", b"\x00\x00\x01"]
