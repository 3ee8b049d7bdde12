"""One answer in every way of marking it, and the line that is left of it."""

from __future__ import annotations

import orjson
import pytest
from evaluation_doubles import item
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import score
from ptool.evaluation.scoring import (
    SCORERS,
    TOLERANCES,
    NoAnswer,
    RawAnswer,
    score_answer,
    scored_line,
    unanswered_line,
)

RIGHT = "{East: [findItem(keyword='tea', homeCity='Lyon')]}"
FENCED = f"<think>hm {{</think>Sure:\n```\n{RIGHT}\n```"


def flags(given, format="python", **changes):
    result = score_answer(item(**changes), given, format)
    return {way: (one.format_ok, one.overall) for way, one in result.scores.items()}


@pytest.mark.parametrize(
    ("text", "strict", "tolerant"),
    [
        (RIGHT, (True, True), (True, True)),
        (FENCED, (False, False), (True, True)),
        ("I cannot.", (False, False), (False, False)),
        ("{West: [findItem(keyword='tea', homeCity='Lyon')]}", (True, False), (True, False)),
    ],
)
def test_both_scorers_after_both_ways_of_parsing(text, strict, tolerant):
    expected = {(one, "strict"): strict for one in SCORERS} | {(one, "tolerant"): tolerant for one in SCORERS}
    assert flags(RawAnswer(text)) == expected


@given(st.sampled_from([RIGHT, FENCED, RIGHT[1:-1], "x", "{East: []}", "{East: [findItem(keyword={1})]}"]))
def test_marks_are_those_of_the_core(text):
    result = score_answer(item(), RawAnswer(text), "python", own_prompt=False)
    for scorer in SCORERS:
        for way in TOLERANCES:
            assert result.scores[scorer, way] == score(item(), text, "python", scorer, way)


def test_official_reads_what_figure_7_asks_for_but_files_as_they_stand():
    official = ("official", "strict")
    assert score_answer(item(), RawAnswer(RIGHT), "python").scores[official].overall
    assert not score_answer(item(), RawAnswer(RIGHT), "python", own_prompt=False).scores[official].format_ok
    assert score_answer(item(), RawAnswer(RIGHT[1:-1]), "python", own_prompt=False).scores[official].overall


@pytest.mark.parametrize("finish", ["refusal", "content_filter"])
def test_what_was_held_back_is_a_format_failure_whatever_came_through(finish):
    result = score_answer(item(), RawAnswer(RIGHT, finish), "python")
    assert result.parsed is None
    assert {one.format_ok for one in result.scores.values()} == {False}
    assert {"refusal": "declined", "content_filter": "filter"}[finish] in result.scores[
        "strict", "strict"
    ].reason


def test_a_line_says_everything_of_a_sample():
    told = orjson.loads(
        scored_line(item(), RawAnswer(RIGHT), score_answer(item(), RawAnswer(RIGHT), "python"), "strict")
    )
    call = {"name": "findItem", "arguments": {"keyword": "tea", "homeCity": "Lyon"}}
    assert told["parsed"] == {"platform": "East", "calls": [call]}
    assert [told[key] for key in ("id", "status", "format_ok", "platform", "tool_name", "overall")] == [
        "s1", "scored", True, True, True, True,
    ]  # fmt: skip
    assert (told["query_param_hits"], told["profile_param_hits"]) == (1, 1)
    assert (told["errors"], told["reason"], told["upstream"]) == ([], "", None)


def test_a_sample_without_an_answer_has_no_marks():
    told = orjson.loads(unanswered_line(item(), NoAnswer("unreachable", "nobody there")))
    assert told["status"] == "not_scored"
    assert (told["format_ok"], told["overall"], told["tolerant"]) == (None, None, None)
    assert told["reason"] == "not scored: unreachable: nobody there"


@pytest.mark.parametrize(
    "text",
    [
        "{East: [f(a=" + "9" * 4000 + ")]}",
        "{East: [f(a=-99999999999999999999)]}",
        "{East: [f(a={1: 2, None: 3})]}",
        "{East: [f(a='\\ud800', b='\ud800')]}",
        "{East: [f(a=1e999)]}",
        "\ud800",
        "{East: [f(a='\\x00<script>')]}",
    ],
)
def test_whatever_a_model_writes_the_line_is_json(text):
    written = scored_line(
        item(), RawAnswer(text), score_answer(item(), RawAnswer(text), "python"), "official"
    )
    assert b"\n" not in written
    assert orjson.loads(written)["id"] == "s1"


@given(st.text(max_size=60))
def test_any_text_makes_a_line(text):
    for format in ("python", "json", "native"):
        written = scored_line(
            item(), RawAnswer(text), score_answer(item(), RawAnswer(text), format), "strict"
        )
        assert orjson.loads(written)["status"] == "scored"


def test_the_datasets_own_metric_stands_beside():
    ace = item(platform=None, platforms={}, source="acebench")
    right = score_answer(ace, RawAnswer("[findItem(keyword='some Tea', homeCity='Lyon')]"), "python")
    assert right.upstream == ""
    assert not right.scores["strict", "strict"].overall
    assert str(score_answer(ace, RawAnswer("?"), "python").upstream).startswith("the answer cannot be read: ")
    assert score_answer(ace, RawAnswer("[]"), "python").upstream not in ("", None)
