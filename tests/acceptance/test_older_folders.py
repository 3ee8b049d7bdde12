"""Folders that older versions left are read, or refused in a line that says what to do."""

import importlib
import lzma
import sqlite3
import tarfile
from pathlib import Path

import orjson
import pytest
from ptool.evaluation.results import FORMAT as SCORES_FORMAT
from ptool.records.dataset_statistics import FORMAT as STATISTICS_FORMAT
from ptool.store import run_folder, schema
from ptool.store.read_only import read_ledger
from ptool.store.run_folder import RunFolder

FOLDERS = Path(__file__).parent / "older_folders"
"""A run and an evaluation of it of every format there was, named after the formats; pictures are left out."""

READERS = {
    "status": ("run=run",),
    "report": ("run=run", "out=page.html"),
    "explain": ("run=run", "sample=tiny-u0001-0001"),
    "diff": ("run", "run"),
    "evaluate": ("data=run", "baseline=gold", "run.dir=again"),
    "export": ("data=run", "out=task"),
}


@pytest.fixture(params=sorted(file.name for file in FOLDERS.iterdir()))
def older(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with `run` and `eval` of one format."""
    with lzma.open(FOLDERS / request.param) as file, tarfile.open(fileobj=file) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(name: str, *words: str) -> int:
    return importlib.import_module(f"ptool.{name}").main(list(words))


def test_todays_formats_are_among_them() -> None:
    """Who changes a format leaves a folder of the new one here, and keeps reading the older ones."""
    assert (FOLDERS / f"format{run_folder.FORMAT}-ledger{schema.VERSION}.tar.xz").is_file()
    assert (STATISTICS_FORMAT, SCORES_FORMAT) == (1, 1)


@pytest.mark.parametrize("name", READERS)
def test_a_folder_of_an_older_format_is_read(
    name: str, older: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file: file.read_bytes() for file in (older / "run").rglob("*") if file.is_file()}
    with read_ledger(older / "run/ledger.sqlite") as ledger:
        assert ledger.damaged() == []
    assert command(name, *READERS[name]) == 0, capsys.readouterr().err
    assert {file: file.read_bytes() for file in (older / "run").rglob("*") if file.is_file()} == before


def test_an_evaluation_of_an_older_format_is_compared(older: Path) -> None:
    assert command("evaluate", "data=run", "baseline=gold", "run.dir=again") == 0
    assert command("compare", "eval", "again", "run.dir=both") == 0


def marked(run: Path, **changed: object) -> None:
    """Change what the marker says."""
    marker = run / ".ptool-run.json"
    marker.write_bytes(orjson.dumps(orjson.loads(marker.read_bytes()) | changed))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("maker", "advice"),
    [
        ("0.0.7", "use ptool 0.0.7, which began it (pip install 'ptool==0.0.7')"),
        (None, "use ptool 0.1.0, which began it"),  # as manifest.json says
        ("1; rm -rf ~", "use the version of ptool that began it"),
    ],
)
def test_another_format_is_refused_with_what_to_do(
    name: str, maker: str | None, advice: str, older: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marked(older / "run", format=0, ptool=maker)
    files = sorted(older.rglob("*"))
    assert command(name, *READERS[name]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("error: run: a run folder of format 0, expected 1; ")
    assert advice in line
    assert sorted(older.rglob("*")) == files


def test_a_newer_ledger_and_newer_statistics_are_refused(
    older: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statistics = older / "run/statistics.json"
    statistics.write_bytes(orjson.dumps(orjson.loads(statistics.read_bytes()) | {"format": 9, "new": 1}))
    assert command("report", "run=run") == 2
    assert "statistics.json: of format 9, expected 1; use ptool 0.1.0" in capsys.readouterr().err
    ledger = sqlite3.connect(older / "run/ledger.sqlite")
    ledger.execute("PRAGMA user_version = 99")
    ledger.close()
    assert command("status", "run=run") == 2
    assert "a ledger of version 99, expected at most" in capsys.readouterr().err


def test_a_run_of_an_older_ptool_is_not_said_to_be_good_for_nothing(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run", {"code": "1"}).close()
    marked(tmp_path / "run", ptool="0.0.7")
    with pytest.raises(run_folder.StoreError, match=r"other code; use ptool 0\.0\.7, .*, or choose"):
        RunFolder(tmp_path / "run", {"code": "2"})
