"""What a person at the terminal sees: one clear line for a fault, an exit status, and no litter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ptool
import pytest
from in_process import command

PROBE = """
import sys
from ptool.cli.main import run_command

def job(settings, sources):
    {body}
    return 0

sys.exit(run_command(lambda: job))
"""


def process(*words: str, folder: Path, body: str | None = None) -> subprocess.CompletedProcess[str]:
    """`python -m ptool.run`, or the same command doing `body`."""
    program = ["-m", "ptool.run"] if body is None else ["-c", PROBE.format(body=body)]
    return subprocess.run(
        [sys.executable, *program, *words], cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["scenario=5"],
            "config error: a choice, such as of scenario or model, is a name, got one of type int",
        ),
        (
            ["scenario=null"],
            "config error: a choice, such as of scenario or model, is a name, got one of type None",
        ),
        (["scenario=shoping"], "config error: scenario: got 'shoping', there are 'custom', "),
        (["scenario=shoping"], "(did you mean 'shopping'?)"),
        (["sead=3"], "(did you mean 'seed'?)"),
        (["sead=ü"], "(did you mean 'seed'?)"),
        (["task.pln=free"], "(did you mean 'task.plan'?)"),
        (["retry.attempts=3"], "(did you mean 'retries.attempts'?)"),
        (["rundir=x"], "(did you mean 'run.dir'?)"),
        (["modle.model=x"], "(did you mean 'model'?)"),
        (["model.modle=x"], "config error: model.modle: no such key; there are 'model._target_', "),
        (["agent={stranger_danger: {name: x}}"], "config error: Could not override 'agent'"),
        (
            ["experiment=table2"],
            "got 'table2', which is an experiment of ptool.evaluate; here there are 'free_",
        ),
        (["experiment=tabel2"], "the paper's are run whole by python -m ptool.experiment table2"),
        (["experiment=papr"], "(did you mean 'paper'?)"),
        (["runs/x"], "config error: runs/x: not an override, expected key=value, such as run.dir=runs/x"),
        (["run.dir=a\nb"], "config error: run.dir: got 'a\\nb', expected a path without control characters"),
        (["users=3\x1b[31m"], "config error: users: got '3\\x1b[31m', expected an integer >= 1"),
        (["run.dir=\udcff"], "config error: run.dir=?: not UTF-8, expected a word in UTF-8"),
        (["+scenario.foo=1"], "config error: scenario.foo: no such key; there are 'description', "),
        (["users=abc"], "config error: users: got 'abc', expected an integer >= 1"),
        (["users=0"], "config error: users: got 0, expected an integer >= 1"),
        (["judges=[verifier,privacy]"], "config error: judges: got 'privacy', there are roles 'actor', "),
        (["seed"], "config error: seed: not an override, expected key=value"),
        (["seed=${nope}"], "config error: seed: Interpolation key 'nope' not found"),
        (["--config-dir", "nowhere"], "nowhere' not found"),
        (["~scale"], "config error: users: missing, expected an integer >= 1"),
    ],
)
def test_a_fault_is_one_line_and_leaves_nothing(words: list[str], line: str, tmp_path: Path) -> None:
    done = command("run", *words, folder=tmp_path)
    assert line in done.stderr
    assert "Traceback" not in done.stderr
    assert all(one.startswith("config error: ") for one in done.stderr.splitlines())
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (2, "", [])


def test_help_is_quick_and_names_the_choices(tmp_path: Path) -> None:
    started = time.perf_counter()
    done = process("--help", folder=tmp_path)
    assert time.perf_counter() - started < 4  # 0.7 s on an idle machine; the margin is for a busy one
    assert done.returncode == 0
    for word in ("scenario=travel seed=3", "entertainment", "queries_per_user", "--config-dir"):
        assert word in done.stdout


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    program = "import sys, ptool.run; print([one for one in sys.modules if one in sys.argv])"
    heavy = ["pydantic", "networkx", "autogen_core", "rich", "hydra", "loguru", "faker"]
    done = subprocess.run(
        [sys.executable, "-c", program, *heavy], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_the_configuration_is_shown_and_nothing_run(tmp_path: Path) -> None:
    done = command("run", "--cfg", "job", "scenario=tiny", folder=tmp_path)
    assert "apis: 6" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_runs_every_job_and_leaves_no_litter(tmp_path: Path) -> None:
    done = process("-m", "seed=1,2", folder=tmp_path, body="print(settings.seed, settings.run_folder())")
    seeds, folders = zip(*(line.split() for line in done.stdout.splitlines()[:2]), strict=True)
    assert (done.returncode, done.stderr, seeds, len(set(folders))) == (0, "", ("1", "2"), 2)
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_ends_with_its_worst_status(tmp_path: Path) -> None:
    assert process("-m", "seed=1,2,3", folder=tmp_path, body="return settings.seed % 3").returncode == 2


def test_an_expected_error_is_one_line_with_its_status(tmp_path: Path) -> None:
    body = "from ptool.errors import ModelError; raise ModelError('endpoint down')"
    done = process(folder=tmp_path, body=body)
    assert (done.returncode, done.stderr) == (1, "error: endpoint down\n")


def test_a_bug_keeps_its_traceback_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "run.log").touch()
    done = process("run.dir=here", folder=tmp_path, body="{}['canary']")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "the traceback is in here/run.log" in done.stderr
    assert "KeyError: 'canary'" in (tmp_path / "here" / "run.log").read_text()


def test_a_bug_before_there_is_a_run_folder_is_shown_in_full(tmp_path: Path) -> None:
    done = process(folder=tmp_path, body="{}['canary']")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "terminate"]
)
@pytest.mark.parametrize("way", ["asyncio.run(asyncio.sleep(30))", "time.sleep(30)"])
def test_an_interrupt_says_what_is_safe(
    number: signal.Signals, status: int, way: str, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "ledger.sqlite").touch()
    body = f"import asyncio, time; print('ready', flush=True); {way}"
    process = subprocess.Popen(
        [sys.executable, "-c", PROBE.format(body=body), "run.dir=here"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    os.kill(process.pid, number)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == status
    line = (
        "interrupted: finished items are safe in here/ledger.sqlite; the same command continues from there\n"
    )
    assert stderr == line


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        ([], 0, "usage: ptool COMMAND"),
        (["--version"], 0, "ptool 0.1.0"),
        (["rum"], 2, "(did you mean 'run'?)"),
        (["run", "users=0"], 2, "config error: users: got 0"),
    ],
)
def test_commands_are_listed_and_dispatched(words: list[str], status: int, text: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ptool", *words], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == status
    assert text in done.stdout + done.stderr


OPEN = (
    "model=openai_compatible",
    "model.base_url=http://127.0.0.1:1/v1",
    "model.model=模型",
    "scenario=tiny",
)


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("model.extra={top_k: 20}", "extra:\n    top_k: 20\n"),
        ("model.extra.top_k=20", "extra:\n    top_k: 20\n"),
        ("+model.extra.top_k=20", "extra:\n    top_k: 20\n"),
        ("model.extra={stop: [größe]}", "extra:\n    stop:\n    - größe\n"),
        ('model.extra={"kwargs": {"thinking": false}}', "extra:\n    kwargs:\n      thinking: false\n"),
        ("agent.verifier.sampling={top_k: 2}", "max_tokens: 2048\n      top_k: 2\n"),
        ("run.dir=ck/a,b(c)=数据", "run:\n  dir: ck/a,b(c)=数据\n"),
    ],
)
def test_mappings_take_keys_and_texts_are_as_typed(word: str, shown: str, tmp_path: Path) -> None:
    done = command("run", "--cfg", "job", *OPEN, word, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert shown in done.stdout
    assert "model: 模型" in done.stdout


def test_an_experiment_of_a_run_is_named_to_evaluate(tmp_path: Path) -> None:
    done = command("evaluate", "data=x", "experiment=paper", folder=tmp_path)
    assert done.returncode == 2
    assert "got 'paper', which is an experiment of ptool.run; here there are 'fig3a', " in done.stderr


COMMANDS = (
    "run",
    "check",
    "serve",
    "status",
    "explain",
    "diff",
    "report",
    "review",
    "evaluate",
    "compare",
    "export",
)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_ptools_version(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"ptool.{name}", "--version"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ptool {ptool.__version__}\n", "")


@pytest.mark.parametrize(
    ("name", "words", "line"),
    [
        ("status", ["ck/jürgen/step=12"], "error: ck/jürgen/step=12: "),
        ("report", ["ck/a,b"], "error: ck/a,b"),
        ("explain", ["~/nothing=here", "tiny-u0001-0001"], "nothing=here"),
        ("evaluate", ["nothing(2)", "baseline=gold"], "nothing(2)"),
        ("export", ["nothing[1]"], "nothing[1]"),
        (
            "explain",
            ["a", "b", "c"],
            "config error: c: not an override, expected key=value; plain words are run",
        ),
    ],
)
def test_a_plain_path_is_taken_as_it_stands(name: str, words: list[str], line: str, tmp_path: Path) -> None:
    done = command(name, *words, folder=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert line in done.stderr
