"""`ptool.synthesise` makes what `ptool.run` makes, says what it says, and leaves the process as it was."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import loguru
import ptool
import pytest
from hydra.core.global_hydra import GlobalHydra
from in_process import command
from ptool import Run, load, synthesise, synthesise_async
from ptool.cli.progress import Stage
from ptool.errors import ConfigError, PtoolError, StoreError
from ptool.log import logger
from ptool.records import Sample
from ptool.run import main

FILES = ("episodes.jsonl", "dataset/samples.jsonl", "dataset/README.md", "statistics.json")


def derived(folder: Path) -> dict[str, bytes]:
    """Files that depend on nothing but the settings."""
    return {name: (folder / name).read_bytes() for name in FILES}


def process_state() -> dict[str, Any]:
    """What a call could leave behind."""
    return {
        "signals": {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)},
        "threads": {thread.name for thread in threading.enumerate()},
        "sinks": (len(logger._core.handlers), list(loguru.logger._core.handlers)),  # type: ignore[attr-defined]
        "logging": [*logging.getLogger().handlers],
        "path": [*sys.path],
        "cwd": Path.cwd(),
        "environment": {name: value for name, value in os.environ.items() if "PYTEST" not in name},
        "warnings": [*warnings.filters],
        "collector": (gc.get_threshold(), sys.getswitchinterval()),
        "hydra": GlobalHydra.instance().hydra,
        "streams": (sys.stdout, sys.stderr),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small run."""
    folder = tmp_path_factory.mktemp("run") / "tiny"
    return synthesise("tiny", seed=3, run={"dir": folder})


