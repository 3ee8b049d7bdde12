"""The form beside a sample: what may be chosen, what is chosen, and which field an error belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...records import Sample
from ...rendering.text import inert
from ..evidence import argument_evidence
from ..expectations import expected_of
from ..records import CRITERIA, FieldError, ReviewTask
from ..retrace import answer_of
from .answer_fields import calls_json, value_fields
from .editable_text import shown_text
from .sides import CRITERION_NAMES

_HINTS = {
    "query": "complete, in keeping with the profile, no meaningless characters",
    "platform": "the one this user would go to for this need",
    "calls": "the right functions, with the right arguments",
}
_MARKS = (("ok", "o", "ok"), ("fix", "f", "fix"), ("reject", "r", "reject"))
_LABELS = (("query", "q", "query"), ("profile", "p", "profile"), ("default", "d", "default"))


@dataclass(frozen=True, slots=True)
class FormChoice:
    """One of several things to choose."""

    value: str
    key: str
    text: str
    differs: bool = False
    """whether it disagrees with what the sample records"""


@dataclass(frozen=True, slots=True)
class Field:
    """A field with what stands in it."""

    name: str
    label: str
    text: str
    note: str = ""
    errors: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Of the element; names are ours, never a sample's."""
        return f"field-{self.name}"


@dataclass(frozen=True, slots=True)
class CriterionFields:
    """One criterion, and what mends it."""

    name: str
    title: str
    hint: str
    choices: tuple[FormChoice, ...]
    chosen: str
    errors: tuple[str, ...]
    mending: tuple[Field, ...] = ()
    """of the query: a text; of the calls: one for each value, then the JSON"""
    options: tuple[tuple[str, str], ...] = ()
    """of the platform: value and text"""
    calls: tuple[tuple[str, tuple[tuple[Field, Field | None], ...]], ...] = ()
    """name of a call, and its fields: the value, and the words that state it where code finds none"""


@dataclass(frozen=True, slots=True)
class LabelFields:
    """One argument to label."""

    number: int
    name: str
    value: str
    recorded: str
    evidence: str
    choices: tuple[FormChoice, ...]
    chosen: str
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """Everything that a form shows."""

    save: str
    hidden: tuple[tuple[str, str], ...]
    criteria: tuple[CriterionFields, ...]
    labels: tuple[LabelFields, ...]
    comment: Field
    second_look: bool
    other_errors: tuple[str, ...]
    """those of no field that is shown"""


def review_form(
    task: ReviewTask,
    sample: Sample,
    given: Mapping[str, str],
    errors: Sequence[FieldError] = (),
    *,
    hidden: Iterable[tuple[str, str]] = (),
    settles: Sequence[str] = (),
) -> ReviewForm:
    """The form of a task.

    Args:
        given: fields that are filled in; the others are as the sample has them.
        errors: what is wrong with them.
        hidden: further fields.
        settles: of an adjudication: 'criteria', 'origins', whichever are in dispute.
    """
    placed = _Errors(errors)
    marked = task == "criteria" or "criteria" in settles
    labelled = task == "origins" or "origins" in settles
    criteria = tuple(_criterion(name, sample, given, placed) for name in CRITERIA) if marked else ()
    labels = tuple(_labels(sample, given, placed)) if labelled else ()
    comment = Field("comment", "Comment", given.get("comment", ""), errors=placed.take("comment"))
    return ReviewForm(
        save="Settle and go on" if task == "adjudication" else "Save and go on",
        hidden=tuple(hidden),
        criteria=criteria,
        labels=labels,
        comment=comment,
        second_look=bool(given.get("second_look")),
        other_errors=placed.rest(),
    )


