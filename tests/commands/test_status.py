"""`python -m ptool.status`: what it says of a run, and that it changes nothing."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from hashlib import sha256
from io import StringIO
from pathlib import Path

import orjson
import pytest
from in_process import command
from ptool.errors import StoreError
from ptool.records.model_calls import Answer, Failure
from ptool.reports.run_status import FINAL_FILES, UNREACHABLE, WITHOUT_MODEL, StageStatus, Status, status_of
from ptool.reports.run_status_console import cost_text, print_status
from ptool.store import Ledger, RunFolder
from ptool.synthesis.context import without_model
from rich.console import Console

STAGES = ("api_tree", "feature_tree", "profiles", "histories", "episodes")


def contents(folder: Path) -> dict[str, str]:
    """Every file: name -> hash."""
    return {
        str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("whole")
    command("run", "scenario=tiny", "run.dir=run", folder=folder)
    return folder / "run"


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, in which nobody was asked anything."""
    copy = Path(shutil.copytree(whole, tmp_path / "run"))
    connection = sqlite3.connect(copy / "ledger.sqlite")
    with connection:
        connection.execute("DELETE FROM calls")
        connection.execute("DELETE FROM totals")
    connection.close()
    return copy


def left(status: Status) -> dict[str, int | None]:
    return {stage.stage: stage.left for stage in status.stages}


def page(status: Status) -> str:
    output = StringIO()
    print_status(status, Console(file=output, width=160, highlight=False))
    return output.getvalue()


def answer(number: int, **changed: object) -> Answer:
    given = {
        "key": number.to_bytes(16), "stage": "episodes", "role": "user", "turn": "t",
        "endpoint": "m at there", "content": "{}", "finish": "stop", "prompt_tokens": 1000,
        "completion_tokens": 10, "cached_tokens": None, "usd": 0.25, "seconds": 0.5,
    }  # fmt: skip
    return Answer(**{**given, **changed})


def forget(run: Path, *names: str, **items: str) -> None:
    """Take files of a run away, and items of its ledger: stage -> condition."""
    for name in names:
        (run / name).unlink()
    with Ledger(run / "ledger.sqlite") as ledger:
        for stage, condition in items.items():
            ledger._writer._connection.execute(f"DELETE FROM items WHERE stage = '{stage}' AND {condition}")


def test_a_finished_run_has_nothing_left(run: Path) -> None:
    before = contents(run)
    status = status_of(run)
    assert left(status) == dict.fromkeys(STAGES, 0)
    assert (status.finished, status.in_use_by, status.scenario) == (True, None, "tiny")
    assert status.stages[3:] == (StageStatus("histories", 4, 4, 0), StageStatus("episodes", 20, 20, 0))
    assert sum(status.episodes.values()) == 20
    assert status.next == "nothing is left; the same command asks no model and writes the same files"
    assert contents(run) == before


def test_the_scripted_model_is_free_and_known_to_be(whole: Path) -> None:
    status = status_of(whole)
    assert {(call.stage, call.role) for call in status.calls} >= {
        ("episodes", "user"),
        ("api_tree", "designer"),
    }
    assert (status.usd, status.unpriced, status.failures) == (0.0, 0, {})
    assert "cost: $0.0000\n" in page(status)


def test_the_stages_of_what_found_no_model_are_the_pipelines() -> None:
    assert (UNREACHABLE, WITHOUT_MODEL.format("twins")) == (without_model("episodes"), without_model("twins"))
    assert WITHOUT_MODEL.format("solver") == without_model("solver")


