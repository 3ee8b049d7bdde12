"""An experiment of the paper, step after step: every step is a command of ptool, started as one types it.

A step that was done is not done again, because every command goes on where it was ended.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ..cli.compose import Sources
from ..errors import ConfigError, StoreError
from ..settings import ExperimentSettings
from ..store import write_bytes
from .experiment_plan import print_plan
from .experiment_steps import Step, build_steps, load_sequence
from .general_abilities import NEEDS, general_script
from .other_benchmarks import write_table_10
from .results import SCORE_FILE

_MANIFEST = "manifest.json"


def run_experiment(settings: ExperimentSettings, sources: Sources) -> int:
    """Plan an experiment or do it; returns the exit status, 1 where samples could not be scored.

    Raises PtoolError: there is no such experiment, or something it needs is missing.
    """
    sequence = load_sequence(settings.name, sources)
    steps = build_steps(sequence, settings)
    folder = Path(settings.run.dir or f"runs/{settings.name}")
    if sequence.general:
        return _hand_over(sequence.title, settings, folder)
    if settings.plan:
        print_plan(sequence.title, steps, sequence.leaves)
        return 0
    _check_commands(steps)
    statuses = []
    for number, step in enumerate(steps, 1):
        if _is_done(step):
            print(f"step {number} of {len(steps)}: {step.folder} is there", flush=True)
            continue
        print(f"step {number} of {len(steps)}: {step.line()}", flush=True)
        status = _do(step, sources)
        if status and not _is_finished(step):
            print(
                f"error: step {number} of {len(steps)} (ptool.{step.command}) ended with status {status}; "
                "the same command goes on from there",
                file=sys.stderr,
            )
            return status
        statuses.append(status)
    if sequence.others:
        write_table_10([step for step in steps if step.command == "evaluate"], folder)
    print(f"{sequence.title}: {sequence.leaves}")
    print(f"experiment folder: {folder}", flush=True)
    return max(statuses, default=0)


def _check_commands(steps: Sequence[Step]) -> None:
    for command in dict.fromkeys(step.command for step in steps):
        if find_spec(f"ptool.{command}") is None:
            raise ConfigError(f"ptool.{command}: not part of this ptool, which the experiment needs")


def _do(step: Step, sources: Sources) -> int:
    """Start a step's command and wait for it; a signal to the terminal reaches it, too."""
    folders = [word for folder in sources.folders for word in ("--config-dir", str(folder))]
    command = [sys.executable, "-m", f"ptool.{step.command}", *folders, *step.words]
    try:
        return subprocess.run(command, check=False).returncode  # noqa: S603 - ptool itself
    except OSError as error:
        raise StoreError(f"ptool.{step.command}: cannot be started: {error.strerror}") from None


def _is_done(step: Step) -> bool:
    """Whether a step need not be started; evaluations and comparisons are, for they see what has changed."""
    return step.command in ("run", "train") and _is_finished(step)


def _is_finished(step: Step) -> bool:
    """Whether a step left what the next ones need, whatever its exit status."""
    file = {"evaluate": SCORE_FILE, "run": _MANIFEST, "compare": "leaderboard.md", "train": "adapter"}
    return (step.folder / file[step.command]).exists()


def _hand_over(title: str, settings: ExperimentSettings, folder: Path) -> int:
    """Write the commands of those who measure general abilities, and say what they need."""
    if settings.model_path:
        raise ConfigError(
            f"model_path: {settings.name} trains nothing; expected models= with the model before and after"
        )
    text, left_out = general_script(title, settings.models, folder)
    if settings.plan:
        print(text, end="")
        return 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror}") from None
    write_bytes(folder / "general.sh", text.encode())
    for line in left_out:
        print(f"left out: {line}")
    print(f"needs: {NEEDS}")
    print(f"then: sh {shlex.quote(str(folder / 'general.sh'))}")
    print(f"experiment folder: {folder}", flush=True)
    return 0