class _Errors:
    """Errors, each to be taken by the field it belongs to."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self._left = list(errors)

    def take(self, *paths: str) -> tuple[str, ...]:
        """The errors of a field, or of a part of its value: 'a.b' and 'a[0]' are parts of 'a'."""
        found = [error for error in self._left if any(_is_part(error.path, path) for path in paths)]
        self._left = [error for error in self._left if error not in found]
        return tuple(inert(error.message, 600) for error in found)

    def want_words(self, path: str) -> bool:
        """Whether words of the query would mend an error of a field."""
        return any(error.wants_words and error.path == path for error in self._left)

    def rest(self) -> tuple[str, ...]:
        """The errors that no field took."""
        return tuple(inert(f"{error.path}: {error.message}", 900) for error in self._left)


def _is_part(path: str, whole: str) -> bool:
    return path == whole or path.startswith((f"{whole}.", f"{whole}["))


def _criterion(name: str, sample: Sample, given: Mapping[str, str], errors: _Errors) -> CriterionFields:
    answer = answer_of(sample)
    chosen = given.get(f"mark-{name}", "")
    missing = errors.take(f"mark-{name}")
    mending: tuple[Field, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    calls: tuple[tuple[str, tuple[tuple[Field, Field | None], ...]], ...] = ()
    if name == "query":
        text = given.get("query", shown_text(answer.query))
        mending = (Field("query", "The query as it should be", text, errors=errors.take("query")),)
    elif name == "platform":
        text = given.get("platform", answer.platform)
        note = "its functions are others: mend the calls, too"
        mending = (Field("platform", "The platform as it should be", text, note, errors.take("platform")),)
        options = tuple((each.name, inert(each.name, 120)) for each in sample.platforms)
    else:
        calls = tuple(_values(sample, given, errors))
        text = given.get("calls", calls_json(answer.calls))
        note = "for other functions, or more or fewer calls"
        mending = (Field("calls", "All calls as JSON", text, note, errors.take("calls", "words")),)
    return CriterionFields(
        name=name,
        title=CRITERION_NAMES[name],
        hint=_HINTS[name],
        choices=tuple(FormChoice(*each) for each in _MARKS),
        chosen=chosen,
        errors=missing,
        mending=mending,
        options=options,
        calls=calls,
    )


def _values(
    sample: Sample, given: Mapping[str, str], errors: _Errors
) -> Iterable[tuple[str, tuple[tuple[Field, Field | None], ...]]]:
    recorded = answer_of(sample).calls
    as_json = given.get("calls", calls_json(recorded)) != calls_json(recorded)
    for call, row in zip(recorded, value_fields(sample, recorded), strict=True):
        fields = []
        for each in row:
            # of other calls, written as JSON, no value stands in these fields
            wants_words = not as_json and errors.want_words(each.path)
            wrong = () if as_json else errors.take(each.path)
            wrong_words = () if as_json else errors.take(f"words.{each.path}")
            text = given.get(f"value-{each.place}", each.text)
            expected = inert(expected_of(each.schema), 200) if each.schema else ""
            note = ", ".join(filter(None, ("required" if each.required else "", expected)))
            value = Field(f"value-{each.place}", inert(each.parameter, 120), text, note, wrong)
            words = given.get(f"words-{each.place}", "")
            shown = bool(wants_words or wrong_words or words)
            label = "Words of the query that state it"
            beside = Field(f"words-{each.place}", label, words, errors=wrong_words)
            fields.append((value, beside if shown else None))
        yield inert(call.api, 120), tuple(fields)


def _labels(sample: Sample, given: Mapping[str, str], errors: _Errors) -> Iterable[LabelFields]:
    from .sample_view import view_sample

    shown = {argument.number: argument for argument in view_sample(sample).arguments}
    for number, argument in enumerate(argument_evidence(sample), 1):
        recorded = argument.origin
        yield LabelFields(
            number=number,
            name=shown[number].name,
            value=shown[number].value,
            recorded=recorded or "",
            evidence=shown[number].evidence,
            choices=tuple(
                FormChoice(value, key, text, differs=recorded is not None and value != recorded)
                for value, key, text in _LABELS
            ),
            chosen=given.get(f"origin-{number}", ""),
            errors=errors.take(f"origin-{number}", f"labels[{number - 1}]", argument.path),
        )
