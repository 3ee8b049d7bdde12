"""Every file for LaTeX that evaluations leave compiles, whatever models, users and platforms are called."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from evaluation_folders import answers, evaluated, items
from ptool.evaluation.comparison import compare
from ptool.evaluation.experiment_steps import Step
from ptool.evaluation.other_benchmarks import write_table_10
from ptool.evaluation.report import write_report
from ptool.settings import CompareSettings, validated

sys.path.append(str(Path(__file__).parents[1] / "rendering"))
from pdflatex import HOSTILE, compiled, needs_pdflatex

pytestmark = needs_pdflatex


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three evaluations in which everything that has a name has one that is hard to write."""
    place = tmp_path_factory.mktemp("latex")
    found = [
        replace(
            item,
            user=HOSTILE[number % 5],
            scenario=HOSTILE[number % 3],
            query=HOSTILE[number % 5],
            platform=HOSTILE[number % 2],
            platforms=dict.fromkeys(HOSTILE[:2], ("findPlace", "bookPlace")),
            capabilities=dict.fromkeys(("findPlace", "bookPlace"), HOSTILE[2]),
        )
        for number, item in enumerate(items(40))
    ]
    return [
        evaluated(place / str(number), found, answers(found, skill), answered_by=f"{HOSTILE[number]}-7B")
        for number, skill in enumerate((0.9, 0.3, 0.0))
    ]


def test_reports(folders: list[Path]) -> None:
    for folder in folders:
        write_report(folder)
        text = (folder / "report.tex").read_text("utf-8")
        assert text.count(r"\begin{table}") > 5
        assert compiled(folder / "report.tex") == []


def test_a_leaderboard(folders: list[Path], tmp_path: Path) -> None:
    given = {
        "evaluations": [str(folder) for folder in folders],
        "labels": list(HOSTILE[:3]),
        "sizes": [7, 3, 1],
    }
    given |= {"against": None, "seed": 0, "run": {"dir": str(tmp_path / "comparison")}}
    compare(validated(given, CompareSettings))
    assert compiled(tmp_path / "comparison" / "leaderboard.tex") == []


def test_the_table_of_other_benchmarks(folders: list[Path], tmp_path: Path) -> None:
    steps = [
        Step("evaluate", (), folder, shlex.join(("model=openai", f"model.model={name}")))
        for folder, name in zip(folders, HOSTILE[2:], strict=True)
    ]
    write_table_10(steps, tmp_path)
    assert compiled(tmp_path / "table10.tex") == []
