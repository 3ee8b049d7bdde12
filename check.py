"""`python -m ptool.check`: try a run's configuration and endpoints, and estimate what the run would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="check")


def _load_job() -> Job:
    from .synthesis.commands import check

    return check


if __name__ == "__main__":
    exit_with(main)