def test_what_is_left_is_counted(run: Path) -> None:
    files = ("dataset/samples.jsonl", "episodes.jsonl")
    forget(run, *files, episodes="id LIKE '%u0001%'")
    status = status_of(run)
    assert (left(status)["episodes"], status.finished) == (5, False)
    assert status.next == "the same command goes on with episodes, 5 left"
    forget(run, "tasks.jsonl", "histories.jsonl", histories="id = 'tiny-u0002'", episodes="1")
    status = status_of(run)
    assert (left(status)["histories"], left(status)["episodes"]) == (1, 20)
    assert status.next == "the same command goes on with histories, 1 left"
    forget(run, "feature_tree.svg")
    assert left(status_of(run))["feature_tree"] is None
    assert status_of(run).next == "the same command goes on with feature_tree"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with everything a run may have."""
    folder = tmp_path_factory.mktemp("full")
    unseen = ("scenario@splits.unseen.scenario=finance", "splits.unseen.users=2")
    others = ("splits.unseen.queries={finance: 4}", "strangers=1", "consistency=2", "twins=true")
    done = command("run", "scenario=tiny", *unseen, *others, "audit.samples=2", "run.dir=run", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


POPULATION_STAGES = ("api_tree", "feature_tree", "profiles", "histories")
EPISODE_STAGES = ("episodes", "stranger", "solver", "twins")
EVERYTHING = (
    *POPULATION_STAGES, *(f"unseen/{stage}" for stage in POPULATION_STAGES),
    *EPISODE_STAGES, *(f"unseen/{stage}" for stage in EPISODE_STAGES), "audit",
)  # fmt: skip


def test_all_populations_and_stages_are_told_of_in_the_order_they_come(full: Path) -> None:
    status = status_of(full)
    assert tuple(left(status)) == EVERYTHING
    assert (set(left(status).values()), status.finished) == ({0}, True)
    at = {stage.stage: stage for stage in status.stages}
    assert at["unseen/histories"] == StageStatus("unseen/histories", 2, 2, 0)
    assert at["unseen/episodes"] == StageStatus("unseen/episodes", 5, 5, 0)  # 4 wanted, a quarter is to spare
    assert sum(status.episodes.values()) == 25
    accepted = [at[f"{whose}episodes"].done for whose in ("", "unseen/")]
    assert sum(accepted) - status.episodes["rejected"] == at["stranger"].done + at["unseen/stranger"].done
    assert at["solver"].done == at["stranger"].done
    assert sum(status.twins.values()) == at["twins"].done + at["unseen/twins"].done > 0
    assert "twins" in page(status)


def test_what_stopped_between_the_new_stages_is_told_of(full: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(full, tmp_path / "run"))
    forget(run, "manifest.json")
    status = status_of(run)
    assert (status.finished, set(left(status).values())) == (False, {0})
    assert status.next == "every answer is there; the same command asks no model and writes the dataset"
    forget(run, "audit.json")
    assert status_of(run).next == "the same command goes on with audit"
    forget(run, "unseen/twins.jsonl")
    assert status_of(run).next == "the same command goes on with unseen/twins"
    forget(run, **{"unseen/solver": "id LIKE '%-0001'"})
    assert status_of(run).next == "the same command goes on with unseen/solver, 2 left"
    forget(run, stranger="id LIKE '%u0001%'", twins="1")
    status = status_of(run)
    assert (left(status)["stranger"], status.next) == (5, "the same command goes on with stranger, 5 left")
    forget(run, episodes="id = 'tiny-u0001-0001'")
    status = status_of(run)
    assert left(status)["stranger"] is None  # one more may be accepted
    assert status.next == "the same command goes on with episodes, 1 left"
    forget(run, **{"unseen/histories": "1"})
    (run / "unseen" / "tasks.jsonl").unlink()
    assert status_of(run).next == "the same command goes on with unseen/histories, 2 left"


async def test_a_twin_without_a_model_is_left(full: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(full, tmp_path / "run"))
    with Ledger(run / "ledger.sqlite") as ledger:
        name, body = next(ledger.items("unseen/twins"))
    forget(run, **{"unseen/twins": f"id = '{name}'"})
    with Ledger(run / "ledger.sqlite") as ledger:
        await ledger.put(WITHOUT_MODEL.format("unseen/twins"), name, body)
    status = status_of(run)
    assert (left(status)["unseen/twins"], status.twins["without_model"], status.finished) == (1, 1, False)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"samples": null}'])
def test_a_damaged_audit_is_one_line(full: Path, tmp_path: Path, text: str) -> None:
    run = Path(shutil.copytree(full, tmp_path / "run"))
    (run / "audit.json").write_text(text)
    with pytest.raises(StoreError, match=r"audit\.json: damaged; remove it"):
        status_of(run)


@pytest.mark.parametrize("name", FINAL_FILES)
def test_a_run_is_finished_when_its_last_files_are_there(run: Path, name: str) -> None:
    (run / name).unlink()
    assert not status_of(run).finished


def test_users_without_a_history_are_not_waited_for_once_tasks_are_drawn(run: Path) -> None:
    forget(run, histories="id = 'tiny-u0002'")
    assert left(status_of(run))["histories"] == 0


async def test_rejected_episodes_and_those_without_a_model(run: Path) -> None:
    forget(run, "dataset/samples.jsonl", episodes="1")
    with Ledger(run / "ledger.sqlite") as ledger:
        reasons = [{"code": "leak"}, {"code": "leak"}, {"code": "agreement"}]
        await ledger.put("episodes", "a", orjson.dumps({"status": "rejected", "reasons": reasons}))
        await ledger.put("episodes", "b", orjson.dumps({"status": "rejected", "reasons": reasons[:1]}))
        await ledger.put("episodes", "c", orjson.dumps({"status": "accepted", "reasons": []}))
        await ledger.put(UNREACHABLE, "c", b"{}")  # found a model since then
        await ledger.put(UNREACHABLE, "d", b"{}")
    status = status_of(run)
    assert status.episodes == {"accepted": 1, "rejected": 2, "without_model": 1}
    assert list(status.reasons.items()) == [("leak", 2), ("agreement", 1)]
    assert status.next == (
        "the same command goes on with episodes, 17 left; 1 of the episodes found no model before"
    )


async def test_calls_tokens_and_what_they_cost(run: Path) -> None:
    with Ledger(run / "ledger.sqlite") as ledger:
        await ledger.save_answer(answer(1))
        await ledger.save_answer(answer(2, cached_tokens=750))
        await ledger.save_answer(answer(3, role="verifier", endpoint="free at home", usd=0.0))
        await ledger.save_answer(answer(4, role="assistant", endpoint="mystery", usd=None))
        ledger.set_answer_status((2).to_bytes(16), "prose")
        for kind in ("timeout", "rate_limited", "timeout"):
            ledger.save_failure(Failure("episodes", "user", "t", "m at there", kind, "no", 1.0))
    status = status_of(run)
    assistant, user, verifier = status.calls
    assert (user.answered, user.failed, user.statuses) == (2, 3, {"prose": 1})
    assert (user.prompt_tokens, user.completion_tokens, user.cached_share) == (2000, 20, 0.75)
    assert (user.usd, verifier.usd, assistant.usd, assistant.cached_share) == (0.5, 0.0, None, None)
    assert (status.usd, status.unpriced) == (0.5, 1)
    assert status.failures == {"rate_limited": 1, "timeout": 2}
    text = page(status)
    cells = [line.split() for line in text.splitlines()]
    assert ["episodes", "assistant", "1", "0", "1,000", "?", "10", "unknown", "mystery"] in cells
    assert ["episodes", "user", "2", "3", "2,000", "75%", "20", "$0.5000", "m", "at", "there"] in cells
    assert "$0.5000 and 1 answers of unknown price" in text
    assert "episodes user: prose" in text


def test_an_unknown_price_is_never_nothing() -> None:
    assert (cost_text(None, 3), cost_text(0.0, 0)) == ("unknown", "$0.0000")


async def test_only_failures_cost_nothing_that_is_known(run: Path) -> None:
    with Ledger(run / "ledger.sqlite") as ledger:
        ledger.save_failure(Failure("episodes", "user", "t", "down", "connection", "refused", 0.1))
    (only,) = status_of(run).calls
    assert (only.answered, only.failed, only.endpoint) == (0, 1, "down")
    assert "down" in page(status_of(run))


async def test_texts_from_outside_do_not_reach_the_terminal_as_they_are(run: Path) -> None:
    with Ledger(run / "ledger.sqlite") as ledger:
        await ledger.save_answer(answer(1, endpoint="\x1b[2J[red]evil[/red]\nnext: rm -rf /"))
    text = page(status_of(run))
    assert "\x1b" not in text
    assert "[red]evil[/red]" in text
    assert not any(line.startswith("next: rm") for line in text.splitlines())


def test_a_run_under_way_is_named_by_its_process(run: Path) -> None:
    with RunFolder(run, orjson.loads((run / ".ptool-run.json").read_bytes())["identity"]):
        status = status_of(run)
    assert status.in_use_by is not None
    assert status.next == f"process {status.in_use_by} is at work on it; nothing to do but wait"
    assert f"running in process {status.in_use_by}" in page(status)


@pytest.mark.slow
def test_a_living_run_can_be_asked_and_a_killed_one(tmp_path: Path) -> None:
    words = ("scenario=tiny", "users=24", "queries_per_user=20", "run.dir=run")
    process = subprocess.Popen(
        [sys.executable, "-m", "ptool.run", *words],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("episodes: started"):
            assert process.poll() is None
        process.send_signal(signal.SIGSTOP)
        living = status_of(tmp_path / "run")
    finally:
        process.kill()
        process.communicate()
    assert (living.in_use_by, living.finished) == (str(process.pid), False)
    before = contents(tmp_path / "run")
    killed = status_of(tmp_path / "run")
    assert contents(tmp_path / "run") == before
    assert (killed.in_use_by, killed.stages[:4]) == (None, living.stages[:4])
    assert killed.next.startswith("the same command goes on with episodes, ")


def test_killed_before_there_was_a_ledger(run: Path) -> None:
    for file in run.iterdir():
        if file.is_file() and file.name not in (".ptool-run.json", "config.yaml"):
            file.unlink()
    status = status_of(run)
    assert (status.stages[0], status.calls, status.usd) == (StageStatus("api_tree", 0, None, None), (), 0.0)


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        (".ptool-run.json", None, "not a run folder"),
        (".ptool-run.json", "{", "damaged"),
        (".ptool-run.json", '{"format": 9, "identity": {}}', "format 9, expected 1"),
        ("config.yaml", None, "config.yaml: cannot be read: No such file"),
        ("config.yaml", "a: [", "config.yaml: damaged, or of another version"),
        ("config.yaml", "null", "config.yaml: damaged, or of another version"),
        ("config.yaml", "users: many", "config.yaml: damaged, or of another version"),
        ("ledger.sqlite", "no database" * 500, "cannot be read as a ledger"),
    ],
)
def test_what_cannot_be_read_is_one_line(file: str, text: str | None, line: str, run: Path) -> None:
    (run / file).unlink()
    if text is not None:
        (run / file).write_text(text)
    with pytest.raises(StoreError, match=line) as caught:
        status_of(run)
    assert "\n" not in str(caught.value)


async def test_a_damaged_episode_is_named(run: Path) -> None:
    with Ledger(run / "ledger.sqlite") as ledger:
        await ledger.put("episodes", "zzz", b"{")
    with pytest.raises(StoreError, match="item episodes/zzz is damaged"):
        status_of(run)


def test_from_outside(run: Path, tmp_path: Path) -> None:
    done = command("status", "run=run", "format=json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert orjson.loads(done.stdout)["finished"] is True
    done = command("status", "run=nowhere", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: nowhere: no such folder, expected one that ptool.run made\n"
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
