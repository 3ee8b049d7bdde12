"""Corrections: read from text, held to the rules of a run, traced again; an error names its field."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ptool.records import Call, Sample
from ptool.reviews import Correction, CriteriaReview, OriginLabel, OriginReview, ReviewDraft
from ptool.reviews.catalogue import Catalogue
from ptool.reviews.corrections import check_draft, corrected_sample, parse_answer, parse_value
from ptool.reviews.retrace import RunTrees, answer_of
from review_bench import first_call

PARTS = ("test", "train", "unseen", "twins", "reserve", "samples")


@pytest.fixture(scope="module")
def samples(whole_run: Path) -> list[Sample]:
    catalogue = Catalogue(whole_run)
    return [catalogue.sample(id) for id in catalogue.entries]


@pytest.fixture(scope="module")
def trees(whole_run: Path) -> RunTrees:
    return RunTrees(whole_run)


def chosen(samples: list[Sample], origin: str, kind: type) -> Iterator[tuple[Sample, Any]]:
    """Samples whose first call has an argument of an origin and a type, and that argument."""
    for sample in samples:
        for each in sample.origins:
            if each.call == 0 and each.origin == origin and type(each.value) is kind:
                yield sample, each


def errors(sample: Sample, trees: RunTrees, marks: str = "ok ok fix", **correction: Any) -> dict[str, str]:
    """Field -> message of what is wrong with marks and a correction."""
    query, platform, calls = marks.split()
    content = CriteriaReview(
        query=query, platform=platform, calls=calls,  # type: ignore[arg-type]
        correction=Correction(**correction) if correction else None,
    )  # fmt: skip
    draft = ReviewDraft(sample=sample.id, task="criteria", annotator="Ada", base=0, content=content)
    return {error.path: error.message for error in check_draft(draft, sample, trees)}


@pytest.mark.parametrize("name", ["whole_run", "split_run"])
def test_what_nobody_changed_is_traced_to_the_very_same(name: str, request: pytest.FixtureRequest) -> None:
    run: Path = request.getfixturevalue(name)
    there = [part for part in PARTS if (run / f"dataset/{part}.jsonl").is_file()]
    catalogue, trees = Catalogue(run, there), RunTrees(run)
    assert len(catalogue.entries) > 15
    for id in catalogue.entries:
        sample = catalogue.sample(id)
        again = corrected_sample(sample, None, None, trees)
        assert (again.sample, again.changes) == (sample, ())


def test_a_value_from_nowhere_is_refused_beside_its_field(samples: list[Sample], trees: RunTrees) -> None:
    sample, argument = next(chosen(samples, "query", str))
    found = errors(sample, trees, calls=first_call(sample, **{argument.parameter: "a unicorn"}))
    (path,) = found
    assert path == f"calls[0].arguments.{argument.parameter}"
    assert "stands neither in the query nor in the profile" in found[path] or "expected" in found[path]


def test_a_value_that_the_corrected_query_says_is_from_there(samples: list[Sample], trees: RunTrees) -> None:
    sample, argument = next(
        (sample, each)
        for sample, each in chosen(samples, "query", str)
        if each.evidence.words == each.value and sample.query.count(each.value) == 1
    )
    query = sample.query.replace(argument.value, "blue unicorns")
    given = {"query": query, "calls": first_call(sample, **{argument.parameter: "blue unicorns"})}
    assert errors(sample, trees, "fix ok fix", **given) == {}
    content = CriteriaReview(query="fix", platform="ok", calls="fix", correction=Correction(**given))
    corrected = corrected_sample(sample, content, None, trees)
    origin = next(o for o in corrected.sample.origins if (o.call, o.parameter) == (0, argument.parameter))
    assert origin.origin == "query" and origin.evidence.span is not None
    assert query[slice(*origin.evidence.span)] == "blue unicorns"
    assert [change["field"] for change in corrected.changes] == ["query", "calls"]
    assert corrected.sample.answer[1][0] != sample.answer[1][0]
    for other in corrected.sample.origins:
        if other.evidence.span:
            assert query[slice(*other.evidence.span)] == other.evidence.words


def test_a_query_without_the_words_of_a_value_leaves_it_without_origin(
    samples: list[Sample], trees: RunTrees
) -> None:
    sample, argument = next(
        (sample, each) for sample, each in chosen(samples, "query", str) if each.evidence.words == each.value
    )
    found = errors(sample, trees, "fix ok ok", query="Please do what I always ask you to do for me.")
    assert f"calls[0].arguments.{argument.parameter}" in found


def test_words_that_a_person_points_to_prove_an_option(samples: list[Sample], trees: RunTrees) -> None:
    """Options may be paraphrased: code does not find 'newest' in 'what came in last', a person does."""
    sample, argument, other = next(
        (sample, each, option)
        for sample in samples
        for each in sample.origins
        if each.call == 0 and each.origin == "query" and isinstance(each.value, str)
        for tool in sample.tools
        if tool["function"]["name"] == answer_of(sample).calls[0].api
        for option in tool["function"]["parameters"]["properties"][each.parameter].get("enum") or ()
        if option != each.value
    )
    path = f"calls[0].arguments.{argument.parameter}"
    calls = first_call(sample, **{argument.parameter: other})
    assert path in errors(sample, trees, calls=calls)
    said = sample.query.split()[0]
    assert errors(sample, trees, calls=calls, words={path: said}) == {}
    absent = errors(sample, trees, calls=calls, words={path: "never said"})
    assert f"words.{path}" in absent
    assert f"words.{path}x" in errors(sample, trees, calls=calls, words={path: said, f"{path}x": said})


@pytest.mark.parametrize(
    ("marks", "correction", "path", "message"),
    [
        ("ok fix ok", {"platform": "Nowhere"}, "platform", "no platform 'Nowhere'; there are"),
        ("ok ok fix", {"calls": ()}, "calls", "got no calls"),
        ("ok ok fix", {"calls": (Call(api="noSuch", arguments={}),)}, "calls[0].api", "no function 'noSuch'"),
        ("fix ok ok", {"query": "Go on CornerCart for me, will you?"}, "query", "names 'CornerCart'"),
        ("fix ok ok", {"query": "Hm."}, "query", "got 3 characters, expected 8 to 1200"),
        ("fix ok ok", {"query": "please \u202ereverse\u202c this now"}, "query", "U+202E"),
        ("ok ok fix", {}, "calls", "marked fix and nothing of it is changed"),
        ("ok fix ok", {"query": "Would you kindly do it?"}, "query", "marked ok and changed"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    samples: list[Sample], trees: RunTrees, marks: str, correction: dict[str, Any], path: str, message: str
) -> None:
    found = errors(samples[0], trees, marks, **correction)
    assert message in found[path]


def test_types_options_and_names_are_those_of_the_schema(samples: list[Sample], trees: RunTrees) -> None:
    sample = samples[0]
    name = next(iter(answer_of(sample).calls[0].arguments))
    assert f"calls[0].arguments.{name}" in errors(sample, trees, calls=first_call(sample, **{name: {"a": 1}}))
    unknown = errors(sample, trees, calls=first_call(sample, invented=1))
    assert "got a parameter that" in unknown["calls[0].arguments.invented"]
    twice = (*first_call(sample), *first_call(sample))
    assert "make it once" in "".join(errors(sample, trees, calls=twice).values())


@pytest.mark.parametrize("value", [2**70, float("nan"), float("inf"), "x" * 3_000, "a\x00b", "\u202eabc"])
def test_hostile_values_are_refused(samples: list[Sample], trees: RunTrees, value: Any) -> None:
    sample, argument = next(chosen(samples, "query", str))
    calls = (Call.model_construct(api=answer_of(sample).calls[0].api, arguments={argument.parameter: value}),)
    correction = Correction.model_construct(query=None, platform=None, calls=calls, words={})
    content = CriteriaReview.model_construct(query="ok", platform="ok", calls="fix", correction=correction)
    draft = ReviewDraft.model_construct(
        sample=sample.id, task="criteria", annotator="Ada", base=0, status="done", content=content,
        comment="", second_look=False, seconds=0.0,
    )  # fmt: skip
    assert check_draft(draft, sample, trees)


def test_a_rejected_sample_needs_no_correction(samples: list[Sample], trees: RunTrees) -> None:
    assert errors(samples[0], trees, "reject ok fix") == {}


FORMS = {
    "python": "{platform}: [{api}({python})]",
    "braces": "{{{platform}: [{api}({python})]}}",
    "functions": '{{"platform": "{platform}", "functions": [{{"name": "{api}", "parameters": {json}}}]}}',
    "calls": '[{{"api": "{api}", "arguments": {json}}}]',
    "published": '["{platform}", [{{"{api}": {lists}}}]]',
}


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_is_read_in_every_form(samples: list[Sample], form: str) -> None:
    sample = next(sample for sample in samples if len(answer_of(sample).calls) == 1)
    answer = answer_of(sample)
    (call,) = answer.calls
    text = FORMS[form].format(
        platform=answer.platform,
        api=call.api,
        python=", ".join(f"{name}={value!r}" for name, value in call.arguments.items()),
        json=orjson.dumps(call.arguments).decode(),
        lists=orjson.dumps({name: [value] for name, value in call.arguments.items()}).decode(),
    )
    assert parse_answer(text, sample) == (Correction(platform=answer.platform, calls=answer.calls), ())


@pytest.mark.parametrize(
    "text",
    [
        "", "[", "{}", "null", '{"platform": 1, "functions": []}', '{"platform": "A"}', '["A", [1]]',
        '["A", [{"f": {"a": 1}}]]', "__import__('os').system('true')", "A: [f(a=open('x'))]", "[" * 100_000,
        '{"platform": "A", "functions": [{"name": "f", "parameters": {"a": 1, "a": 2}}]}',
        f"A: [{', '.join(['f()'] * 17)}]", f"{'A' * 300}: [f()]",
        '[{"api": "f", "arguments": {"a": NaN}}]', "A: [f(a=" + "9" * 10_000 + ")]", "x" * 20_000,
    ],
)  # fmt: skip
def test_what_is_no_answer_is_an_error_and_never_run(samples: list[Sample], text: str) -> None:
    read, found = parse_answer(text, samples[0])
    assert read is None and found[0].path in ("calls", "platform") and 0 < len(found[0].message) <= 600


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200) | st.text('[{"api:f,}]()=\\n1 ', max_size=60))
def test_no_text_raises(samples: list[Sample], text: str) -> None:
    read, found = parse_answer(text, samples[0])
    assert (read is None) == bool(found)


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("25", {"type": "string"}, "25"),
        ("25", {"type": "integer"}, 25),
        (" true ", {"type": "boolean"}, True),
        ('["a"]', {"type": "array"}, ["a"]),
        ("2.5", {}, 2.5),
    ],
)
def test_a_field_is_read_by_its_schema(text: str, schema: dict[str, Any], value: Any) -> None:
    assert parse_value(text, schema) == (value, None)


@pytest.mark.parametrize("text", ["", "abc", "[1", "1e999", '{"a": 1, "a": 2}', "x" * 20_000])
def test_a_field_that_is_no_json_says_so(text: str) -> None:
    value, message = parse_value(text, {"type": "integer"})
    assert value is None and message and ("expected" in message)


def labels(sample: Sample, **instead: str) -> OriginReview:
    return OriginReview(
        labels=tuple(
            OriginLabel(call=o.call, parameter=o.parameter, origin=instead.get(o.parameter, o.origin))  # type: ignore[arg-type]
            for o in sample.origins
        )
    )


def test_a_label_of_a_person_is_taken_and_its_evidence_looked_for(
    samples: list[Sample], trees: RunTrees
) -> None:
    sample, argument = next(chosen(samples, "profile", str))
    corrected = corrected_sample(sample, None, labels(sample, **{argument.parameter: "query"}), trees)
    changed = next(
        o for o in corrected.sample.origins if (o.call, o.parameter) == (argument.call, argument.parameter)
    )
    assert (changed.origin, changed.evidence.words, changed.evidence.path) == ("query", None, None)
    path = f"calls[0].arguments.{argument.parameter}"
    assert {"field": f"origins.{path}", "before": "profile", "after": "query"} in corrected.changes
    assert argument.parameter in corrected.sample.query_params
    assert corrected_sample(sample, None, labels(sample), trees).changes == ()


def test_a_label_stands_in_where_nothing_was_traced(samples: list[Sample], trees: RunTrees) -> None:
    """A run without the check and the gate `grounding` may hold arguments from nowhere."""
    sample, argument = next(chosen(samples, "query", str))
    nowhere = [{argument.parameter: ["from nowhere"]}]
    api = answer_of(sample).calls[0].api
    odd = sample.model_copy(update={"answer": (sample.answer[0], [{api: nowhere[0]}]), "origins": ()})
    assert corrected_sample(odd, None, None, trees).sample.origins == ()
    missing = errors(odd, trees, "fix ok ok", query=f"{sample.query} Thank you.")
    assert not any("from nowhere" in message for message in missing.values())
    label = OriginLabel(call=0, parameter=argument.parameter, origin="query")
    (origin,) = corrected_sample(odd, None, OriginReview(labels=(label,)), trees).sample.origins
    assert (origin.origin, origin.value, origin.evidence.span) == ("query", "from nowhere", None)


def test_a_label_of_what_was_changed_is_not_used(samples: list[Sample], trees: RunTrees) -> None:
    sample, argument = next(
        (sample, each)
        for sample, each in chosen(samples, "query", str)
        if each.evidence.words == each.value and sample.query.count(each.value) == 1
    )
    query = sample.query.replace(argument.value, "blue unicorns")
    calls = first_call(sample, **{argument.parameter: "blue unicorns"})
    content = CriteriaReview(
        query="fix", platform="ok", calls="fix", correction=Correction(query=query, calls=calls)
    )
    wrong = labels(sample, **{argument.parameter: "profile"})
    origins = corrected_sample(sample, content, wrong, trees).sample.origins
    (origin,) = (o for o in origins if (o.call, o.parameter) == (0, argument.parameter))
    assert origin.origin == "query"


@pytest.mark.parametrize(
    ("spoil", "path", "message"),
    [
        (lambda labels: labels[1:], "calls[0].arguments.", "no label"),
        (lambda labels: (*labels, labels[0]), "labels[", "a second label"),
        (lambda labels: (*labels, labels[0].model_copy(update={"call": 9})), "labels[", "no argument"),
    ],
)
def test_every_argument_has_one_label(samples: list[Sample], trees: RunTrees, spoil, path, message) -> None:
    content = OriginReview(labels=spoil(labels(samples[0]).labels))
    draft = ReviewDraft(sample=samples[0].id, task="origins", annotator="Ada", base=0, content=content)
    (error,) = check_draft(draft, samples[0], trees)
    assert error.path.startswith(path) and message in error.message


def test_a_platform_that_is_changed_takes_its_own_functions(samples: list[Sample], trees: RunTrees) -> None:
    sample = samples[0]
    answer = answer_of(sample)
    other = next(platform for platform in sample.platforms if platform.name != answer.platform)
    found = errors(sample, trees, "ok fix ok", platform=other.name)
    assert any(path.startswith("calls[0].api") for path in found)
