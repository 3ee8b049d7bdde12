"""kill -9 in the stages after the episodes: the same bytes in the end, and nothing paid twice.

Each start is a process forked from this one. It dies by its own hand in the middle of a stage, and writes a
byte for every question to a file that outlives it.
"""

import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from acceptance_bench import derived, derived_but_card, manifest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.cli.compose import Sources
from ptool.cli.main import run_job
from ptool.cli.progress import Stage
from ptool.models.scripted import ScriptedModel
from ptool.settings import Settings, validated
from ptool.synthesis.commands import synthesise

AT_ONCE = 4
WORDS = (
    "scenario=tiny", "users=8", "queries_per_user=4", "splits.untrained_users=2", "splits.test_share=0.2",
    "scenario@splits.unseen.scenario=finance", "splits.unseen.users=3",
    "splits.unseen.queries={finance: 6}", "strangers=1", "consistency=2", "twins=true", "audit.samples=3",
    "+agent@agent.stranger=stranger", "+agent@agent.solver=solver", "run.dir=run",
)  # fmt: skip
MOMENTS = (
    "unseen profiles", "unseen histories", "strangers", "solvers", "twins", "unseen episodes",
    "unseen strangers", "unseen solvers", "unseen twins", "gates", "dataset", "audit", "statistics",
)  # fmt: skip
"""Stages as the run begins them, some beside others; each start dies in one of them."""


@dataclass(frozen=True)
class Whole:
    """What a run leaves and costs."""

    files: dict[str, bytes]
    usage: dict[str, Any]


def paid(run: Path) -> int:
    """Answers on disk."""
    if not (run / "ledger.sqlite").is_file():
        return 0
    with sqlite3.connect(run / "ledger.sqlite") as ledger:
        return ledger.execute("SELECT count(*) FROM calls").fetchone()[0]


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Those of the run; composed once, as Hydra takes longer than a start."""
    return composed(f"concurrency={AT_ONCE}")


def composed(*more: str) -> Settings:
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config", [*WORDS, *more]), resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()})


def started(settings: Settings, folder: Path, dies_in: str | None = None) -> tuple[int, int]:
    """The command in a process of its own; returns how it ended and how many questions it asked.

    Args: dies_in: the stage in which it kills itself once two items are done, or its last.
    """
    asked = folder / "asked"
    asked.write_bytes(b"")
    child = os.fork()
    if not child:
        os.chdir(folder)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        sys.stderr = os.fdopen(silence, "w")
        _prepare(os.open(asked, os.O_WRONLY | os.O_APPEND), dies_in)
        os._exit(run_job(lambda: (settings, Sources()), synthesise))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, asked.stat().st_size


def _prepare(counter: int, dies_in: str | None) -> None:
    answer, begin, advance = ScriptedModel.answer, Stage.__init__, Stage.advance

    def counted(self: ScriptedModel, texts: Sequence[str], seed: int) -> str:
        os.write(counter, b".")
        return answer(self, texts, seed)

    def named(self: Stage, name: str, total: int | None) -> None:
        begin(self, name, total)
        self.last = name == dies_in and min(total or 2, 2)  # type: ignore[attr-defined]

    def deadly(self: Stage, count: int = 1) -> None:
        advance(self, count)
        if self.last and self.done >= self.last:  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGKILL)

    ScriptedModel.answer, Stage.__init__, Stage.advance = counted, named, deadly  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def whole(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A run that nobody disturbed, in this process: it imports what the forked ones need."""
    with pytest.MonkeyPatch.context() as here:
        here.chdir(tmp_path_factory.mktemp("whole"))
        assert run_job(lambda: (settings, Sources()), synthesise) == 0
        run = Path("run").absolute()
    return Whole(derived(run), manifest(run)["notes"]["usage"])


@pytest.mark.slow
def test_killed_in_every_stage_it_ends_with_the_same_bytes_and_the_same_bill(
    whole: Whole, settings: Settings, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    for stage in MOMENTS:
        before = paid(run)
        status, asked = started(settings, tmp_path, dies_in=stage)
        assert (stage, status) == (stage, -signal.SIGKILL)
        new = paid(run) - before
        # Whoever is killed loses what is in flight; whatever is on disk is not asked for again.
        assert (stage, new <= asked <= new + AT_ONCE) == (stage, True), (new, asked)
    before = paid(run)
    status, asked = started(settings, tmp_path)  # judges that were audited beside the statistics are left
    assert (status, asked) == (0, paid(run) - before)
    assert started(settings, tmp_path) == (0, 0)
    assert derived(run) == whole.files
    assert manifest(run)["notes"]["usage"] == whole.usage
    assert not list(run.rglob(".*.tmp"))


def test_all_of_it_is_the_same_bytes_whatever_is_under_way_at_once(whole: Whole, tmp_path: Path) -> None:
    assert started(composed("concurrency=64", "conversation=round_robin"), tmp_path)[0] == 0
    files = {name: body for name, body in whole.files.items() if name != "dataset/README.md"}
    assert derived_but_card(tmp_path / "run") == files
