"""Reviews as other tools hold them, a row a sample and annotator, on their way in and out.

Marks and labels are words, a corrected answer is text, as a person types it. Rows that come in are checked as
drafts are: all of them are taken over, or none. What was said already is not said twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

import orjson
from pydantic import ValidationError

from ..errors import ConfigError, PtoolError, names, printable
from ..records import Origin, Sample
from .catalogue import CatalogueEntry
from .corrections import parse_answer
from .evidence import argument_evidence
from .expectations import record_errors
from .records import (
    CRITERIA,
    Content,
    Correction,
    CriteriaReview,
    Mark,
    OriginLabel,
    OriginReview,
    Review,
    ReviewDraft,
)
from .retrace import SampleAnswer, answer_of
from .store import ReviewStore, annotator_name
from .verdicts import said_of

MOST_BYTES = 500_000_000
"""Of a file that is read."""
_MOST_SHOWN = 5
"""Faults of a file that are named."""


@dataclass(frozen=True)
class ExchangeRow:
    """What one person said of one sample, in words."""

    place: str
    """where it stands, for messages"""
    sample: str
    digest: str = ""
    """of the sample that was shown; empty: the file does not say"""
    annotator: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    """criterion -> ok, fix or reject; empty: nobody marked it"""
    query: str = ""
    """as it should be; empty: as it is"""
    answer: str = ""
    """as it should be; empty: as it is"""
    words: Mapping[str, str] = field(default_factory=dict)
    """path of an argument -> words of the query that state it"""
    origins: Mapping[str, str] = field(default_factory=dict)
    """path of an argument -> query, profile or default; empty: nobody labelled it"""
    comment: str = ""
    second_look: bool = False
    marks_first: bool = False
    """whether marks had been saved when the labels were given, whose page shows the recorded origins"""
    seconds: float = 0.0


class Imported(NamedTuple):
    """What came of an import."""

    saved: int
    """reviews taken over"""
    known: int
    """of those in the file, which stood already"""


def rows_of(store: ReviewStore, entry: CatalogueEntry, sample: Sample) -> list[ExchangeRow]:
    """What people said of a sample, a row each; one row without a name where nobody said anything."""
    by_annotator: dict[str, list[Review]] = {}
    for review in store.reviews(entry.id):
        if review.status == "done" and review.task != "adjudication" and review.digest == entry.digest:
            by_annotator.setdefault(review.annotator, []).append(review)
    marked: dict[str, int] = {}
    for review in store.history(entry.id):
        if review.task == "criteria" and review.digest == entry.digest:
            marked.setdefault(review.annotator, review.seq)
    rows = [_row(entry, sample, name, reviews, marked.get(name)) for name, reviews in by_annotator.items()]
    return rows or [ExchangeRow("", entry.id, entry.digest)]


def _row(
    entry: CatalogueEntry, sample: Sample, annotator: str, reviews: list[Review], marked: int | None
) -> ExchangeRow:
    """What one person said. Args: marked: where in the history they first marked it; None: they did not."""
    labels = next((each for each in reviews if each.task == "origins"), None)
    criteria = next((each.content for each in reviews if isinstance(each.content, CriteriaReview)), None)
    origins = next((each.content for each in reviews if isinstance(each.content, OriginReview)), None)
    correction = (criteria.correction if criteria else None) or Correction()
    answer = ""
    if correction.platform is not None or correction.calls is not None:
        before = answer_of(sample)
        platform, calls = correction.platform or before.platform, correction.calls or before.calls
        answer = answer_text(SampleAnswer(before.query, platform, calls))
    return ExchangeRow(
        place="",
        sample=entry.id,
        digest=entry.digest,
        annotator=annotator,
        marks={name: getattr(criteria, name) for name in CRITERIA} if criteria else {},
        query=correction.query or "",
        answer=answer,
        words=correction.words,
        origins={_path(label): label.origin for label in origins.labels} if origins else {},
        comment=" / ".join(each.comment for each in reviews if each.comment),
        second_look=any(each.second_look for each in reviews),
        marks_first=labels is not None and marked is not None and marked < labels.seq,
        seconds=sum(each.seconds for each in reviews),
    )


def answer_text(answer: SampleAnswer) -> str:
    """An answer as a person may type it: `{"platform": …, "functions": [{"name": …, "parameters": …}]}`."""
    functions = [{"name": call.api, "parameters": call.arguments} for call in answer.calls]
    return orjson.dumps({"platform": answer.platform, "functions": functions}).decode()


def take_over(store: ReviewStore, rows: Iterable[ExchangeRow], annotator: str | None) -> Imported:
    """Save what rows of another tool say, all of it or nothing.

    Args: annotator: whose they are that do not say.
    Raises ConfigError: the first faults, each with its place; nothing is saved then.
    """
    drafts: list[ReviewDraft] = []
    faults: list[str] = []
    places: dict[tuple[str, str, str], str] = {}
    known = 0
    for row in rows:
        try:
            for draft in map(store.prepared, _drafts(store, row, annotator)):
                first = places.setdefault((draft.sample, draft.task, draft.annotator), row.place)
                if first != row.place:
                    raise ConfigError(f"{draft.annotator} says this of {draft.sample} at {first} already")
                standing = store.review(draft.sample, draft.task, draft.annotator)
                digest = store.catalogue.entry(draft.sample).digest
                stands = standing if standing and standing.digest == digest else None
                if stands is not None and said_of(stands.content) == said_of(draft.content):
                    known += 1
                    continue
                errors = store.check(draft)
                faults += [f"{row.place}: {error.path}: {error.message}" for error in errors]
                drafts.append(draft)
        except PtoolError as error:
            faults.append(f"{row.place}: {error}")
        except ValidationError as error:
            faults += [f"{row.place}: {each.path}: {each.message}" for each in record_errors(error)]
        if len(faults) >= _MOST_SHOWN:
            break
    if faults:
        shown = [printable(fault, 600) for fault in faults[:_MOST_SHOWN]]
        raise ConfigError("\n".join([*shown, "nothing was taken over; mend the file and import it again"]))
    store.save_all(drafts)
    return Imported(len(drafts), known)


def _drafts(store: ReviewStore, row: ExchangeRow, annotator: str | None) -> Iterator[ReviewDraft]:
    """What a row says as drafts. Raises ConfigError for what it cannot say."""
    if not row.marks and not row.origins:
        if any((row.query.strip(), row.answer.strip(), row.words, row.comment.strip(), row.second_look)):
            raise ConfigError(
                "got a correction, a comment or a second look without marks; expected ok, fix or reject for "
                "query, platform and calls, or labels of all arguments"
            )
        return
    entry = store.catalogue.entry(row.sample)
    if row.digest and row.digest != entry.digest:
        raise ConfigError(
            f"sample {row.sample!r:.80} was made anew since it was exported; export and review it again"
        )
    who = row.annotator or annotator
    if not who:
        raise ConfigError("annotator: says nobody, expected a name; or give annotator=NAME for those rows")
    sample = store.sample(row.sample)
    said: list[tuple[str, Content]] = []
    if row.origins:  # before the marks: no other tool shows recorded origins, so these labels are independent
        said.append(("origins", _labels(row, sample)))
    if row.marks:
        said.insert(0 if row.marks_first else len(said), ("criteria", _criteria(row, sample)))
    for task, content in said:
        yield ReviewDraft.model_validate(
            {
                "sample": row.sample,
                "task": task,
                "annotator": annotator_name(who),
                "base": 0,
                "content": content,
                "comment": row.comment,
                "second_look": row.second_look,
                "seconds": min(max(row.seconds, 0.0), 86_400.0) / len(said),
            }
        )


def _criteria(row: ExchangeRow, sample: Sample) -> CriteriaReview:
    marks = {name: _word(row.marks.get(name, ""), name, get_args(Mark)) for name in CRITERIA}
    correction = Correction()
    if row.answer.strip():
        read, errors = parse_answer(row.answer, sample)
        if read is None:
            raise ConfigError("; ".join(f"{error.path}: {error.message}" for error in errors))
        correction = read
    query = row.query.strip() or None
    given = {**correction.model_dump(), "query": query, "words": dict(row.words)}
    changed = any(given.values())
    return CriteriaReview.model_validate({**marks, "correction": given if changed else None})


def _labels(row: ExchangeRow, sample: Sample) -> OriginReview:
    by_path = {each.path: each for each in argument_evidence(sample)}
    labels = []
    for path, word in row.origins.items():
        if path not in by_path:
            raise ConfigError(f"origins: no argument {path[:120]!r}; there are {names(by_path, path[:120])}")
        argument = by_path[path]
        origin = _word(word, path, get_args(Origin))
        labels.append({"call": argument.call, "parameter": argument.parameter, "origin": origin})
    return OriginReview(labels=tuple(OriginLabel.model_validate(label) for label in labels))


def _word(word: str, where: str, known: tuple[str, ...]) -> str:
    plain = word.strip().casefold()
    if plain not in known:
        raise ConfigError(f"{where}: got {word[:80]!r}, expected {names(known)}")
    return plain


def _path(label: OriginLabel) -> str:
    return f"calls[{label.call}].arguments.{label.parameter}"


def as_text(value: Any) -> str:
    """A value of JSON on several lines, for people to read in another tool."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
