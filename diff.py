"""`python -m ptool.diff A B`: what changed between two datasets, from their settings to single samples."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="diff", schema="DiffSettings", list_key="runs")


def _load_job() -> Job:
    from .reports.commands import diff

    return diff


if __name__ == "__main__":
    sys.exit(main())
