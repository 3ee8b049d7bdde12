"""The database of reviews: what was acknowledged is there, whoever is killed and whoever races."""

import os
import random
import select
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import StoreError
from ptool.records import Call
from ptool.reviews import CriteriaReview, Review, ReviewDraft
from ptool.reviews.database import FILE, VERSION, ReviewDatabase, VersionConflict, standing_reviews


def draft(
    sample: str = "s1", who: str = "Ada", base: int = 0, query: str = "ok", task: str = "criteria"
) -> ReviewDraft:
    content = {"query": query, "platform": "ok", "calls": "ok"}
    said = content if task == "criteria" else {"criteria": content}
    return ReviewDraft.model_validate(
        {"sample": sample, "task": task, "annotator": who, "base": base, "content": said}
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[ReviewDatabase]:
    with ReviewDatabase(tmp_path / FILE, now=lambda: "2026-11-29T12:00:00Z") as opened:
        yield opened


def queries(reviews: list[Review]) -> list[tuple[int, str]]:
    """Version and mark of the query."""
    return [
        (each.version, each.content.query) for each in reviews if isinstance(each.content, CriteriaReview)
    ]


def test_what_is_saved_stands_and_what_stood_is_history(database: ReviewDatabase) -> None:
    first = database.save(draft(), "d", "said")
    second = database.save(draft(base=1, query="fix"), "d", "said")
    assert (first.version, second.version, second.at) == (1, 2, "2026-11-29T12:00:00Z")
    assert database.current("s1") == [second]
    assert database.history("s1") == [first, second]
    assert standing_reviews(database.path, "s1") == [second]


def test_the_loser_of_a_race_sees_both_sides(database: ReviewDatabase) -> None:
    winner = database.save(draft(task="adjudication", who="Ada"), "d", "a")
    late = draft(task="adjudication", who="Bob", query="reject")
    with pytest.raises(VersionConflict, match="Ada saved version 1 of s1") as refused:
        database.save(late, "d", "b")
    assert (refused.value.yours, refused.value.theirs) == (late, winner)
    assert database.history("s1") == [winner]
    assert database.save(late.model_copy(update={"base": 1}), "d", "b").version == 2


def test_annotators_do_not_race_for_their_own_reviews(database: ReviewDatabase) -> None:
    database.save(draft(who="Ada"), "d", "a")
    assert database.save(draft(who="Bob"), "d", "a").version == 1


def test_of_many_writers_at_once_one_wins_each_version(tmp_path: Path) -> None:
    outcomes: list[str] = []

    def write(name: str) -> None:
        with ReviewDatabase(tmp_path / FILE) as own:  # a connection each, as processes have
            for base in range(10):
                try:
                    own.save(draft(task="adjudication", who=name, base=base), "d", name)
                    outcomes.append("saved")
                except VersionConflict:
                    outcomes.append("refused")

    ReviewDatabase(tmp_path / FILE).close()
    threads = [threading.Thread(target=write, args=(name,)) for name in ("Ada", "Bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ReviewDatabase(tmp_path / FILE) as opened:
        versions = [each.version for each in opened.history("s1")]
    assert versions == list(range(1, outcomes.count("saved") + 1))
    assert len(outcomes) == 20


def test_undo_goes_back_step_by_step_and_to_nothing(database: ReviewDatabase) -> None:
    database.save(draft("s1", query="ok"), "d", "")
    database.save(draft("s2", query="fix"), "d", "")
    database.save(draft("s1", base=1, query="reject"), "d", "")
    database.save(draft("s3", who="Bob"), "d", "")
    steps = []
    while (undone := database.undo("Ada")) is not None:
        stands = {id: queries(database.current(id)) for id in ("s1", "s2", "s3")}
        steps.append((undone.sample, undone.status, stands["s1"], stands["s2"]))
    assert steps == [
        ("s1", "done", [(3, "ok")], [(1, "fix")]),
        ("s2", "withdrawn", [(3, "ok")], []),
        ("s1", "withdrawn", [], []),
    ]
    assert queries(database.current("s3")) == [(1, "ok")]
    assert len(database.history("s1")) == 4


SAVES = st.tuples(
    st.sampled_from(["Ada", "Bob"]), st.sampled_from(["s1", "s2"]), st.sampled_from(["ok", "fix"])
)
UNDOES = st.tuples(st.sampled_from(["Ada", "Bob"]))


@settings(max_examples=40)
@given(st.lists(SAVES | UNDOES, max_size=12))
def test_whatever_is_saved_and_undone_what_is_left_stands(steps: list[tuple[str, ...]]) -> None:
    """A pile of saves for each annotator; an undo takes the top one away."""
    piles: dict[str, list[tuple[str, str]]] = {"Ada": [], "Bob": []}
    with TemporaryDirectory() as folder, ReviewDatabase(Path(folder) / FILE) as opened:
        for who, *given_save in steps:
            if given_save:
                sample, query = given_save
                base = opened.version(sample, "criteria", who)
                opened.save(draft(sample, who, base, query), "d", "")
                piles[who].append((sample, query))
            elif opened.undo(who) is not None:
                piles[who].pop()
            else:
                assert piles[who] == []
        for sample in ("s1", "s2"):
            standing = {
                each.annotator: each.content.query
                for each in opened.current(sample)
                if isinstance(each.content, CriteriaReview)
            }
            left = {who: [query for id, query in pile if id == sample] for who, pile in piles.items()}
            assert standing == {who: queries[-1] for who, queries in left.items() if queries}


def test_after_an_undo_work_goes_on_from_the_version_that_stands(database: ReviewDatabase) -> None:
    database.save(draft(), "d", "")
    database.undo("Ada")
    assert database.version("s1", "criteria", "Ada") == 2
    with pytest.raises(VersionConflict):
        database.save(draft(base=1), "d", "")
    assert database.save(draft(base=2, query="fix"), "d", "").version == 3
    database.undo("Ada")
    assert database.current("s1") == []


@pytest.mark.parametrize("sql", ["UPDATE history SET body = 'x'", "DELETE FROM history"])
def test_the_history_is_only_added_to(database: ReviewDatabase, sql: str) -> None:
    database.save(draft(), "d", "")
    with sqlite3.connect(database.path) as other, pytest.raises(sqlite3.IntegrityError, match="is kept"):
        other.execute(sql)


def test_all_saves_of_one_import_are_kept_or_none(database: ReviewDatabase) -> None:
    def saves() -> Iterator[tuple[ReviewDraft, str, str]]:
        yield draft("s1"), "d", ""
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.save_all(saves())
    assert database.history("s1") == []
    database.save_all([(draft("s1"), "d", ""), (draft("s1", query="fix"), "d", "")])
    assert queries(database.current("s1")) == [(2, "fix")]


def test_a_database_of_version_1_goes_on(tmp_path: Path) -> None:
    """Who changes the schema leaves a dump of the new one here, and keeps opening the older ones."""
    assert VERSION == 1
    with sqlite3.connect(tmp_path / FILE) as other:
        other.executescript(Path(__file__).with_name("reviews_version1.sql").read_text("utf-8"))
    other.close()
    with ReviewDatabase(tmp_path / FILE) as opened:
        stands = opened.current("tiny-u0001-0001")
        assert [(each.annotator, each.task) for each in stands] == [
            ("Ada", "criteria"), ("Bob", "criteria"), ("Cleo", "adjudication"),
        ]  # fmt: skip
        assert isinstance(stands[1].content, CriteriaReview) and stands[1].content.correction is not None
        corrected = Call(api="find", arguments={"what": "tea", "cold": False})
        assert stands[1].content.correction.calls == (corrected,)
        assert (opened.roster(), opened.choice("overlap", None)) == (("Ada", "Bob"), "0.5")
        assert opened.save(draft("tiny-u0001-0001", base=1), "d", "").seq == 6


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE history (a)")


def newer(path: Path) -> None:
    ReviewDatabase(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 2")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (foreign, "another program's database, expected reviews of ptool"),
        (newer, "reviews of version 2, expected 1; use a newer ptool"),
        (lambda path: path.write_bytes(b"no database" * 1000), "not usable as reviews"),
        (lambda path: path.mkdir(), "not usable as reviews"),
    ],
)
def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path, spoil, message: str) -> None:
    path = tmp_path / FILE
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=message):
        ReviewDatabase(path)
    assert before is None or path.read_bytes() == before


