"""`python -m ptool.experiment NAME`: an experiment of the paper as one command, planned or done."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    given = with_models(sys.argv[1:] if words is None else words)
    return run_command(
        _load_job, given, config="experiment", schema="ExperimentSettings", plain_keys=("name",)
    )


def with_models(words: list[str]) -> list[str]:
    """The words, with `model=… model.…=…` (the only model, as for ptool.evaluate) as `models=['…']`."""
    model = [word for word in words if word.startswith(("model=", "model."))]
    rest = [word for word in words if word not in model]
    if model:
        from .cli.args import quoted

        rest.append(f"models=[{quoted(shlex.join(model))}]")
    return rest


def _load_job() -> Job:
    from .evaluation.commands import experiment

    return experiment


if __name__ == "__main__":
    exit_with(main)
