"""docs/bring_your_own_tools.md is true: its commands run, its example is what it says."""

import json
import re
import shutil
from pathlib import Path

import ptool
import pytest
import yaml
from in_process import command_line
from ptool.models.scripted.tool_lexicon import ToolLexicon
from ptool.trees.documents import reading, toolset

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "bring_your_own_tools.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.S | re.M) for line in block.splitlines()
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example, where the page's commands have been run one after another."""
    folder = tmp_path_factory.mktemp("tools")
    shutil.copytree(ROOT / "docs/examples", folder / "docs/examples")
    for number, command in enumerate(COMMANDS):
        done = command_line(command, folder)
        assert done.returncode == 0, done.stderr[-2000:]
        (folder / f"{number}.txt").write_text(done.stdout + done.stderr)
    return folder


def test_the_check_shows_what_was_understood(desk: Path) -> None:
    shown = (desk / "0.txt").read_text()
    assert "tools: 7 functions of 2 platforms (Farefox 4, Skyhop 3)" in shown
    assert "    find_flights: Farefox.find_flights, Skyhop.searchFlights" in shown
    assert "estimate of the whole run" in shown


def test_the_run_makes_a_dataset_of_these_functions(desk: Path) -> None:
    samples = [
        json.loads(line) for line in (desk / "out/flights/dataset/samples.jsonl").read_text().splitlines()
    ]
    assert len(samples) >= 15
    called = {(one["answer"][0], api) for one in samples for call in one["answer"][1] for api in call}
    assert ("Farefox", "find_flights") in called
    assert ("Skyhop", "bookFlight") in called
    assert {sample["scenario"] for sample in samples} == {"flights"}


def test_the_corrected_file_is_what_the_run_left(desk: Path) -> None:
    block = re.search(r"```yaml\n(capabilities:.*?)```", TEXT, re.S)
    assert block
    left = yaml.safe_load((desk / "out/flights/tools.yaml").read_text())
    assert yaml.safe_load(block[1])["capabilities"].items() <= left["capabilities"].items()
    corrected = yaml.safe_load((desk / "out/corrected/tools.yaml").read_text())
    decided = (left.pop("decided_by"), corrected.pop("decided_by"))
    assert [set(names.values()) for names in decided] == [{"code"}, {"person"}]
    assert corrected == left


def test_the_page_names_every_key_of_a_lexicon_and_the_bounds() -> None:
    assert [name for name in ToolLexicon.model_fields if f"`{name}`" not in TEXT] == []
    assert reading.MAX_BYTES == 64 * 1024 * 1024
    for number in (f"{reading.MAX_DEPTH} levels", f"{toolset.MOST_FUNCTIONS:,} functions"):
        assert number in TEXT
