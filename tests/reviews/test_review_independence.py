"""Agreement is of what people said before they knew more; a later change counts for the sample."""

from dataclasses import replace
from pathlib import Path

import pytest
from ptool.reviews import Adjudication, CriteriaReview, ReviewDraft, ReviewStore
from ptool.reviews.agreement import AgreementTable
from ptool.reviews.exchange import rows_of, take_over
from ptool.reviews.summary import summarise
from review_bench import copied, labelled, marked, opened

STEPS = {
    "adjudicate": lambda store, id, who: store.save(
        ReviewDraft(
            sample=id, task="adjudication", annotator=who, base=0,
            content=Adjudication(criteria=CriteriaReview(query="ok", platform="ok", calls="reject")),
        )
    ),
    "label": labelled,
    "label otherwise": lambda store, id, who: labelled(
        store, id, who, **{each.parameter: "default" for each in store.sample(id).origins}
    ),
    "mark": marked,
    "reject": lambda store, id, who: marked(store, id, who, "ok ok reject"),
    "skip": lambda store, id, who: store.save(
        ReviewDraft(sample=id, task="criteria", annotator=who, base=0, status="skipped")
    ),
    "undo": lambda store, id, who: store.undo(who),
}  # fmt: skip


def after(run: Path, place: Path, ada: str, bo: str) -> AgreementTable:
    """Agreement once two people have done things with one sample."""
    with opened(copied(run, place)) as store:
        id = _with_arguments(store)
        for who, steps in (("Ada", ada), ("Bo", bo)):
            for step in steps.split(", "):
                STEPS[step](store, id, who)
        return summarise(store).agreement


def _with_arguments(store: ReviewStore) -> str:
    return next(id for id in store.assignment.order if store.sample(id).origins)


@pytest.mark.parametrize(
    ("bo", "raw", "not_compared"),
    [
        ("label", 1.0, 0),
        ("label otherwise", 0.0, 0),
        ("label otherwise, label", 0.0, 1),  # after the evidence was shown
        ("label otherwise, undo, label", 0.0, 1),  # taken back, and still it was seen
        ("label otherwise, undo", None, 0),  # nothing of Bo's stands
        ("mark, label", None, 1),  # the page of marks shows the origins
        ("skip, label", None, 1),  # and whoever skipped it has seen it
        ("adjudicate, label", None, 1),
        ("label, mark", 1.0, 0),
    ],
)
def test_labels_count_as_they_were_given_before_origins_were_shown(
    whole_run: Path, tmp_path: Path, bo: str, raw: float | None, not_compared: int
) -> None:
    table = after(whole_run, tmp_path, "label", bo)
    row = next(row for row in table.rows if row.measure == "origins")
    assert (row.raw, table.not_compared) == (raw, not_compared)


@pytest.mark.parametrize(
    ("bo", "raw", "not_compared"),
    [
        ("reject", 0.0, 0),
        ("reject, mark", 0.0, 1),
        ("skip, reject", 0.0, 0),
        ("adjudicate, reject", None, 1),  # what Ada said was shown
        ("label, reject", 0.0, 0),
    ],
)
def test_marks_count_as_they_were_given_first(
    whole_run: Path, tmp_path: Path, bo: str, raw: float | None, not_compared: int
) -> None:
    table = after(whole_run, tmp_path, "mark", bo)
    row = next(row for row in table.rows if row.measure == "calls")
    assert (row.raw, table.not_compared) == (raw, not_compared)


def test_what_was_changed_later_holds_for_the_sample(whole_run: Path, tmp_path: Path) -> None:
    with opened(copied(whole_run, tmp_path)) as store:
        id = store.assignment.order[0]
        marked(store, id, "Ada", "ok ok reject")
        marked(store, id, "Ada")
        assert store.verdict(id).state == "accepted"


def test_labels_and_marks_of_one_row_of_a_sheet_are_both_independent(whole_run: Path, tmp_path: Path) -> None:
    with opened(copied(whole_run, tmp_path)) as store:
        id = _with_arguments(store)
        labelled(store, id, "Ada")
        marked(store, id, "Ada")
        row = rows_of(store, store.catalogue.entry(id), store.sample(id))[0]
        assert take_over(store, [replace(row, annotator="Bo")], None) == (2, 0)
        table = summarise(store).agreement
    assert {row.measure: row.units for row in table.rows}["query"] == 1
    assert next(row for row in table.rows if row.measure == "origins").raw == 1.0
    assert table.not_compared == 0
