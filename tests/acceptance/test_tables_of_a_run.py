"""The dataset a run leaves is read by what others use: one type a column, in the oldest reader as well."""

import ast
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from acceptance_bench import Bench, lines
from ptool.evaluate import main as evaluate
from ptool.records.table_rows import from_row
from ptool.synthesis.dataset.card import READERS

SPLIT = ("scenario=tiny", "twins=true", "splits.untrained_users=1", "splits.test_share=0.3")
FORMS = [(*SPLIT, "dataset.tools=inline"), (*SPLIT, "dataset.tools=shared"), ("scenario=tiny",)]


@pytest.mark.parametrize("words", FORMS, ids=" ".join)
def test_a_strict_reader_takes_every_table_that_the_card_names(here: Bench, words: tuple[str, ...]) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    json = pytest.importorskip("pyarrow.json")
    assert here.run(*words, "run.dir=run").status == 0
    dataset = here.folder / "run/dataset"
    card = yaml.safe_load((dataset / "README.md").read_text("utf-8").split("---\n")[1])
    features = {info["config_name"]: info["features"] for info in card["dataset_info"]}
    named = [
        (config["config_name"], file["path"]) for config in card["configs"] for file in config["data_files"]
    ]
    assert sorted(path for _, path in named) == sorted(
        f"tables/{file.name}" for file in (dataset / "tables").iterdir()
    )
    for name, path in named:
        blocks = json.ReadOptions(block_size=200_000)  # some samples each: types are found block by block
        table = json.read_json(dataset / path, blocks)
        assert [(column.name, column.type) for column in table.schema] == [
            (column["name"], pyarrow.string()) for column in features[name]
        ]
        assert [from_row(row) for row in table.to_pylist()] == lines(dataset / Path(path).name)


def test_a_change_of_form_leaves_no_table_of_the_other(here: Bench) -> None:
    tables = here.folder / "run/dataset/tables"
    for form, found in (("shared", ["samples", "tools", "users"]), ("inline", ["samples"])):
        here.run("scenario=tiny", f"dataset.tools={form}", "run.dir=run")
        assert sorted(file.stem for file in tables.iterdir()) == found


@pytest.mark.parametrize("form", ["inline", "shared"])
def test_tables_are_evaluated_like_the_dataset(here: Bench, form: str) -> None:
    here.run(*SPLIT, f"dataset.tools={form}", "run.dir=run")
    for data in ("run", "run/dataset/tables", "run/dataset/tables/test.jsonl"):
        assert evaluate([f"data={data}", "baseline=scripted", "run.dir=eval"]) == 0
        scores = (here.folder / "eval/scores.csv").read_bytes()
        (here.folder / "eval").rename(here.folder / f"eval-{data.count('/')}")
        assert scores == (here.folder / "eval-0/scores.csv").read_bytes()


LOAD = """
import sys
from datasets import load_dataset
of_folder = {name: part.num_rows for name, part in load_dataset(sys.argv[1], cache_dir=sys.argv[2]).items()}
files = {"test": sys.argv[1] + "/tables/test.jsonl"}
of_file = load_dataset("json", data_files=files, cache_dir=sys.argv[2])["test"].num_rows
print((of_folder, of_file))
"""


@pytest.mark.skipif(
    "PTOOL_OLD_DATASETS" not in os.environ, reason=f"names no python with datasets=={READERS}.0"
)
@pytest.mark.parametrize("form", ["inline", "shared"])
def test_the_oldest_datasets_that_the_card_names_loads_it(here: Bench, form: str) -> None:
    here.run(*SPLIT, f"dataset.tools={form}", "run.dir=run")
    dataset = here.folder / "run/dataset"
    words = [os.environ["PTOOL_OLD_DATASETS"], "-c", LOAD, str(dataset), str(here.folder / "cache")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-800:]
    rows = {part: len(lines(dataset / f"{part}.jsonl")) for part in ("train", "test")}
    assert ast.literal_eval(done.stdout.splitlines()[-1]) == (rows, rows["test"])
