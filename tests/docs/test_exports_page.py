"""docs/exports.md is true: its tables are the code's, and its commands run and leave what it says."""

import re
import shlex
from pathlib import Path

import ptool
import pytest
import yaml
from ptool.cli.args import parse_arguments
from ptool.export import main
from ptool.exports.card import READERS
from ptool.exports.commands import FORMATS
from ptool.run import main as run
from ptool.settings import ExportSettings

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "exports.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""


def rows(title: str) -> list[list[str]]:
    """The rows of the table under a heading, its header left out."""
    part = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in lines]


COMMANDS = {row[0].strip("`"): row[3].strip("`") for row in rows("Formats")}


def test_every_format_and_key_has_a_row() -> None:
    assert sorted(COMMANDS) == sorted(FORMATS)
    shipped = yaml.safe_load((ROOT / "conf" / "export.yaml").read_text())
    told = {row[0].strip("`"): yaml.safe_load(row[1].strip("`")) for row in rows("Settings")}
    assert list(told) == list(ExportSettings.model_fields)
    assert told == {key: value for key, value in shipped.items() if key != "hydra"}
    assert f"`datasets` {READERS}" in TEXT


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs/tiny."""
    folder = tmp_path_factory.mktemp("desk")
    assert run(["scenario=tiny", f"run.dir={folder}/runs/tiny"]) == 0
    return folder


@pytest.mark.parametrize("format", sorted(COMMANDS))
def test_its_command_leaves_its_files(
    desk: Path, format: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    monkeypatch.chdir(desk)
    words = shlex.split(COMMANDS[format])
    assert words[:3] == ["python", "-m", "ptool.export"] and f"format={format}" in words
    assert parse_arguments(words[3:], None).overrides == tuple(words[3:])
    assert main(words[3:]) == 0
    folder = desk / capsys.readouterr().out.splitlines()[-1].removeprefix("export folder: ")
    (row,) = (row for row in rows("Formats") if row[0] == f"`{format}`")
    for name in re.findall(r"`([^`]+)`", row[1]):
        pattern = name.replace("PART_GROUP", "samples*").replace("PART", "samples").replace("CATEGORY", "*")
        assert list(folder.glob(pattern)), name
    assert (folder / "manifest.json").is_file()
