"""A row of the ledger that is not what was written is found, discarded and made again; nothing else is."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ptool.errors import StoreError
from ptool.log import logger
from ptool.records.model_calls import Answer
from ptool.store import Ledger
from ptool.store.read_only import read_ledger
from ptool.store.row_digest import row_digest


def answer(key: bytes, **changed: Any) -> Answer:
    given = {
        "key": key, "stage": "episodes", "role": "user", "turn": "episodes/u1/user/0", "endpoint": "m",
        "content": '{"text": "two pints of milk"}', "finish": "stop", "prompt_tokens": 100,
        "completion_tokens": 10, "cached_tokens": None, "usd": 0.5, "seconds": 0.25,
    }  # fmt: skip
    return Answer(**{**given, **changed})


ITEMS = {"u1": b'{"query": "two pints of milk"}', "u2": b'{"query": "a loaf"}'}


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A closed ledger of two items and two answers."""
    with Ledger(tmp_path / "l") as ledger:
        for id, body in ITEMS.items():
            await ledger.put("episodes", id, body)
        await ledger.save_answer(answer(b"1"))
        await ledger.save_answer(answer(b"2", turn="episodes/u2/user/0"))
        ledger.set_answer_status(b"2", "prose")
    return tmp_path / "l"


def change(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute(sql).rowcount == 1
    connection.close()


@pytest.fixture
def warnings() -> list[str]:
    lines: list[str] = []
    logger.add(lines.append, level="WARNING", format="{message}")
    return lines


def test_what_is_as_it_was_written_stays(path: Path, warnings: list[str]) -> None:
    with Ledger(path) as ledger:
        assert (ledger.ids("episodes"), ledger.find_answer(b"2")) == (
            ["u1", "u2"], answer(b"2", turn="episodes/u2/user/0"),
        )  # fmt: skip
    assert warnings == []


@pytest.mark.parametrize(
    "altered", [
        "body = replace(body, 'milk', 'silk')", "body = x''", "id = 'u9'",
        "id = CAST(x'75ff' AS TEXT)", "stage = CAST(x'ff' AS TEXT)", "stage = 'histories'",
        "digest = NULL", "digest = zeroblob(16)", "body = 7",
    ],
)  # fmt: skip
async def test_an_altered_item_is_discarded_and_made_again(
    altered: str, path: Path, warnings: list[str]
) -> None:
    change(path, f"UPDATE items SET {altered} WHERE id = 'u1'")
    with Ledger(path) as ledger:
        assert (ledger.ids("episodes"), ledger.ids("histories")) == (["u2"], [])
        await ledger.put("episodes", "u1", b"made again")
    with Ledger(path) as ledger:
        assert ledger.get("episodes", "u1") == b"made again"
    assert len(warnings) == 1
    assert "is not what was written: discarded, and asked or played again where it is needed" in warnings[0]


@pytest.mark.parametrize(
    "altered", [
        "content = replace(content, 'milk', 'silk')", "finish = 'length'", "prompt_tokens = 101",
        "cached_tokens = 0", "usd = NULL", "usd = 0.6", "seconds = 1", "endpoint = 'n'", "key = x'33'",
        "turn = 'episodes/u1/user/1'", "role = 'verifier'", "turn = CAST(x'ff' AS TEXT)",
    ],
)  # fmt: skip
async def test_an_altered_answer_is_asked_for_again(altered: str, path: Path) -> None:
    change(path, f"UPDATE calls SET {altered} WHERE key = x'00000031'")
    with Ledger(path) as ledger:
        assert (ledger.find_answer(b"1"), ledger.find_answer(b"3")) == (None, None)
        assert ledger.find_answer(b"2") is not None
        await ledger.save_answer(answer(b"1", content="again"))
        assert ledger.spent().calls == 3  # what was discarded was paid for
    with Ledger(path) as ledger:
        assert ledger.find_answer(b"1") == answer(b"1", content="again")


def test_a_letter_altered_in_the_file_itself_is_found(path: Path, warnings: list[str]) -> None:
    content = path.read_bytes()
    assert content.count(b'{"query": "two pints of milk"}') == 1
    path.write_bytes(content.replace(b'{"query": "two pints', b'{"query": "ten pints'))
    with Ledger(path) as ledger:
        assert ledger.ids("episodes") == ["u2"]
    assert warnings[0].startswith(f"{path}: item episodes/u1 is not what was written")


def test_who_only_reads_is_told_and_changes_nothing(path: Path) -> None:
    change(path, "UPDATE items SET body = replace(body, 'milk', 'silk') WHERE id = 'u1'")
    change(path, "UPDATE calls SET content = replace(content, 'milk', 'silk') WHERE key = x'00000031'")
    before = path.read_bytes()
    with read_ledger(path) as ledger:
        assert [str(row) for row in ledger.damaged()] == [
            "item episodes/u1", "the answer to episodes/u1/user/0",
        ]  # fmt: skip
        assert [id for id, _ in ledger.items("episodes")] == ["u2"]
        assert [call.status for call in ledger.calls_of(["episodes/"])] == ["damaged", "prose"]
        with pytest.raises(StoreError, match=r"item episodes/u1 is damaged.*; the run's command makes it"):
            ledger.get("episodes", "u1")
    assert path.read_bytes() == before


def without_digests(path: Path) -> None:
    """Make the file a ledger of version 3, as ptool left it before rows had digests."""
    connection = sqlite3.connect(path, isolation_level=None)
    for table in ("items", "calls"):
        connection.execute(f"ALTER TABLE {table} DROP COLUMN digest")
    connection.execute("DROP INDEX estimates")
    for column in ("estimated", "thought"):
        connection.execute(f"ALTER TABLE calls DROP COLUMN {column}")
    connection.execute("PRAGMA user_version = 3")
    connection.close()


def test_a_ledger_without_digests_is_read_and_gets_them(path: Path, warnings: list[str]) -> None:
    without_digests(path)
    with read_ledger(path) as reader:
        assert (reader.damaged(), reader.counts(), reader.get("episodes", "u2")) == (
            [], {"episodes": 2}, b'{"query": "a loaf"}',
        )  # fmt: skip
        assert [call.status for call in reader.calls_of(["episodes/"])] == ["ok", "prose"]
    with Ledger(path) as ledger:
        assert (ledger.find_answer(b"1"), ledger.ids("episodes")) == (answer(b"1"), ["u1", "u2"])
    change(path, "UPDATE items SET body = replace(body, 'loaf', 'leaf') WHERE id = 'u2'")
    with Ledger(path) as ledger:
        assert ledger.ids("episodes") == ["u1"]
    assert len(warnings) == 1


VALUES = st.lists(
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(), max_size=4
)


@example([0], [b""])
@given(VALUES, VALUES)
def test_other_values_have_another_digest(a: list[Any], b: list[Any]) -> None:
    def typed(values: list[Any]) -> list[Any]:
        plain = [value.encode() if isinstance(value, str) else value for value in values]
        return [(type(value), repr(value)) for value in plain]

    assert (row_digest(*a) == row_digest(*b)) == (typed(a) == typed(b))


@given(st.binary(min_size=1), st.data())
def test_where_one_value_ends_and_the_next_begins_counts(text: bytes, data: st.DataObject) -> None:
    first, second = (data.draw(st.integers(0, len(text))) for _ in range(2))
    same = row_digest(text[:first], text[first:]) == row_digest(text[:second], text[second:])
    assert same == (first == second)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_altered_byte_of_the_file_changes_what_is_read(path: Path, data: st.DataObject) -> None:
    """One byte anywhere: the file is refused, or every row that is left is what was written."""
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    try:
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
        )
        with suppress(StoreError), read_ledger(path) as reader:
            reader.damaged()
            list(reader.items("episodes"))
        with suppress(StoreError), Ledger(path) as ledger:
            assert dict(ledger.items("episodes")).items() <= ITEMS.items()
            assert ledger.find_answer(b"1") in (None, answer(b"1"))
    finally:
        for file in path.parent.glob("l*"):
            file.unlink()
        path.write_bytes(whole)
