"""`python -m ptool.train`: tune a model on a run's samples with low-rank adapters (§5.1)."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="train", schema="TrainSettings")


def _load_job() -> Job:
    from .training.commands import train

    return train


if __name__ == "__main__":
    sys.exit(main())
