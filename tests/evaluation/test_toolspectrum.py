"""ToolSpectrum evaluated: prompts offer to decline, and its paper's F1 stands beside the exact shares."""

import json
from pathlib import Path
from typing import Any

from evaluation_doubles import settings
from ptool.benchmark.reading import items
from ptool.evaluation.prompt import PromptWriter, visible_sample
from ptool.evaluation.runner import evaluate

APPS = {
    app: {"desc": app, "APIs": {"book": {"desc": "Books.", "required_arguments": {"to (str)": "Where."}}}}
    for app in ("Train", "Bus")
}
CALL = {"APP": "Train", "API": "book", "params": {"to": "Rome"}}


def dataset(folder: Path, *calls: dict[str, Any] | None) -> Path:
    """A file of records with these gold calls."""
    folder.mkdir()
    (folder / "API_description.json").write_text(json.dumps(APPS))
    file = folder / "dataset_persona.json"
    file.write_text(json.dumps([{"instruction": "To Rome!", "toolCall": call} for call in calls]))
    return file


def test_a_prompt_offers_to_decline_and_does_not_tell_which_sample_is(tmp_path: Path) -> None:
    declined, called = items(dataset(tmp_path / "some", None, CALL))
    (never,) = items(dataset(tmp_path / "none", CALL))
    for format in ("python", "json", "native"):
        first, second, other = (
            PromptWriter(format).prompt(visible_sample(one)).system for one in (declined, called, never)
        )
        assert first == second
        assert "Where no call should be made" in first
        assert "no call should" not in other


def test_the_report_has_f1_beside_the_exact_shares(tmp_path: Path) -> None:
    file = dataset(tmp_path / "data", None, CALL, CALL)
    outcome = evaluate(settings(file, tmp_path / "run", baseline="gold"))
    scores = json.loads((outcome.folder / "scores.json").read_text())
    assert scores["scores"]["overall"]["overall"]["value"] == 1
    assert scores["f1"] == {"app": 1, "api": 1, "required": 1, "optional": None}
    report = (outcome.folder / "report.md").read_text()
    assert "not comparable with ToolSpectrum's paper" in report
    assert "APP 100.00, API 100.00, Required 100.00, Optional n/a" in report


def test_sections_with_few_users_are_named(tmp_path: Path) -> None:
    file = dataset(tmp_path / "data", *[CALL] * 19)
    outcome = evaluate(settings(file, tmp_path / "few", baseline="gold"))
    assert "Fewer than 20 users (Overall 19)" in (outcome.folder / "report.md").read_text()
    file = dataset(tmp_path / "more", *[CALL] * 20)
    outcome = evaluate(settings(file, tmp_path / "enough", baseline="gold"))
    assert "Fewer than 20" not in (outcome.folder / "report.md").read_text()
