"""`python -m ptool.export`: a dataset in the formats of trainers, leaderboards and readers of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="export", schema="ExportSettings", plain_keys=("data",))


def _load_job() -> Job:
    from .exports.commands import export

    return export


if __name__ == "__main__":
    exit_with(main)
