"""`python -m ptool.status run=PATH`: what a run has done, what failed and why, what is left, what it cost."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="status", schema="StatusSettings")


def _load_job() -> Job:
    from .reports.commands import status

    return status


if __name__ == "__main__":
    sys.exit(main())
