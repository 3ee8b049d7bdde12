"""The review of a run: queues and filters, names, versions, and reviews of samples that were made anew."""

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from ptool.errors import ConfigError, StoreError
from ptool.reviews import Adjudication, Correction, CriteriaReview, ReviewDraft
from ptool.reviews.database import VersionConflict
from ptool.reviews.queue import QueueFilter
from ptool.reviews.retrace import answer_of
from ptool.reviews.store import InvalidReview, annotator_name
from review_bench import copied, labelled, marked, opened


@pytest.fixture
def run(whole_run: Path, tmp_path: Path) -> Path:
    return copied(whole_run, tmp_path)


@pytest.fixture
def held_out(split_run: Path, tmp_path: Path) -> Path:
    return copied(split_run, tmp_path / "split")


def shown(store, who: str, task: str = "criteria", **wanted: Any) -> list[str]:
    """Ids of a whole queue."""
    page = store.page(who, task, QueueFilter(**wanted), limit=10_000)
    assert page.total == len(page.entries)
    return [entry.entry.id for entry in page.entries]


def test_what_is_held_out_is_reviewed_where_there_is_a_split(run: Path, held_out: Path) -> None:
    with opened(run) as whole, opened(held_out) as split:
        assert (whole.catalogue.parts, split.catalogue.parts) == (("samples",), ("test", "unseen"))
        assert {entry.group for entry in split.catalogue.entries.values()} >= {"untrained", "unseen"}
        for id in split.catalogue.entries:
            assert split.sample(id).tools and split.sample(id).user_profile.basic_features


def test_choices_of_the_first_start_are_kept(held_out: Path) -> None:
    with opened(held_out, parts=["train"], annotators=["Ada", "Bob"], overlap=0.5, seed=3) as first:
        drawn = first.assignment
    with opened(held_out) as again:
        assert (again.catalogue.parts, again.assignment) == (("train",), drawn)
    with opened(held_out, annotators=["Cleo"]) as joined:
        assert joined.database.roster() == ("Ada", "Bob", "Cleo")


def test_a_queue_empties_as_its_samples_are_done(run: Path) -> None:
    with opened(run, annotators=["Ada", "Bob"], overlap=0.0) as store:
        mine = shown(store, "Ada")
        assert mine and set(mine).isdisjoint(shown(store, "Bob"))
        marked(store, mine[0], "Ada")
        skipped = ReviewDraft(sample=mine[1], task="criteria", annotator="Ada", base=0, status="skipped")
        store.save(skipped)
        assert shown(store, "Ada") == mine[2:]
        assert shown(store, "Ada", show="skipped") == [mine[1]]
        assert shown(store, "Ada", show="mine") == mine[:2]
        progress = store.progress("Ada", "criteria")
        assert (progress.assigned, progress.done, progress.skipped) == (len(mine), 1, 1)
        assert progress.states["accepted"] == 1
        store.undo("Ada")
        store.undo("Ada")
        assert shown(store, "Ada") == mine


def test_the_next_sample_is_the_one_behind_and_then_the_first_again(run: Path) -> None:
    with opened(run) as store:
        wanted = QueueFilter()
        order = shown(store, "Ada")
        assert store.next("Ada", "criteria", wanted) == order[0]
        assert store.next("Ada", "criteria", wanted, after=order[2]) == order[3]
        assert store.next("Ada", "criteria", wanted, after=order[-1]) == order[0]
        for id in order[:-1]:
            marked(store, id, "Ada")
        assert store.next("Ada", "criteria", wanted, after=order[0]) == order[-1]
        marked(store, order[-1], "Ada")
        assert store.next("Ada", "criteria", wanted, after=order[-1]) is None


def test_conflicts_and_second_looks_are_found_by_everybody(run: Path) -> None:
    with opened(run) as store:
        first, second, *_ = order = list(store.assignment.order)
        marked(store, first, "Ada")
        marked(store, first, "Bob", "ok ok reject")
        marked(store, second, "Ada", second_look=True, comment="Is that so?")
        assert shown(store, "Cleo", "adjudication", show="conflicts") == [first]
        assert shown(store, "Cleo", show="second_look") == [second]
        assert shown(store, "Cleo", show="unreviewed") == order[2:]
        content = Adjudication(criteria=CriteriaReview(query="ok", platform="ok", calls="ok"))
        draft = ReviewDraft(sample=first, task="adjudication", annotator="Cleo", base=0, content=content)
        store.save(draft)
        assert store.verdict(first).state == "accepted"
        assert shown(store, "Cleo", "adjudication", show="conflicts") == []
        with pytest.raises(VersionConflict):
            store.save(draft.model_copy(update={"annotator": "Dan"}))


def test_two_stores_on_one_run_see_each_other(run: Path) -> None:
    with opened(run) as one, opened(run) as other:
        id = one.assignment.order[0]
        marked(one, id, "Ada")
        assert id not in shown(other, "Ada")
        assert other.progress("Ada", "criteria").done == 1


def test_samples_are_found_by_who_objected_on_the_way(held_out: Path) -> None:
    with opened(held_out, parts=["train", "test", "unseen"]) as store:
        objections = {id: store.objections(id) for id in store.catalogue.entries if store.objections(id)}
        assert 0 < len(objections) < len(store.catalogue.entries)
        one = next(iter(objections.values()))[0]
        for flag in (one.source, one.code):
            wanted = {id for id, all in objections.items() if flag in {each for o in all for each in o}}
            assert set(shown(store, "Ada", show="all", flagged=flag)) == wanted
        assert shown(store, "Ada", show="all", flagged="nobody") == []


