"""ptool's own datasets and the published format become items; what is wrong is said in one line."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import lines, published, sample
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import GoldCall
from ptool.benchmark.reading import items, kind_of
from ptool.errors import ConfigError, StoreError
from ptool.records.table_rows import columns, to_row


def test_a_sample_becomes_an_item(tmp_path: Path) -> None:
    (item,) = items(lines(tmp_path / "samples.jsonl", sample(capabilities={"buy": "purchase"})))
    assert (item.id, item.user, item.scenario, item.group) == ("shop-u1-1", "u1", "shopping", None)
    assert item.platform == "MegaMart"
    assert item.calls == (
        GoldCall(
            "buy",
            {"product": ("tea",), "city": ("Turin", "Torino")},
            {"product": "query", "city": "profile"},
        ),
    )
    assert (item.query_params, item.profile_params) == (("product",), ("city",))
    assert item.platforms == {"MegaMart": ("buy",), "MiniMart": ("order",)}
    assert item.characteristics == {"MegaMart": {"range": "wide"}, "MiniMart": {"range": "small"}}
    assert item.tools["order"] == {"name": "order", "parameters": {"type": "object"}}
    assert item.capabilities == {"buy": "purchase"}
    assert item.user_profile["basic_features"] == {"city": "Turin"}
    assert item.source == "ptool"


def test_the_same_parameter_of_two_calls_keeps_two_origins(tmp_path: Path) -> None:
    origins = [
        {"call": 0, "parameter": "n", "origin": "query"},
        {"call": 1, "parameter": "n", "origin": "default"},
    ]
    answer = ["MegaMart", [{"buy": {"n": [1]}}, {"buy": {"n": [2]}}]]
    (item,) = items(lines(tmp_path / "s.jsonl", sample(answer=answer, origins=origins)))
    assert [call.origins for call in item.calls] == [{"n": "query"}, {"n": "default"}]


def test_a_run_folder_gives_its_split_and_its_capabilities(tmp_path: Path) -> None:
    nodes = [
        {"kind": "scenario", "name": "shopping", "id": "shopping"},
        {"kind": "api", "name": "buy", "capability": "purchase", "id": "shopping/MegaMart/x/buy"},
    ]
    (tmp_path / "api_tree.json").write_text(f"\ufeff{json.dumps({'nodes': nodes})}", "utf-8")
    lines(tmp_path / "dataset" / "samples.jsonl", sample("a"), sample("b"))
    lines(tmp_path / "dataset" / "tables" / "samples.jsonl", to_row(sample("a"), columns()))
    assert next(items(tmp_path / "dataset" / "tables")) == next(items(tmp_path))
    assert [one.id for one in items(tmp_path)] == ["a", "b"]
    assert next(items(tmp_path)).capabilities == {"buy": "purchase"}
    lines(tmp_path / "dataset" / "test.jsonl", sample("b", group="untrained"))
    assert [(one.id, one.group) for one in items(tmp_path)] == [("b", "untrained")]
    assert [one.id for one in items(tmp_path / "dataset")] == ["b"]


def test_a_run_that_holds_out_nothing_to_test_names_its_parts(tmp_path: Path) -> None:
    lines(tmp_path / "dataset" / "train.jsonl", sample("a"))
    lines(tmp_path / "dataset" / "unseen.jsonl", sample("b"))
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "dataset" / "index.jsonl").write_text("{}")
    for path in (tmp_path, tmp_path / "dataset"):
        with pytest.raises(StoreError, match=r"are unseen\.jsonl, train\.jsonl: name one, such as .*/unseen"):
            list(items(path))
    assert [one.id for one in items(tmp_path / "dataset" / "unseen.jsonl")] == ["b"]


def test_items_of_one_scenario_share_what_they_have_in_common(tmp_path: Path) -> None:
    other = sample("c", tools=[{"name": "buy", "parameters": {}}])
    a, b, c = items(lines(tmp_path / "s.jsonl", sample("a"), sample("b"), other))
    assert a.tools is b.tools
    assert a.user_profile is b.user_profile
    assert c.tools == {"buy": {"name": "buy", "parameters": {}}}


def test_reading_takes_the_room_of_one_line(tmp_path: Path) -> None:
    big = {"type": "function", "function": {"name": "buy", "description": "x" * 50_000}}
    file = lines(tmp_path / "s.jsonl", *(sample(f"s{n}", tools=[big]) for n in range(200)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in items(file)) == 200
        assert tracemalloc.get_traced_memory()[1] < 1_000_000 < file.stat().st_size
    finally:
        tracemalloc.stop()


def test_published_records(tmp_path: Path) -> None:
    for name, count in (("test_trained_user", 2), ("test_untrained_user", 1)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.json").write_text(json.dumps([published()] * count))
    first, second, third = items(tmp_path)
    assert [one.id for one in (first, second, third)] == ["trained-00000", "trained-00001", "untrained-00000"]
    assert [one.group for one in (first, third)] == ["trained", "untrained"]
    assert (first.scenario, first.platform, first.source) == ("shopping", "MiniMart", "published")
    assert first.user == second.user == third.user != ""
    (call,) = first.calls
    assert call.accepted == {"product": ("tea",), "city": ("Turin",), "both": (1,)}
    assert call.published == {"city": "Turin"}
    assert call.origins == {"product": "query", "both": "query", "city": "profile"}
    assert first.profile_params == ("city", "both", "city")


def test_published_functions_are_shown_in_the_order_of_the_record(tmp_path: Path) -> None:
    tools = [{"name": name, "description": f"{number}"} for number, name in enumerate("cabda")]
    (tmp_path / "data.json").write_text(json.dumps([published(tools=tools)]))
    (item,) = items(tmp_path / "data.json", "published")
    assert "".join(item.tools) == "cabd" and item.tools["a"]["description"] == "1"  # the first of a name


def test_published_users_are_told_apart_by_basic_features_alone(tmp_path: Path) -> None:
    other = {"basic_features": {"city": "Rome"}, "user_history": {}}
    richer = {**published()["user_profile"], "user_history": {}}
    records = [published(), published(user_profile=other), published(user_profile=json.dumps(richer))]
    (tmp_path / "data.json").write_text(json.dumps(records))
    first, second, third = items(tmp_path / "data.json")
    assert first.user == third.user != second.user
    assert (third.scenario, third.group) == ("", None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("{", "s.jsonl:2: not JSON"),
        ("[1]", "s.jsonl:2: got a list of 1, expected a JSON object"),
        ({"answer": 7}, "s.jsonl:2: answer: got 7, expected a list"),
        ({"answer": ["MegaMart"]}, r"s.jsonl:2: answer: got a list of 1, expected \[platform, "),
        ({"answer": [None, []]}, r"expected \[platform, "),
        ({"answer": ["M", [{}]]}, r"answer\[1\]\[0\]: got an object of 0, expected {function"),
        ({"answer": ["M", [{"buy": 3}]]}, r"answer\[1\]\[0\].buy: got 3, expected {parameter"),
        ({"answer": ["M", [{"buy": {"n": []}}]]}, r"buy.n: got a list of 0, expected at least one accepted"),
        ({"id": True}, "s.jsonl:2: id: got True, expected text"),
        ({"query_params": [1]}, "query_params: got a list of 1, expected a list of parameter names"),
        ({"group": "train"}, "group: got 'train', expected one of trained, untrained, unseen"),
        ({"origins": [{"origin": "guess"}]}, "origins: got an object of 1, expected {call, parameter"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, change: Any, message: str) -> None:
    bad = change if isinstance(change, str) else sample(**change)
    file = lines(tmp_path / "s.jsonl", sample(), bad)
    with pytest.raises(StoreError, match=message) as caught:
        list(items(file, "ptool"))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(file))


def test_a_missing_key_is_named_with_those_there_are(tmp_path: Path) -> None:
    record = sample()
    del record["tools"]
    with pytest.raises(StoreError, match=r"s.jsonl:1: no 'tools'; it has 'id', 'scenario', 'user_id'"):
        list(items(lines(tmp_path / "s.jsonl", record)))


def test_wrong_places_are_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere: no such file or folder"):
        items(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="no dataset that ptool knows; expected one of ptool, published"):
        items(tmp_path)
    with pytest.raises(StoreError, match=r"empty.jsonl: holds no records, expected at least one sample"):
        items(lines(tmp_path / "empty.jsonl", "", ""))
    with pytest.raises(ConfigError, match=r"data kind 'bfc': there are .*did you mean 'bfcl'"):
        items(tmp_path, kind="bfc")
    with pytest.raises(StoreError, match=r"no dataset/samples.jsonl; expected the folder of a finished"):
        list(items(tmp_path, kind="ptool"))


def test_kinds_are_told_from_names_and_keys(tmp_path: Path) -> None:
    assert kind_of(lines(tmp_path / "a.jsonl", sample())) == "ptool"
    assert kind_of(lines(tmp_path / "b.jsonl", published())) == "published"
    assert kind_of(lines(tmp_path / "c.json", {"instruction": "Buy", "toolCall": None})) == "toolspectrum"
    asked = {"id": "normal_preference_0", "question": "", "function": [], "profile": ""}
    assert kind_of(lines(tmp_path / "d.jsonl", asked)) == "acebench"
    assert kind_of(lines(tmp_path / "BFCL_v4_multiple.json", {})) == "bfcl"
    assert kind_of(lines(tmp_path / "run" / "samples.jsonl", sample()).parent) == "ptool"


@given(st.binary(max_size=60))
def test_bytes_that_are_no_dataset_are_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "bytes.jsonl"
    file.write_bytes(content)
    with pytest.raises(StoreError):
        list(items(file))
