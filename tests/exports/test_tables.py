"""Tables that any reader takes: one type a column, equal in every reader, and no cell that computes."""

import ast
import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from export_bench import export, file_of, lines, sample
from hypothesis import given
from hypothesis import strategies as st
from ptool.errors import ConfigError
from ptool.exports.tables import COLUMNS, inert_cell
from ptool.records import Sample

PARTS = ("train", "test", "unseen")
csv.field_size_limit(2**24)


@pytest.fixture(scope="module")
def expected(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    """Part -> its rows, as JSONL has them."""
    out = tmp_path_factory.mktemp("tables") / "jsonl"
    export(run=made, format="jsonl", out=out)
    return {part: lines(out / f"{part}.jsonl") for part in PARTS}


def test_every_column_is_text_and_nothing_is_lost(
    made: Path, expected: dict[str, list[dict[str, str]]]
) -> None:
    inline = made.parent / "inline"
    assert list(COLUMNS) == list(Sample.model_fields)
    for part in PARTS:
        export(run=made, format="ptbench", parts=[part], out=inline / part)
        for row in expected[part]:
            assert {type(value) for value in row.values()} == {str}
            assert (
                json.loads(row["tools"])[0]["function"]["name"]
                and json.loads(row["user_profile"])["basic_features"]
            )
            record = {
                name: row[name] for name in ("id", "scenario", "user_id", "query", "assistant", "group")
            }
            rest = {name: json.loads(row[name]) for name in COLUMNS if name not in (*record, "twin_of")}
            whole = Sample.model_validate({**record, **rest, "twin_of": row["twin_of"] or None})
            assert whole.query_params and whole.origins


def test_parquet_is_read_alike_by_every_reader(
    made: Path, tmp_path: Path, expected: dict[str, list[dict[str, str]]]
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    export(run=made, format="parquet", out=tmp_path)
    for part in PARTS:
        file, rows = tmp_path / f"{part}.parquet", expected[part]
        schema = parquet.read_schema(file)
        described = {field.name: field.metadata[b"description"].decode() for field in schema}
        assert described == COLUMNS and {str(field.type) for field in schema} == {"string"}
        for read in readers("parquet"):
            assert read(file) == rows


def test_jsonl_is_read_alike_by_every_reader(
    made: Path, tmp_path: Path, expected: dict[str, list[dict[str, str]]]
) -> None:
    pytest.importorskip("pyarrow")
    export(run=made, format="jsonl", out=tmp_path)
    for part in PARTS:
        for read in readers("jsonl"):
            assert read(tmp_path / f"{part}.jsonl") == expected[part]


def readers(kind: str) -> list[Any]:
    """Functions file -> rows, of the readers that are installed."""
    found = []
    if (polars := optional("polars")) is not None:
        scan = polars.read_parquet if kind == "parquet" else polars.read_ndjson
        found.append(lambda file: scan(file).to_dicts())
    if (pandas := optional("pandas")) is not None:
        if kind == "parquet":
            found.append(lambda file: pandas.read_parquet(file).to_dict("records"))
        else:
            found.append(lambda file: pandas.read_json(file, lines=True, dtype=False).to_dict("records"))
    if (duckdb := optional("duckdb")) is not None:
        name = "read_parquet" if kind == "parquet" else "read_json"

        def query(file: Path) -> list[dict[str, str]]:
            found = duckdb.sql(f"select * from {name}('{file}')")
            assert set(map(str, found.types)) == {"VARCHAR"}
            return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

        found.append(query)
    if kind == "parquet":
        found.append(lambda file: optional("pyarrow.parquet").read_table(file).to_pylist())
    else:
        found.append(lambda file: optional("pyarrow.json").read_json(file, READ).to_pylist())
    return found


def optional(name: str) -> Any:
    """A module, or None where it is not installed."""
    try:
        __import__(name)
    except ImportError:
        return None
    return sys.modules[name]


READ: Any = None
if optional("pyarrow.json"):
    READ = optional("pyarrow.json").ReadOptions(block_size=2**24)


@pytest.mark.parametrize("format", ["parquet", "jsonl", "csv", "messages", "trl", "sharegpt", "dpo", "kto"])
def test_datasets_reads_the_card_and_the_splits(made: Path, tmp_path: Path, format: str) -> None:
    datasets = pytest.importorskip("datasets")
    pytest.importorskip("pyarrow")
    finished = export(run=made, format=format, out=tmp_path / "out")
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == list(PARTS) and sum(part.num_rows for part in loaded.values()) == finished.records
    if format in ("parquet", "jsonl", "csv"):
        assert {feature.dtype for feature in loaded["train"].features.values()} == {"string"}


@pytest.mark.parametrize("format", ["messages", "tools", "trl", "dpo", "kto"])
def test_datasets_gives_tool_calls_as_they_were_written(made: Path, tmp_path: Path, format: str) -> None:
    datasets = pytest.importorskip("datasets", minversion="4.7")
    export(run=made, format=format, answer="native", out=tmp_path / "out")
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    for part in PARTS:
        rows = [without_nulls(row) for row in loaded[part]]
        assert rows == [without_nulls(line) for line in lines(tmp_path / "out" / f"{part}.jsonl")]


def without_nulls(value: Any) -> Any:
    """What columns fill up with nothing is not there."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def test_datasets_takes_no_export_for_another_of_the_same_name(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    for query in ("First.", "Second."):
        folder = tmp_path / query
        folder.mkdir()
        export(data=file_of(folder, sample(query=query)), format="jsonl", out=folder / "out")
        loaded = datasets.load_dataset(str(folder / "out"), cache_dir=str(tmp_path / "cache"))
        assert loaded["train"]["query"][0] == query


LOAD = """
import sys
from datasets import load_dataset
print({name: part.num_rows for name, part in load_dataset(sys.argv[1], cache_dir=sys.argv[2]).items()})
"""


@pytest.mark.slow
@pytest.mark.skipif("PTOOL_OLD_DATASETS" not in os.environ, reason="names no python with datasets==3.6.0")
@pytest.mark.parametrize("format", ["parquet", "jsonl", "csv", "messages", "trl", "sharegpt", "dpo", "kto"])
def test_the_oldest_datasets_reads_it_too(made: Path, tmp_path: Path, format: str) -> None:
    """`PTOOL_OLD_DATASETS` is a python that has the oldest version the card names."""
    pytest.importorskip("pyarrow")
    export(run=made, format=format, out=tmp_path / "out")
    words = [os.environ["PTOOL_OLD_DATASETS"], "-c", LOAD, str(tmp_path / "out"), str(tmp_path / "cache")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-800:]
    assert set(ast.literal_eval(done.stdout.splitlines()[-1])) == set(PARTS)


def test_parts_that_are_no_splits_are_configurations(made: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    parts = ["train", "twins", "reserve"]
    present = [part for part in parts if (made / "dataset" / f"{part}.jsonl").is_file()]
    export(run=made, format="jsonl", parts=present, out=tmp_path / "out")
    assert set(datasets.get_dataset_config_names(str(tmp_path / "out"))) == {"default", *present[1:]}


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_never_computes(tmp_path: Path, text: str) -> None:
    assert inert_cell(text) == f"'{text}"
    export(data=file_of(tmp_path, sample(query=text)), format="csv", out=tmp_path / "out")
    with (tmp_path / "out" / "samples.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["query"] == f"'{text}" and row["id"] == "s000"


@given(st.text(max_size=20))
def test_only_what_might_compute_is_changed(text: str) -> None:
    assert inert_cell(text) in (text, f"'{text}")
    assert not inert_cell(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_published_form_becomes_the_same_rows(made: Path, tmp_path: Path) -> None:
    published, of_run = tmp_path / "published", tmp_path / "run"
    export(run=made, parts=["test"], format="ptbench", out=published)
    export(run=made, parts=["test"], format="jsonl", variant="no_basic", out=of_run)
    export(data=published, format="jsonl", variant="no_basic", out=tmp_path / "out")
    rows = {row["query"]: row for row in lines(tmp_path / "out" / "samples.jsonl")}
    for own in lines(of_run / "test.jsonl"):
        row = rows.pop(own["query"])
        for name in ("answer", "platforms", "user_profile", "query_params", "group"):
            assert row[name] == own[name], name
        assert [tool["function"]["name"] for tool in json.loads(row["tools"])] == [
            tool["function"]["name"] for tool in json.loads(own["tools"])
        ]
        assert "basic_features" not in json.loads(row["user_profile"]) and not row["platform_evidence"]
    assert not rows


def test_a_missing_pyarrow_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'ptool\[data\]'"):
        export(data=file_of(tmp_path, sample()), format="parquet", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
