"""docs/extending.md is true: its files are written out as they stand there, and its commands are run."""

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import ptool
import pytest
from in_process import command, command_line
from ptool.models.mock_server.server import serving
from ptool.settings import MockServerOptions

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "extending.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

FILE = re.compile(r"^`([\w./-]+\.\w+)`\n\n```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
FILES = {name: body for name, _, body in FILE.findall(TEXT)}
COMMANDS = [line for block in SHELL.findall(TEXT) for line in block.splitlines()]


def started(command: str, folder: Path) -> CompletedProcess[str]:
    """Run a documented command in a folder as a process, with this interpreter."""
    words = [sys.executable, *shlex.split(command)[1:]]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `mine/` as the page describes it."""
    folder = tmp_path_factory.mktemp("desk")
    for name, body in FILES.items():
        if name.startswith("mine/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(body, "utf-8")
    return folder


@pytest.fixture(scope="module")
def done(desk: Path) -> dict[str, CompletedProcess[str]]:
    """Every command of the page, run."""
    return {one: command_line(one, desk) for one in COMMANDS}


def run_folder(command: str, desk: Path) -> Path:
    """Where a documented command leaves its run."""
    return desk / next(word for word in command.split() if word.startswith("run.dir=")).removeprefix(
        "run.dir="
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_makes_a_dataset(
    command: str, desk: Path, done: dict[str, CompletedProcess[str]]
) -> None:
    one, run = done[command], run_folder(command, desk)
    assert (one.returncode, "Traceback" in one.stderr) == (0, False), one.stderr[-2000:]
    assert (run / "dataset/index.jsonl").read_text("utf-8").count("\n") >= 4


@pytest.mark.parametrize(
    "name",
    [
        *("privacy", "brevity", "garden", "weekend", "heldout", "recording", "echo", "blunt_user", "strict"),
        *("repeats", "visited", "doubled", "flattery", "careful", "pair"),
    ],
)
def test_the_commands_use_every_part_of_the_page(name: str) -> None:
    assert any(Path(file).stem == name for file in FILES)
    assert any(re.search(rf"\b{name}\b", command.partition("run.dir")[0]) for command in COMMANDS)


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize("role", ["privacy", "brevity"])
def test_an_outside_role_is_heard_in_every_kept_episode(role: str, desk: Path) -> None:
    command = next(one for one in COMMANDS if f"{role}]" in one)
    lines = (run_folder(command, desk) / "episodes.jsonl").read_text("utf-8").splitlines()
    kept = [episode for episode in map(json.loads, lines) if episode["status"] == "accepted"]
    spoke = [[turn["output"]["ok"] for turn in one["turns"] if turn["role"] == role] for one in kept]
    assert len(kept) >= 10
    assert all(verdicts and verdicts[-1] for verdicts in spoke)


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("careful", ["MemoryQueryEvent careful"]),
        ("pair", ["TextMessage drafter", "TextMessage reviser"]),
    ],
)
def test_an_agent_of_ones_own_solves_every_query(run: str, said: list[str], desk: Path) -> None:
    episodes = lines(desk / "out" / run / "episodes.jsonl")
    turns = [turn for one in episodes for turn in one["turns"] if turn["role"] == "assistant"]
    assert len(turns) >= 20
    for turn in turns:
        assert [f"{inner['type']} {inner['source']}" for inner in turn["inner"]] == said


def test_a_program_asks_nothing_that_was_answered_before(tmp_path: Path) -> None:
    async def play() -> tuple[list[str], int]:
        async with serving(lambda texts, seed: f"Hello to {len(texts)}.", MockServerOptions()) as server:
            program = FILES["mine/program.py"].replace("http://127.0.0.1:8000/v1", server.base_url)
            (tmp_path / "program.py").write_text(program, "utf-8")
            done = [await asyncio.to_thread(started, "python program.py", tmp_path) for _ in range(2)]
            assert [one.returncode for one in done] == [0, 0], done[0].stderr
            return [one.stdout for one in done], server.stats.requests

    assert asyncio.run(play()) == (["Hello to 2. 1\n"] * 2, 1)


@pytest.mark.usefixtures("done")
def test_own_scenarios_are_held_out(desk: Path) -> None:
    run = run_folder(next(one for one in COMMANDS if "experiment=heldout" in one), desk)
    parts = {
        part: [json.loads(line) for line in (run / f"dataset/{part}.jsonl").read_text("utf-8").splitlines()]
        for part in ("train", "test", "unseen")
    }
    assert {one["scenario"] for one in parts["unseen"]} == {"garden"}
    assert len(parts["unseen"]) == 4
    assert {one["scenario"] for one in parts["train"] + parts["test"]} == {"takeout"}
    users = {part: {one["user_id"] for one in samples} for part, samples in parts.items()}
    assert not users["unseen"] & (users["train"] | users["test"])
    assert len(users["test"] - users["train"]) == 1
    assert "license: mit" in (run / "dataset/README.md").read_text("utf-8")


def test_a_strict_gate_objects_in_its_own_words(desk: Path, tmp_path: Path) -> None:
    words = ("--config-dir", "mine", "scenario=tiny", "query_gate=[brevity]", "+agent.brevity.most=3")
    one = command("run", *words, "max_rounds=0", f"run.dir={tmp_path}/run", folder=desk)
    manifest = json.loads((tmp_path / "run/manifest.json").read_text("utf-8"))
    assert (one.returncode, manifest["funnel"]["kept"]) == (3, 0)
    assert manifest["notes"]["reasons"]["judge.too_long"] > 0


def test_a_recording_model_answers_for_its_role_alone(desk: Path, tmp_path: Path) -> None:
    words = ("--config-dir", str(desk / "mine"), "scenario=tiny", "+model@agent.verifier.model=recording")
    one = command("run", *words, "run.dir=run", folder=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text("utf-8").splitlines()]
    assert (one.returncode, {line["role"] for line in lines}) == (0, {"verifier"})


@pytest.mark.parametrize(
    ("scenario", "status", "said"),
    [("museum", 2, "scenario 'museum': the scripted model has no library"), ("corner", 0, "")],
)
def test_a_scenario_with_a_known_kit_and_one_without(
    scenario: str, status: int, said: str, desk: Path, tmp_path: Path
) -> None:
    words = ("--config-dir", "mine", f"scenario={scenario}", "platforms=2", "apis=6", "users=2")
    one = command("run", *words, "queries_per_user=2", f"run.dir={tmp_path}/run", folder=desk)
    assert (one.returncode, said in one.stderr) == (status, True)
    assert (tmp_path / "run").exists() is (status == 0)


def test_a_kit_folder_can_be_checked(tmp_path: Path) -> None:
    """The kit of the page, as three files; a word in two contexts is found."""
    import yaml

    kit = yaml.safe_load(FILES["mine/scenario/garden.yaml"])["kit"]
    line = re.search(r"`(python -m ptool\.models\.\S+) mine/kits/corner`", TEXT)
    assert line
    for part, content in kit.items():
        (tmp_path / f"{part}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
    assert started(f"{line[1]} .", tmp_path).returncode == 0
    kit["lexicon"]["slots"]["plant"]["by_context"]["flowers"].append("chard")
    (tmp_path / "lexicon.yaml").write_text(yaml.safe_dump(kit["lexicon"]), "utf-8")
    refused = started(f"{line[1]} .", tmp_path)
    assert (refused.returncode, "'chard' stands in contexts" in refused.stderr) == (2, True)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.mark.usefixtures("done")
def test_an_own_check_objects_under_its_name_and_its_sentence_is_explained(desk: Path) -> None:
    run = desk / "out/words"
    episodes = lines(run / "episodes.jsonl")
    objected = [one for one in episodes if any(why["code"] == "query.repeats" for why in one["objections"])]
    whys = [why for one in objected for why in one["objections"] if why["code"] == "query.repeats"]
    assert {(why["source"], why["blames"]) for why in whys} == {("repeats", "query")}
    explained = command("explain", f"run={run}", f"sample={objected[0]['id']}", folder=desk)
    assert "query.repeats: a long word stands in the text twice" in explained.stdout
    assert "letters: 3" in (run / "config.yaml").read_text("utf-8")


@pytest.mark.usefixtures("done")
def test_an_own_gate_judges_beside_the_others(desk: Path, tmp_path: Path) -> None:
    gates = json.loads((desk / "out/visited/statistics.json").read_text("utf-8"))["gates"]
    assert [row["gate"] for row in gates] == ["round_trip", "grounding", "leak", "visited", "near_duplicates"]
    line = next(one for one in COMMANDS if "visited" in one).partition("run.dir")[0]
    one = command_line(f"{line} +gate.visited.least=99 run.dir={tmp_path}/run", desk)
    rejected = lines(tmp_path / "run/dataset/rejected.jsonl")
    assert (one.returncode, {why["source"] for line in rejected for why in line["reasons"]}) == (
        3,
        {"visited"},
    )
    command("report", f"run={tmp_path}/run", folder=desk)
    assert "the history hardly shows the right platform" in (tmp_path / "run/report.html").read_text("utf-8")


@pytest.mark.usefixtures("done")
def test_an_own_corruption_and_injection_are_part_of_the_audit(desk: Path) -> None:
    audit = json.loads((desk / "out/audited/audit.json").read_text("utf-8"))
    rows = {row["kind"]: row for row in audit["corruptions"]}
    assert list(rows) == ["wrong_value", "doubled"]
    assert rows["doubled"]["cases"] > 0
    assert "was doubled" in rows["doubled"]["example"]
    assert audit["texts"] == 2


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("checks=[text,repeat]", "checks: no check 'repeat'; there are "),
        ("checks=[text,repeat]", "(did you mean 'repeats'?); one of your own is check/NAME.yaml"),
        ("gates=[visit]", "(did you mean 'visited'?); one of your own is gate/NAME.yaml"),
        ("audit.injections=[flatery]", "(did you mean 'flattery'?); one of your own is injection/NAME.yaml"),
        ("gates=[visited] +gate.visited.lest=2", "gate.visited.lest: no such argument; there are 'least'"),
        (
            "checks=[mine] +check.mine._target_=visits.Visited +check.mine.least=1",
            "visits.Visited is no Check",
        ),
    ],
)
def test_a_wrong_name_or_object_is_refused_in_one_line(words: str, refusal: str, desk: Path) -> None:
    shared = ("--config-dir", "mine", "scenario=tiny", "run.dir=out/refused")
    one = command("run", *shared, *words.split(), folder=desk)
    assert (one.returncode, one.stderr.count("\n"), refusal in one.stderr) == (2, 1, True), one.stderr


def test_a_check_of_ones_own_changes_which_run_it_is(desk: Path, tmp_path: Path) -> None:
    """Its options are in the run folder's hash; with other code the folder is not continued."""
    shutil.copytree(desk / "mine", tmp_path / "mine")
    words = "python -m ptool.run --config-dir mine scenario=tiny checks=[text,repeats]"
    assert command_line(words, tmp_path).returncode == 0
    (first,) = (tmp_path / "runs").iterdir()
    assert command_line(words, tmp_path).returncode == 0
    assert list((tmp_path / "runs").iterdir()) == [first]
    with (tmp_path / "mine/repetition.py").open("a") as code:
        code.write("# another version\n")
    one = command_line(words, tmp_path)
    assert (one.returncode, "code" in one.stderr) == (2, True), one.stderr
    assert command_line(f"{words} +check.repeats.letters=9", tmp_path).returncode == 0
    assert len(list((tmp_path / "runs").iterdir())) == 2
