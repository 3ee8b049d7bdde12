"""`python -m ptool.explain run=PATH sample=ID`: where one sample comes from, down to every call."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="explain", schema="ExplainSettings")


def _load_job() -> Job:
    from .reports.commands import explain

    return explain


if __name__ == "__main__":
    sys.exit(main())
