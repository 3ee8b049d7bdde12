"""docs/quality.md is true: its tables are the code's, its figures add up, and its commands run."""

import json
import re
from pathlib import Path

import ptool
import pytest
import yaml
from in_process import command_line
from ptool.records.dataset_statistics import Decidability, Statistics
from ptool.settings import NOT_HASHED, UnseenSettings, keys
from ptool.synthesis.dataset.assembly import FILES
from ptool.synthesis.dataset.audit.corruptions import CORRUPTIONS
from ptool.synthesis.dataset.audit.injections import INJECTIONS, PLACES
from ptool.synthesis.dataset.gates import GATES
from ptool.synthesis.dataset.near_duplicates import BANDS, ROWS, THRESHOLD
from ptool.synthesis.dataset.statistics.decidability import LEARNERS
from ptool.synthesis.dataset.statistics.scenario_texts import FOLDS
from ptool.synthesis.roles import SOLVER, STRANGER

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "quality.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
RUNS = (ROOT / "runs" / "README.md").read_text("utf-8") if PAGE.is_file() else ""
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
QUICK = [line for line in COMMANDS if "runs/paper" not in line]
"""Those that take seconds; the paper's dataset takes a minute."""


def section(title: str) -> str:
    """The text between a heading and the next one."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str, header: str) -> list[list[str]]:
    """The rows of the table whose header begins so, under a heading."""
    lines = section(title).partition(f"\n{header}")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def named(title: str, header: str, cell: int = 0) -> list[str]:
    """What stands in backticks in one column of that table."""
    return [name for row in rows(title, header) for name in re.findall(r"`([^`]+)`", row[cell])]


def test_gates_kinds_places_parts_and_learners_are_the_codes() -> None:
    assert named("Gates", "| gate |") == list(GATES)
    assert named("The verifier on trial", "| kind |") == list(
        dict.fromkeys(name.partition(".")[0] for name in CORRUPTIONS)
    )
    assert named("The verifier on trial", "| place |") == list(PLACES)
    parts = dict(zip(named("Splits", "| part |"), named("Splits", "| part |", 1), strict=True))
    assert parts == FILES
    assert named("Decidability and necessity", "| learner |") == list(LEARNERS)
    assert named("Strangers and solvers", "| | role", 1) == [STRANGER, SOLVER]


def test_statistics_are_explained_field_by_field() -> None:
    assert sorted(named("Statistics", "| field |")) == sorted(Statistics.model_fields)
    assert set(LEARNERS) < Decidability.model_fields.keys()


def test_numbers_in_words_are_those_of_the_code() -> None:
    said = " ".join(TEXT.split())
    assert f"There are {len(INJECTIONS)} of them" in said
    assert f"{len(INJECTIONS)} different ones" in said
    assert f"at least {THRESHOLD}, " in said
    assert f"({BANDS} bands of {ROWS})" in said
    assert round(1 / (1 - THRESHOLD**ROWS) ** BANDS, -3) == 8_000
    assert "once in 8,000" in said
    assert "eight folds of users" in said
    assert FOLDS == 8


def test_every_setting_and_file_named_exists() -> None:
    known = {*keys(), *(f"splits.unseen.{name}" for name in UnseenSettings.model_fields)}
    settings = re.findall(r"`((?:splits|audit|card|history|task)\.[a-z_.]+)[`=]", TEXT)
    assert len(settings) > 8
    assert [one for one in settings if one not in known] == []
    files = [one for one in re.findall(r"`([\w/]+\.(?:py|yaml|md))`", TEXT) if "/" in one]
    files = [one for one in files if not one.startswith("dataset/")]
    assert len(files) > 5
    assert [one for one in files if not (ROOT / one).is_file()] == []


def test_what_changes_no_sample_is_no_part_of_the_run() -> None:
    """The page says so of the trial and of the lower bound, and not of gates."""
    assert {"audit", "card", "min_decidability"} <= set(NOT_HASHED)
    assert not {"gates", "strangers", "consistency", "twins", "splits"} & set(NOT_HASHED)


def test_the_two_experiments_ask_for_what_the_page_says() -> None:
    table = rows("Splits", "| | `experiment")
    for column, name in ((1, "paper"), (2, "paper_section_5_1")):
        asked = yaml.safe_load((ROOT / f"conf/experiment/{name}.yaml").read_text("utf-8"))["splits"]
        said = {row[0]: row[column] for row in table}
        queries = asked["unseen"]["queries"]
        assert said["unseen"] == ", ".join(f"{scenario} {count}" for scenario, count in queries.items())
        most = asked["most"]
        assert said["own samples"] == (f"{most['all']:,}" if "all" in most else "all that are kept")
        assert ("trained" in most) == (said["test"] == f"{most.get('trained')} + {most.get('untrained')}")


def test_the_figures_of_the_papers_dataset_add_up() -> None:
    said = {row[0]: row[1] for row in rows("The paper's dataset", "| | |")}

    def numbers(name: str) -> list[int]:
        return [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*\d|\d", said[name])]

    made, kept, *rejected = numbers("episodes")
    assert made == kept + sum(rejected)
    test, trained, _, untrained, _ = numbers("test")
    assert test == trained + untrained
    unseen, _, *each = numbers("unseen")
    assert unseen == sum(each)
    train = numbers("train")[0]
    assert train + test + unseen + numbers("reserve")[0] == kept
    proven, whole, *origins = numbers("arguments proven")
    assert proven == whole == sum(origins)


def test_the_readme_tells_the_same_figures() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    told = text.partition("\n## Data one can trust\n")[2].partition("\n## ")[0]
    figures = re.findall(r"\d[\d,.]*\d", told.partition("| | |")[2])
    page = set(re.findall(r"\d[\d,.]*\d", section("The paper's dataset")))
    assert len(figures) > 10
    assert [one for one in figures if one not in page] == []
    assert "Eight **gates**" in told
    assert len(GATES) == 8


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the page's quick commands were run, those of one run folder in their order."""
    folder = tmp_path_factory.mktemp("desk")

    def run(command: str) -> None:
        one = command_line(command, folder)
        assert (one.returncode, "Traceback" in one.stderr) == (0, False), (command, one.stderr[-2000:])

    first = [line for line in QUICK if "ptool.run" in line and "audit" not in line]
    for line in first:
        run(line)
    tried = folder / "runs/tried/dataset/samples.jsonl"
    before = tried.read_bytes()
    for line in QUICK:
        if line not in first:
            run(line)
    assert tried.read_bytes() == before  # the trial was added, and changed no sample
    return folder


