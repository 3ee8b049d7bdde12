"""`python -m ptool.compare A B …`: evaluations side by side, with tests and the paper's published rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="compare", schema="CompareSettings", list_key="evaluations")


def _load_job() -> Job:
    from .evaluation.commands import compare

    return compare


if __name__ == "__main__":
    exit_with(main)
