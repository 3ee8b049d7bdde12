"""BFCL's form: its types, its alternatives, and marks that upstream's rule gives the right answer."""

from pathlib import Path
from typing import Any

import pytest
from export_bench import export, file_of, lines, sample
from ptool.benchmark import Prediction, parse, render, score
from ptool.benchmark.protocols import verdict
from ptool.benchmark.reading import items
from ptool.errors import ConfigError


def test_types_and_alternatives(tmp_path: Path) -> None:
    export(data=file_of(tmp_path, sample()), format="bfcl", out=tmp_path / "out")
    (question,) = lines(tmp_path / "out" / "samples" / "BFCL_v4_multiple.json")
    (answer,) = lines(tmp_path / "out" / "samples" / "possible_answer" / "BFCL_v4_multiple.json")
    assert question["id"] == answer["id"] == "multiple_0" and question["sample"] == "s000"
    assert [message["role"] for message in question["question"][0]] == ["system", "user"]
    declared = question["function"][0]["parameters"]
    assert declared["type"] == "dict" and declared["required"] == ["keyword"]
    kinds = {name: schema["type"] for name, schema in declared["properties"].items()}
    assert kinds == {
        "keyword": "string", "size": "integer", "box": "dict", "tags": "array", "parts": "array",
        "order": "string", "count": "integer",
    }  # fmt: skip
    assert declared["properties"]["box"]["properties"]["width"]["type"] == "float"
    assert declared["properties"]["parts"]["items"]["type"] == "dict"
    assert answer["ground_truth"] == [
        {
            "findItem": {
                "keyword": ["tea"], "size": [3], "box": [{"width": [2.5], "lid": [True]}],
                "tags": [["a", "b"]], "parts": [[{"name": ["x"]}, {"name": ["y"]}]],
                "order": ["down", ""], "count": [1, ""],
            }
        }
    ]  # fmt: skip


def test_it_reads_back_and_the_gold_is_right(made: Path, tmp_path: Path) -> None:
    finished = export(run=made, format="bfcl", out=tmp_path / "out")
    found = [item for part in finished.parts for item in items(tmp_path / "out" / part)]
    assert {item.scenario for item in found} == {"multiple", "parallel_multiple"}
    for item in found:
        assert score(item, render(item), "python").overall
        prediction = parse(render(item), platforms={})
        assert isinstance(prediction, Prediction) and verdict(item, prediction) == ""


def test_what_was_read_from_bfcl_is_written_again(made: Path, tmp_path: Path) -> None:
    first = export(run=made, format="bfcl", parts=["train"], out=tmp_path / "a").folder / "train"
    again = export(data=first, format="bfcl", out=tmp_path / "b").folder / "train"
    for name in ("BFCL_v4_multiple.json", "possible_answer/BFCL_v4_multiple.json"):
        assert len(lines(again / name)) == len(lines(first / name)) > 0
    answers = "possible_answer/BFCL_v4_multiple.json"
    assert [row["ground_truth"] for row in lines(again / answers)] == [
        row["ground_truth"] for row in lines(first / answers)
    ]


def test_an_empty_text_is_refused(tmp_path: Path) -> None:
    call = {"findItem": {"keyword": [""]}}
    with pytest.raises(ConfigError, match="sample 's000' accepts the empty text for 'keyword'"):
        export(data=file_of(tmp_path, sample(answer=["East", [call]])), format="bfcl", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_upstream_s_checker_accepts_the_answers(made: Path, tmp_path: Path) -> None:
    """Runs where bfcl-eval is installed; ptool does not bring it."""
    pytest.importorskip("bfcl_eval")
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker

    finished = export(run=made, format="bfcl", out=tmp_path / "out")
    for file in [file for part in finished.parts for file in (tmp_path / "out" / part).glob("BFCL_*")]:
        questions, answers = lines(file), lines(file.parent / "possible_answer" / file.name)
        for question, answer in zip(questions, answers, strict=True):
            given = [
                {name: {key: plain(values[0]) for key, values in arguments.items() if "" not in values}}
                for call in answer["ground_truth"]
                for name, arguments in call.items()
            ]
            category = file.stem.removeprefix("BFCL_v4_")
            truth = answer["ground_truth"]
            verdict = ast_checker(question["function"], given, truth, Language.PYTHON, category, "gpt-4o")
            assert verdict["valid"], verdict


def plain(value: Any) -> Any:
    """An accepted value as a model gives it."""
    if isinstance(value, dict):
        return {name: inner[0] for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value
