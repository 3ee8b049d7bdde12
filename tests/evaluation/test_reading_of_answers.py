"""How answers could be read is told: which prompt they follow, and what only tolerant reading sees."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from evaluation_doubles import dataset, lines, settings
from ptool.evaluation.commands import print_evaluation
from ptool.evaluation.runner import Outcome, evaluate
from rich.console import Console


def right(number: int) -> str:
    return f"{{East: [findItem(keyword='tea {number}', homeCity='Lyon')]}}"


def evaluated(folder: Path, answers: list, **changes) -> Outcome:
    """The evaluation of as many answers as samples."""
    file = folder / "answers.jsonl"
    rows = ({"id": f"s{number:02}", "predict": answer} for number, answer in enumerate(answers))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = dataset(folder, len(answers))
    return evaluate(settings(data, folder / "run", predictions=str(file), **changes))


def printed(outcome: Outcome) -> str:
    text = io.StringIO()
    print_evaluation(outcome, Console(file=text, width=200))
    return " ".join(text.getvalue().split())


@pytest.mark.parametrize(
    ("braces", "prompt", "answered", "overall"),
    [
        (True, None, "paper", 1.0),
        (False, None, "published", 1.0),
        (True, "paper", "paper", 1.0),
        (True, "published", "published", 0.0),
        (False, "published", "published", 1.0),
        (False, "paper", "paper", 1.0),
    ],
)
def test_the_official_score_of_a_file_is_that_of_the_model(tmp_path, braces, prompt, answered, overall):
    answers = [right(n) if braces else right(n)[1:-1] for n in range(4)]
    outcome = evaluated(tmp_path, answers, scorer="official", prompt=prompt)
    scores = json.loads((outcome.folder / "scores.json").read_text())
    assert (scores["evaluated"]["prompt"], outcome.results.metric_row()["overall"]) == (answered, overall)
    removed = 4 if braces and answered == "paper" else 0
    assert scores["reading"]["braces_removed"] == removed
    said = "outer braces of Fig. 7 were removed from 4 answers"
    assert (said in printed(outcome)) == (said in (outcome.folder / "report.md").read_text()) == bool(removed)


def test_what_only_tolerant_reading_sees_stands_in_both_tables_and_says_why(tmp_path):
    answers = [
        right(0),
        f"```python\n{right(1)}\n```",
        f"<think>{right(9)}</think>{right(2)}",
        f"Sure: {right(3)}",
        f"{right(9)} or rather {right(4)}",
        "I cannot.",
    ]
    outcome = evaluated(tmp_path, answers)
    assert [line["overall"] for line in lines(outcome.folder)] == [True, *[False] * 5]
    assert [line["tolerant"]["overall"] for line in lines(outcome.folder)] == [True] * 5 + [False]
    assert [line["ambiguous"] for line in lines(outcome.folder)] == [False] * 4 + [True, False]
    why = (
        "4 answers could be read tolerantly only (a code fence: 1, reasoning: 1, text around it: 2), "
        "4 of them fully right; strict reading counts them as format failures."
    )
    assert "the same, read tolerantly 83.33" in printed(outcome)
    for text in (printed(outcome), " ".join((outcome.folder / "report.md").read_text().split())):
        assert why in text
        assert "1 answer held several readable answers; the last one counts." in text


def test_answers_of_another_format_are_pointed_out(tmp_path):
    call = {"name": "findItem", "parameters": {"keyword": "tea 0", "homeCity": "Lyon"}}
    outcome = evaluated(tmp_path, [json.dumps({"platform": "East", "functions": [call]}), right(1)])
    said = "1 answer could not be read as python, but as json: if that was asked for, say format=json."
    assert said in printed(outcome)


def test_tool_calls_of_a_result_file_are_read_whatever_the_format_and_under_the_names_of_the_wire(tmp_path):
    given = [{"findItem": json.dumps({"keyword": "tea 0", "homeCity": "Lyon"})}]
    outcome = evaluated(tmp_path, [given, right(1)])
    assert [line["overall"] for line in lines(outcome.folder)] == [True, True]
