"""What people say of a sample: marks and corrections (Appendix B.1), labels of its arguments (B.2).

Records alone: how they are kept is `database`, what follows from them `verdicts`.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, StringConstraints

from ..records import Call, Origin, Record

Criterion = Literal["query", "platform", "calls"]
"""Query reasonableness, platform consistency, tool invocation accuracy (Appendix B.1)."""
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
"""Every criterion, in the paper's order."""
Mark = Literal["ok", "fix", "reject"]
"""What is said of a criterion; fix: the correction mends it."""
ReviewTask = Literal["criteria", "origins", "adjudication"]
"""criteria: the paper's first annotator; origins: its second; adjudication: the last word on a sample."""
Status = Literal["done", "skipped", "withdrawn"]
"""skipped: for later; withdrawn: undone, as if nothing had been said."""

MOST_TEXT = 4_000
"""Characters of a comment, or of a query somebody writes."""
MOST_CALLS = 16
"""Calls of a corrected answer, as many as a run accepts of a model."""


def _unix_lines(text: object) -> object:
    """Line breaks as files have them; forms of a browser send others."""
    return text.replace("\r\n", "\n") if isinstance(text, str) else text


Typed = Annotated[str, StringConstraints(max_length=MOST_TEXT), BeforeValidator(_unix_lines)]
"""What somebody types into a field."""


class Correction(Record):
    """What a person changes of a sample; what is null stays as it is."""

    query: Typed | None = Field(default=None, description="the query as it should be")
    platform: str | None = Field(
        default=None, max_length=200, description="the platform as it should be; its functions are others"
    )
    calls: tuple[Call, ...] | None = Field(
        default=None, max_length=MOST_CALLS, description="all calls as they should be"
    )
    words: dict[str, str] = Field(
        default_factory=dict,
        max_length=64,
        description="'calls[0].arguments.sortBy' -> words of the query that state the value, where code does "
        "not find it there by itself: 'cheapest first'",
    )


class CriteriaReview(Record):
    """A mark for every criterion (Appendix B.1), and the correction where one of them is fix."""

    query: Mark = Field(description="query reasonableness: complete, in keeping with the profile, meaningful")
    platform: Mark = Field(description="platform consistency: the one this user would go to for this need")
    calls: Mark = Field(description="tool invocation accuracy: the right functions with the right arguments")
    correction: Correction | None = Field(default=None, description="null: nothing was changed")


class OriginLabel(Record):
    """Where one argument comes from, as a person sees it (Appendix B.2)."""

    call: int = Field(ge=0, lt=MOST_CALLS, description="position of the call in the answer, from 0")
    parameter: str = Field(max_length=200, description="the API's parameter")
    origin: Origin = Field(description="query, profile, or default: in neither, the schema's own value")


class OriginReview(Record):
    """A label for every argument of the answer."""

    labels: tuple[OriginLabel, ...] = Field(max_length=1_000, description="in the answer's order")


class Adjudication(Record):
    """The last word where people disagree; what is null was not in dispute."""

    criteria: CriteriaReview | None = Field(default=None, description="the marks and correction that hold")
    origins: OriginReview | None = Field(default=None, description="the labels that hold")


Content = CriteriaReview | OriginReview | Adjudication
"""What a review says, by its task."""


class ReviewDraft(Record):
    """What somebody wants to save, and which version of it they saw."""

    sample: str = Field(max_length=200, description="id of the sample")
    task: ReviewTask = Field(description="what was done")
    annotator: str = Field(max_length=60, description="who did it, a name chosen at the start")
    base: int = Field(ge=0, description="version that was shown; 0: there was none")
    status: Status = Field(default="done", description="done, or skipped")
    content: Content | None = Field(default=None, description="null unless done")
    comment: Typed = Field(default="", description="for whoever comes next")
    second_look: bool = Field(default=False, description="whether somebody else should look at it, too")
    seconds: float = Field(
        default=0.0, ge=0, le=86_400, allow_inf_nan=False, description="from showing the sample to saving it"
    )


class Review(ReviewDraft):
    """One version of what somebody said; versions are added, never changed."""

    seq: int = Field(description="its place in the history of the whole database, from 1")
    version: int = Field(description="its place in the history of this sample, annotator and task, from 1")
    digest: str = Field(description="of the sample that was shown, as dataset/index.jsonl has it")
    at: str = Field(description="when it was saved, UTC, '2026-11-29T14:00:00Z'")


class FieldError(Record):
    """What is wrong with one field of a draft."""

    path: str = Field(description="'query', 'platform', 'calls', 'calls[0].arguments.zone', 'labels[2]', …")
    message: str = Field(description="what was got and what is expected, one line")
    wants_words: bool = Field(default=False, description="whether words of the query that state it would do")
