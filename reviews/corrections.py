"""What somebody typed becomes an answer that a run would have accepted, or an error for each field.

Corrections are held to the rule checks of a run: the platform exists and has the functions, arguments
satisfy their schemas, a query that was written anew says no platform and leaks no profile, and every value
stands in the query, in the profile or in the schema. A value whose words code does not recognise ('cheapest
first') needs the words of the query that state it. Texts are bounded, and never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from ..benchmark.items import ParseError
from ..benchmark.parsing import parse
from ..benchmark.parsing.bounds import Refused
from ..benchmark.parsing.json_format import load
from ..environments.checks import CHECKS, Case, trace
from ..records import ArgumentOrigin, Call, Evidence, Origin, Reason, Sample
from ..texts.hidden import faults
from ..texts.search import find_quote
from .expectations import argument_errors, expected_of, field_error, record_errors, shown_value
from .records import (
    CRITERIA,
    Adjudication,
    Content,
    Correction,
    CriteriaReview,
    FieldError,
    OriginReview,
    ReviewDraft,
)
from .retrace import RunTrees, SampleAnswer, answer_of, argument_path, case_of, evidence_for

MOST_TYPED = 16_384
"""Characters of an answer that somebody types."""
LONGEST_VALUE = 2_000
"""Characters of one text in an argument."""
_AN_ANSWER = """[{"api": "find", "arguments": {"what": "tea"}}], or Platform: [find(what='tea')]"""
_JSON_OBJECT = re.compile(r'\{\s*"(?:platform|functions|calls)"\s*:')
_OF_QUERY = ("text", "platform_named", "leak")
_OF_SOLUTION = ("tools", "duplicate")


def parse_answer(text: str, sample: Sample) -> tuple[Correction | None, tuple[FieldError, ...]]:
    """Read an answer that somebody typed; nothing in it is evaluated.

    Args:
        text: `Platform: [function(name='value')]`, `{"platform": …, "functions": [{"name": …, "parameters":
            {…}}]}`, the published form `["Platform", [{"function": {"name": ["value"]}}]]`, or calls alone:
            `[{"api": …, "arguments": {…}}]`, for the platform that the sample has.
        sample: whose answer it is to be.

    Returns the platform and the calls as a correction, or what is wrong with the text.
    """
    if len(text) > MOST_TYPED:
        return None, (field_error("calls", f"got {len(text):,} characters, expected at most {MOST_TYPED:,}"),)
    try:
        read = _read_answer(text.strip(), sample)
    except Refused as refused:
        return None, (_unread(refused),)
    if isinstance(read, ParseError):
        return None, (_unread(read),)
    platform, calls = read
    try:
        return Correction(platform=platform, calls=calls), ()
    except ValidationError as error:
        return None, tuple(record_errors(error))


def _unread(fault: Refused | ParseError) -> FieldError:
    where = f" at character {fault.position + 1}" if fault.position else ""
    return field_error("calls", f"{fault.reason}{where}; type calls as {_AN_ANSWER}")


def parse_value(text: str, schema: Mapping[str, Any]) -> tuple[Any, str | None]:
    """Read one argument that somebody typed into its field.

    Args: schema: of the parameter. Where it is a text, what was typed is the value; else it has to be JSON.
    Returns the value and None, or None and what is wrong with it.
    """
    if len(text) > MOST_TYPED:
        return None, f"got {len(text):,} characters, expected at most {MOST_TYPED:,}"
    if schema.get("type") == "string":
        return text, None
    try:
        value = load(text.strip())
    except Refused:
        return None, f"got {shown_value(text)}, expected {expected_of(schema)}"
    return (value, None) if _is_plain(value) else (None, f"got {shown_value(text)}, expected a 64-bit number")


def _read_answer(text: str, sample: Sample) -> tuple[str, tuple[Call, ...]] | ParseError:
    if text.startswith("[") or _JSON_OBJECT.match(text):
        return _from_json(load(text), sample)
    read = parse(text, "python")
    if isinstance(read, ParseError):
        return read
    return read.platform or "", tuple(Call(api=call.name, arguments=call.arguments) for call in read.calls)


def _from_json(value: Any, sample: Sample) -> tuple[str, tuple[Call, ...]]:
    platform: Any = sample.answer[0]
    calls: Any = value
    if isinstance(value, dict):
        platform, calls = value.get("platform"), value.get("functions", value.get("calls"))
    elif isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        platform, calls = value
        if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
            raise Refused('expected ["Platform", [{"function": {"name": ["value"]}}]]')
        calls = [
            {"api": api, "arguments": _first_values(given)} for call in calls for api, given in call.items()
        ]
    if not isinstance(platform, str) or not isinstance(calls, list):
        raise Refused('expected a platform and a list of calls: {"platform": …, "functions": […]}')
    return platform, tuple(_call(call, number) for number, call in enumerate(calls))


def _first_values(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not all(isinstance(each, list) and each for each in given.values()):
        raise Refused('expected the accepted values of every argument in a list: {"name": ["value"]}')
    return {name: values[0] for name, values in given.items()}


def _call(call: Any, number: int) -> Call:
    if isinstance(call, dict):
        api, arguments = call.get("api", call.get("name")), call.get("arguments", call.get("parameters"))
        if isinstance(api, str) and isinstance(arguments, dict):
            return Call(api=api, arguments=arguments)
    raise Refused(f'calls[{number}]: expected {{"api": …, "arguments": {{…}}}}')


@dataclass(frozen=True)
class CorrectedSample:
    """A sample as people want it, and what they changed."""

    sample: Sample
    changes: tuple[dict[str, Any], ...]
    """field, before and after: query, platform, calls, and origins with the argument they are of"""


def applied(answer: SampleAnswer, correction: Correction | None) -> SampleAnswer:
    """The answer with a correction applied."""
    if correction is None:
        return answer
    return SampleAnswer(
        answer.query if correction.query is None else correction.query,
        answer.platform if correction.platform is None else correction.platform,
        answer.calls if correction.calls is None else correction.calls,
    )


def normalised(content: Content | None, sample: Sample) -> Content | None:
    """What somebody said without what changes nothing, so that equal reviews are equal however they came."""
    if isinstance(content, Adjudication) and content.criteria is not None:
        return content.model_copy(update={"criteria": normalised(content.criteria, sample)})
    if not isinstance(content, CriteriaReview) or content.correction is None:
        return content
    before, correction = answer_of(sample), content.correction
    changed = {
        name: value
        for name in ("query", "platform", "calls")
        if (value := getattr(correction, name)) is not None and value != getattr(before, name)
    }
    words = {path: said.strip() for path, said in correction.words.items() if said.strip()}
    kept = Correction(**changed, words=words) if changed or words else None
    return content.model_copy(update={"correction": kept})


def check_draft(draft: ReviewDraft, sample: Sample, trees: RunTrees) -> tuple[FieldError, ...]:
    """What is wrong with a draft, field by field; empty: it can be saved."""
    return tuple(_errors(draft, sample, trees))


def _errors(draft: ReviewDraft, sample: Sample, trees: RunTrees) -> Iterator[FieldError]:
    for fault in faults(draft.comment, "comment", len(draft.comment)):
        yield field_error("comment", fault.removeprefix("comment: "))
    if draft.status != "done":
        if draft.content is not None:
            yield field_error("status", f"got {draft.status!r} with marks or labels, expected done")
        if draft.status == "withdrawn":
            yield field_error("status", "got 'withdrawn', expected done or skipped; undo takes it back")
        return
    expected = {"criteria": CriteriaReview, "origins": OriginReview, "adjudication": Adjudication}[draft.task]
    match draft.content:
        case CriteriaReview() if draft.task == "criteria":
            yield from _criteria_errors(draft.content, sample, trees)
        case OriginReview() if draft.task == "origins":
            yield from _label_errors(draft.content, answer_of(sample))
        case Adjudication(criteria=criteria, origins=origins) if draft.task == "adjudication":
            if criteria is None and origins is None:
                yield field_error("content", "got neither marks nor labels, expected what was in dispute")
            if criteria is not None:
                yield from _criteria_errors(criteria, sample, trees)
            if origins is not None:
                yield from _label_errors(origins, answer_of(sample))
        case _:
            yield field_error("content", f"expected what task {draft.task} has: {expected.__name__}")


def _label_errors(review: OriginReview, answer: SampleAnswer) -> Iterator[FieldError]:
    wanted = [(number, name) for number, call in enumerate(answer.calls) for name in call.arguments]
    got = [(label.call, label.parameter) for label in review.labels]
    for place, key in enumerate(got):
        if key not in wanted:
            yield field_error(f"labels[{place}]", f"no argument {argument_path(*key)[:200]!r} in the answer")
        elif key in got[:place]:
            yield field_error(f"labels[{place}]", f"a second label for {argument_path(*key)!r}, expected one")
    for key in wanted:
        if key not in got:
            yield field_error(argument_path(*key), "no label, expected query, profile or default")


def _criteria_errors(review: CriteriaReview, sample: Sample, trees: RunTrees) -> Iterator[FieldError]:
    before = answer_of(sample)
    after = applied(before, review.correction)
    words = review.correction.words if review.correction else {}
    changed = {
        "query": after.query != before.query,
        "platform": after.platform != before.platform,
        "calls": after.calls != before.calls or bool(words),
    }
    marks = {criterion: getattr(review, criterion) for criterion in CRITERIA}
    for criterion in CRITERIA:
        if marks[criterion] == "fix" and not changed[criterion] and "reject" not in marks.values():
            yield field_error(
                criterion, "marked fix and nothing of it is changed; correct it, or mark it ok or reject"
            )
        if marks[criterion] == "ok" and changed[criterion]:
            yield field_error(criterion, "marked ok and changed; mark it fix, or leave it as it is")
    if review.correction is not None:
        yield from _answer_errors(sample, before, after, words, trees)


def _answer_errors(
    sample: Sample, before: SampleAnswer, after: SampleAnswer, words: Mapping[str, str], trees: RunTrees
) -> Iterator[FieldError]:
    hidden = [
        *faults(after.query, "query", len(after.query)),
        *(
            fault
            for number, call in enumerate(after.calls)
            for fault in faults(call.arguments, f"calls[{number}].arguments", LONGEST_VALUE)
        ),
        *faults(dict(words), "words", LONGEST_VALUE),
    ]
    if hidden:
        yield from (field_error(*fault.split(": ", 1)) for fault in hidden)
        return
    if not all(_is_plain(call.arguments) for call in after.calls):
        yield field_error("calls", "a number that JSON cannot carry, expected finite 64-bit ones")
        return
    case = case_of(sample, after, words, trees)
    of_query = _OF_QUERY if after.query != before.query else ()
    reasons = [reason for name in (*of_query, *_OF_SOLUTION) for reason in CHECKS[name].run(case)]
    errors = [field_error(_field(reason), reason.message) for reason in reasons]
    errors += _argument_errors(case)
    yield from errors
    if not errors:
        yield from _origin_errors(case, words, _from_nowhere(sample, before, after))


def _argument_errors(case: Case) -> Iterator[FieldError]:
    """What the check `arguments` of a run objects to, in words for a person."""
    platform = case.solution.platform if case.solution else ""
    for number, call in enumerate(case.calls):
        if tool := case.world.tools.get((platform, call.api)):
            yield from argument_errors(call, tool, f"calls[{number}].arguments")


def _from_nowhere(sample: Sample, before: SampleAnswer, after: SampleAnswer) -> set[str]:
    """Paths of arguments for which the run knew no origin either, and that nobody changed."""
    known = {(each.call, each.parameter) for each in sample.origins}
    return {
        argument_path(number, name)
        for number, (was, now) in enumerate(zip(before.calls, after.calls, strict=False))
        for name, value in was.arguments.items()
        if (number, name) not in known and was.api == now.api and now.arguments.get(name) == value
    }


def _origin_errors(case: Case, words: Mapping[str, str], excepted: Collection[str]) -> Iterator[FieldError]:
    paths = {argument_path(number, name) for number, call in enumerate(case.calls) for name in call.arguments}
    for path, said in words.items():
        if path not in paths:
            yield field_error(f"words.{path[:200]}", "names no argument of the answer")
        elif find_quote(said, case.query.text) is None:
            yield field_error(
                f"words.{path}", f"{said[:200]!r} does not stand in the query, expected its own words"
            )
    for call, name in trace(case).untraced:
        if argument_path(call, name) in excepted:
            continue
        value = str(case.calls[call].arguments[name])[:200]
        yield field_error(
            argument_path(call, name),
            f"{value!r} stands neither in the query nor in the profile and is no default; correct it, or "
            "give the words of the query that state it",
            wants_words=True,
        )


def _field(reason: Reason) -> str:
    return reason.path.removesuffix(".text") or "calls"


def _is_plain(value: Any) -> bool:
    try:
        return orjson.loads(orjson.dumps(value)) == value
    except TypeError:
        return False


def corrected_sample(
    sample: Sample, criteria: CriteriaReview | None, labels: OriginReview | None, trees: RunTrees
) -> CorrectedSample:
    """A sample as people want it: corrected, its origins traced again, and labelled as they say.

    A label that differs from what code traced is theirs; its evidence is looked for, and empty where there
    is none. Labels of arguments that a correction changed are not used: they were given to another value.
    """
    correction = criteria.correction if criteria else None
    before = answer_of(sample)
    after = applied(before, correction)
    case = case_of(sample, after, correction.words if correction else {}, trees)
    traced = {(each.call, each.parameter): each for each in trace(case).origins}
    said = _standing_labels(labels, before, after)
    arguments = (
        (n, name, value) for n, call in enumerate(after.calls) for name, value in call.arguments.items()
    )
    found = (
        _origin(call, name, value, traced.get((call, name)), said.get((call, name)), sample, after)
        for call, name, value in arguments
    )
    origins = tuple(origin for origin in found if origin is not None)
    updated = sample.model_copy(
        update={
            "query": after.query,
            "answer": (after.platform, _published(sample, before, after)),
            "origins": origins,
            "query_params": tuple(each.parameter for each in origins if each.origin == "query"),
            "profile_params": tuple(each.parameter for each in origins if each.origin == "profile"),
            "capabilities": {
                call.api: trees.capability(sample, after.platform, call.api) for call in after.calls
            },
            "platform_evidence": _platform_evidence(sample, before, after),
        }
    )
    return CorrectedSample(updated, tuple(_changes(sample, updated, before, after)))


def _standing_labels(
    review: OriginReview | None, before: SampleAnswer, after: SampleAnswer
) -> dict[tuple[int, str], Origin]:
    """(call, parameter) -> label, of arguments that no correction has changed."""
    labels = review.labels if review else ()
    pairs = list(zip(before.calls, after.calls, strict=False))
    return {
        (label.call, label.parameter): label.origin
        for label in labels
        if label.call < len(pairs)
        and pairs[label.call][0].api == pairs[label.call][1].api
        and all(label.parameter in call.arguments for call in pairs[label.call])
        and len({repr(call.arguments[label.parameter]) for call in pairs[label.call]}) == 1
    }


def _origin(
    call: int,
    parameter: str,
    value: Any,
    traced: ArgumentOrigin | None,
    label: Origin | None,
    sample: Sample,
    after: SampleAnswer,
) -> ArgumentOrigin | None:
    """The origin of one argument: as it was traced, or as a person says; None: nobody knows."""
    if label is None or (traced is not None and traced.origin == label):
        return traced
    evidence = evidence_for(sample, after, label, value) or Evidence()
    return ArgumentOrigin(call=call, parameter=parameter, value=value, origin=label, evidence=evidence)


def _published(sample: Sample, before: SampleAnswer, after: SampleAnswer) -> list[dict[str, Any]]:
    """The calls in the published form; calls that nobody changed keep all their accepted values."""
    if after.calls == before.calls:
        return sample.answer[1]
    return [{call.api: {name: [value] for name, value in call.arguments.items()}} for call in after.calls]


def _platform_evidence(sample: Sample, before: SampleAnswer, after: SampleAnswer) -> Any:
    """Why the platform is right: the words where they still stand; the visits of the platform as it was."""
    evidence = sample.platform_evidence
    span = find_quote(evidence.words, after.query) if evidence.words else None
    return evidence.model_copy(
        update={
            "words": evidence.words if span else None,
            "span": span,
            "visits": evidence.visits if after.platform == before.platform else (),
        }
    )


def _changes(
    sample: Sample, updated: Sample, before: SampleAnswer, after: SampleAnswer
) -> Iterator[dict[str, Any]]:
    for field in ("query", "platform", "calls"):
        was, now = getattr(before, field), getattr(after, field)
        if was != now:
            plain = [
                [call.model_dump(mode="json") for call in each] if field == "calls" else each
                for each in (was, now)
            ]
            yield {"field": field, "before": plain[0], "after": plain[1]}
    old = {(each.call, each.parameter): each.origin for each in sample.origins}
    for each in updated.origins:
        was = old.get((each.call, each.parameter))
        if was != each.origin:
            path = argument_path(each.call, each.parameter)
            yield {"field": f"origins.{path}", "before": was, "after": each.origin}
