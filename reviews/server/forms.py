"""Forms and drafts: what a form's fields hold of a review, and the draft that submitted fields mean.

Fields are texts by name, the same ones for a review that is shown again and for a form that is sent, so that
a form with a fault comes back as it was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ...records import Call, Origin, Sample
from ..corrections import parse_answer
from ..evidence import argument_evidence
from ..expectations import record_errors
from ..records import (
    CRITERIA,
    Adjudication,
    Content,
    Correction,
    CriteriaReview,
    FieldError,
    Mark,
    OriginLabel,
    OriginReview,
    Review,
    ReviewDraft,
)
from ..retrace import answer_of
from .answer_fields import ValueField, calls_json, edited_json, typed_calls, value_fields, value_text
from .editable_text import shown_text, typed_text
from .place import PagePlace
from .security import Access, same_secret

MOST_FIELDS = 2_000

Fields = Mapping[str, str]


async def read_form(request: Request, access: Access) -> dict[str, str]:
    """The fields of a form of ours. Raises HTTPException where it is none."""
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise HTTPException(400, "the form cannot be read") from None
    fields = dict(pairs)
    if not same_secret(fields.pop("key", ""), access.form_key):
        raise HTTPException(403, "the form is not of this start of ptool.review: reload the page")
    return fields


def fields_of(content: Content | None, sample: Sample) -> dict[str, str]:
    """The fields of what somebody said of a sample: marks and corrections, labels, or both."""
    match content:
        case CriteriaReview():
            marks = {f"mark-{name}": getattr(content, name) for name in CRITERIA}
            return marks | _correction_fields(content.correction, sample)
        case OriginReview(labels=labels):
            arguments = enumerate(argument_evidence(sample), 1)
            places = {(each.call, each.parameter): number for number, each in arguments}
            return {
                f"origin-{places[label.call, label.parameter]}": label.origin
                for label in labels
                if (label.call, label.parameter) in places
            }
        case Adjudication(criteria=criteria, origins=origins):
            return fields_of(criteria, sample) | fields_of(origins, sample)
        case _:
            return {}


def review_fields(review: Review | ReviewDraft, sample: Sample) -> dict[str, str]:
    """The fields of a review, its comment included."""
    beside = {"comment": shown_text(review.comment), "second_look": "1" if review.second_look else ""}
    return beside | fields_of(review.content, sample)


def _correction_fields(correction: Correction | None, sample: Sample) -> dict[str, str]:
    if correction is None:
        return {}
    given: dict[str, str] = {}
    if correction.query is not None:
        given["query"] = shown_text(correction.query)
    if correction.platform is not None:
        given["platform"] = correction.platform
    recorded = answer_of(sample).calls
    fields = value_fields(sample, recorded)
    if correction.calls is not None:
        given |= _call_fields(correction.calls, recorded, fields)
    for field in (each for row in fields for each in row):
        if field.path in correction.words:
            given[f"words-{field.place}"] = shown_text(correction.words[field.path])
    return given


def _call_fields(
    calls: Sequence[Call], recorded: Sequence[Call], fields: Sequence[Sequence[ValueField]]
) -> dict[str, str]:
    """Corrected calls as values where there is a field for each of them; otherwise as JSON."""
    fitting = [call.api for call in calls] == [call.api for call in recorded] and all(
        call.arguments.keys() <= {field.parameter for field in row}
        for call, row in zip(calls, fields, strict=True)
    )
    if not fitting:
        return {"calls": calls_json(calls)}
    return {
        f"value-{field.place}": value_text(call.arguments[field.parameter], field.schema)
        if field.parameter in call.arguments
        else ""
        for call, row in zip(calls, fields, strict=True)
        for field in row
    }


def draft_of(
    place: PagePlace, annotator: str, fields: Fields, sample: Sample
) -> tuple[ReviewDraft | None, list[FieldError]]:
    """The draft that submitted fields mean; None with what is wrong with them."""
    errors: list[FieldError] = []
    status = "skipped" if fields.get("status") == "skipped" else "done"
    content = _content(place, fields, sample, errors) if status == "done" else None
    if errors:
        return None, errors
    try:
        return ReviewDraft(
            sample=place.sample,
            task=place.task,
            annotator=annotator,
            base=_number(fields.get("base", "")),
            status=status,
            content=content,
            comment=typed_text(fields.get("comment", "")).strip(),
            second_look=bool(fields.get("second_look")),
            seconds=_seconds(fields.get("seconds", "")),
        ), []
    except ValidationError as error:
        return None, list(record_errors(error))


def _content(place: PagePlace, fields: Fields, sample: Sample, errors: list[FieldError]) -> Content | None:
    if place.task == "criteria":
        return _criteria(fields, sample, errors)
    if place.task == "origins":
        return _origins(fields, sample, errors)
    settled = fields.get("settles", "").split()
    return Adjudication(
        criteria=_criteria(fields, sample, errors) if "criteria" in settled else None,
        origins=_origins(fields, sample, errors) if "origins" in settled else None,
    )


def _criteria(fields: Fields, sample: Sample, errors: list[FieldError]) -> CriteriaReview | None:
    marks = {name: fields.get(f"mark-{name}", "") for name in CRITERIA}
    missing = [name for name, mark in marks.items() if mark not in get_args(Mark)]
    errors += [FieldError(path=f"mark-{name}", message="expected ok, fix or reject") for name in missing]
    if missing:
        return None
    fixed = {name for name, mark in marks.items() if mark == "fix"}
    try:
        correction = _correction(fields, sample, fixed, errors) if fixed else None
        return None if errors else CriteriaReview.model_validate({**marks, "correction": correction})
    except ValidationError as error:
        errors += record_errors(error)
        return None


def _correction(
    given: Fields, sample: Sample, fixed: set[str], errors: list[FieldError]
) -> Correction | None:
    """What the fields change of the criteria that are marked fix; whether that will do is checked later."""
    before = answer_of(sample)
    query = typed_text(given.get("query", shown_text(before.query)))
    platform = given.get("platform") or before.platform
    calls, words = before.calls, {}
    if "calls" in fixed:
        fields = value_fields(sample, before.calls)
        typed = edited_json(given, before.calls)
        calls, faults = typed_calls(given, before.calls, fields)
        if typed and calls != before.calls:
            faults = [FieldError(path="calls", message="changed as values and as JSON: undo one of them")]
        elif typed:
            read, found = parse_answer(typed, sample)
            faults = list(found)
            calls = read.calls if read and read.calls is not None else calls
        errors += faults
        words = {
            field.path: typed_text(text).strip()
            for row in fields
            for field in row
            if (text := given.get(f"words-{field.place}", "")).strip()
        }
    correction = Correction(
        query=query if "query" in fixed and query != before.query else None,
        platform=platform if "platform" in fixed and platform != before.platform else None,
        calls=calls if calls != before.calls else None,
        words=words,
    )
    return correction if correction != Correction() else None


def _origins(given: Fields, sample: Sample, errors: list[FieldError]) -> OriginReview | None:
    labels = []
    arguments = argument_evidence(sample)
    for number, argument in enumerate(arguments, 1):
        label = given.get(f"origin-{number}", "")
        if label in get_args(Origin):
            given_label = {"call": argument.call, "parameter": argument.parameter, "origin": label}
            labels.append(OriginLabel.model_validate(given_label))
        else:
            errors.append(FieldError(path=f"origin-{number}", message="expected a label"))
    return OriginReview(labels=tuple(labels)) if len(labels) == len(arguments) else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return min(seconds, 86_400.0) if seconds >= 0 else 0.0
