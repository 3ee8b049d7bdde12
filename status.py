"""`python -m ptool.status run=PATH`: what a run has done, what failed and why, what is left, what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="status", schema="StatusSettings", plain_keys=("run",))


def _load_job() -> Job:
    from .reports.commands import status

    return status


if __name__ == "__main__":
    exit_with(main)
