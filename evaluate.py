"""`python -m ptool.evaluate`: score a model, a file of answers or a baseline on PTBench (section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="evaluate", schema="EvaluateSettings", plain_keys=("data",))


def _load_job() -> Job:
    from .evaluation.commands import evaluate

    return evaluate


if __name__ == "__main__":
    exit_with(main)
