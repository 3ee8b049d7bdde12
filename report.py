"""`python -m ptool.report run=FOLDER`: a finished dataset as one page, FOLDER/report.html."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="report", schema="ReportSettings")


def _load_job() -> Job:
    from .reports.commands import report

    return report


if __name__ == "__main__":
    sys.exit(main())