def statistics(run: Path) -> Statistics:
    return Statistics.model_validate_json((run / "statistics.json").read_bytes())


def test_a_trial_is_added_to_a_finished_dataset(desk: Path) -> None:
    audit = statistics(desk / "runs/tried").audit
    assert audit is not None
    assert audit.samples == 8
    assert audit.model_dump(mode="json") == json.loads((desk / "runs/tried/audit.json").read_bytes())
    assert statistics(desk / "runs/tiny").audit is None


def test_strangers_solvers_and_twins_leave_what_the_page_says(desk: Path) -> None:
    asked = statistics(desk / "runs/solved-again")
    assert asked.necessity.asked > 0
    assert [gate.gate for gate in asked.gates] == list(GATES)
    lines = (desk / "runs/twins/dataset/samples.jsonl").read_text("utf-8").splitlines()
    samples = {one["id"]: one for one in map(json.loads, lines)}
    twins = [one for one in samples.values() if one.get("twin_of")]
    assert len(twins) > len(samples) / 4
    for twin in twins:
        original = samples[twin["twin_of"]]
        assert twin["id"] == f"{original['id']}-twin"
        assert twin["query"] == original["query"]
        assert twin["user_id"] != original["user_id"]
        assert twin["answer"][0] != original["answer"][0]


def test_every_file_of_a_run_is_on_the_page_of_runs(desk: Path) -> None:
    first = [line.split(" | ")[0] for line in RUNS.splitlines() if line.startswith("| `")]
    known = {name for cell in first for name in re.findall(r"`([\w./-]+)`", cell)}
    known = {name.rpartition("/")[2] for name in known}
    for run in ("tiny", "tried", "twins", "solved-again"):
        files = [one for one in (desk / "runs" / run).rglob("*") if one.is_file()]
        left = {one.name for one in files if one.suffix not in (".graphml", ".svg")}
        assert sorted(left - known) == []
