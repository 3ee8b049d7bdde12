"""A run made anew under its reviews: what was said of other bytes counts no longer, and that is said."""

from pathlib import Path

import orjson
import pytest
from ptool.errors import ConfigError
from ptool.reviews.exchange import take_over
from ptool.reviews.queue import QueueFilter
from ptool.reviews.spreadsheet import read_sheet, write_sheet
from ptool.reviews.summary import summarise
from ptool.reviews.verified import write_verified
from ptool.store.dataset_index import line_digest
from review_bench import copied, labelled, marked, opened


def make_anew(run: Path, changed: str, gone: str) -> None:
    """Another query for one sample, of the same length, and no other sample any more."""
    samples, index = run / "dataset/samples.jsonl", run / "dataset/index.jsonl"
    lines = samples.read_bytes().splitlines(keepends=True)
    entries = [orjson.loads(line) for line in index.read_bytes().splitlines()]
    for place, line in enumerate(lines):
        if orjson.loads(line)["id"] == changed:
            lines[place] = line.replace(b'"query":"', b'"query":"~', 1).replace(b'."', b'"', 1)
            entries[place]["digest"] = line_digest(lines[place])
            entries[place]["bytes"] = len(lines[place])
    samples.write_bytes(b"".join(lines))
    kept = [entry for entry in entries if entry["id"] != gone]
    index.write_bytes(b"".join(orjson.dumps(entry) + b"\n" for entry in kept))


@pytest.fixture
def run(whole_run: Path, tmp_path: Path) -> Path:
    return copied(whole_run, tmp_path)


def reviewed_then_made_anew(run: Path) -> tuple[str, str, str]:
    """Ada marks three samples; then one is another one, and one is gone."""
    with opened(run) as store:
        same, changed, gone = store.assignment.order[:3]
        for id in (same, changed, gone):
            marked(store, id, "Ada")
        labelled(store, changed, "Bo")
        write_sheet(store, run.parent / "before.csv")
    make_anew(run, changed, gone)
    return same, changed, gone


def test_reviews_of_other_bytes_count_no_longer_and_are_counted(run: Path) -> None:
    same, changed, gone = reviewed_then_made_anew(run)
    with opened(run) as store:
        assert store.outdated() == 3  # Ada's two, and Bo's labels
        assert (store.verdict(same).state, store.verdict(changed).state) == ("accepted", "unreviewed")
        mine = store.page("Ada", "criteria", QueueFilter(show="mine"))
        assert [(each.entry.id, each.mine) for each in mine.entries] == [(same, "done")]
        summary = summarise(store)
        assert (summary.outdated, summary.states["accepted"], summary.agreement.reviewed) == (3, 1, 1)
        assert len(store.database.history(gone)) == 1  # it stays in the history


def test_undo_takes_back_what_is_of_a_sample_as_it_is_now(run: Path) -> None:
    same, _, _ = reviewed_then_made_anew(run)
    with opened(run) as store:
        undone = store.undo("Ada")  # the latest two are of samples that are no longer so
        assert undone is not None and (undone.sample, undone.status) == (same, "withdrawn")
        assert store.undo("Ada") is None


def test_a_sample_made_anew_is_reviewed_again(run: Path) -> None:
    _, changed, _ = reviewed_then_made_anew(run)
    with opened(run) as store:
        marked(store, changed, "Ada", "ok ok reject")
        assert (store.verdict(changed).state, store.outdated()) == ("rejected", 2)


def test_equal_marks_of_the_sample_before_do_not_stand_in_an_import(run: Path, tmp_path: Path) -> None:
    _, changed, _ = reviewed_then_made_anew(run)
    with opened(run) as store:
        (tmp_path / "now.csv").write_text(
            f"id,annotator,query_mark,platform_mark,calls_mark\n{changed},Ada,ok,ok,ok\n"
        )
        assert take_over(store, read_sheet(tmp_path / "now.csv"), None) == (1, 0)
        assert store.verdict(changed).state == "accepted"
        with pytest.raises(ConfigError, match="was made anew since it was exported"):
            take_over(store, read_sheet(run.parent / "before.csv"), None)


def test_nothing_to_export_says_what_became_of_the_reviews(run: Path) -> None:
    with opened(run) as store:
        id = store.assignment.order[0]
        marked(store, id, "Ada")
    make_anew(run, id, "")
    with (
        opened(run) as store,
        pytest.raises(ConfigError, match=r"\(1 reviews are of samples made anew or gone\)"),
    ):
        write_verified(store)