def test_looking_leaves_no_files_and_changes_no_byte(tmp_path: Path) -> None:
    with ReviewDatabase(tmp_path / FILE) as opened:
        opened.save(draft(), "d", "")
    before = (tmp_path / FILE).read_bytes()
    assert len(standing_reviews(tmp_path / FILE, "s1")) == 1
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).read_bytes() == before
    assert standing_reviews(tmp_path / "none", "s1") == []


def test_a_damaged_version_is_said(database: ReviewDatabase) -> None:
    database.save(draft(), "d", "")
    with sqlite3.connect(database.path) as other:
        other.execute("DROP TRIGGER kept")
        other.execute("""UPDATE history SET body = '{"sample": 3}'""")
    for look in (lambda: list(database.current("s1")), lambda: database.save(draft(base=1), "d", "")):
        with pytest.raises(StoreError, match="version 1 is damaged"):
            look()
    with pytest.raises(StoreError, match="version 1 is damaged"):
        standing_reviews(database.path, "s1")


def test_a_removed_file_is_said_and_not_written_to(database: ReviewDatabase) -> None:
    database.path.unlink()
    with pytest.raises(StoreError, match="was removed while it was in use"):
        database.save(draft(), "d", "")


def save_for_ever(path: Path, acknowledge: int) -> None:
    """What a child does: save, then say so, a byte each."""
    with ReviewDatabase(path) as own:
        base = own.version("s1", "criteria", "Ada")
        while True:
            base = own.save(draft(base=base), "d", "").version
            os.write(acknowledge, b".")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_nothing_acknowledged_is_lost_to_kills(tmp_path: Path) -> None:
    """Thirty times a process is killed (-9) while it saves; what it had acknowledged is there."""
    path, dice, acknowledged = tmp_path / FILE, random.Random(3), 0
    for _ in range(30):
        listen, tell = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                save_for_ever(path, tell)
            finally:
                os._exit(1)
        os.close(tell)
        select.select([listen], [], [], 60)  # until it has saved once
        time.sleep(dice.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while part := os.read(listen, 65536):
            acknowledged += len(part)
        os.close(listen)
        with ReviewDatabase(path) as opened:
            versions = [each.version for each in opened.history("s1")]
        assert acknowledged <= len(versions) <= acknowledged + 1
        assert versions == list(range(1, len(versions) + 1))
        acknowledged = len(versions)  # a save that was on disk, and whose acknowledgement was killed
    assert acknowledged >= 30
