"""Every command says the same of a dataset in both forms: tools in every sample, or once beside them."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from acceptance_bench import Bench

WORDS = ("scenario=tiny", "twins=true", "splits.untrained_users=1", "splits.test_share=0.3")
FORMS = ("inline", "shared")


@pytest.fixture
def runs(here: Bench) -> Path:
    """A folder with the runs `inline` and `shared`."""
    for form in FORMS:
        assert here.run(*WORDS, f"dataset.tools={form}", f"run.dir={form}").status == 0
    return here.folder


def said(capsys: pytest.CaptureFixture[str], name: str, *words: str) -> tuple[int, str, str]:
    """The exit status of a command, and what it printed."""
    capsys.readouterr()
    status = import_module(f"ptool.{name}").main(list(words))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def alike(text: str, form: str) -> str:
    """A text without the run's name, and without hashes, sizes and moments."""
    return re.sub(r"\b[0-9a-f]{10,}\b|\d+\.\d+ s\b", "", text.replace(form, "RUN"))


def test_every_command_says_the_same(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {form: runs / form / "dataset" / "train.jsonl" for form in FORMS}
    assert files["shared"].stat().st_size * 4 < files["inline"].stat().st_size
    id = json.loads(files["shared"].read_text().splitlines()[0])["id"]
    for name, words in {
        "evaluate": ("data=FORM", "baseline=scripted", "n=6", "run.dir=eval-FORM"),
        "explain": ("run=FORM", f"sample={id}", "format=json"),
        "report": ("run=FORM", "out=FORM.html"),
        "export": ("run=FORM", "format=sharegpt", "parts=[train,test]", "out=export-FORM"),
    }.items():
        told = [said(capsys, name, *(word.replace("FORM", form) for word in words)) for form in FORMS]
        assert [status for status, *_ in told] == [0, 0], told
        first, second = (alike(out, form) for (_, out, _), form in zip(told, FORMS, strict=True))
        assert first == second and first
    for name in ("export-FORM/train.jsonl", "eval-FORM/scores.csv"):
        first, second = ((runs / name.replace("FORM", form)).read_bytes() for form in FORMS)
        assert first == second


def test_the_two_do_not_differ(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, "diff", *FORMS, "format=json")
    samples = json.loads(out)["samples"]
    assert status == 0 and samples["identical"] and samples["same"] == samples["a"] == samples["b"] > 0


def test_a_run_without_its_index_is_compared_too(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form in FORMS:
        (runs / form / "dataset" / "index.jsonl").unlink()
    _, out, _ = said(capsys, "diff", *FORMS, "format=json")
    assert json.loads(out)["samples"]["identical"]


def test_samples_without_what_they_share_are_refused(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "shared" / "dataset" / "users.jsonl").unlink()
    status, _, err = said(capsys, "evaluate", "data=shared", "baseline=gold")
    assert status == 2 and len(err.splitlines()) == 1
    assert "users.jsonl: no such file" in err and "dataset.tools=inline" in err
