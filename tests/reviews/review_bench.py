"""What the tests of reviews share: a run of one's own, and people who say things of its samples."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ptool.records import Call, Sample
from ptool.reviews import (
    Correction,
    CriteriaReview,
    OriginLabel,
    OriginReview,
    Review,
    ReviewDraft,
    ReviewStore,
)
from ptool.reviews.retrace import answer_of

WHOLE = ("scenario=tiny", "users=5", "queries_per_user=4")
"""What the whole run is made with."""
NOON = "2026-11-29T12:00:00Z"


def copied(run: Path, place: Path) -> Path:
    """A copy of a run, to be reviewed."""
    return Path(shutil.copytree(run, place / "run"))


def opened(run: Path, **options: Any) -> ReviewStore:
    """The review of a run, at noon."""
    return ReviewStore(run, now=lambda: NOON, **options)


def marked(
    store: ReviewStore,
    id: str,
    who: str,
    marks: str = "ok ok ok",
    correction: Correction | None = None,
    **more: Any,
) -> Review:
    """Save marks for query, platform and calls: `ok fix ok`."""
    query, platform, calls = marks.split()
    content = CriteriaReview.model_validate(
        {"query": query, "platform": platform, "calls": calls, "correction": correction}
    )
    base = store.version(id, "criteria", who)
    return store.save(
        ReviewDraft(sample=id, task="criteria", annotator=who, base=base, content=content, **more)
    )


def labelled(store: ReviewStore, id: str, who: str, **instead: str) -> Review:
    """Save the labels that the sample records, some parameters with another one."""
    labels = tuple(
        OriginLabel(call=each.call, parameter=each.parameter, origin=instead.get(each.parameter, each.origin))  # type: ignore[arg-type]
        for each in store.sample(id).origins
    )
    base = store.version(id, "origins", who)
    content = OriginReview(labels=labels)
    return store.save(ReviewDraft(sample=id, task="origins", annotator=who, base=base, content=content))


def first_call(sample: Sample, without: str = "", **arguments: Any) -> tuple[Call, ...]:
    """The calls of a sample, in the first of them some arguments with another value, one left out."""
    first, *others = answer_of(sample).calls
    kept = {name: value for name, value in first.arguments.items() if name != without}
    return (Call(api=first.api, arguments=kept | arguments), *others)


def schema_of(sample: Sample, api: str) -> Mapping[str, Any]:
    """The parameters of a function."""
    (found,) = (tool["function"] for tool in sample.tools if tool["function"]["name"] == api)
    return found["parameters"]
