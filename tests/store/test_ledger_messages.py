"""What was asked is kept beside what was answered: every text once, of failed calls too."""

import asyncio
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.records.model_calls import Answer, Failure
from ptool.store import Ledger, message_texts
from ptool.store import schema as schemas
from ptool.store.message_texts import KINDS, PackedMessages, messages_of, references, unpacked
from ptool.store.read_only import read_ledger

TURN = "episodes/u1/user/0"
SYSTEM = "You are a user. " * 2_000
FAILURE = Failure("episodes", "user", TURN, "m at here", "timeout", "no answer in 5 s", 5.0)
MESSAGES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.text(st.characters(codec="utf-8"), max_size=40)), max_size=5
)


def answer(number: int, turn: str = TURN) -> Answer:
    return Answer(
        number.to_bytes(16), "episodes", "user", turn, "m at here", f"answer {number}", "stop", 9, 1, None,
        None, 0.5,
    )  # fmt: skip


@settings(max_examples=30)
@given(st.lists(MESSAGES, min_size=1, max_size=4))
def test_what_was_asked_comes_back_with_every_answer(asked: list[list[tuple[str, str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with Ledger(Path(folder) / "l") as ledger:
            for number, messages in enumerate(asked):
                asyncio.run(ledger.save_answer(answer(number), messages))
        with read_ledger(Path(folder) / "l") as reader:
            assert [list(call.messages) for call in reader.calls_of(["/u1/"])] == asked


async def test_a_text_is_kept_once_however_often_it_is_asked_and_over_processes(tmp_path: Path) -> None:
    for start in (0, 10):
        with Ledger(tmp_path / "l") as ledger:
            for number in range(start, start + 10):
                await ledger.save_answer(answer(number), [("system", SYSTEM), ("user", f"ask {number}")])
    connection = sqlite3.connect(tmp_path / "l")
    count, size = connection.execute("SELECT count(*), sum(length(body)) FROM texts").fetchone()
    connection.close()
    assert count == 21
    assert size < len(SYSTEM) / 20 + 20 * 30


async def test_an_attempt_without_an_answer_keeps_its_question_and_its_correction(tmp_path: Path) -> None:
    correction = [("system", SYSTEM), ("user", "ask"), ("assistant", "{"), ("user", "no JSON")]
    with Ledger(tmp_path / "l") as ledger:
        await ledger.save_answer(answer(0), correction[:2])
        ledger.save_failure(FAILURE, correction)
    with read_ledger(tmp_path / "l") as reader:
        assert reader.failures_of(["/u1/"]) == [(FAILURE, tuple(correction))]


async def test_a_forgotten_text_is_kept_again_and_stays_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_texts, "_KNOWN_TEXTS", 2)
    with Ledger(tmp_path / "l") as ledger:
        for number in range(12):
            await ledger.save_answer(answer(number), [("user", f"ask {number % 4}")])
    with read_ledger(tmp_path / "l") as reader:
        assert [call.messages for call in reader.calls_of(["/u1/"])] == [
            (("user", f"ask {number % 4}"),) for number in range(12)
        ]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_texts, "_KNOWN_TEXTS", 8)
    packed = PackedMessages()
    for number in range(100):
        _, texts = packed.pack([("system", "the same"), ("user", str(number))])
        assert len(texts) == (2 if number == 0 else 1)
    assert len(packed._known) == 8


async def test_a_ledger_without_messages_is_read_and_goes_on(tmp_path: Path) -> None:
    """As version 2 left it: calls and failures without the last column."""
    connection = sqlite3.connect(tmp_path / "l", isolation_level=None)
    for statements in schemas._MIGRATIONS[:2]:
        for statement in statements:
            connection.execute(statement)
    connection.execute("PRAGMA user_version = 2")
    row = (bytes(16), "episodes", "user", TURN, "m", b"old", "stop", 9, 1, None, None, 0.5, "ok")
    connection.execute(f"INSERT INTO calls VALUES ({', '.join('?' * 13)})", row)
    connection.execute(
        "INSERT INTO failures VALUES ('episodes', 'user', ?, 'm', 'server', 'no', 1.0)", (TURN,)
    )
    connection.close()
    with read_ledger(tmp_path / "l") as reader:
        assert [(call.content, call.messages) for call in reader.calls_of(["/u1/"])] == [("old", ())]
        assert [messages for _, messages in reader.failures_of(["/u1/"])] == [()]
    with Ledger(tmp_path / "l") as ledger:
        kept = ledger.find_answer(bytes(16))
        assert kept is not None and kept.content == "old"
        assert ledger.spent().calls == 2
        await ledger.save_answer(answer(1), [("user", "ask")])
    with read_ledger(tmp_path / "l") as reader:
        assert [call.messages for call in reader.calls_of(["/u1/"])] == [(), (("user", "ask"),)]


@pytest.mark.parametrize("reference", [None, b"", b"\x00", b"\x63" + bytes(16), bytes(16)])
def test_a_reference_nobody_wrote_stands_for_nothing(reference: bytes | None) -> None:
    assert list(references(reference)) == []


def test_a_damaged_or_missing_text_says_so() -> None:
    reference, [(digest, body)] = PackedMessages().pack([("user", "ask " * 99)])
    assert messages_of(reference, {}) == (("user", "(not kept)"),)
    assert messages_of(reference, {digest: unpacked(b"no zlib")}) == (("user", "(damaged)"),)
    assert unpacked(body[:-9]).startswith("ask")
