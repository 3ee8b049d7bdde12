"""Predictions reach their items, or the file is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import lines
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import Item
from ptool.benchmark.reading import paired
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
        ({"prediction": [{"function": {"name": "f", "arguments": {}}}]}, None),
    ],
)
def test_answers_are_text(tmp_path: Path, record: dict[str, Any], text: str | None) -> None:
    ((_, found),) = pairs(lines(tmp_path / "p.jsonl", {"id": "a", **record}), "a")
    assert found == text if text is not None else json.loads(found) == record["prediction"]


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
