"""`python -m ptool.merge run=PATH`: join the shards of a run, and finish its dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="merge", schema="MergeSettings", plain_keys=("run",))


def _load_job() -> Job:
    from .synthesis.commands import merge

    return merge


if __name__ == "__main__":
    exit_with(main)
