"""Predictions reach their items, or the file is refused."""

import re
from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import lines
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import Item, PredictedCall, Prediction, parse
from ptool.benchmark.reading import answered, paired
from ptool.errors import StoreError


def dataset(*ids: str) -> list[Item]:
    """Items that differ in id and query."""
    return [Item(id, "u", "shop", None, "M", (), query=f"query {id}") for id in ids]


def pairs(path: Path, *ids: str) -> list[tuple[str, str]]:
    """(id, answer) of every item."""
    return [(item.id, text) for item, text in paired(dataset(*ids), path)]


def test_ids_pair_in_any_order(tmp_path: Path) -> None:
    file = lines(tmp_path / "p.jsonl", *({"id": one, "predict": f"answer {one}"} for one in "cab"))
    assert pairs(file, "a", "b", "c") == [("a", "answer a"), ("b", "answer b"), ("c", "answer c")]


def test_positions_pair_where_there_are_no_ids(tmp_path: Path) -> None:
    published = {"query": "query a", "label": [], "predict": "1"}
    file = lines(tmp_path / "p.jsonl", published, {"predict": "2"})
    assert pairs(file, "a", "b") == [("a", "1"), ("b", "2")]


def test_folders_of_published_predictions_follow_those_of_the_data(tmp_path: Path) -> None:
    lines(tmp_path / "test_untrained_user" / "generation.jsonl", {"query": "query b", "predict": "2"})
    lines(tmp_path / "test_trained_user" / "generation.jsonl", {"query": "query a", "predict": "1"})
    assert pairs(tmp_path, "a", "b") == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"predict": "x", "result": "y"}, "x"),
        ({"result": "y"}, "y"),
        ({"predict": None}, ""),
        ({"predict": {"platform": "M", "functions": []}}, '{"platform":"M","functions":[]}'),
        ({"result": {"role": "assistant", "content": "x"}}, "x"),
        ({"response": {"status_code": 200, "body": {"choices": [{"message": {"content": "x"}}]}}}, "x"),
        ({"response": {"body": {"choices": [{"text": "x", "index": 0}]}}, "error": None}, "x"),
        ({"response": {"body": {"output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "content": [{"type": "output_text", "text": "x"}]},
        ]}}}, "x"),
        ({"result": {"type": "succeeded", "message": {"content": [
            {"type": "thinking", "thinking": "y"}, {"type": "text", "text": "x"}]}}}, "x"),
        ({"outputs": [{"text": "x"}]}, "x"),
        ({"resps": [["x"]], "doc_id": 0}, "x"),
    ],
)  # fmt: skip
def test_answers_are_text(tmp_path: Path, record: dict[str, Any], text: str) -> None:
    ((_, found),) = answered(dataset("a"), lines(tmp_path / "p.jsonl", {"id": "a", **record}))
    assert (found.text, found.native, found.finish) == (text, False, "stop")


ONE_CALL = {"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}


@pytest.mark.parametrize(
    "record",
    [
        {"prediction": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
        {"result": [{"f": {"a": 1}}], "latency": 1.0},
        {"result": [{"f": '{"a": 1}'}]},
        {"result": {"tool_calls": [{"id": "1", **ONE_CALL}]}},
        {"response": {"body": {"choices": [{"message": {"content": None, "tool_calls": [ONE_CALL]}}]}}},
        {"response": {"body": {"output": [{"type": "function_call", "name": "f", "arguments": '{"a": 1}'}]}}},
        {"result": {"type": "succeeded", "message": {"content": [
            {"type": "text", "text": "I look."}, {"type": "tool_use", "name": "f", "input": {"a": 1}}]}}},
    ],
)  # fmt: skip
def test_tool_calls_are_read_as_such_whatever_was_asked_for(tmp_path: Path, record: dict[str, Any]) -> None:
    ((_, found),) = answered(
        dataset("a"), lines(tmp_path / "p.jsonl", {"custom_id": "a", "id": "batch-7", **record})
    )
    assert found.native
    assert parse(found.text, "native", platforms={}) == Prediction(None, (PredictedCall("f", {"a": 1}),))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"result": ["x", "y"]},
            "result: got a list of 2, expected text, tool calls or a message, one for each",
        ),
        ({"result": [[{"f": {}}], [{"g": {}}]]}, "result: got a list of 2, expected text"),
        ({"result": 5}, "result: got 5, expected text, tool calls or a message"),
        ({"result": {"odd": 1, "keys": 2}}, "result: got an object of 2, expected text"),
        (
            {"response": None, "error": {"message": "too long"}},
            "error: got 'too long', expected an answer; ask",
        ),
        (
            {"response": {"status_code": 500, "body": {"error": {"message": "down"}}}},
            "response: got 'down', expected",
        ),
        (
            {"result": {"type": "errored", "error": {"error": {"message": "busy"}}}},
            "result: got 'busy', expected",
        ),
        (
            {"response": {"body": {"choices": [{"message": {"content": "x"}}] * 2}}},
            "choices: got a list of 2",
        ),
    ],
)
def test_what_is_no_answer_is_refused(tmp_path: Path, record: dict[str, Any], message: str) -> None:
    with pytest.raises(StoreError, match=re.escape(message)) as refused:
        list(answered(dataset("a"), lines(tmp_path / "p.jsonl", {"id": "a", **record})))
    assert "p.jsonl:1: " in str(refused.value)