def test_samples_are_found_by_second_solvers_who_disagree(held_out: Path) -> None:
    with opened(held_out, parts=["train", "test", "unseen"]) as store:
        agreement = store.catalogue.agreement_of_solvers
        assert set(agreement.values()) <= {0.0, 0.5, 1.0} and len(agreement) > 10
        low = {id for id, share in agreement.items() if share < 1}
        assert set(shown(store, "Ada", show="all", solvers_below=1.0)) == low


def test_filters_of_place(held_out: Path) -> None:
    with opened(held_out) as store:
        entries = store.catalogue.entries
        unseen = {id for id, entry in entries.items() if entry.scenario == "finance"}
        assert set(shown(store, "Ada", show="all", scenario="finance")) == unseen
        assert set(shown(store, "Ada", show="all", part="unseen")) == unseen
        assert set(shown(store, "Ada", show="all", group="unseen")) == unseen


def test_a_draft_that_is_wrong_is_not_kept(run: Path) -> None:
    with opened(run) as store:
        id = store.assignment.order[0]
        with pytest.raises(InvalidReview, match="marked fix and nothing of it is changed") as refused:
            marked(store, id, "Ada", "ok ok fix")
        assert [error.path for error in refused.value.errors] == ["calls"]
        assert store.history(id) == []
        with pytest.raises(ConfigError, match="none of the"):
            store.save(ReviewDraft(sample="nowhere", task="criteria", annotator="Ada", base=0))
        empty = ReviewDraft(sample=id, task="origins", annotator="Ada", base=0)
        assert [error.path for error in store.check(empty)] == ["content"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Ada", "Ada"), ("  Ada \t Lovelace ", "Ada Lovelace"), ("Jose\u0301", "José"), ("李 明", "李 明")],
)
def test_names_are_kept_in_one_form(typed: str, name: str) -> None:
    assert annotator_name(typed) == name


@pytest.mark.parametrize("typed", ["", "  ", "x" * 41, "Ada\x00", "\u202eadA", "a\x1b[2Jb", "\ud800"])
def test_what_no_name_is_is_refused(typed: str) -> None:
    with pytest.raises(ConfigError, match="expected a name"):
        annotator_name(typed)


def test_a_sample_that_was_made_anew_is_reviewed_anew(run: Path) -> None:
    with opened(run) as store:
        id = store.assignment.order[0]
        marked(store, id, "Ada")
        assert id not in shown(store, "Ada")
    index = run / "dataset" / "index.jsonl"
    lines = [orjson.loads(line) for line in index.read_bytes().splitlines()]
    changed = [line | ({"digest": "0" * 16} if line["id"] == id else {}) for line in lines]
    index.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in changed))
    with opened(run) as store:
        assert store.verdict(id).state == "unreviewed" and id in shown(store, "Ada")
        with pytest.raises(StoreError, match="changed, added or removed since"):
            store.sample(id)


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda run: shutil.rmtree(run), StoreError, "no such folder"),
        (lambda run: shutil.rmtree(run / "dataset"), StoreError, "has no dataset yet"),
        (lambda run: (run / ".ptool-run.json").unlink(), StoreError, "not a run folder"),
        (lambda run: (run / "dataset/index.jsonl").write_text(""), StoreError, "hold no samples"),
        (lambda run: (run / "dataset/index.jsonl").write_text("{}\n"), StoreError, "damaged"),
    ],
)
def test_what_is_no_run_is_refused(run: Path, spoil, error: type[Exception], message: str) -> None:
    spoil(run)
    with pytest.raises(error, match=message):
        opened(run)
    assert not (run / "reviews.sqlite-wal").exists()


def test_a_part_that_is_not_there_is_refused_and_not_remembered(run: Path) -> None:
    with pytest.raises(ConfigError, match="parts: got 'test'"):
        opened(run, parts=["test"])
    with opened(run) as store:
        assert store.catalogue.parts == ("samples",)


def test_what_changes_nothing_is_no_correction(run: Path) -> None:
    with opened(run) as store:
        id = store.assignment.order[0]
        answer = answer_of(store.sample(id))
        same = Correction(query=answer.query, platform=answer.platform, calls=answer.calls, words={"a": " "})
        saved = marked(store, id, "Ada", correction=same)
        assert isinstance(saved.content, CriteriaReview) and saved.content.correction is None
        marked(store, id, "Bob")
        assert store.verdict(id).state == "accepted"


def test_line_breaks_of_a_browser_are_line_breaks(run: Path) -> None:
    with opened(run) as store:
        id = store.assignment.order[0]
        assert marked(store, id, "Ada", comment="one\r\ntwo").comment == "one\ntwo"
        with pytest.raises(InvalidReview, match="comment: got"):
            marked(store, id, "Ada", comment="one\x1b[2Jtwo")


def test_labels_are_kept_beside_marks(run: Path) -> None:
    with opened(run) as store:
        id = store.assignment.order[0]
        marked(store, id, "Ada")
        labelled(store, id, "Ada")
        assert [each.task for each in store.reviews(id)] == ["criteria", "origins"]
        assert store.review(id, "origins", "Bob") is None
