"""`python -m ptool.diff A B`: what changed between two datasets, from their settings to single samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="diff", schema="DiffSettings", list_key="runs")


def _load_job() -> Job:
    from .reports.commands import diff

    return diff


if __name__ == "__main__":
    exit_with(main)
