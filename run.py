"""`python -m ptool.run`: synthesise a dataset, from API trees to verified samples (§3, §4)."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words)


def _load_job() -> Job:
    from .synthesis.commands import synthesise

    return synthesise


if __name__ == "__main__":
    sys.exit(main())
