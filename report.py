"""`python -m ptool.report run=FOLDER`: a finished dataset as one page, FOLDER/report.html."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="report", schema="ReportSettings", plain_keys=("run",))


def _load_job() -> Job:
    from .reports.commands import report

    return report


if __name__ == "__main__":
    exit_with(main)