def test_llama_factory_pairs_by_position_and_by_the_query_in_the_prompt(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "p.jsonl",
        *({"prompt": f"user\nquery  {one}\n", "predict": one, "label": ""} for one in "ab"),
    )
    assert pairs(file, "a", "b") == [("a", "a"), ("b", "b")]
    with pytest.raises(
        StoreError, match=r"p.jsonl:1: prompt: got .* the query of item 'b' in it: another dataset"
    ):
        pairs(file, "b", "a")


@pytest.mark.parametrize(
    ("ids", "predicted", "message"),
    [
        ("ab", "a", "p.jsonl: no answer for item 'b'; expected one line for every item"),
        ("ab", "", "p.jsonl: 0 answers, expected one for every item; 'a' is without"),
        ("ab", "aab", "p.jsonl:2: id 'a' again, first at .*p.jsonl:1"),
        ("ab", "aba", "p.jsonl:3: id 'a' again, first at .*p.jsonl:1"),
        ("ab", "bba", "p.jsonl:2: id 'b' again, first at .*p.jsonl:1"),
        ("ab", "abz", "p.jsonl:3: id 'z' is of no item of the dataset"),
        ("ab", "zab", "p.jsonl:1: id 'z' is of no item of the dataset"),
    ],
)
def test_ids_that_do_not_fit_are_refused(tmp_path: Path, ids: str, predicted: str, message: str) -> None:
    file = lines(tmp_path / "p.jsonl", *({"id": one, "predict": ""} for one in predicted))
    with pytest.raises(StoreError, match=message):
        pairs(file, *ids)


@pytest.mark.parametrize(
    ("ids", "queries", "message"),
    [
        ("ab", "a", "p.jsonl: 1 answers, expected one for every item; 'b' is without"),
        ("a", "abc", "p.jsonl: 3 answers for 1 items, expected one for every item"),
        ("ab", "ba", "p.jsonl:1: query: got 'query b', expected 'query a' of item 'a'"),
    ],
)
def test_positions_that_do_not_fit_are_refused(tmp_path: Path, ids: str, queries: str, message: str) -> None:
    file = lines(tmp_path / "p.jsonl", *({"query": f"query {one}", "predict": ""} for one in queries))
    with pytest.raises(StoreError, match=message):
        pairs(file, *ids)


def test_a_line_without_an_answer_or_an_id_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"p.jsonl:1: no answer; expected one of the keys 'predict', "):
        pairs(lines(tmp_path / "p.jsonl", {"id": "a", "answer": "x"}), "a")
    with pytest.raises(StoreError, match=r"p.jsonl:2: no 'id'; it has 'predict'"):
        pairs(lines(tmp_path / "p.jsonl", {"id": "b", "predict": ""}, {"predict": ""}), "a", "b")
    with pytest.raises(StoreError, match=r"no generation.jsonl in it or in a folder"):
        pairs(tmp_path, "a")


@given(st.permutations("abcdef"))
def test_every_order_pairs_alike(tmp_path_factory: pytest.TempPathFactory, order: list[str]) -> None:
    file = tmp_path_factory.getbasetemp() / "order.jsonl"
    lines(file, *({"id": one, "predict": one.upper()} for one in order))
    assert pairs(file, *"abcdef") == [(one, one.upper()) for one in "abcdef"]
