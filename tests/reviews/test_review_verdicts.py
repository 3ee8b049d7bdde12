"""What became of a sample: the reviews of several people, taken together."""

from typing import Any

import pytest
from ptool.reviews import Adjudication, Correction, CriteriaReview, OriginLabel, OriginReview, Review
from ptool.reviews.verdicts import said_of, verdict_of


def criteria(marks: str, query: str | None = None, **words: str) -> CriteriaReview:
    correction = Correction(query=query, words=words) if query or words else None
    return CriteriaReview.model_validate(
        dict(zip(("query", "platform", "calls"), marks.split(), strict=True)) | {"correction": correction}
    )


def origins(label: str) -> OriginReview:
    return OriginReview(labels=(OriginLabel.model_validate({"call": 0, "parameter": "a", "origin": label}),))


def review(who: str, content: Any, **given: Any) -> Review:
    tasks = {CriteriaReview: "criteria", OriginReview: "origins", Adjudication: "adjudication"}
    plain = {
        "seq": 1, "sample": "s", "task": tasks.get(type(content), "criteria"), "annotator": who, "base": 0,
        "version": 1, "digest": "now", "at": "2026-11-29T12:00:00Z", "content": content,
    }  # fmt: skip
    return Review.model_validate(plain | given)


OK, FIX, REJECT = criteria("ok ok ok"), criteria("fix ok ok", "Better."), criteria("ok reject ok")


@pytest.mark.parametrize(
    ("reviews", "state"),
    [
        ([], "unreviewed"),
        ([review("Ada", OK)], "accepted"),
        ([review("Ada", OK), review("Bob", OK)], "accepted"),
        ([review("Ada", FIX)], "corrected"),
        ([review("Ada", REJECT)], "rejected"),
        ([review("Ada", OK), review("Bob", REJECT)], "conflict"),
        ([review("Ada", FIX), review("Bob", criteria("fix ok ok", "Best."))], "conflict"),
        ([review("Ada", OK), review("Bob", None, status="skipped")], "accepted"),
        ([review("Ada", None, status="skipped")], "unreviewed"),
        ([review("Bob", origins("query"))], "unreviewed"),
        (
            [review("Ada", OK), review("Bob", origins("query")), review("Cleo", origins("profile"))],
            "conflict",
        ),
        ([review("Ada", OK, second_look=True)], "second_look"),
        ([review("Ada", OK, second_look=True), review("Bob", OK)], "accepted"),
        ([review("Ada", OK, digest="before")], "unreviewed"),
        ([review("Ada", OK, digest="before"), review("Bob", REJECT)], "rejected"),
        ([review("Ada", OK), review("Bob", REJECT), review("Cleo", Adjudication(criteria=OK))], "accepted"),
        ([review("Ada", OK, second_look=True), review("Cleo", Adjudication(criteria=REJECT))], "rejected"),
        (
            [
                review("Ada", OK),
                review("Bob", REJECT),
                review("Ada", origins("query")),
                review("Bob", origins("profile")),
                review("Cleo", Adjudication(criteria=OK)),
            ],
            "conflict",
        ),
    ],
)
def test_states(reviews: list[Review], state: str) -> None:
    assert verdict_of(reviews, "now").state == state


def test_what_holds_is_what_all_said_or_the_adjudication() -> None:
    agreed = verdict_of([review("Ada", FIX), review("Bob", FIX), review("Bob", origins("query"))], "now")
    assert (agreed.criteria, agreed.origins, agreed.annotators) == (FIX, origins("query"), ("Ada", "Bob"))
    both = [review("Ada", FIX), review("Bob", OK)]
    assert verdict_of(both, "now").criteria is None
    assert verdict_of([*both, review("Cleo", Adjudication(criteria=FIX))], "now").criteria == FIX


def test_people_who_point_to_other_words_say_the_same() -> None:
    first, second = (
        criteria("ok ok fix", **{"calls[0].arguments.a": words}) for words in ("cheap", "cheapest")
    )
    assert said_of(first) == said_of(second) != said_of(OK)


def test_the_order_of_labels_does_not_count() -> None:
    labels = [OriginLabel(call=0, parameter=name, origin="query") for name in "ab"]
    assert said_of(OriginReview(labels=tuple(labels))) == said_of(OriginReview(labels=tuple(labels[::-1])))