@pytest.fixture(autouse=True)
def _unchanged() -> Iterator[None]:
    before = process_state()
    yield
    assert process_state() == before


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_makes_the_bytes_of_the_command_and_prints_nothing(
    run: Run, here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    again = synthesise("tiny", overrides=["seed=3", "concurrency=2"])
    assert (capfd.readouterr(), again.path.parent) == (("", ""), here / "runs")
    command("run", "scenario=tiny", "seed=3", "run.dir=command", folder=Path()).check_returncode()
    assert derived(again.path) == derived(run.path) == derived(here / "command")


def test_a_run_of_brought_along_tools_lies_where_the_command_has_it(here: Path) -> None:
    flights = Path(ptool.__file__).parent / "docs/examples/flights"
    tools = {"file": str(flights / "apis"), "lexicon": str(flights / "lexicon.yaml")}
    run = synthesise(tools=tools, users=2, queries_per_user=2)
    words = [f"tools.{key}={value}" for key, value in tools.items()]
    assert main([*words, "users=2", "queries_per_user=2"]) == 0
    assert [folder.name for folder in (here / "runs").iterdir()] == [run.path.name]
    assert run.path.name.startswith("flights-")


def test_what_it_returns_is_what_its_folder_holds(run: Run) -> None:
    samples = list(run)
    assert (run.status, run.exit_status, run.problems) == ("done", 0, ())
    assert all(isinstance(sample, Sample) for sample in samples)
    assert len(samples) == len(run) == run.counts["samples"] == run.funnel["kept"]
    assert (next(iter(run.funnel)), list(run.funnel)[-1]) == ("made", "kept")
    assert run.cost.calls > len(samples)
    assert run.files["dataset/samples.jsonl"] == run.path / "dataset" / "samples.jsonl"
    assert repr(run) == repr(load(run.path))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"overrides": {"scenario": "tinny", "users": 0}}, ["scenario=tinny", "users=0"]),
        ({"scenario": "tiny", "seed": "abc", "users": 0}, ["scenario=tiny", "seed=abc", "users=0"]),
        ({"overrides": ["nonsense=1"]}, ["nonsense=1"]),
    ],
)
def test_a_fault_has_the_words_of_the_command(
    given: dict[str, Any], words: list[str], here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        synthesise(**given)
    assert main(words) == 2
    lines = "".join(f"config error: {line}\n" for line in str(refused.value).split("\n"))
    assert (list(here.iterdir()), capfd.readouterr()) == ([], ("", lines))


async def test_it_works_where_a_loop_runs(run: Run, tmp_path: Path) -> None:
    assert derived(synthesise("tiny", seed=3, run={"dir": tmp_path / "a"}).path) == derived(run.path)


async def test_several_at_a_time_do_not_mix(run: Run, here: Path) -> None:
    heard: list[str] = []
    own = loguru.logger.add(heard.append, level=0)
    try:
        calls = (synthesise_async("tiny", seed=seed, run={"dir": here / str(seed)}) for seed in (3, 4))
        third, fourth = await asyncio.gather(*calls)
    finally:
        loguru.logger.remove(own)
    assert derived(third.path) == derived(run.path) != derived(fourth.path)
    assert heard == []
    digests = [made.path.joinpath("run.log").read_text().count(" begins; ") for made in (third, fourth)]
    assert digests == [1, 1]
    with pytest.raises(StoreError, match="in use by process"):
        await asyncio.gather(*(synthesise_async("tiny", seed=5, run={"dir": here / "one"}) for _ in range(2)))


def test_an_interrupt_is_clean_and_the_same_call_goes_on(run: Run, tmp_path: Path) -> None:
    def interrupt(stage: Stage) -> None:
        if stage.name == "episodes" and stage.done == 5:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as interrupted:
        synthesise("tiny", seed=3, run={"dir": tmp_path / "a"}, concurrency=1, progress=interrupt)
    assert "finished items are safe in" in interrupted.value.__notes__[0]
    begun = load(tmp_path / "a")
    assert isinstance(begun, Run)
    assert (begun.status, begun.counts, list(begun), len(begun)) == ("unfinished", {}, [], 0)
    assert 0 < begun.cost.calls < run.cost.calls
    whole = synthesise("tiny", seed=3, run={"dir": tmp_path / "a"})
    assert derived(whole.path) == derived(run.path)
    assert begun.status == "done"


async def test_a_cancelled_task_is_an_interrupt(run: Run, tmp_path: Path) -> None:
    loop, under_way = asyncio.get_running_loop(), asyncio.Event()

    def tell(stage: Stage) -> None:
        if stage.name == "episodes":
            loop.call_soon_threadsafe(under_way.set)

    call = synthesise_async("tiny", seed=3, run={"dir": tmp_path / "a"}, concurrency=1, progress=tell)
    task = asyncio.create_task(call)
    await under_way.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    whole = await synthesise_async("tiny", seed=3, run={"dir": tmp_path / "a"})
    assert derived(whole.path) == derived(run.path)


def test_a_spent_budget_is_stated_and_a_larger_one_goes_on(run: Run, tmp_path: Path) -> None:
    folder = {"dir": tmp_path / "a"}
    stopped = synthesise("tiny", seed=3, run=folder, budget={"calls": 30}, concurrency=1)
    assert (stopped.status, stopped.exit_status, list(stopped)) == ("budget_spent", 4, [])
    assert "budget" in stopped.problems[0]
    assert 0 < stopped.cost.calls <= 30
    whole = synthesise("tiny", seed=3, run=folder, overrides={"budget.calls": 1000})
    assert derived(whole.path) == derived(run.path)


def test_a_low_yield_is_stated_by_the_run_and_by_its_folder(tmp_path: Path) -> None:
    low = synthesise(
        "tiny",
        run={"dir": tmp_path},
        max_rounds=0,
        min_yield=1.0,
        model={"slips": 0.9},
        overrides=["users=2"],
    )
    loaded = load(tmp_path)
    assert isinstance(loaded, Run)
    for each in (low, loaded):
        assert (each.status, each.exit_status) == ("low_yield", 3)
        assert each.problems[-1].startswith("yield too low: kept ")


def test_the_working_folder_may_change_meanwhile(run: Run, here: Path) -> None:
    (here / "elsewhere").mkdir()

    def leave(stage: Stage) -> None:
        os.chdir(here / "elsewhere")

    made = synthesise("tiny", seed=3, progress=leave)
    os.chdir(here)
    assert derived(made.path) == derived(run.path)
    assert list((here / "elsewhere").iterdir()) == []


def test_progress_is_shown_where_it_is_asked_for(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    stages: list[tuple[str, int]] = []
    synthesise("tiny", seed=3, run={"dir": run.path}, progress=True)
    shown = capfd.readouterr()
    assert (shown.out, "episodes: 20 of 20 in" in shown.err) == ("", True)
    synthesise(
        "tiny", seed=3, run={"dir": run.path}, progress=lambda one: stages.append((one.name, one.done))
    )
    assert ("episodes", 20) in stages
    assert capfd.readouterr() == ("", "")


def test_choices_of_ones_own_are_found_and_their_folder_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "mine" / "check").mkdir(parents=True)
    (tmp_path / "mine" / "check" / "shy.yaml").write_text("_target_: shy_check.Shy\n")
    (tmp_path / "mine" / "shy_check.py").write_text(
        "from ptool.environments.checks import Check\n"
        "class Shy(Check):\n    phase, codes = 'query', {'shy': 'never'}\n"
        "    def run(self, case):\n        return ()\n"
    )
    given = {"checks": ["text", "shy"], "users": 1, "run.dir": tmp_path / "run"}
    made = synthesise("tiny", overrides=given, config_dir=tmp_path / "mine", min_yield=0)
    assert "shy_check" in sys.modules
    assert "shy" in (made.path / "config.yaml").read_text()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: load(None),
            "path: got None (NoneType), expected the path of a run, an evaluation or samples",
        ),
        (lambda: load(b"runs/x"), "path: got b'runs/x' (bytes), expected"),
        (lambda: load(""), "path: got an empty text, expected"),  # not the working folder
        (
            lambda: ptool.evaluate(["a.json"]),
            "data: got ['a.json'] (list), expected a Run, Samples, or the path",
        ),
        (lambda: ptool.evaluate("x", overrides=5), "overrides: got 5 (int), expected a mapping, or a list"),
        (lambda: synthesise("tiny", progress="no"), "progress: got 'no' (str), expected True, False, None"),
        (lambda: synthesise("tiny", config_dir=7), "config_dir: got 7 (int), expected the path of a folder"),
        (lambda: synthesise("tiny", config_dir=["a", None]), "config_dir: got None (NoneType), expected"),
    ],
)
def test_what_no_argument_can_be_is_said_of_the_argument(call: Any, says: str, here: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        call()
    assert str(refused.value).startswith(says)
    assert list(here.iterdir()) == []


def test_one_call_is_one_job() -> None:
    with pytest.raises(PtoolError, match=r"^overrides: got --multirun"):
        synthesise("tiny", overrides=["-m", "seed=1,2"])
    with pytest.raises(ConfigError, match=r"several jobs \(.*expected those of one"):
        ptool.evaluate("x.json", overrides=["experiment=table2"])


def test_a_program_of_hydras_own_keeps_its_configuration(run: Run, tmp_path: Path) -> None:
    from hydra import compose, initialize_config_dir

    (tmp_path / "theirs.yaml").write_text("mine: 5\n")
    with initialize_config_dir(str(tmp_path), version_base="1.2"):
        synthesise("tiny", seed=3, run={"dir": run.path})
        assert compose("theirs") == {"mine": 5}
