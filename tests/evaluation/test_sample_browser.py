"""The samples of a report: what was shown, expected and answered, in a page that is not too large."""

import base64
import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from evaluation_folders import answers, evaluated, items, somebody
from hypothesis import given
from hypothesis import strategies as st
from ptool.errors import StoreError
from ptool.evaluation import sample_browser
from ptool.evaluation.report import write_report
from ptool.evaluation.results import load_evaluation
from ptool.evaluation.sample_browser import browser_section
from ptool.evaluation.shown_samples import ShownWriter
from ptool.rendering.document import SampleBrowser


def browsed(*folders: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The data of a browser and the words above it."""
    section = browser_section({folder.name: load_evaluation(folder) for folder in folders})
    assert section is not None and isinstance(section.parts[0], SampleBrowser)
    return json.loads(section.parts[0].data), section.text


def test_a_sample_has_its_prompt_its_gold_and_every_answer(tmp_path: Path) -> None:
    good, weak = somebody(tmp_path / "good", 1.0), somebody(tmp_path / "weak", 0.0)
    data, _ = browsed(good, weak)
    first = data["samples"][0]
    assert data["models"] == ["good", "weak"] and len(data["samples"]) == 48
    assert (first["id"], first["user"], first["platform"]) == ("s000", "u0", "Beta")
    assert first["gold"][0] == [
        "findPlace",
        {"town": ["Lund"], "day": ["0"]},
        {"town": "profile", "day": "query"},
    ]
    assert [one["right"] for one in first["answers"]] == [True, False]
    assert first["answers"][0]["parsed"]["calls"][0]["arguments"] == {"town": "Lund", "day": "0"}
    assert first["answers"][1]["errors"] and first["answers"][1]["reason"]
    prompt = "".join(data["pieces"][number] for number in first["answers"][0]["prompt"])
    assert prompt == "A profile:\nu0\nSome tools:\n['bookPlace', 'findPlace']"


def test_what_prompts_share_stands_once(tmp_path: Path) -> None:
    data, _ = browsed(somebody(tmp_path / "a", 0.5), somebody(tmp_path / "b", 0.2))
    assert len(data["pieces"]) == len(set(data["pieces"])) == 11  # eight users, and three lines all have


def test_the_page_holds_it(tmp_path: Path) -> None:
    folder = somebody(tmp_path / "eval", 0.5)
    write_report(folder)
    packed = re.findall(rb'class="browser-data">([^<]*)<', (folder / "report.html").read_bytes())
    assert len(packed) == 1
    assert len(json.loads(gzip.decompress(base64.b64decode(packed[0])))["samples"]) == 48


@pytest.mark.parametrize(
    ("most", "samples", "message"),
    [(2_500, 48, "Prompts are left out"), (1_400, 12, "The first 12 samples of 48")],
)
def test_what_would_make_the_page_too_large_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, samples: int, message: str
) -> None:
    folder = somebody(tmp_path / "eval", 0.5)
    monkeypatch.setattr(sample_browser, "MOST_BYTES", most)
    data, text = browsed(folder)
    assert len(data["samples"]) == samples
    assert not data["pieces"] and message in " ".join(text)


def test_an_evaluation_of_an_older_ptool_is_browsed_without_prompts(tmp_path: Path) -> None:
    folder = somebody(tmp_path / "eval", 0.5)
    (folder / "shown.jsonl").unlink()
    data, text = browsed(folder)
    assert data["samples"][0]["gold"] is None and "evaluated by an earlier ptool" in " ".join(text)


def test_samples_that_one_of_them_has_not_are_left_out(tmp_path: Path) -> None:
    found = items(8)
    few = evaluated(tmp_path / "few", found[2:6], answers(found[2:6], 1.0))
    data, text = browsed(somebody(tmp_path / "all", 0.5, count=8), few)
    assert [one["id"] for one in data["samples"]] == ["s002", "s003", "s004", "s005"]
    assert "4 samples of 8" in " ".join(text)


@given(
    st.lists(st.sampled_from(["a", "\n", "\r", "},", '{"type":"function"', '{"name":', "\u2028"])).map(
        "".join
    )
)
def test_pieces_of_a_prompt_are_the_prompt(prompt: str) -> None:
    file = io.BytesIO()
    ShownWriter(file).add(items(1)[0], prompt)
    *pieces, sample = (json.loads(line) for line in file.getvalue().splitlines())
    assert "".join(pieces[number]["piece"] for number in sample["prompt"]) == prompt


def test_a_tool_is_a_piece() -> None:
    file = io.BytesIO()
    ShownWriter(file).add(items(1)[0], 'x\n[{"type":"function","a":{}},{"type":"function","b":{}}]\n')
    pieces = [json.loads(line).get("piece") for line in file.getvalue().splitlines()][:-1]
    assert pieces == ["x\n", '[{"type":"function","a":{}},', '{"type":"function","b":{}}]\n']


@pytest.mark.parametrize("line", ['{"id": "s000"}', '{"id": "s", "gold": [], "prompt": [7]}', "[]"])
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, line: str) -> None:
    folder = somebody(tmp_path / "eval", 0.5)
    (folder / "shown.jsonl").write_text(line + "\n")
    with pytest.raises(StoreError, match=r"shown\.jsonl:1: no sample of an evaluation; evaluate again"):
        browser_section({"m": load_evaluation(folder)})
