"""`python -m ptool.check`: try a run's configuration and endpoints, and estimate what the run would take."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="check")


def _load_job() -> Job:
    from .synthesis.commands import check

    return check


if __name__ == "__main__":
    sys.exit(main())
