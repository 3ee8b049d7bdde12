"""`python -m ptool.evaluate`: score a model, a file of answers or a baseline on PTBench (section 5)."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="evaluate", schema="EvaluateSettings")


def _load_job() -> Job:
    from .evaluation.commands import evaluate

    return evaluate


if __name__ == "__main__":
    sys.exit(main())
