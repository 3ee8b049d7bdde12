"""docs/benchmark.md is true: its tables are the code's, its files an evaluation's, and its program runs."""

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import ptool
import pytest
import yaml
from hydra import compose, initialize_config_module
from in_process import command
from omegaconf import OmegaConf
from ptool.benchmark.errors_taxonomy import CODES, FIGURE_4
from ptool.benchmark.metrics import SCORES
from ptool.benchmark.parsing.bounds import BOUNDS
from ptool.benchmark.reading import KINDS
from ptool.evaluation.baselines import BASELINES
from ptool.settings import EvaluateSettings

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "benchmark.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
SHARED = {"budget", "retries", "prices", "ray", "run"}
"""Keys that are explained elsewhere, or hold further ones."""


def rows(title: str) -> list[list[str]]:
    """The rows of the tables under a heading."""
    part = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [
        line.strip("|").split(" | ") for line in part.splitlines() if line[:2] == "| " and line[:4] != "| --"
    ]
    return [[cell.strip() for cell in row] for row in lines]


def named(title: str) -> list[str]:
    """What stands in backticks in the first cells of the tables under a heading."""
    return [name for row in rows(title) for name in re.findall(r"`([^`]+)`", row[0])]


def test_the_table_of_settings_is_the_configuration() -> None:
    with initialize_config_module("ptool.conf", version_base="1.3"):
        config = OmegaConf.to_container(compose("evaluate", ["data=x"]), resolve=True)
    assert isinstance(config, dict)
    told = {row[0].strip("`"): row[1] for row in rows("Evaluating")[1:]}
    assert told.keys() - {"ray.address", "run.dir"} == EvaluateSettings.model_fields.keys() - SHARED
    for key in told.keys() - {"data", "model", "ray.address", "run.dir"}:
        default = config[key]
        if isinstance(default, dict):  # what is null in it is not sent
            default = {name: one for name, one in default.items() if one is not None}
        assert yaml.safe_load(told[key].strip("`")) == default, key


def test_kinds_columns_mistakes_and_baselines_are_the_codes() -> None:
    assert named("Datasets") == list(KINDS)
    assert named("Scores") == list(SCORES)
    assert sorted(named("Mistakes")) == sorted(CODES)
    assert sorted(named("Floors and ceilings")) == sorted(BASELINES)
    figure = {row[0].strip("`"): row[1] for row in rows("Mistakes")[1:] if row[1] and "-" in row[1]}
    assert {code: name for code, name in figure.items() if code in FIGURE_4} == FIGURE_4


def test_bounds_are_those_of_the_parser() -> None:
    part = TEXT.partition("| bound of an answer")[2].partition("\n\n")[0]
    told = [int(one.replace(",", "")) for one in re.findall(r"\| ([\d,]+) \|", part)]
    assert told == [BOUNDS.text, BOUNDS.answer, BOUNDS.depth, BOUNDS.digits, BOUNDS.calls, BOUNDS.size]


def test_every_experiment_of_the_benchmark_has_a_row() -> None:
    """Those that name nothing of a run, but of an evaluation."""
    own = EvaluateSettings.model_fields.keys() | {"hydra"}
    files = {
        path.stem: yaml.safe_load(path.read_text("utf-8")) for path in ROOT.glob("conf/experiment/*.yaml")
    }
    assert sorted(named("The paper's experiments")) == sorted(
        name for name, content in files.items() if content.keys() <= own
    )


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs/tiny and runs/eval: the scripted heuristic on the tiny scenario."""
    desk = tmp_path_factory.mktemp("desk")
    for words in (
        ("run", "scenario=tiny", "run.dir=runs/tiny"),
        ("evaluate", "data=runs/tiny", "run.dir=runs/eval"),
    ):
        command(*words, folder=desk).check_returncode()
    return desk


def test_an_evaluation_leaves_the_files_of_the_page(evaluated: Path) -> None:
    table = rows("What an evaluation leaves")
    end = next(place for place, row in enumerate(table) if row[0] == "field of a line")
    files = {name.rstrip("/") for row in table[:end] for name in re.findall(r"`([^`]+)`", row[0])}
    assert files == {one.name for one in (evaluated / "runs/eval").iterdir() if one.name[0] != "."}


def test_a_line_has_the_fields_of_the_page(evaluated: Path) -> None:
    table = rows("What an evaluation leaves")
    start = next(place for place, row in enumerate(table) if row[0] == "field of a line")
    fields = [name for row in table[start:] for name in re.findall(r"`([^`]+)`", row[0])]
    lines = (evaluated / "runs/eval/per_sample.jsonl").read_text("utf-8").splitlines()
    found: dict[str, Any] = json.loads(lines[0])
    assert sorted(fields) == sorted(found)


def test_the_program_of_the_page_scores(evaluated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the answers the evaluation kept, it finds the evaluation's own overall."""
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    lines = (evaluated / "runs/eval/per_sample.jsonl").read_text("utf-8").splitlines()
    answers = ({"id": one["id"], "predict": one["answer"]} for one in map(json.loads, lines))
    (evaluated / "answers.jsonl").write_text("".join(json.dumps(one) + "\n" for one in answers), "utf-8")
    monkeypatch.chdir(evaluated)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(program, PAGE.name, "exec"), {})
    scores = json.loads((evaluated / "runs/eval/scores.json").read_text("utf-8"))
    expected = scores["scorers"]["strict"]["strict"]["overall"]["overall"]
    assert f"'overall': {expected}" in said.getvalue()
