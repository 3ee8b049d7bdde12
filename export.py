"""`python -m ptool.export`: a dataset in the formats of trainers, leaderboards and readers of tables."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="export", schema="ExportSettings")


def _load_job() -> Job:
    from .exports.commands import export

    return export


if __name__ == "__main__":
    sys.exit(main())
